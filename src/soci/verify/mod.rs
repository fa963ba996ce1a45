//! Verifying the SOCI indexes of an image in a registry: everything that a snapshotter would read,
//! read from where it would read it (reference: soci-snapshotter's own checks).
//!
//! For every platform the SOCI index is looked up and parsed strictly; every zTOC is fetched,
//! decoded and matched with a layer; every layer is streamed through it, span by span and member
//! by member. What a snapshotter tolerates, but only once, is an error here too: a wrong offset is
//! an I/O error inside a running container.

mod layer;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use launchway_soci::DEFAULT_MIN_LAYER_SIZE;
use launchway_soci::index::{SociIndex, Version, ZtocEntry};

pub(in crate::soci) use report::as_text;
pub use report::{
    IndexSummary, LayerOutcome, LayerVerification, PlatformVerification, Verification,
};

use super::layer_type::LayerType;
use super::lookup::{self, Found, LookError};
use super::source_image::PlatformImage;
use super::version;
use crate::image::{Descriptor, Digest, Index, Platform, annotation};
use crate::registry::{self, Client, Reference};
use layer::Check;

/// What to verify, and how fast.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// These platforms only; all if empty.
    pub platforms: Vec<Platform>,
    /// Layers that are read back at once; each keeps a core busy and its zTOC in memory.
    pub parallel: usize,
}

/// What happens meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyEvent {
    /// So much is to be read back.
    Planned {
        /// Layers; what several images share counts once.
        layers: usize,
        /// Their compressed bytes.
        bytes: u64,
    },
    /// Some of it came.
    Received {
        /// How much.
        bytes: u64,
    },
    /// A layer was read back, or could not be.
    Finished {
        /// The layer.
        layer: Digest,
        /// What is wrong with it.
        problem: Option<String>,
    },
}

/// Takes events.
pub type Tell<'a> = &'a (dyn Fn(VerifyEvent) + Sync);

const PREFETCH: &str = "the SOCI index has entries that are no zTOCs (prefetch lists): snapshotters \
                        before v0.13 take them for zTOCs and pull these layers in full";

/// What a layer and its zTOC are called.
type Key = (Digest, Digest, Digest);
type Outcomes = BTreeMap<Key, LayerOutcome>;

/// Verifies an image. `tell` hears how it goes.
pub async fn verify(
    registry: &Client,
    reference: &Reference,
    options: &VerifyOptions,
    tell: Tell<'_>,
) -> Result<Verification, LookError> {
    let failed = |source: registry::Error| lookup::failed(reference, source);
    let (source, images) = lookup::look(registry, reference, &options.platforms).await?;
    let repository = &source.repository;

    let mut checks: BTreeMap<Key, Check> = BTreeMap::new();
    for (image, found) in &images {
        for (layer, entry, diff_id) in pairs(image, found) {
            let check = Check {
                layer: layer.clone(),
                entry: entry.clone(),
                diff_id,
            };
            checks.insert((layer.digest, entry.digest, diff_id), check);
        }
    }
    tell(VerifyEvent::Planned {
        layers: checks.len(),
        bytes: checks.values().map(|check| check.layer.size).sum(),
    });
    let outcomes: Outcomes = stream::iter(checks)
        .map(|(key, check)| async move {
            let result = layer::check(registry, repository, &check, tell).await?;
            tell(VerifyEvent::Finished {
                layer: check.layer.digest,
                problem: result.as_ref().err().cloned(),
            });
            let outcome = match result {
                Ok(verified) => LayerOutcome::Verified {
                    spans: verified.spans,
                    members: verified.members,
                    spans_across_members: verified.spans_across_members,
                },
                Err(problem) => LayerOutcome::Failed { problem },
            };
            Ok((key, outcome))
        })
        .buffer_unordered(options.parallel.max(1))
        .try_collect()
        .await
        .map_err(failed)?;

    let top = source.index.as_ref();
    let expected = top.is_some_and(|index| index.soci_indexes().next().is_some())
        || images.iter().any(|(_, found)| *found != Found::Nothing);
    let platforms = images
        .iter()
        .map(|(image, found)| report(image, found, top, expected, &outcomes))
        .collect();
    let mut verification = Verification {
        reference: reference.to_string(),
        digest: source.top.digest,
        ok: false,
        platforms,
    };
    let problems = verification
        .platforms
        .iter()
        .any(PlatformVerification::has_problems);
    verification.ok = !problems && !verification.has_nothing();
    Ok(verification)
}

/// The layers of an image that have a zTOC, with what their content should be. A snapshotter maps
/// entries by their layer, so of several for one layer the last counts.
fn pairs<'a>(
    image: &'a PlatformImage,
    found: &'a Found,
) -> impl Iterator<Item = (&'a Descriptor, &'a ZtocEntry, Digest)> {
    let entries = entries_by_layer(found);
    image
        .manifest
        .layers
        .iter()
        .zip(&image.diff_ids)
        .filter_map(move |(layer, diff_id)| {
            let entry = *entries.get(&layer.digest)?;
            Some((layer, entry, *diff_id))
        })
}

