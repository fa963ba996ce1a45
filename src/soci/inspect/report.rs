//! What an inspection found, as plain values; also the JSON of `soci inspect`.

use serde::Serialize;

use crate::image::{Digest, Platform};

/// An image with its SOCI indexes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The image, as it was named.
    pub reference: String,
    /// The digest that it has.
    pub digest: Digest,
    /// One per platform, in the order of the image index.
    pub platforms: Vec<ImageInspection>,
    /// SOCI indexes in the image index that belong to no image in it.
    pub unused_indexes: Vec<Unused>,
    /// All platforms together; what several share counts once.
    pub totals: Sums,
}

/// The image for one platform.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageInspection {
    /// The platform.
    #[serde(serialize_with = "crate::soci::verify::as_text")]
    pub platform: Platform,
    /// Its image manifest.
    pub manifest: Digest,
    /// Its SOCI index, if there is one that a snapshotter would take.
    pub soci_index: Option<IndexInspection>,
    /// Why a snapshotter would not take the one that there is.
    pub problem: Option<String>,
    /// The layers, from the base up.
    pub layers: Vec<LayerInspection>,
    /// Their sums.
    pub sums: Sums,
}

/// A SOCI index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexInspection {
    /// The SOCI index manifest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// `v1` or `v2`.
    pub version: &'static str,
    /// Who built it.
    pub build_tool: String,
    /// Entries that no snapshotter will use.
    pub unused_ztocs: Vec<Unused>,
}

/// Something in the registry that is kept for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unused {
    /// What it is.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Why it is not used; a sentence without a full stop.
    pub reason: String,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerInspection {
    /// The layer.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its compressed size in bytes.
    pub size: u64,
    /// Whether it is lazy.
    #[serde(flatten)]
    pub state: LayerState,
}

/// Whether a layer is lazy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum LayerState {
    /// It has a zTOC.
    Indexed {
        /// The zTOC.
        ztoc: ZtocInspection,
    },
    /// It has a zTOC that a snapshotter would not take: it is downloaded first.
    Unusable {
        /// The zTOC.
        ztoc: ZtocInspection,
        /// Why; a sentence without a full stop.
        problem: String,
    },
    /// It has none: it is downloaded before the container starts.
    NotIndexed {
        /// Why, as far as that can be seen; a sentence without a full stop.
        reason: String,
    },
}

/// A zTOC, by its entry in the SOCI index.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ZtocInspection {
    /// The blob.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// That, in percent of the layer's compressed size.
    pub overhead_percent: f64,
    /// Uncompressed bytes per span.
    pub span_size: u64,
    /// What is in it, where it was fetched.
    #[serde(flatten)]
    pub contents: Option<ZtocContents>,
}

/// What is in a zTOC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ZtocContents {
    /// Parts of the layer that can be fetched alone.
    pub spans: u64,
    /// Members of the layer's archive.
    pub members: u64,
    /// Bytes of the archive.
    pub uncompressed_size: u64,
    /// Who built the zTOC.
    pub build_tool: String,
}

/// Sums over layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sums {
    /// Layers.
    pub layers: usize,
    /// Their compressed bytes.
    pub bytes: u64,
    /// Those that are lazy.
    pub indexed_layers: usize,
    /// Their compressed bytes: what need not be downloaded before a container starts.
    pub indexed_bytes: u64,
    /// Bytes of their zTOCs, which are downloaded first instead.
    pub ztoc_bytes: u64,
}

impl Sums {
    /// Of the layers of one image.
    pub(super) fn of<'a>(layers: impl IntoIterator<Item = &'a LayerInspection>) -> Self {
        let mut sums = Self::default();
        for layer in layers {
            sums.layers += 1;
            sums.bytes += layer.size;
            if let LayerState::Indexed { ztoc } = &layer.state {
                sums.indexed_layers += 1;
                sums.indexed_bytes += layer.size;
                sums.ztoc_bytes += ztoc.size;
            }
        }
        sums
    }

    /// Of all images, where what they share counts once. A layer that is lazy for one of them
    /// counts as lazy.
    pub(super) fn total(images: &[ImageInspection]) -> Self {
        let mut layers = std::collections::BTreeMap::new();
        for layer in images.iter().flat_map(|image| &image.layers) {
            let known = layers.entry(layer.digest).or_insert(layer);
            if matches!(layer.state, LayerState::Indexed { .. }) {
                *known = layer;
            }
        }
        Self::of(layers.into_values())
    }
}
