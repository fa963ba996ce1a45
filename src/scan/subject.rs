//! What is scanned: an image as the manifests of its platforms.

use std::collections::BTreeMap;

use crate::image::{Digest, Platform};
use crate::registry::{Reference, Repository};

/// An image to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What people call it: a target, or the reference that was asked for.
    pub name: String,
    /// Where it is.
    pub repository: Repository,
    /// What tags point at: an index or a manifest.
    pub digest: Digest,
    /// The image manifests. An index cannot be scanned; these can.
    pub manifests: BTreeMap<Platform, Digest>,
    /// It is new: nobody has deployed it.
    pub changed: bool,
}

/// One platform's image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformImage {
    /// Where it is.
    pub repository: Repository,
    /// What it runs on.
    pub platform: Platform,
    /// Its manifest, never an index.
    pub manifest: Digest,
}

impl PlatformImage {
    /// `repository@digest`.
    pub fn reference(&self) -> Reference {
        self.repository.with_digest(self.manifest)
    }
}
