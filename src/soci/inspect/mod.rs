//! What the SOCI indexes of an image in a registry hold: which layers are lazy, which are not and
//! why, what the zTOCs cost, and which of them nobody needs.
//!
//! Reads no layer. Whether a zTOC is right is `verify`'s question.

mod report;

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use launchway_soci::DEFAULT_MIN_LAYER_SIZE;
use launchway_soci::index::{SociIndex, ZtocEntry};

pub use report::{
    ImageInspection, IndexInspection, Inspection, LayerInspection, LayerState, Sums, Unused,
    ZtocContents, ZtocInspection,
};

use super::layer_type::LayerType;
use super::lookup::{self, Found, LookError};
use super::source_image::PlatformImage;
use super::version;
use super::ztoc_blob;
use crate::image::{Descriptor, Digest, Index, Platform, annotation};
use crate::registry::{self, Client, Reference, Repository};

/// zTOCs that are read at once; each may have some tens of megabytes.
const AT_ONCE: usize = 3;

/// What to look at.
#[derive(Clone, Debug)]
pub struct InspectOptions {
    /// These platforms only; all if empty.
    pub platforms: Vec<Platform>,
    /// Fetch the zTOCs too, for the counts of spans and members.
    pub ztocs: bool,
}

/// What is known of a zTOC by its digest and layer: its contents, or what is wrong with it.
type Contents = BTreeMap<(Digest, Digest), Result<ZtocContents, String>>;

/// Looks at an image.
pub async fn inspect(
    registry: &Client,
    reference: &Reference,
    options: &InspectOptions,
) -> Result<Inspection, LookError> {
    let failed = |source: registry::Error| lookup::failed(reference, source);
    let (source, images) = lookup::look(registry, reference, &options.platforms).await?;
    let repository = &source.repository;
    let contents = if options.ztocs {
        read_contents(registry, repository, &images).await
    } else {
        Ok(Contents::new())
    };
    let contents = contents.map_err(failed)?;
    let platforms: Vec<ImageInspection> = images
        .iter()
        .map(|(image, found)| describe(image, found, &contents))
        .collect();
    // With a part of the platforms it cannot be said what nobody needs.
    let all = options.platforms.is_empty();
    let top = source.index.as_ref().filter(|_| all);
    Ok(Inspection {
        reference: reference.to_string(),
        digest: source.top.digest,
        totals: Sums::total(&platforms),
        unused_indexes: top
            .map(|top| unused_indexes(top, &platforms))
            .unwrap_or_default(),
        platforms,
    })
}

