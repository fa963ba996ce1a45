//! Giving an image that is in a registry already its SOCI indexes (`launchway soci attach`).
//!
//! `source_image` reads the image, [`layers`] decides about its layers and indexes them while they
//! stream by, [`publish`] pushes what came of it: SOCI indexes, then image manifests and the image
//! index by digest, then tags. Until the first tag everything that is pushed is unreferenced, so a
//! run that dies leaves the image as it was. Documents are changed by `annotate`.

mod attestations;
mod error;
mod layers;
mod outcome;
mod publish;
mod tags;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use launchway_soci::IndexerOptions;
use launchway_soci::index::Version;

pub use error::AttachError;
pub use outcome::{Attached, AttachedLayer, AttachedPlatform, LayerFate, MovedTag, Summary};

use super::source_image::{self, PlatformImage, SourceImage};
use super::{KnownLayers, LookError, SociOptions, ZtocStore, find_known};
use crate::image::{Digest, Platform};
use crate::registry::{self, Reference, Tag};

/// What attaching works with.
#[derive(Clone)]
pub struct AttachContext {
    /// The registry.
    pub registry: registry::Client,
    /// Where zTOCs are kept on this machine. Without it, and without `reuse`, every layer is
    /// indexed.
    pub store: Option<ZtocStore>,
    /// Take over what the SOCI indexes say that the image has already.
    pub reuse: bool,
    /// Layers that are indexed at once.
    pub at_once: NonZeroUsize,
    /// Is told what happens.
    pub observer: Observer,
}

impl std::fmt::Debug for AttachContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttachContext")
            .field("store", &self.store)
            .field("reuse", &self.reuse)
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}

/// Takes events.
pub type Observer = Arc<dyn Fn(AttachEvent) + Send + Sync>;

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub struct AttachOptions {
    /// How to index.
    pub soci: SociOptions,
    /// The platforms to index; all when empty.
    pub platforms: Vec<Platform>,
    /// Tags for the result instead of the one that was read. v2 only.
    pub tags: Vec<Tag>,
}

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttachEvent {
    /// It is known what has to be downloaded.
    Planned {
        /// Layers.
        layers: usize,
        /// The sum of their sizes.
        bytes: u64,
    },
    /// A layer begins.
    Started {
        /// The layer.
        layer: Digest,
        /// Its size.
        size: u64,
    },
    /// Bytes arrived.
    Received {
        /// How many since the last time.
        bytes: u64,
    },
    /// A layer is done.
    Finished {
        /// The layer.
        layer: Digest,
        /// What became of it.
        fate: LayerFate,
    },
}

/// Attaches SOCI indexes to the image that `reference` names. See the module's head for the order.
pub async fn attach(
    context: &AttachContext,
    reference: &Reference,
    options: &AttachOptions,
) -> Result<Attached, AttachError> {
    let image = source_image::read(&context.registry, reference)
        .await
        .map_err(LookError::from)?;
    let chosen = choose(reference, &image, &options.platforms)?;
    let mut warnings = Vec::new();
    let known = known(context, &image, options, &mut warnings).await;
    let fates = layers::settle(context, &image, &chosen, &known, options, &mut warnings).await?;
    let run = publish::Publication {
        context,
        reference,
        image: &image,
        options,
        fates: &fates,
    };
    let mut attached = match options.soci.version {
        Version::V2 => run.in_image(&chosen).await?,
        Version::V1 => run.beside_image(&chosen).await?,
    };
    attached.warnings.append(&mut warnings);
    Ok(attached)
}

/// An image and whether it was chosen.
#[derive(Clone, Copy, Debug)]
struct Choice<'a> {
    image: &'a PlatformImage,
    chosen: bool,
}

impl Choice<'_> {
    /// Whether its layers are looked at.
    fn is_indexed(self) -> bool {
        self.chosen && layers::passes_over(&self.image.platform).is_none()
    }
}

/// The images of the platforms that were asked for, in the order of the index.
fn choose<'a>(
    reference: &Reference,
    image: &'a SourceImage,
    platforms: &[Platform],
) -> Result<Vec<Choice<'a>>, AttachError> {
    let there = || image.images.iter().map(|one| &one.platform);
    if let Some(missing) = platforms
        .iter()
        .find(|&wanted| there().all(|p| p != wanted))
    {
        let missing = LookError::NoSuchPlatform {
            reference: reference.clone(),
            platform: missing.clone(),
            there: there().cloned().collect(),
        };
        return Err(missing.into());
    }
    let all = image.images.iter().map(|one| Choice {
        image: one,
        chosen: platforms.is_empty() || platforms.contains(&one.platform),
    });
    Ok(all.collect())
}

/// What the SOCI indexes know that the image has already.
async fn known(
    context: &AttachContext,
    image: &SourceImage,
    options: &AttachOptions,
    warnings: &mut Vec<String>,
) -> KnownLayers {
    if !context.reuse {
        return KnownLayers::default();
    }
    let manifests: BTreeMap<_, _> = image
        .images
        .iter()
        .map(|one| (one.descriptor.digest, one.manifest.clone()))
        .collect();
    let mut earlier = find_known(
        &context.registry,
        &image.repository,
        &image.top,
        &image.bytes,
        &manifests,
        &options.soci,
    )
    .await;
    warnings.append(&mut earlier.warnings);
    earlier.known
}

fn indexer_options(options: &SociOptions) -> IndexerOptions {
    IndexerOptions {
        span_size: options.span_size,
        build_tool: options.build_tool.clone(),
    }
}
