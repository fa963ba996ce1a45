//! What ECR reads in a manifest: its type, what it refers to, and how large the image is.
//!
//! A test may hold manifests that are no JSON, or JSON of another kind: nothing is known of them then, but
//! their bytes are kept and given back.
//!
//! Formats: OCI image-spec 1.1 (manifest, index), Docker's schema 2 (manifest, manifest list).

use std::borrow::Cow;

use serde::Deserialize;

use crate::Digest;

/// `application/vnd.oci.image.manifest.v1+json`
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// `application/vnd.oci.image.index.v1+json`
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// `application/vnd.docker.distribution.manifest.v2+json`
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// `application/vnd.docker.distribution.manifest.list.v2+json`
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// What is known of a manifest from its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) media_type: Cow<'static, str>,
    /// `artifactType`, or the config's media type. ECR gives none for an index.
    pub(crate) artifact_type: Option<Cow<'static, str>>,
    /// The manifests of an index, in its order.
    pub(crate) children: Box<[Digest]>,
    pub(crate) subject: Option<Digest>,
    /// Config and layers, bytes. Nothing for an index.
    pub(crate) size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow)]
    media_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    artifact_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    config: Option<Descriptor<'a>>,
    #[serde(borrow, default)]
    layers: Vec<Descriptor<'a>>,
    #[serde(borrow)]
    manifests: Option<Vec<Descriptor<'a>>>,
    #[serde(borrow)]
    subject: Option<Descriptor<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    #[serde(borrow)]
    media_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    digest: Option<Cow<'a, str>>,
    #[serde(default)]
    size: u64,
}

impl Descriptor<'_> {
    fn digest(&self) -> Option<Digest> {
        self.digest.as_deref()?.parse().ok()
    }
}

impl Facts {
    /// Reads a manifest.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let Ok(document) = serde_json::from_slice::<Document<'_>>(bytes) else {
            return Self::default();
        };
        let media_type = document.media_type.map(intern);
        let subject = document.subject.and_then(|subject| subject.digest());
        if let Some(manifests) = document.manifests {
            return Self {
                media_type: media_type.unwrap_or(Cow::Borrowed(OCI_INDEX)),
                artifact_type: None,
                children: manifests.iter().filter_map(Descriptor::digest).collect(),
                subject,
                size: 0,
            };
        }
        let blobs = document.config.iter().chain(&document.layers);
        let size = blobs.map(|blob| blob.size).sum();
        let config = document.config.and_then(|config| config.media_type);
        Self {
            media_type: media_type.unwrap_or(Cow::Borrowed(OCI_MANIFEST)),
            artifact_type: document.artifact_type.or(config).map(intern),
            children: Box::default(),
            subject,
            size,
        }
    }
}

/// The well-known media types take no memory of their own.
pub(crate) fn intern(text: Cow<'_, str>) -> Cow<'static, str> {
    const KNOWN: [&str; 14] = [
        OCI_MANIFEST,
        OCI_INDEX,
        DOCKER_MANIFEST,
        DOCKER_LIST,
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.attestation.manifest.v1+json",
        "application/vnd.amazon.soci.index.v1+json",
        "application/vnd.amazon.soci.index.v2+json",
        "application/vnd.buildkit.cacheconfig.v0",
        "application/vnd.oci.empty.v1+json",
        "application/vnd.dev.cosign.artifact.sig.v1+json",
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        "application/spdx+json",
    ];
    match KNOWN.iter().find(|known| **known == text) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(text.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn an_image_has_a_type_and_a_size() {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}",
            "config":{{"mediaType":"application/x","digest":"{A}","size":7}},
            "layers":[{{"digest":"{A}","size":10}},{{"digest":"{A}","size":100}}],
            "subject":{{"digest":"{A}","size":1000}}}}"#
        );
        let facts = Facts::read(text.as_bytes());
        assert_eq!(facts.media_type, DOCKER_MANIFEST);
        assert_eq!(facts.artifact_type.as_deref(), Some("application/x"));
        assert_eq!(facts.size, 117);
        assert_eq!(facts.subject, A.parse().ok());
        assert!(facts.children.is_empty());
    }

    #[test]
    fn an_artifact_type_says_more_than_the_config() {
        let text = r#"{"artifactType":"application/a","config":{"mediaType":"application/c"}}"#;
        let facts = Facts::read(text.as_bytes());
        assert_eq!(facts.media_type, OCI_MANIFEST);
        assert_eq!(facts.artifact_type.as_deref(), Some("application/a"));
    }

    #[test]
    fn an_index_has_children_and_no_artifact_type() {
        let text = format!(r#"{{"artifactType":"x/y","manifests":[{{"digest":"{A}","size":5}}]}}"#);
        let facts = Facts::read(text.as_bytes());
        assert_eq!(facts.media_type, OCI_INDEX);
        assert_eq!(facts.artifact_type, None);
        assert_eq!(*facts.children, [A.parse().unwrap()]);
        assert_eq!(facts.size, 0);
    }

    #[test]
    fn other_bytes_say_nothing() {
        assert_eq!(Facts::read(b"\xff no"), Facts::default());
    }
}
