//! What a verification found, as plain values; also the JSON of `soci verify`.

use serde::Serialize;

use crate::image::{Digest, Platform};

/// What was found about one image, all its platforms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// The image, as it was named.
    pub reference: String,
    /// The digest that it had.
    pub digest: Digest,
    /// Whether nothing is wrong, and there is something to verify.
    pub ok: bool,
    /// One per platform, in the order of the image index.
    pub platforms: Vec<PlatformVerification>,
}

/// What was found about the image of one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlatformVerification {
    /// The platform.
    #[serde(serialize_with = "as_text")]
    pub platform: Platform,
    /// Its image manifest.
    pub manifest: Digest,
    /// Its SOCI index, if there is one that can be read.
    pub soci_index: Option<IndexSummary>,
    /// What is wrong with the image or its SOCI index, each a sentence without a full stop.
    pub problems: Vec<String>,
    /// What is odd but harms no container that is started now.
    pub warnings: Vec<String>,
    /// The layers, from the base up.
    pub layers: Vec<LayerVerification>,
}

/// The head of a SOCI index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexSummary {
    /// The SOCI index manifest.
    pub digest: Digest,
    /// `v1` or `v2`.
    pub version: &'static str,
    /// Who built it.
    pub build_tool: String,
}

/// What was found about one layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerVerification {
    /// The layer.
    pub digest: Digest,
    /// Its compressed size in bytes.
    pub size: u64,
    /// Its zTOC, if it has one.
    pub ztoc: Option<Digest>,
    /// How it went.
    #[serde(flatten)]
    pub outcome: LayerOutcome,
}

/// How the verification of a layer went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(
    tag = "outcome",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum LayerOutcome {
    /// It has no zTOC: a snapshotter downloads it before the container starts.
    NotIndexed,
    /// Every span and every member was read back.
    Verified {
        /// Spans that were inflated from their checkpoints.
        spans: u32,
        /// Members whose header and data were found where the zTOC says.
        members: u64,
        /// Spans that go on into a further member of a gzip stream of several.
        spans_across_members: u32,
    },
    /// A container would get I/O errors, or the layer would not be lazy.
    Failed {
        /// Why; a sentence without a full stop that begins with the layer.
        problem: String,
    },
}

impl PlatformVerification {
    /// Whether something is wrong.
    pub fn has_problems(&self) -> bool {
        let failed =
            |layer: &LayerVerification| matches!(layer.outcome, LayerOutcome::Failed { .. });
        !self.problems.is_empty() || self.layers.iter().any(failed)
    }
}

impl Verification {
    /// Whether no platform has a SOCI index, or anything that looks like one.
    pub fn has_nothing(&self) -> bool {
        self.platforms
            .iter()
            .all(|image| image.soci_index.is_none() && image.problems.is_empty())
    }
}

pub(in crate::soci) fn as_text<S: serde::Serializer>(
    platform: &Platform,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(platform)
}
