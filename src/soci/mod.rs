//! SOCI indexes of images in a registry: which zTOCs are known, where new ones are kept, and
//! pushing them. What a zTOC *is* belongs to the `launchway-soci` crate; when a release needs one is
//! `release`'s business.

pub mod annotate;
pub mod attach;
mod earlier;
mod entry;
pub mod explain;
pub mod inspect;
mod known;
mod layer_stream;
mod layer_type;
mod lookup;
mod push;
pub mod source_image;
mod span_size;
mod store;
#[cfg(test)]
mod testing;
pub mod verify;
pub mod version;
mod ztoc_blob;

pub use earlier::{Earlier, find_known};
pub use entry::soci_entry;
pub use known::{KnownLayer, KnownLayers};
pub use layer_stream::{StreamError, index_layer};
pub use layer_type::LayerType;
pub use lookup::LookError;
pub use push::{PushError, PushedIndex, SociLayer, push_index, soci_index};
pub use span_size::{InvalidSpanSize, check_span_size};
pub use store::{DEFAULT_STORE_LIMIT, StoreError, ZtocStore};

use serde::Serialize;

use launchway_soci::index::Version;
use launchway_soci::{BUILDER, DEFAULT_MIN_LAYER_SIZE, DEFAULT_SPAN_SIZE, IndexerOptions};

/// How images get SOCI indexes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SociOptions {
    /// v2, unless v1 was asked for.
    #[serde(with = "version")]
    pub version: Version,
    /// Uncompressed bytes per span.
    pub span_size: u64,
    /// Layers smaller than this many compressed bytes are not indexed.
    pub min_layer_size: u64,
    /// The build-tool identifier. Not the user's to choose, and so not shown in plans.
    #[serde(skip)]
    pub build_tool: String,
}

impl Default for SociOptions {
    fn default() -> Self {
        Self {
            version: Version::default(),
            span_size: DEFAULT_SPAN_SIZE,
            min_layer_size: DEFAULT_MIN_LAYER_SIZE,
            build_tool: BUILDER.to_owned(),
        }
    }
}

impl SociOptions {
    /// How layers are indexed.
    pub fn indexer(&self) -> IndexerOptions {
        IndexerOptions {
            span_size: self.span_size,
            build_tool: self.build_tool.clone(),
        }
    }
}
