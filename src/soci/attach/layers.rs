//! Every layer of an image settled: indexed, taken over, or left out with its reason.
//!
//! A layer that several platforms share is settled once. Nothing that cannot be indexed fails the
//! image, nor does a layer that unpacks to something else than a configuration says: it is left out
//! for all, since no runtime could unpack it and none must run it lazily instead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use launchway_soci::{IndexedLayer, IndexerOptions, ztoc};

use super::{AttachContext, AttachError, AttachEvent, AttachOptions, Choice, LayerFate};
use crate::image::{Descriptor, Digest, Platform};
use crate::registry::{BlobSource, Repository};
use crate::soci::layer_stream::{StreamError, index_layer};
use crate::soci::layer_type::LayerType;
use crate::soci::source_image::SourceImage;
use crate::soci::{KnownLayer, KnownLayers};

/// A layer that is settled, and where its zTOC can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) fate: LayerFate,
    pub(super) repositories: Vec<Repository>,
    pub(super) file: Option<PathBuf>,
}

impl Settled {
    fn without_ztoc(fate: LayerFate) -> Self {
        Self {
            fate,
            repositories: Vec::new(),
            file: None,
        }
    }

    fn known(known: KnownLayer, candidate: &Candidate) -> Self {
        match known {
            KnownLayer::Indexed {
                diff_id: Some(diff_id),
                ..
            } if let Some(reason) = candidate.contradiction(diff_id) => {
                Self::without_ztoc(LayerFate::LeftOut { reason })
            }
            KnownLayer::Indexed {
                ztoc,
                size,
                repositories,
                file,
                diff_id: _,
            } => Self {
                fate: LayerFate::Reused {
                    ztoc,
                    ztoc_size: size,
                },
                repositories,
                file,
            },
            KnownLayer::LeftOut { reason } => Self::without_ztoc(LayerFate::LeftOut { reason }),
        }
    }
}

/// All layers that were looked at, by digest.
pub(super) type Fates = BTreeMap<Digest, Settled>;

/// Why images for another system than Linux are passed over: the end of a sentence that begins
/// with the platform.
pub(super) fn passes_over(platform: &Platform) -> Option<String> {
    (platform.os() != "linux")
        .then(|| "is not Linux, and only Linux loads images lazily".to_owned())
}

/// A layer as it stands in an image.
#[derive(Clone, Debug)]
struct Place {
    platform: Platform,
    /// Counted from 1 at the base.
    number: usize,
    /// What the configuration says.
    diff_id: Option<Digest>,
}

/// A layer to settle, with all its places.
#[derive(Clone, Debug)]
struct Candidate {
    layer: Descriptor,
    places: Vec<Place>,
}

impl Candidate {
    /// What contradicts a layer whose uncompressed content is `found`: the end of a sentence that
    /// begins with the layer. A zTOC describes what the layer unpacks to; where a configuration
    /// names something else, a runtime that downloads the layer refuses it.
    fn contradiction(&self, found: Digest) -> Option<String> {
        let wrong = |place: &&Place| place.diff_id != Some(found);
        self.places.iter().find(wrong).map(|place| {
            let platform = &place.platform;
            match place.diff_id {
                Some(expected) => format!(
                    "it unpacks to {found}, but the configuration of {platform} says {expected}"
                ),
                None => format!(
                    "it unpacks to {found}, but the configuration of {platform} does not list it"
                ),
            }
        })
    }
}

