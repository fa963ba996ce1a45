//! Whether the images of a batch are still what the plan was made from. Pure.

use std::collections::{BTreeMap, HashMap};

use super::{Change, SkipReason};
use crate::aws::{EcrImage, EcrImageStatus};
use crate::image::Digest;
use crate::prune::{ImagePlan, NamedImage, RepositoryPlan, Verdict};

/// The images that a plan removes, to be found by digest and tag.
pub(super) struct Removed<'a> {
    images: HashMap<Digest, &'a ImagePlan>,
    tags: HashMap<&'a str, Digest>,
}

impl<'a> Removed<'a> {
    pub(super) fn new(plan: &'a RepositoryPlan) -> Self {
        let removed = plan.images.iter();
        let removed = removed.filter(|image| matches!(image.verdict, Verdict::Remove(_)));
        let images: HashMap<Digest, &ImagePlan> =
            removed.map(|image| (image.digest, image)).collect();
        let tags = images.values().flat_map(|image| {
            let tags = image.tags.iter();
            tags.map(|tag| (tag.as_str(), image.digest))
        });
        Self {
            tags: tags.collect(),
            images,
        }
    }

    /// Everything that would go and is in use now, wherever in the plan: what is in use keeps its parts, which may be
    /// in other batches.
    pub(super) fn in_use(&self, uses: &[NamedImage]) -> BTreeMap<Digest, SkipReason> {
        let mut hit = BTreeMap::new();
        for one in uses {
            let digest = one.digest.filter(|digest| self.images.contains_key(digest));
            let tag = one.tag.as_deref().and_then(|tag| self.tags.get(tag));
            for digest in digest.into_iter().chain(tag.copied()) {
                let by = one.by.clone();
                hit.entry(digest).or_insert(SkipReason::InUse { by });
            }
        }
        hit
    }

    /// Of images as they are now, those that changed.
    pub(super) fn changed<'b>(
        &self,
        now: impl Iterator<Item = &'b EcrImage>,
    ) -> BTreeMap<Digest, SkipReason> {
        let changed = now.filter_map(|image| {
            let planned = self.images.get(&image.digest)?;
            let change = change(planned, image)?;
            Some((image.digest, SkipReason::Changed { change }))
        });
        changed.collect()
    }
}

/// How an image is not what it was. That it lost a tag is no such change: nothing needs it more for that.
fn change(planned: &ImagePlan, now: &EcrImage) -> Option<Change> {
    if let Some(tag) = now.tags.iter().find(|tag| !planned.tags.contains(tag)) {
        return Some(Change::Tagged { tag: tag.clone() });
    }
    if now.pushed_at != planned.pushed_at {
        return Some(Change::Pushed);
    }
    if now.pulled_at > planned.pulled_at {
        return Some(Change::Pulled);
    }
    let same = match &now.status {
        EcrImageStatus::Active => !planned.archived,
        EcrImageStatus::Archived => planned.archived,
        // Somebody is getting it back, or something else goes on.
        EcrImageStatus::Activating | EcrImageStatus::Other(_) => false,
    };
    (!same).then_some(Change::Status)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::prune::{EcrRepository, Kind, RemoveReason, RepositoryPlan, Sizes, Source, UsedBy};

    fn digest(byte: u8) -> Digest {
        Digest::from_sha256([byte; 32])
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn planned() -> ImagePlan {
        ImagePlan {
            digest: digest(1),
            kind: Kind::Image,
            archived: false,
            tags: vec!["v1".to_owned()],
            size: None,
            pushed_at: Some(second(100)),
            pulled_at: None,
            verdict: Verdict::Remove(RemoveReason::Expired { age: None, rank: 9 }),
            untag: Vec::new(),
        }
    }

    fn now() -> EcrImage {
        EcrImage {
            digest: digest(1),
            media_type: None,
            artifact_type: None,
            tags: vec!["v1".to_owned()],
            size: None,
            pushed_at: Some(second(100)),
            pulled_at: None,
            subject: None,
            status: EcrImageStatus::Active,
        }
    }

    #[test]
    fn every_sign_of_life_is_a_change() {
        assert_eq!(change(&planned(), &now()), None);
        let with = |edit: fn(&mut EcrImage)| {
            let mut image = now();
            edit(&mut image);
            change(&planned(), &image)
        };
        let tag = "stable".to_owned();
        assert_eq!(
            with(|image| image.tags.push("stable".to_owned())),
            Some(Change::Tagged { tag })
        );
        assert_eq!(with(|image| image.tags.clear()), None);
        assert_eq!(
            with(|image| image.pulled_at = Some(second(50))),
            Some(Change::Pulled)
        );
        assert_eq!(
            with(|image| image.pushed_at = Some(second(200))),
            Some(Change::Pushed)
        );
        assert_eq!(with(|image| image.pushed_at = None), Some(Change::Pushed));
        for status in [
            EcrImageStatus::Archived,
            EcrImageStatus::Activating,
            EcrImageStatus::Other("FROZEN".to_owned()),
        ] {
            let image = EcrImage { status, ..now() };
            assert_eq!(change(&planned(), &image), Some(Change::Status));
        }
    }

    #[test]
    fn an_image_is_in_use_by_tag_and_by_digest() {
        let plan = RepositoryPlan {
            repository: EcrRepository::private("1", "us-east-1", "web"),
            archive: false,
            images: vec![planned()],
            waves: vec![vec![digest(1)]],
            refusals: Vec::new(),
            warnings: Vec::new(),
            sizes: Sizes::default(),
        };
        let removed = Removed::new(&plan);
        let named = |tag: Option<&str>, digest| NamedImage {
            tag: tag.map(str::to_owned),
            digest,
            by: UsedBy {
                source: Source::Service,
                name: "prod/web".to_owned(),
            },
        };
        assert_eq!(removed.in_use(&[named(Some("v1"), None)]).len(), 1);
        assert_eq!(removed.in_use(&[named(None, Some(digest(1)))]).len(), 1);
        // `repository:tag@digest` is both.
        assert_eq!(
            removed.in_use(&[named(Some("v9"), Some(digest(1)))]).len(),
            1
        );
        assert_eq!(
            removed.in_use(&[named(Some("v1"), Some(digest(9)))]).len(),
            1
        );
        assert!(
            removed
                .in_use(&[named(Some("v9"), Some(digest(9)))])
                .is_empty()
        );
    }
}
