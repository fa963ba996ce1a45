//! Annotation keys that mean something to Launchway, and the artifact types that go with them.

/// On an image manifest: the digest of the SOCI index v2 that belongs to it.
pub const SOCI_INDEX_DIGEST: &str = "com.amazon.soci.index-digest";
/// On a SOCI index's entry in an image index: the digest of the image manifest it belongs to.
pub const SOCI_IMAGE_DIGEST: &str = "com.amazon.soci.image-manifest-digest";
/// The artifact type of SOCI index manifests, up to the version (`v1+json`, `v2+json`).
pub const SOCI_ARTIFACT_PREFIX: &str = "application/vnd.amazon.soci.index.";
/// On an attestation manifest's entry in an image index: what kind of entry it is.
pub const DOCKER_REFERENCE_TYPE: &str = "vnd.docker.reference.type";
