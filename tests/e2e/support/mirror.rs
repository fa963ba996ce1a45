//! A real registry with an ECR in front: the fake knows every manifest of it, and the registry loses every manifest
//! that the fake's API deletes.
//!
//! So a prune can be judged by what is left in a registry that never heard of Launchway: [`Mirror::settle`] lets it
//! collect its garbage, and whatever a kept image needed and lost is really gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use launchway_fake_ecr::{Deletion, Digest, Ecr, FakeEcr, NewImage};

use super::push::Pushed;
use super::registry::Registry;
use super::wire::{Reply, request};

/// The media types of manifests that are asked for: all, so that nothing is converted.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// A manifest of a registry, for an ECR.
#[derive(Clone)]
pub(crate) struct Mirrored {
    pub(crate) repository: String,
    pub(crate) tags: Vec<String>,
    /// With its tags and the time of its push.
    pub(crate) image: NewImage,
}

impl Mirrored {
    /// `repository@digest`
    pub(crate) fn name(&self) -> String {
        format!("{}@{}", self.repository, self.image.digest())
    }
}

/// Every manifest of a registry with its tags, in the order of their pushes. `pushed` says when each
/// `repository@digest` was pushed, in seconds since 1970: a registry does not know.
pub(crate) fn read_all(registry: &Registry, pushed: &BTreeMap<String, f64>) -> Vec<Mirrored> {
    let names = registry.manifests().into_iter();
    let mut order: Vec<(f64, String)> = names
        .map(|name| {
            let when = pushed.get(&name);
            (*when.unwrap_or_else(|| panic!("no time for {name}")), name)
        })
        .collect();
    order.sort_by(|one, other| one.0.total_cmp(&other.0));
    let read = order.into_iter().map(|(when, name)| {
        let (repository, digest) = name.split_once('@').unwrap();
        let reply = manifest(&registry.address, repository, digest);
        assert_eq!(reply.status, 200, "{name}");
        let image = NewImage::new(reply.body, when);
        assert_eq!(image.digest().to_string(), digest, "{name}");
        let tagged = registry.tagged(repository).into_iter();
        let tags = tagged.filter(|(_, tagged)| tagged == digest);
        let tags: Vec<String> = tags.map(|(tag, _)| tag).collect();
        Mirrored {
            repository: repository.to_owned(),
            image: tags.iter().fold(image, NewImage::tag),
            tags,
        }
    });
    read.collect()
}

/// Puts images into an ECR.
pub(crate) fn fill(ecr: &Ecr, images: &[Mirrored]) {
    for image in images {
        ecr.repository(&image.repository).put(&image.image);
    }
}

/// Everything that an ECR has in these repositories, as `repository@digest`.
pub(crate) fn present<'a>(
    ecr: &Ecr,
    repositories: impl IntoIterator<Item = &'a str>,
) -> BTreeSet<String> {
    let repositories = repositories.into_iter();
    repositories
        .flat_map(|name| {
            let digests = ecr.repository(name).digests().into_iter();
            digests.map(move |digest| format!("{name}@{digest}"))
        })
        .collect()
}

/// Both, in step.
pub(crate) struct Mirror {
    /// The API that prune sees.
    pub(crate) ecr: FakeEcr,
    /// What can be pulled.
    pub(crate) registry: Registry,
    repositories: BTreeSet<String>,
    following: Arc<Following>,
}

/// What happens to the registry when the fake deletes.
struct Following {
    address: Mutex<String>,
    /// Held while the registry is asked.
    turn: Mutex<()>,
    /// Deletions that the registry refused.
    problems: Mutex<Vec<String>>,
}

impl Mirror {
    /// An ECR that has these images, which are those of the registry.
    pub(crate) fn of(registry: Registry, images: &[Mirrored]) -> Self {
        let ecr = FakeEcr::start().unwrap();
        fill(&ecr, images);
        let following = Arc::new(Following {
            address: Mutex::new(registry.address.clone()),
            turn: Mutex::default(),
            problems: Mutex::default(),
        });
        let repositories = images
            .iter()
            .map(|image| image.repository.clone())
            .collect();
        let follow = Arc::clone(&following);
        ecr.set_backing(move |deletion: &Deletion| follow.deleted(deletion));
        Self {
            ecr,
            registry,
            repositories,
            following,
        }
    }

    /// The repositories.
    pub(crate) fn repositories(&self) -> impl Iterator<Item = &str> {
        self.repositories.iter().map(String::as_str)
    }

    /// Everything that the ECR has, as `repository@digest`.
    pub(crate) fn images(&self) -> BTreeSet<String> {
        present(&self.ecr, self.repositories())
    }

    /// What was pushed to the registry meanwhile is in the ECR now, too.
    pub(crate) fn add(&self, pushed: &Pushed, when: f64, tags: &[&str]) {
        let reply = manifest(&self.registry.address, &pushed.repository, &pushed.digest);
        assert_eq!(reply.status, 200, "{}", pushed.name());
        let image = NewImage::new(reply.body, when);
        let image = tags.iter().fold(image, |image, tag| image.tag(*tag));
        self.ecr.repository(&pushed.repository).put(&image);
    }

    /// Where a repository's tags point.
    pub(crate) fn tags(&self, repository: &str) -> BTreeMap<String, Digest> {
        self.ecr.repository(repository).tags()
    }

    /// Takes away what nothing in the registry refers to any more, as registries do in the night.
    pub(crate) fn settle(&mut self) {
        // A client that was killed does not wait for the registry to follow; this does.
        let patience = Instant::now() + Duration::from_mins(1);
        let images = self.images();
        while !self.registry.manifests().is_subset(&images) {
            assert!(Instant::now() < patience, "the registry does not follow");
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(locked(&self.following.turn));
        for repository in &self.repositories {
            let left = self.ecr.repository(repository).tags();
            for (tag, _) in self.registry.tagged(repository) {
                if !left.contains_key(&tag) {
                    delete(&self.registry.address, repository, &tag).unwrap();
                }
            }
        }
        self.registry.collect_garbage();
        locked(&self.following.address).clone_from(&self.registry.address);
        let problems = locked(&self.following.problems);
        assert!(problems.is_empty(), "the registry refused: {problems:#?}");
    }
}

impl Following {
    fn deleted(&self, deletion: &Deletion) {
        let _turn = locked(&self.turn);
        let address = locked(&self.address).clone();
        let digest = deletion.digest.to_string();
        if let Err(problem) = delete(&address, &deletion.repository, &digest) {
            locked(&self.problems).push(problem);
        }
    }
}

/// A manifest, by digest or tag.
pub(crate) fn manifest(address: &str, repository: &str, reference: &str) -> Reply {
    let path = format!("/v2/{repository}/manifests/{reference}");
    request(address, "GET", &path, &[("accept", ACCEPT)], b"").unwrap()
}

fn delete(address: &str, repository: &str, reference: &str) -> Result<(), String> {
    let path = format!("/v2/{repository}/manifests/{reference}");
    let reply = request(address, "DELETE", &path, &[], b"").map_err(|error| error.to_string())?;
    match reply.status {
        202 => Ok(()),
        status => Err(format!("DELETE {path}: {status}")),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
