//! Image manifests (image-spec 1.1, manifest.md; Docker schema 2 has the same members).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Descriptor;

/// One image for one platform, or an artifact.
///
/// For reading. A manifest that is published again is passed on as the bytes that were read,
/// since its digest is that of the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// The document's own media type; Docker's is always there, OCI's should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What kind of artifact this is; absent for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The image configuration.
    pub config: Descriptor,
    /// The layers, from the base up.
    pub layers: Vec<Descriptor>,
    /// The manifest that this one is about (signatures, SOCI index v1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Arbitrary metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// All other members, untouched.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

#[cfg(test)]
mod tests {
    use super::super::{Document, media_type};

    #[test]
    fn keeps_every_member() {
        let text = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/x","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"data":"e30="},"layers":[],"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":7},"annotations":{"a":"b"},"x-new":[1]}"#;
        let document = Document::parse(media_type::OCI_MANIFEST, text.as_bytes()).unwrap();
        let manifest = document.into_manifest().unwrap();
        assert_eq!(manifest.subject.as_ref().unwrap().size, 7);
        assert_eq!(serde_json::to_string(&manifest).unwrap(), text);
    }
}
