//! Indexing layers while the daemon exports them (D4).
//!
//! An evaluation offers every layer of its image. One whose zTOC is known, or that is small, is
//! answered with "already exists" and never sent; the others are indexed as they stream by. Nothing
//! but zTOCs is kept. A layer that several solves export comes once: the content store lets the
//! others wait for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use futures::future::BoxFuture;
use launchway_buildkit::{BlobReceiver, BlobWriter, OfferedBlob};
use launchway_soci::{IndexedLayer, IndexerOptions, LayerIndexer};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::{Event, LayerOutcome, Observer};
use crate::image::Digest;
use crate::soci::{KnownLayer, KnownLayers, SociOptions, StoreError, ZtocStore};

/// What is handed to the indexer at once. The daemon goes on sending meanwhile, up to the window
/// of the stream.
const PIECE: usize = 1 << 20;

/// How much of a layer arrives between two words about it.
const TOLD_EVERY: u64 = 4 << 20;

/// Compressed bytes of layers that are on their way at once. An indexer's memory grows with its
/// layer (checkpoints and members: about 8 % of the compressed size, as measured for the zTOC
/// itself), so this is half a gigabyte. A layer beyond it is asked for again later; a larger one
/// comes alone.
const IN_FLIGHT: u64 = 6 << 30;

/// What a run found out about a layer.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// The zTOC, or why there is none.
    pub(super) known: KnownLayer,
    /// This run indexed it.
    pub(super) built: bool,
    /// Where this run or the local store read it: the digest of its uncompressed stream.
    pub(super) diff_id: Option<Digest>,
    /// Spans of a zTOC that this run built.
    pub(super) spans: Option<u32>,
}

impl Layer {
    fn known(known: KnownLayer) -> Self {
        let diff_id = match &known {
            KnownLayer::Indexed { diff_id, .. } => *diff_id,
            KnownLayer::LeftOut { .. } => None,
        };
        Self {
            known,
            built: false,
            diff_id,
            spans: None,
        }
    }
}

/// The layers of a run. Clones share what they know.
#[derive(Clone)]
pub(super) struct Layers(Arc<Shared>);

struct Shared {
    indexer: IndexerOptions,
    min_layer_size: u64,
    in_flight: u64,
    /// Where zTOCs are looked for and kept, in this order of preference for keeping.
    stores: Vec<ZtocStore>,
    observer: Observer,
    /// One permit per core: layers in any number may be on their way, and as many as there are
    /// cores are worked on at once. Held for a piece, never for a layer, so that none waits for
    /// another one's sender.
    cores: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: BTreeMap<Digest, Layer>,
    /// Compressed bytes of the layers that are on their way.
    in_flight: u64,
    /// Layers that were refused because there were too many at once.
    postponed: BTreeSet<Digest>,
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layers").finish_non_exhaustive()
    }
}

impl Layers {
    /// Nothing is known yet. At least one of `stores` must take zTOCs.
    pub(super) fn new(options: &SociOptions, stores: Vec<ZtocStore>, observer: Observer) -> Self {
        Self::with_budget(options, stores, observer, IN_FLIGHT)
    }

    fn with_budget(
        options: &SociOptions,
        stores: Vec<ZtocStore>,
        observer: Observer,
        in_flight: u64,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, Into::into);
        Self(Arc::new(Shared {
            indexer: options.indexer(),
            min_layer_size: options.min_layer_size,
            in_flight,
            stores,
            observer,
            cores: Semaphore::new(cores),
            state: Mutex::default(),
        }))
    }

    /// Takes over what is known from elsewhere; what this run found out itself stays.
    pub(super) fn know(&self, known: &KnownLayers) {
        let mut state = self.0.lock();
        for (layer, known) in known.iter() {
            match state.known.get_mut(&layer) {
                Some(there) if there.built => {}
                // Another image's baseline has it too: its repository is one more place.
                Some(there) => there.known.join(known.clone()),
                None => {
                    state.known.insert(layer, Layer::known(known.clone()));
                }
            }
        }
    }

    /// What is known about a layer.
    pub(super) fn get(&self, layer: Digest) -> Option<Layer> {
        self.0.lock().known.get(&layer).cloned()
    }

    /// The layers that were refused because there were too many at once; they are to be exported
    /// again. Forgets them.
    pub(super) fn take_postponed(&self) -> BTreeSet<Digest> {
        std::mem::take(&mut self.0.lock().postponed)
    }

    /// Brings the store that outlives the run within its limit. Layers of this run stay.
    pub(super) fn trim(&self) {
        let layers: Vec<Digest> = self.0.lock().known.keys().copied().collect();
        for store in &self.0.stores {
            if let Err(error) = store.trim(&layers) {
                self.0.warn(&error);
            }
        }
    }

    /// Indexes a layer that came along with the documents because it is small.
    pub(super) async fn index_whole(&self, layer: Digest, bytes: Bytes) -> io::Result<()> {
        let size = bytes.len() as u64;
        let Some(mut writer) = self.begin(layer, size).await else {
            return Ok(());
        };
        writer.write(bytes).await?;
        Box::new(writer).commit().await
    }

    /// A writer for a layer that is not known.
    async fn begin(&self, layer: Digest, size: u64) -> Option<Writer> {
        let shared = &self.0;
        if shared.lock().known.contains_key(&layer) {
            return None;
        }
        if let Some(known) = shared.stored(layer).await {
            shared.lock().known.insert(layer, Layer::known(known));
            return None;
        }
        {
            let mut state = shared.lock();
            if state.in_flight > 0 && state.in_flight.saturating_add(size) > shared.in_flight {
                state.postponed.insert(layer);
                return None;
            }
            state.in_flight = state.in_flight.saturating_add(size);
        }
        shared.tell(Event::LayerIndexing { layer, size });
        Some(Writer {
            layer,
            size,
            arrived: 0,
            told: 0,
            pieces: Vec::new(),
            pending: 0,
            indexer: Some(LayerIndexer::new(shared.indexer.clone())),
            began: Instant::now(),
            shared: Arc::clone(shared),
        })
    }
}

