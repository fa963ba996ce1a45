//! What came of attaching, as values for people and for JSON.

use serde::Serialize;

use crate::image::{Digest, Platform};
use crate::registry::{Repository, Tag};

/// An image and the SOCI indexes that it has now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attached {
    /// Where the image is.
    #[serde(serialize_with = "as_text")]
    pub repository: Repository,
    /// Its digest before.
    pub before: Digest,
    /// Its digest now.
    pub digest: Digest,
    /// What changed.
    pub summary: Summary,
    /// The tags that point at it.
    pub tags: Vec<MovedTag>,
    /// Its platforms, in the order of the index.
    pub platforms: Vec<AttachedPlatform>,
    /// What deserves a look: sentences without a full stop.
    pub warnings: Vec<String>,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Summary {
    /// SOCI indexes were attached.
    Attached,
    /// The image has these SOCI indexes already.
    Unchanged,
    /// There is no layer to index; the image is as it was.
    NothingToIndex,
    /// There is no layer to index any more, and the image names SOCI indexes no longer.
    Removed,
}

/// A tag of the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedTag {
    /// The tag.
    #[serde(serialize_with = "as_text")]
    pub tag: Tag,
    /// It pointed somewhere else, or nowhere.
    pub moved: bool,
}

/// The image for one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachedPlatform {
    /// What it runs on.
    pub platform: Platform,
    /// Its manifest before.
    pub before: Digest,
    /// Its manifest now.
    pub manifest: Digest,
    /// The SOCI index that was made or found for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soci_index: Option<Digest>,
    /// Why it was passed over: the end of a sentence that begins with the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed_over: Option<String>,
    /// Its layers from the base up; none if it was passed over.
    pub layers: Vec<AttachedLayer>,
}

/// A layer and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachedLayer {
    /// The layer.
    pub digest: Digest,
    /// Its compressed size in bytes.
    pub size: u64,
    /// What became of it.
    #[serde(flatten)]
    pub fate: LayerFate,
}

/// What became of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum LayerFate {
    /// A zTOC was made.
    Indexed {
        /// The zTOC.
        ztoc: Digest,
        /// Its size in bytes.
        ztoc_size: u64,
        /// Its spans.
        spans: u32,
        /// Its files, folders and links.
        members: u64,
    },
    /// There was a zTOC.
    Reused {
        /// The zTOC.
        ztoc: Digest,
        /// Its size in bytes.
        ztoc_size: u64,
    },
    /// It is smaller than the smallest that is indexed.
    TooSmall,
    /// It cannot be indexed.
    LeftOut {
        /// Why: the end of a sentence that begins with the layer.
        reason: String,
    },
}

impl LayerFate {
    /// The zTOC and its size.
    pub fn ztoc(&self) -> Option<(Digest, u64)> {
        match *self {
            Self::Indexed {
                ztoc, ztoc_size, ..
            }
            | Self::Reused { ztoc, ztoc_size } => Some((ztoc, ztoc_size)),
            Self::TooSmall | Self::LeftOut { .. } => None,
        }
    }
}

fn as_text<T: std::fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