fn entries_by_layer(found: &Found) -> BTreeMap<Digest, &ZtocEntry> {
    match found {
        Found::Index { index, .. } => index.ztocs.iter().map(|e| (e.layer, e)).collect(),
        Found::Nothing | Found::Unusable { .. } => BTreeMap::new(),
    }
}

/// Puts together what was found about one platform. `expected`: some platform has, or should have,
/// a SOCI index. Without any the caller says so, once.
fn report(
    image: &PlatformImage,
    found: &Found,
    top: Option<&Index>,
    expected: bool,
    outcomes: &Outcomes,
) -> PlatformVerification {
    let mut problems = image_problems(image);
    let mut warnings = Vec::new();
    let mut soci_index = None;
    match found {
        Found::Nothing => match large_layer(image) {
            Some(layer) if expected => problems.push(format!(
                "there is no SOCI index for this platform, though the layer {layer} is large \
                 enough for one"
            )),
            _ => warnings.push("there is no SOCI index for this platform".to_owned()),
        },
        Found::Unusable { problem, .. } => problems.push(problem.clone()),
        Found::Index { digest, index, .. } => {
            soci_index = Some(IndexSummary {
                digest: *digest,
                version: version::name(index.version),
                build_tool: index.build_tool.clone(),
            });
            problems.extend(index_problems(image, index));
            if !index.others.is_empty() {
                warnings.push(PREFETCH.to_owned());
            }
            warnings.extend(entry_warning(image, *digest, index.version, top));
        }
    }
    let entries = entries_by_layer(found);
    let layers = image.manifest.layers.iter().enumerate();
    let layers = layers.map(|(number, layer)| {
        let entry = entries.get(&layer.digest);
        let key = entry.zip(image.diff_ids.get(number));
        let outcome = key.and_then(|(entry, diff_id)| {
            outcomes
                .get(&(layer.digest, entry.digest, *diff_id))
                .cloned()
        });
        LayerVerification {
            digest: layer.digest,
            size: layer.size,
            ztoc: entry.map(|entry| entry.digest),
            outcome: outcome.unwrap_or(LayerOutcome::NotIndexed),
        }
    });
    let layers: Vec<LayerVerification> = layers.collect();
    warnings.extend(layers.iter().enumerate().filter_map(member_warning));
    PlatformVerification {
        platform: image.platform.clone(),
        manifest: image.descriptor.digest,
        soci_index,
        problems,
        warnings,
        layers,
    }
}

/// Fargate does not publish the version of its snapshotter.
fn member_warning((number, layer): (usize, &LayerVerification)) -> Option<String> {
    match layer.outcome {
        LayerOutcome::Verified {
            spans_across_members: across @ 1..,
            ..
        } => Some(format!(
            "layer {}: {across} of its spans go on into a further gzip member, which snapshotters \
             before v0.14 read as zeros",
            number + 1
        )),
        _ => None,
    }
}

fn image_problems(image: &PlatformImage) -> Vec<String> {
    let (layers, diff_ids) = (image.manifest.layers.len(), image.diff_ids.len());
    let fits = layers == diff_ids;
    let problem = format!("the image has {layers} layers, but its configuration lists {diff_ids}");
    if fits { Vec::new() } else { vec![problem] }
}

/// Entries that are about no layer of the image: the index was made for another one.
fn index_problems(image: &PlatformImage, index: &SociIndex) -> Vec<String> {
    let layers: BTreeSet<Digest> = image.manifest.layers.iter().map(|l| l.digest).collect();
    let mut problems = Vec::new();
    if index.ztocs.is_empty() {
        problems.push("the SOCI index lists no zTOC".to_owned());
    }
    let mut seen = BTreeMap::new();
    for entry in &index.ztocs {
        if !layers.contains(&entry.layer) {
            problems.push(format!(
                "the SOCI index has the zTOC {} for the layer {}, which the image does not have",
                entry.digest, entry.layer
            ));
        }
        if let Some(first) = seen.insert(entry.layer, entry.digest)
            && first != entry.digest
        {
            problems.push(format!(
                "the SOCI index has two zTOCs for the layer {}: {first} and {}",
                entry.layer, entry.digest
            ));
        }
    }
    problems
}

/// Snapshotters do not look at the image index, but what copies or cleans up does: an index that
/// is not listed there gets lost.
fn entry_warning(
    image: &PlatformImage,
    digest: Digest,
    version: Version,
    top: Option<&Index>,
) -> Option<String> {
    if version == Version::V1 {
        return None;
    }
    let Some(entry) = top?.soci_indexes().find(|entry| entry.digest == digest) else {
        return Some(format!(
            "the image index does not list the SOCI index {digest}: copies of the image lack it, \
             and a lifecycle rule may delete it"
        ));
    };
    let named = entry.annotations.get(annotation::SOCI_IMAGE_DIGEST)?;
    (*named != image.descriptor.digest.to_string()).then(|| {
        format!("the image index says that the SOCI index {digest} is for {named}, not this image")
    })
}

/// A layer that the official tool would have indexed.
fn large_layer(image: &PlatformImage) -> Option<Digest> {
    let layers = &image.manifest.layers;
    let large = layers.iter().find(|layer| {
        layer.size >= DEFAULT_MIN_LAYER_SIZE
            && LayerType::of(&layer.media_type).objection().is_none()
    });
    large.map(|layer| layer.digest)
}
