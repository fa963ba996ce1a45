//! Annotation keys that mean something to Launchway, and the artifact types that go with them.

pub use launchway_soci::index::{
    IMAGE_ANNOTATION as SOCI_INDEX_DIGEST, MANIFEST_ANNOTATION as SOCI_IMAGE_DIGEST,
};

/// The artifact type of SOCI index manifests, up to the version (`v1+json`, `v2+json`).
pub const SOCI_ARTIFACT_PREFIX: &str = "application/vnd.amazon.soci.index.";
/// On an attestation manifest's entry in an image index: what kind of entry it is.
pub const DOCKER_REFERENCE_TYPE: &str = "vnd.docker.reference.type";