/// Settles the layers of all chosen images.
pub(super) async fn settle(
    context: &AttachContext,
    image: &SourceImage,
    choices: &[Choice<'_>],
    known: &KnownLayers,
    options: &AttachOptions,
    warnings: &mut Vec<String>,
) -> Result<Fates, AttachError> {
    let indexer = options.soci.indexer();
    let mut fates = Fates::new();
    let mut open = Vec::new();
    for candidate in candidates(choices) {
        let layer = &candidate.layer;
        if layer.size < options.soci.min_layer_size {
            fates.insert(layer.digest, Settled::without_ztoc(LayerFate::TooSmall));
        } else if let Some(reason) = LayerType::of(&layer.media_type).objection() {
            let reason = reason.to_owned();
            fates.insert(
                layer.digest,
                Settled::without_ztoc(LayerFate::LeftOut { reason }),
            );
        } else {
            match look_up(context, known, layer.digest, &indexer).await {
                Some(known) => {
                    fates.insert(layer.digest, Settled::known(known, &candidate));
                }
                None => open.push(candidate),
            }
        }
    }
    (context.observer)(AttachEvent::Planned {
        layers: open.len(),
        bytes: open.iter().map(|candidate| candidate.layer.size).sum(),
    });
    let work = Work {
        context,
        repository: &image.repository,
        indexer: &indexer,
    };
    let done: Vec<(Digest, Settled, Option<String>)> = stream::iter(&open)
        .map(|candidate| work.index(candidate))
        .buffer_unordered(context.at_once.get())
        .try_collect()
        .await?;
    for (layer, settled, warning) in done {
        fates.insert(layer, settled);
        warnings.extend(warning);
    }
    warnings.extend(left_out(choices, &fates));
    Ok(fates)
}

/// The layers of all chosen images, each once, in the order in which they are met.
fn candidates(choices: &[Choice<'_>]) -> Vec<Candidate> {
    let mut numbers: BTreeMap<Digest, usize> = BTreeMap::new();
    let mut candidates: Vec<Candidate> = Vec::new();
    for Choice { image, .. } in choices.iter().filter(|choice| choice.is_indexed()) {
        for (position, layer) in image.manifest.layers.iter().enumerate() {
            let place = Place {
                platform: image.platform.clone(),
                number: position + 1,
                diff_id: image.diff_ids.get(position).copied(),
            };
            let number = *numbers.entry(layer.digest).or_insert(candidates.len());
            match candidates.get_mut(number) {
                Some(candidate) => candidate.places.push(place),
                None => candidates.push(Candidate {
                    layer: layer.clone(),
                    places: vec![place],
                }),
            }
        }
    }
    candidates
}

/// What is known about a layer, from the image's own SOCI indexes and the local store.
async fn look_up(
    context: &AttachContext,
    known: &KnownLayers,
    layer: Digest,
    indexer: &IndexerOptions,
) -> Option<KnownLayer> {
    let mut all = KnownLayers::default();
    // The store first: it knows why a layer was left out.
    if let Some(store) = context.store.clone() {
        let options = indexer.clone();
        let looking = tokio::task::spawn_blocking(move || store.get(layer, &options));
        if let Ok(Some(stored)) = looking.await {
            all.insert(layer, stored);
        }
    }
    if let Some(attached) = known.get(layer) {
        all.insert(layer, attached.clone());
    }
    all.get(layer).cloned()
}

/// A sentence for every layer that was left out for another reason than its size.
fn left_out(choices: &[Choice<'_>], fates: &Fates) -> Vec<String> {
    let mut told = BTreeSet::new();
    let mut sentences = Vec::new();
    for candidate in candidates(choices) {
        let settled = fates.get(&candidate.layer.digest);
        if let (Some(LayerFate::LeftOut { reason }), Some(place)) = (
            settled.map(|settled| &settled.fate),
            candidate.places.first(),
        ) && told.insert(candidate.layer.digest)
        {
            let Place {
                platform, number, ..
            } = place;
            sentences.push(format!(
                "layer {number} of {platform} is not indexed: {reason}"
            ));
        }
    }
    sentences
}

/// What indexing needs.
struct Work<'a> {
    context: &'a AttachContext,
    repository: &'a Repository,
    indexer: &'a IndexerOptions,
}

impl Work<'_> {
    /// Downloads and indexes one layer, checks it, keeps its zTOC and pushes it. The zTOC goes out
    /// while other layers come in, and is not held in memory until the end.
    async fn index(
        &self,
        candidate: &Candidate,
    ) -> Result<(Digest, Settled, Option<String>), AttachError> {
        let layer = &candidate.layer;
        let observer = &self.context.observer;
        observer(AttachEvent::Started {
            layer: layer.digest,
            size: layer.size,
        });
        let indexed = index_layer(
            &self.context.registry,
            self.repository,
            layer,
            self.indexer.clone(),
            |bytes| observer(AttachEvent::Received { bytes }),
        )
        .await
        .map_err(|error| self.stream_error(candidate, error))?;
        let (indexed, warning) = self.keep(indexed).await?;
        let contradiction = indexed
            .diff_id
            .and_then(|found| candidate.contradiction(found));
        let fate = match (indexed.ztoc, contradiction) {
            (Err(reason), _) => LayerFate::LeftOut {
                reason: reason.to_string(),
            },
            (Ok(_), Some(reason)) => LayerFate::LeftOut { reason },
            (Ok(encoded), None) => {
                let size = encoded.bytes.len() as u64;
                let blob = Descriptor::new(ztoc::MEDIA_TYPE, encoded.digest, size);
                let source = BlobSource::Bytes(Bytes::from(encoded.bytes));
                self.context
                    .registry
                    .push_blob(self.repository, &blob, &source, None)
                    .await
                    .map_err(AttachError::registry(format!(
                        "push the zTOC of {} to {}",
                        self.repository.with_digest(layer.digest),
                        self.repository
                    )))?;
                LayerFate::Indexed {
                    ztoc: encoded.digest,
                    ztoc_size: size,
                    spans: indexed.spans,
                    members: indexed.members,
                }
            }
        };
        observer(AttachEvent::Finished {
            layer: layer.digest,
            fate: fate.clone(),
        });
        let settled = Settled {
            fate,
            repositories: vec![self.repository.clone()],
            file: None,
        };
        Ok((layer.digest, settled, warning))
    }

    /// Keeps what became of a layer in the local store. That may fail; the image gets its index.
    async fn keep(
        &self,
        indexed: IndexedLayer,
    ) -> Result<(IndexedLayer, Option<String>), AttachError> {
        let Some(store) = self.context.store.clone() else {
            return Ok((indexed, None));
        };
        let (layer, options) = (indexed.digest, self.indexer.clone());
        let keeping = tokio::task::spawn_blocking(move || {
            let kept = store.put(&indexed, &options);
            (indexed, kept)
        });
        let (indexed, kept) = keeping.await.map_err(|source| AttachError::Indexer {
            layer,
            source: Some(source),
        })?;
        let warning = kept.err().map(|error| format!("{error}: {}", error.source));
        Ok((indexed, warning))
    }

    fn stream_error(&self, candidate: &Candidate, error: StreamError) -> AttachError {
        let layer = candidate.layer.digest;
        match error {
            StreamError::Registry(source) => {
                let place = candidate.places.first();
                let place =
                    place.map(|place| format!("layer {} of {}", place.number, place.platform));
                let doing = format!(
                    "read {} ({})",
                    place.unwrap_or_default(),
                    self.repository.with_digest(layer)
                );
                AttachError::registry(doing)(source)
            }
            StreamError::Stopped(source) => AttachError::Indexer { layer, source },
        }
    }
}