/// Fetches every zTOC once.
async fn read_contents(
    registry: &Client,
    repository: &Repository,
    images: &[(PlatformImage, Found)],
) -> Result<Contents, registry::Error> {
    let mut wanted: BTreeMap<(Digest, Digest), (&Descriptor, &ZtocEntry)> = BTreeMap::new();
    for (image, found) in images {
        for entry in entries(found) {
            let layers = &image.manifest.layers;
            if let Some(layer) = layers.iter().find(|layer| layer.digest == entry.layer) {
                wanted.insert((entry.digest, entry.layer), (layer, entry));
            }
        }
    }
    stream::iter(wanted)
        .map(|(key, (layer, entry))| async move {
            let read = ztoc_blob::read(registry, repository, entry, layer).await?;
            let contents = read.map(|ztoc| ZtocContents {
                spans: ztoc.spans.digests().len() as u64,
                members: ztoc.members.len() as u64,
                uncompressed_size: ztoc.uncompressed_size,
                build_tool: ztoc.build_tool,
            });
            Ok((key, contents))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

fn entries(found: &Found) -> &[ZtocEntry] {
    match found {
        Found::Index { index, .. } => &index.ztocs,
        Found::Nothing | Found::Unusable { .. } => &[],
    }
}

fn describe(image: &PlatformImage, found: &Found, contents: &Contents) -> ImageInspection {
    let layers = &image.manifest.layers;
    let entries = entries(found);
    let by_layer: BTreeMap<Digest, &ZtocEntry> = entries.iter().map(|e| (e.layer, e)).collect();
    let smallest = layers
        .iter()
        .filter(|layer| by_layer.contains_key(&layer.digest))
        .map(|layer| layer.size)
        .min();
    let inspected: Vec<LayerInspection> = layers
        .iter()
        .map(|layer| LayerInspection {
            digest: layer.digest,
            media_type: layer.media_type.clone(),
            size: layer.size,
            state: match by_layer.get(&layer.digest) {
                Some(entry) => state(entry, layer, contents),
                None => LayerState::NotIndexed {
                    reason: why_not(layer, smallest).to_owned(),
                },
            },
        })
        .collect();
    let (soci_index, problem) = match found {
        Found::Nothing => (None, None),
        Found::Unusable { problem, .. } => (None, Some(problem.clone())),
        Found::Index {
            digest,
            size,
            index,
        } => {
            let summary = IndexInspection {
                digest: *digest,
                size: *size,
                version: version::name(index.version),
                build_tool: index.build_tool.clone(),
                unused_ztocs: unused_ztocs(index, layers),
            };
            (Some(summary), None)
        }
    };
    ImageInspection {
        platform: image.platform.clone(),
        manifest: image.descriptor.digest,
        soci_index,
        problem,
        sums: Sums::of(&inspected),
        layers: inspected,
    }
}

fn state(entry: &ZtocEntry, layer: &Descriptor, contents: &Contents) -> LayerState {
    let mut ztoc = ZtocInspection {
        digest: entry.digest,
        size: entry.size,
        overhead_percent: percent(entry.size, layer.size),
        span_size: entry.span_size,
        contents: None,
    };
    match contents.get(&(entry.digest, entry.layer)) {
        Some(Ok(contents)) => {
            ztoc.contents = Some(contents.clone());
            LayerState::Indexed { ztoc }
        }
        Some(Err(problem)) => LayerState::Unusable {
            ztoc,
            problem: problem.clone(),
        },
        None => LayerState::Indexed { ztoc },
    }
}

/// Tenths of a percent are enough.
fn percent(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is kept")]
    let ratio = part as f64 / whole.max(1) as f64;
    (ratio * 1000.0).round() / 10.0
}

/// Why a layer is not in its image's index, as far as that can be seen from outside. `smallest` is
/// the smallest layer in it.
fn why_not(layer: &Descriptor, smallest: Option<u64>) -> &'static str {
    if let Some(objection) = LayerType::of(&layer.media_type).objection() {
        return objection;
    }
    match smallest {
        _ if layer.size < DEFAULT_MIN_LAYER_SIZE => "it is small",
        None => "there is no SOCI index, though it is large enough for one",
        Some(smallest) if layer.size < smallest => "it is smaller than every indexed layer",
        Some(_) => "its builder left it out",
    }
}

/// Entries that no snapshotter will use: for layers that the image does not have, and all but the
/// last of those for one layer.
fn unused_ztocs(index: &SociIndex, layers: &[Descriptor]) -> Vec<Unused> {
    let layers: BTreeSet<Digest> = layers.iter().map(|layer| layer.digest).collect();
    let last: BTreeMap<Digest, usize> = index
        .ztocs
        .iter()
        .enumerate()
        .map(|(number, entry)| (entry.layer, number))
        .collect();
    let entries = index.ztocs.iter().enumerate();
    entries
        .filter_map(|(number, entry)| {
            let reason = if !layers.contains(&entry.layer) {
                format!("the image has no layer {}", entry.layer)
            } else if last.get(&entry.layer) != Some(&number) {
                format!("the layer {} has another entry", entry.layer)
            } else {
                return None;
            };
            Some(Unused {
                digest: entry.digest,
                size: entry.size,
                reason,
            })
        })
        .collect()
}

/// SOCI indexes in the image index that no image in it names.
fn unused_indexes(top: &Index, platforms: &[ImageInspection]) -> Vec<Unused> {
    let named: BTreeSet<Digest> = platforms
        .iter()
        .filter_map(|image| Some(image.soci_index.as_ref()?.digest))
        .collect();
    let images: BTreeSet<String> = platforms
        .iter()
        .map(|image| image.manifest.to_string())
        .collect();
    top.soci_indexes()
        .filter(|entry| !named.contains(&entry.digest))
        .map(|entry| {
            let about = entry.annotations.get(annotation::SOCI_IMAGE_DIGEST);
            let reason = match about {
                Some(about) if images.contains(about) => {
                    format!("the image {about} does not name it")
                }
                Some(about) => format!("the image index has no image {about}"),
                None => "no image names it".to_owned(),
            };
            Unused {
                digest: entry.digest,
                size: entry.size,
                reason,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
