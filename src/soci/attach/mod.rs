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

use std::num::NonZeroUsize;
use std::sync::Arc;

use launchway_soci::index::Version;

pub use error::AttachError;
pub use outcome::{Attached, AttachedLayer, AttachedPlatform, LayerFate, MovedTag, Summary};

use super::lookup;
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

/// All images in the order of the index, and which ones were asked for.
fn choose<'a>(
    reference: &Reference,
    image: &'a SourceImage,
    platforms: &[Platform],
) -> Result<Vec<Choice<'a>>, LookError> {
    let chosen = lookup::chosen(reference, &image.images, platforms)?;
    let choices = image.images.iter().zip(chosen);
    Ok(choices
        .map(|(image, chosen)| Choice { image, chosen })
        .collect())
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
    let mut earlier = find_known(
        &context.registry,
        &image.repository,
        &image.top,
        &image.bytes,
        &options.soci,
    )
    .await;
    warnings.append(&mut earlier.warnings);
    earlier.known
}
