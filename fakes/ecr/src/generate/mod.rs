//! Repositories with realistic content, always the same for a seed.
//!
//! A repository holds what some hundred days of releases leave behind: indexes of two platforms with their
//! attestations and SOCI indexes, some signed, some with an SBOM; cache exports of which only the last one of
//! a branch still has its tag; images that were pushed and never named. Digests depend on the seed alone,
//! times on [`Spec::now`] as well.

mod random;
mod recipe;
mod timeline;

use crate::image::{Content, NewImage};
use crate::{Digest, Ecr};

pub(crate) use recipe::Recipe;

/// What to make.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// How many repositories: `bench/service-000` and so on.
    pub repositories: usize,
    /// How many manifests in each, exactly.
    pub manifests: usize,
    /// Other numbers give other content.
    pub seed: u64,
    /// When the last push was about to come, seconds since 1970.
    pub now: f64,
    /// Over how many days pushes are spread.
    pub days: f64,
}

/// A repository to fill.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedRepository {
    /// `bench/service-000`
    pub name: String,
    /// In the order of their push.
    pub images: Vec<NewImage>,
    /// In the order of their push.
    pub releases: Vec<GeneratedRelease>,
}

/// A release among the images.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedRelease {
    /// Of its index.
    pub index: Digest,
    /// `v17`, and `latest` for the last one.
    pub tags: Vec<String>,
    /// When its index was pushed, seconds since 1970.
    pub pushed: f64,
}

/// Makes one repository after the other.
pub fn generate(spec: &Spec) -> impl Iterator<Item = GeneratedRepository> {
    let spec = spec.clone();
    (0..spec.repositories).map(move |number| timeline::repository(&spec, number))
}

impl Ecr {
    /// Puts everything that a spec makes into the repositories of the default account and region.
    pub fn fill(&self, spec: &Spec) {
        for repository in generate(spec) {
            self.repository(&repository.name)
                .put_all(&repository.images);
        }
    }
}

impl NewImage {
    fn made(recipe: Recipe, pushed: f64) -> Self {
        Self::from_content(Content::Recipe(recipe), pushed)
    }
}

#[cfg(test)]
mod tests;
