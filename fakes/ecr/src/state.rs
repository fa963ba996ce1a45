//! What a test sets and sees of the fake's repositories, past the API.
//!
//! Nothing is refused here: an index may come before its children, and an image may be deleted under an index,
//! as damaged registries have it. The API's rules are in `operation`.

use serde::Serialize;

use crate::image::{ImageStatus, NewImage};
use crate::repository::{RepositoryState, Settings};
use crate::{Digest, Ecr, clock};

/// A manifest that the API deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deletion {
    /// 12 digits.
    pub account: String,
    /// `ap-northeast-1`
    pub region: String,
    /// `shop/web`
    pub repository: String,
    /// Of the manifest.
    pub digest: Digest,
}

/// An image as it is now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredImage {
    /// Of the manifest.
    pub digest: Digest,
    /// In the order they were given.
    pub tags: Vec<String>,
    /// Seconds since 1970.
    pub pushed: f64,
    /// Seconds since 1970.
    pub pulled: Option<f64>,
    /// Where it is stored.
    pub status: ImageStatus,
}

/// A repository of the fake: a place, whether or not there is one yet.
#[derive(Clone, Debug)]
pub struct Repository {
    ecr: Ecr,
    account: String,
    region: String,
    name: String,
}

impl Repository {
    pub(crate) fn new(ecr: Ecr, account: &str, region: &str, name: &str) -> Self {
        Self {
            ecr,
            account: account.to_owned(),
            region: region.to_owned(),
            name: name.to_owned(),
        }
    }

    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`
    pub fn uri(&self) -> String {
        let (account, region) = (&self.account, &self.region);
        format!("{account}.dkr.ecr.{region}.amazonaws.com/{}", self.name)
    }

    /// Makes it, empty, unless it is there.
    pub fn create(&self) -> &Self {
        self.change(|_| ());
        self
    }

    /// Puts an image, after all others in the order of lists. Tags move to it. An image that is there keeps
    /// its push time and its place.
    pub fn put(&self, image: &NewImage) -> Digest {
        self.change(|state| state.put(image))
    }

    /// Puts many images. Quicker than one after the other.
    pub fn put_all<'a>(&self, images: impl IntoIterator<Item = &'a NewImage>) -> &Self {
        self.change(|state| {
            for image in images {
                state.put(image);
            }
        });
        self
    }

    /// Gives an image a tag; the image that had it stays without it.
    pub fn tag(&self, digest: Digest, tag: &str) {
        self.change(|state| state.tag(digest, tag));
    }

    /// Takes a tag away. The image stays.
    pub fn untag(&self, tag: &str) {
        self.change(|state| state.untag(tag));
    }

    /// Deletes an image with its tags, whatever refers to it. False if it was not there.
    pub fn delete(&self, digest: Digest) -> bool {
        let consistency = self.ecr.consistency();
        self.change(|state| state.delete(digest, consistency))
    }

    /// An image was pulled at `time`, seconds since 1970.
    pub fn pull(&self, digest: Digest, time: f64) {
        self.change(|state| {
            if let Some(image) = state.image_mut(digest) {
                image.pulled = Some(time);
            }
        });
    }

    /// Archives an image, or calls it back.
    pub fn set_status(&self, digest: Digest, status: ImageStatus) {
        self.change(|state| {
            if let Some(image) = state.image_mut(digest) {
                image.status = status;
                image.restored = None;
            }
        });
    }

    /// Sets the lifecycle policy's JSON; `None` takes it away.
    pub fn set_lifecycle_policy(&self, policy: Option<&str>) {
        self.change(|state| state.settings.lifecycle_policy = policy.map(str::to_owned));
    }

    /// From now on tags may not move, but those of these patterns (`*` stands for anything).
    pub fn set_immutable(&self, exclusions: &[&str]) {
        self.change(|state| {
            state.settings.immutable = true;
            state.settings.exclusions = exclusions.iter().map(|&it| it.to_owned()).collect();
        });
    }

    /// The images that exist, in the order of their push.
    pub fn images(&self) -> Vec<StoredImage> {
        let consistency = self.ecr.consistency();
        self.look(|state| {
            let images = state.images().map(|image| StoredImage {
                digest: image.digest,
                tags: image.tags.clone(),
                pushed: image.pushed,
                pulled: image.pulled,
                status: state.status(image, consistency),
            });
            images.collect()
        })
    }

    /// The digests of the images that exist, in the order of their push.
    pub fn digests(&self) -> Vec<Digest> {
        self.look(|state| state.images().map(|image| image.digest).collect())
    }

    /// All tags with their images' digests, in the order of the tags.
    pub fn tags(&self) -> std::collections::BTreeMap<String, Digest> {
        self.look(|state| {
            let images = state.images();
            let tags = images.flat_map(|image| {
                let tags = image.tags.iter();
                tags.map(|tag| (tag.clone(), image.digest))
            });
            tags.collect()
        })
    }

    /// The digest of a tag.
    pub fn tagged(&self, tag: &str) -> Option<Digest> {
        self.look(|state| state.tagged(tag).map(|image| image.digest))
    }

    /// The bytes of a manifest.
    pub fn manifest(&self, digest: Digest) -> Option<bytes::Bytes> {
        self.look(|state| state.image(digest).map(|image| image.content.bytes()))
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.look(|state| state.images().count())
    }

    /// Whether there is no image, or no such repository.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn change<T>(&self, work: impl FnOnce(&mut RepositoryState) -> T) -> T {
        let mut world = self.ecr.world_mut();
        let registry = world.registry_mut(&self.region, &self.account);
        let state = registry.entry(self.name.clone()).or_insert_with(|| {
            RepositoryState::new(Settings {
                created: clock::now(),
                ..Settings::default()
            })
        });
        work(state)
    }

    fn look<T: Default>(&self, work: impl FnOnce(&RepositoryState) -> T) -> T {
        let world = self.ecr.world();
        let registry = world.registry(&self.region, &self.account);
        registry
            .and_then(|registry| registry.get(&self.name))
            .map(work)
            .unwrap_or_default()
    }
}
