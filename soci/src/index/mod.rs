//! The SOCI index manifest, v1 and v2, in Go's canonical JSON.
//!
//! An OCI image manifest whose "layers" are zTOCs. The snapshotter decodes it, encodes it again and
//! stores the result under the digest that it pulled, so a manifest that Go would have written in
//! any other way is useless. The image is then pulled in full, without a word. Hence
//! [`SociIndex::to_bytes`] writes what Go writes and [`SociIndex::parse`] accepts nothing else.
//!
//! Where an index belongs in an image index or in the referrers API is not known here.

mod json;

use std::collections::BTreeMap;

use crate::Digest;
use crate::ztoc::EncodedZtoc;

/// The annotation of an image manifest that names its SOCI index (v2).
pub const IMAGE_ANNOTATION: &str = "com.amazon.soci.index-digest";

/// The annotation of a SOCI index's descriptor in an image index that names the image manifest (v2).
pub const MANIFEST_ANNOTATION: &str = "com.amazon.soci.image-manifest-digest";

/// The annotation of a SOCI index that names its builder. In a list of referrers its descriptor has
/// it too.
pub const BUILD_TOOL_ANNOTATION: &str = "com.amazon.soci.build-tool-identifier";

/// The media type of a list of spans to fetch first, an optional companion of a zTOC.
pub const PREFETCH_MEDIA_TYPE: &str = "application/vnd.amazon.soci.prefetch.v1+json";

/// The blob that every SOCI index has as its configuration.
pub const CONFIG: &[u8] = b"{}";

/// The annotations inside of an index.
mod annotation {
    pub(super) const DISABLE_XATTRS: &str = "com.amazon.soci.disable-xattrs";
    pub(super) const LAYER_DIGEST: &str = "com.amazon.soci.image-layer-digest";
    pub(super) const LAYER_MEDIA_TYPE: &str = "com.amazon.soci.image-layer-mediaType";
    pub(super) const SPAN_SIZE: &str = "com.amazon.soci.span-size";
}

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

    /// The version with this artifact type.
    pub fn of_artifact_type(artifact_type: &str) -> Option<Self> {
        [Self::V1, Self::V2]
            .into_iter()
            .find(|version| version.artifact_type() == artifact_type)
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
    /// Annotations beside those of the fields above; none in what this crate builds.
    pub annotations: BTreeMap<String, String>,
}

impl ZtocEntry {
    /// The entry of a zTOC that was just built.
    pub fn new(
        ztoc: &EncodedZtoc,
        layer: Digest,
        layer_media_type: impl Into<String>,
        span_size: u64,
    ) -> Self {
        Self {
            digest: ztoc.digest,
            size: ztoc.bytes.len() as u64,
            layer,
            layer_media_type: layer_media_type.into(),
            span_size,
            annotations: BTreeMap::new(),
        }
    }

    /// Whether the snapshotter is told that the layer has no extended attributes
    /// (`soci convert --optimizations xattr`).
    pub fn disables_xattrs(&self) -> bool {
        self.annotations
            .get(annotation::DISABLE_XATTRS)
            .is_some_and(|value| value == "true")
    }
}

/// An entry that is no zTOC, as the official tool adds with `--prefetch-file`.
///
/// Snapshotters before v0.13 take it for the zTOC of its layer, and then pull that layer in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherEntry {
    /// What the blob is; [`PREFETCH_MEDIA_TYPE`] is the only type known.
    pub media_type: String,
    /// The blob.
    pub digest: Digest,
    /// Bytes of the blob.
    pub size: u64,
    /// All annotations.
    pub annotations: BTreeMap<String, String>,
}

impl OtherEntry {
    /// The layer that it belongs to, if it names one.
    pub fn layer(&self) -> Option<Digest> {
        self.annotations.get(annotation::LAYER_DIGEST)?.parse().ok()
    }
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
    /// What follows the zTOCs; nothing in what this crate builds.
    pub others: Vec<OtherEntry>,
    /// The image manifest; v1 only.
    pub subject: Option<Subject>,
    /// Who built it.
    pub build_tool: String,
    /// Annotations beside the build tool's; none in what this crate builds.
    pub annotations: BTreeMap<String, String>,
}

impl SociIndex {
    /// A v1 index of these zTOCs, for one image manifest.
    pub fn v1(build_tool: impl Into<String>, ztocs: Vec<ZtocEntry>, subject: Subject) -> Self {
        Self {
            version: Version::V1,
            subject: Some(subject),
            ..Self::v2(build_tool, ztocs)
        }
    }

    /// A v2 index of these zTOCs.
    pub fn v2(build_tool: impl Into<String>, ztocs: Vec<ZtocEntry>) -> Self {
        Self {
            version: Version::V2,
            ztocs,
            others: Vec::new(),
            subject: None,
            build_tool: build_tool.into(),
            annotations: BTreeMap::new(),
        }
    }

    /// The manifest, byte for byte as the snapshotter would encode it.
    pub fn to_bytes(&self) -> Vec<u8> {
        json::encode(self)
    }

    /// Reads a manifest. Strict: what does not survive Go's decoding and encoding byte for byte is
    /// refused, because the snapshotter refuses it.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidIndex> {
        json::decode(bytes)
    }
}

/// The bytes are no SOCI index that a snapshotter would take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no valid SOCI index: {problem}")]
pub struct InvalidIndex {
    /// What is wrong.
    pub problem: String,
}

#[cfg(test)]
mod tests;
