//! From a repository, its uses and a policy to what becomes of every manifest.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{EcrRepository, InUse, Policy, Repository, RepositoryPlan, UsedBy};
use crate::image::Digest;

/// The part of [`InUse`] that is about one repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RepositoryUses {
    /// What is named, and by whom.
    pub uses: Vec<NamedImage>,
    /// When each digest was released last, as records tell.
    pub releases: BTreeMap<Digest, Timestamp>,
}

/// A tag, a digest or both, and who names it.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedImage {
    /// The tag.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<Digest>,
    /// Who.
    pub by: UsedBy,
}

impl RepositoryUses {
    /// What `in_use` says of a repository.
    pub fn of(in_use: &InUse, repository: &EcrRepository) -> Self {
        let uses = in_use.uses.iter();
        let uses = uses.filter(|one| one.image.repository == *repository);
        let mut releases = BTreeMap::new();
        for release in &in_use.releases {
            if release.repository == *repository {
                let latest = releases.entry(release.digest).or_insert(release.at);
                *latest = release.at.max(*latest);
            }
        }
        Self {
            uses: uses
                .map(|one| NamedImage {
                    tag: one.image.tag.clone(),
                    digest: one.image.digest,
                    by: one.by.clone(),
                })
                .collect(),
            releases,
        }
    }
}

/// What becomes of every manifest of a repository at a time: the largest set goes that the policy allows. Cases
/// that hold the run are not looked at here.
pub fn decide(
    repository: &Repository,
    uses: &RepositoryUses,
    policy: &Policy,
    now: Timestamp,
) -> RepositoryPlan {
    let _ = (uses, now);
    RepositoryPlan {
        repository: repository.id.clone(),
        archive: policy.archive,
        images: Vec::new(),
        waves: Vec::new(),
        refusals: Vec::new(),
        warnings: Vec::new(),
        sizes: super::Sizes::default(),
    }
}
