//! The SOCI index manifest, v1 and v2, in Go's canonical JSON.

use crate::Digest;

/// The annotation of an image manifest that names its SOCI index (v2).
pub const IMAGE_ANNOTATION: &str = "com.amazon.soci.index-digest";

/// The version of a SOCI index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Found through the referrers API.
    V1,
    /// Named by an annotation of the image manifest, and an entry of the image index.
    #[default]
    V2,
}

impl Version {
    /// The media type of the configuration, which is the artifact type.
    pub fn artifact_type(self) -> &'static str {
        match self {
            Self::V1 => "application/vnd.amazon.soci.index.v1+json",
            Self::V2 => "application/vnd.amazon.soci.index.v2+json",
        }
    }
}

/// The zTOC of one layer, as an entry of a SOCI index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZtocEntry {
    /// The zTOC blob.
    pub digest: Digest,
    /// Bytes of the blob.
    pub size: u64,
    /// The layer that it describes.
    pub layer: Digest,
    /// The layer's media type, as in the image manifest.
    pub layer_media_type: String,
    /// Uncompressed bytes per span.
    pub span_size: u64,
}

/// What a v1 index is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The media type of the image manifest.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size.
    pub size: u64,
}

/// A SOCI index: the zTOCs of one image for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SociIndex {
    /// v1 or v2.
    pub version: Version,
    /// zTOCs in the order of the image's layers.
    pub ztocs: Vec<ZtocEntry>,
    /// The image manifest; v1 only.
    pub subject: Option<Subject>,
    /// Who built it.
    pub build_tool: String,
}

impl SociIndex {
    /// The manifest, byte for byte as the snapshotter would encode it.
    pub fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Reads a manifest. Strict: what does not survive Go's decoding and encoding byte for byte is
    /// refused, because the snapshotter refuses it.
    pub fn parse(_bytes: &[u8]) -> Result<Self, InvalidIndex> {
        Err(InvalidIndex {
            problem: String::new(),
        })
    }
}

/// The bytes are no SOCI index that a snapshotter would take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no valid SOCI index: {problem}")]
pub struct InvalidIndex {
    /// What is wrong.
    pub problem: String,
}