impl BlobReceiver for Layers {
    fn offer<'a>(&'a self, blob: &'a OfferedBlob) -> BoxFuture<'a, Option<Box<dyn BlobWriter>>> {
        Box::pin(async move {
            if blob.size < self.0.min_layer_size {
                return None;
            }
            let layer = blob.digest.parse().ok()?;
            let writer = self.begin(layer, blob.size).await?;
            Some(Box::new(writer) as Box<dyn BlobWriter>)
        })
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: Event) {
        (self.observer)(event);
    }

    /// Tells of a store that cannot be used, and returns what was told.
    fn warn(&self, error: &StoreError) -> String {
        let message = format!("{error}: {}", error.source);
        self.tell(Event::Warning {
            message: message.clone(),
        });
        message
    }

    /// Looks for a layer in the stores, which read and hash its zTOC.
    async fn stored(self: &Arc<Self>, layer: Digest) -> Option<KnownLayer> {
        let shared = Arc::clone(self);
        let look = move || {
            let mut stores = shared.stores.iter();
            stores.find_map(|store| store.get(layer, &shared.indexer))
        };
        spawn_blocking(look).await.ok().flatten()
    }

    /// Keeps what became of a layer in the first store that takes it. A layer whose zTOC cannot be
    /// kept anywhere is left out; the image goes on without it.
    fn keep(&self, indexed: &IndexedLayer) -> KnownLayer {
        let mut problems = Vec::new();
        for store in &self.stores {
            match store.put(indexed, &self.indexer) {
                Ok(known) => return known,
                Err(error) => problems.push(self.warn(&error)),
            }
        }
        KnownLayer::LeftOut {
            reason: format!("its zTOC could not be kept ({})", problems.join("; ")),
        }
    }
}

/// One layer on its way.
struct Writer {
    layer: Digest,
    size: u64,
    arrived: u64,
    /// `arrived` when it was told last.
    told: u64,
    pieces: Vec<Bytes>,
    pending: usize,
    /// Lent to a thread while it works. Gone for good when that thread panicked: the layer is then
    /// left out, and the build goes on.
    indexer: Option<LayerIndexer>,
    began: Instant,
    shared: Arc<Shared>,
}

impl Writer {
    /// Works through what has arrived, on a thread that may be busy.
    async fn work(&mut self) -> io::Result<()> {
        let pieces = std::mem::take(&mut self.pieces);
        self.pending = 0;
        let Some(mut indexer) = self.indexer.take() else {
            return Ok(());
        };
        let _core = self
            .shared
            .cores
            .acquire()
            .await
            .map_err(io::Error::other)?;
        let work = spawn_blocking(move || {
            for piece in &pieces {
                indexer.write(piece);
            }
            indexer
        });
        self.indexer = work.await.ok();
        Ok(())
    }

    /// What became of the layer.
    async fn end(&mut self) -> io::Result<Layer> {
        self.work().await?;
        let stopped = || {
            Layer::known(KnownLayer::LeftOut {
                reason: "the indexer stopped in the middle of it; please report this".to_owned(),
            })
        };
        let Some(indexer) = self.indexer.take() else {
            return Ok(stopped());
        };
        let _core = self
            .shared
            .cores
            .acquire()
            .await
            .map_err(io::Error::other)?;
        let shared = Arc::clone(&self.shared);
        let finish = spawn_blocking(move || {
            let indexed = indexer.finish();
            Layer {
                known: shared.keep(&indexed),
                built: true,
                diff_id: indexed.diff_id,
                spans: indexed.ztoc.is_ok().then_some(indexed.spans),
            }
        });
        Ok(finish.await.unwrap_or_else(|_| stopped()))
    }
}

impl BlobWriter for Writer {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move {
            self.pending += bytes.len();
            self.arrived += bytes.len() as u64;
            if self.arrived - self.told >= TOLD_EVERY {
                self.told = self.arrived;
                self.shared.tell(Event::LayerProgress {
                    layer: self.layer,
                    bytes: self.arrived,
                });
            }
            self.pieces.push(bytes);
            if self.pending >= PIECE {
                self.work().await?;
            }
            Ok(())
        })
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, io::Result<()>> {
        Box::pin(async move {
            let layer = self.end().await?;
            let outcome = match &layer.known {
                KnownLayer::Indexed { size, .. } => LayerOutcome::Indexed {
                    ztoc_size: *size,
                    spans: layer.spans.unwrap_or_default(),
                },
                KnownLayer::LeftOut { reason } => LayerOutcome::LeftOut {
                    reason: reason.clone(),
                },
            };
            self.shared.lock().known.insert(self.layer, layer);
            self.shared.tell(Event::LayerIndexed {
                layer: self.layer,
                size: self.size,
                outcome,
                duration_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            });
            Ok(())
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.in_flight = state.in_flight.saturating_sub(self.size);
    }
}

#[cfg(test)]
mod tests;
