//! What is to be known about an image to say what Fargate will do with it.

use launchway_soci::index::Version;

use crate::image::{Digest, Platform};
use crate::soci::LayerType;

/// An image in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The image, as it was named.
    pub reference: String,
    /// Where it is.
    pub registry: RegistryKind,
    /// It is an image index, not a single manifest.
    pub is_index: bool,
    /// SOCI entries of the index that belong to none of its images.
    pub strays: Vec<Digest>,
    /// A SOCI entry stands before an image in the index.
    pub soci_before_images: bool,
    /// Its images.
    pub platforms: Vec<PlatformFacts>,
}

/// The kind of a registry, as far as Fargate cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryKind {
    /// A private repository of ECR.
    EcrPrivate,
    /// ECR Public.
    EcrPublic,
    /// Another registry.
    Other {
        /// Its host.
        host: String,
    },
}

/// The image for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformFacts {
    /// The platform.
    pub platform: Platform,
    /// Its layers from the base up.
    pub layers: Vec<LayerFacts>,
    /// Its SOCI index.
    pub soci: SociFacts,
    /// The image index has an entry for its SOCI index.
    pub is_listed: bool,
}

/// One layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    /// The layer.
    pub digest: Digest,
    /// Its compressed bytes.
    pub size: u64,
    /// How it is stored.
    pub kind: LayerType,
}

/// The SOCI index that a snapshotter would find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SociFacts {
    /// None.
    Nothing,
    /// One that it would not take.
    Unusable {
        /// Why; a sentence without a full stop.
        problem: String,
    },
    /// This one.
    Index(IndexFacts),
}

/// A SOCI index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexFacts {
    /// v1 or v2.
    pub version: Version,
    /// Its zTOCs.
    pub ztocs: Vec<ZtocFacts>,
}

/// A zTOC, by its entry in the SOCI index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZtocFacts {
    /// The blob.
    pub digest: Digest,
    /// The layer it is for.
    pub layer: Digest,
    /// The registry has the blob.
    pub is_there: bool,
}

impl IndexFacts {
    /// Whether it has a zTOC for a layer.
    pub fn has(&self, layer: Digest) -> bool {
        self.ztocs.iter().any(|ztoc| ztoc.layer == layer)
    }

    /// Whether all its zTOCs are there: the snapshotter wants all or takes none.
    pub fn is_complete(&self) -> bool {
        self.ztocs.iter().all(|ztoc| ztoc.is_there)
    }
}
