//! A real registry with an ECR in front: the fake knows every manifest of it, and the registry loses every manifest
//! that the fake's API deletes.
//!
//! So a prune can be judged by what is left in a registry that never heard of Launchway: [`Mirror::settle`] lets it
//! collect its garbage, and whatever a kept image needed and lost is really gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use launchway_fake_ecr::{Deletion, Digest, FakeEcr, NewImage};

use super::registry::Registry;
use super::wire::{Reply, request};

/// The media types of manifests that are asked for: all, so that nothing is converted.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

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
    /// Deletions that the registry refused.
    problems: Mutex<Vec<String>>,
}

impl Mirror {
    /// An ECR that has what the registry has. `pushed` says when each `repository@digest` was pushed, in
    /// seconds since 1970.
    pub(crate) fn of(registry: Registry, pushed: &BTreeMap<String, f64>) -> Self {
        let ecr = FakeEcr::start().unwrap();
        let following = Arc::new(Following {
            address: Mutex::new(registry.address.clone()),
            problems: Mutex::default(),
        });
        let names = registry.manifests();
        let mut order: Vec<(f64, &String)> = names
            .iter()
            .map(|name| {
                let when = pushed.get(name);
                (*when.unwrap_or_else(|| panic!("no time for {name}")), name)
            })
            .collect();
        order.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut repositories = BTreeSet::new();
        for (when, name) in order {
            let (repository, digest) = name.split_once('@').unwrap();
            let reply = manifest(&registry.address, repository, digest);
            assert_eq!(reply.status, 200, "{name}");
            let image = NewImage::new(reply.body, when);
            assert_eq!(image.digest().to_string(), digest, "{name}");
            ecr.repository(repository).put(&image);
            repositories.insert(repository.to_owned());
        }
        for repository in &repositories {
            for (tag, digest) in registry.tagged(repository) {
                ecr.repository(repository)
                    .tag(digest.parse().unwrap(), &tag);
            }
        }
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
        let repositories = self.repositories();
        repositories
            .flat_map(|name| {
                let digests = self.ecr.repository(name).digests().into_iter();
                digests.map(move |digest| format!("{name}@{digest}"))
            })
            .collect()
    }

    /// Where a repository's tags point.
    pub(crate) fn tags(&self, repository: &str) -> BTreeMap<String, Digest> {
        self.ecr.repository(repository).tags()
    }

    /// Takes away what nothing in the registry refers to any more, as registries do in the night.
    pub(crate) fn settle(&mut self) {
        for repository in &self.repositories {
            let left = self.ecr.repository(repository).tags();
            for (tag, _) in self.registry.tagged(repository) {
                if !left.contains_key(&tag) {
                    delete(&self.registry.address, repository, &tag).unwrap();
                }
            }
        }
        self.registry.collect_garbage();
        *locked(&self.following.address) = self.registry.address.clone();
        let problems = locked(&self.following.problems);
        assert!(problems.is_empty(), "the registry refused: {problems:#?}");
    }
}

impl Following {
    fn deleted(&self, deletion: &Deletion) {
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
