//! What the store writes about a layer beside its zTOC, and under which name.

use launchway_soci::IndexerOptions;
use serde::{Deserialize, Serialize};

use crate::image::Digest;

/// The extension of zTOC blobs.
pub(super) const ZTOC: &str = "ztoc";
/// The extension of entries.
pub(super) const ENTRY: &str = "json";

/// The content of `KEY.json`. What the key was made of stands in it too, for people who look
/// into the folder, and so that a renamed file is not believed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    layer: Digest,
    span_size: u64,
    build_tool: String,
    #[serde(flatten)]
    outcome: Outcome,
}

/// What became of a layer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// It has a zTOC.
    Indexed {
        /// The blob's digest.
        ztoc: Digest,
        /// Its size in bytes.
        size: u64,
        /// The layer's uncompressed content, where the indexer knew it.
        #[serde(default, rename = "diffId", skip_serializing_if = "Option::is_none")]
        diff_id: Option<Digest>,
    },
    /// It has none.
    LeftOut {
        /// Why.
        reason: String,
    },
}

impl Entry {
    pub(super) fn new(layer: Digest, options: &IndexerOptions, outcome: Outcome) -> Self {
        Self {
            layer,
            span_size: options.span_size,
            build_tool: options.build_tool.clone(),
            outcome,
        }
    }

    /// What it says, if it is about this layer, indexed this way.
    pub(super) fn into_outcome(self, layer: Digest, options: &IndexerOptions) -> Option<Outcome> {
        let fits = self.layer == layer
            && self.span_size == options.span_size
            && self.build_tool == options.build_tool;
        fits.then_some(self.outcome)
    }

    /// The layer that it is about.
    pub(super) fn layer(&self) -> Digest {
        self.layer
    }
}

/// The name of an entry's files: everything that a zTOC depends on, hashed, since a builder's name
/// may have any characters.
pub(super) fn key(layer: Digest, options: &IndexerOptions) -> String {
    let IndexerOptions {
        span_size,
        build_tool,
    } = options;
    Digest::of(format!("{layer}\n{span_size}\n{build_tool}")).hex()
}
