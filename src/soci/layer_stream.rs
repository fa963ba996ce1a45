//! A layer from a registry through what reads it, without a file: the download goes on while what
//! arrived is worked on, with no more than a few pieces between the two.

use bytes::Bytes;
use launchway_soci::{
    IndexedLayer, IndexerOptions, LayerIndexer, LayerVerifier, Verified, VerifyError,
};
use tokio::sync::mpsc;

use crate::image::Descriptor;
use crate::registry::{self, Repository};

/// Pieces that wait to be worked on. A piece is what one read of the connection gave, some 16 KiB.
const WAITING: usize = 64;

/// What takes a layer piece by piece, and computes for long.
pub(super) trait Sink: Send + 'static {
    /// What comes of it.
    type Outcome: Send;

    /// The next bytes of the compressed layer.
    fn write(&mut self, bytes: &[u8]);

    /// The layer is complete and has the digest that was asked for.
    fn finish(self) -> Self::Outcome;
}

impl Sink for LayerIndexer {
    type Outcome = IndexedLayer;

    fn write(&mut self, bytes: &[u8]) {
        Self::write(self, bytes);
    }

    fn finish(self) -> IndexedLayer {
        Self::finish(self)
    }
}

impl Sink for LayerVerifier {
    type Outcome = Result<Verified, VerifyError>;

    fn write(&mut self, bytes: &[u8]) {
        Self::write(self, bytes);
    }

    fn finish(self) -> Self::Outcome {
        Self::finish(self)
    }
}

/// What goes to the sink.
enum Part {
    Bytes(Bytes),
    End,
}

/// Nothing came of a layer because it could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The registry failed, or sent something else than was asked for.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// The thread that worked on it is gone: a bug in what it did.
    #[error("the work on the layer stopped")]
    Stopped(#[source] Option<tokio::task::JoinError>),
}

/// Downloads a layer and indexes it on a thread for blocking work. `received` is told how many
/// bytes came since it was last called.
///
/// # Errors
/// Of the registry. A layer that cannot be indexed is no error, see [`IndexedLayer::ztoc`].
pub async fn index_layer(
    registry: &registry::Client,
    repository: &Repository,
    layer: &Descriptor,
    options: IndexerOptions,
    received: impl FnMut(u64),
) -> Result<IndexedLayer, StreamError> {
    let indexer = LayerIndexer::new(options);
    stream_layer(registry, repository, layer, indexer, received).await
}

/// Downloads a layer into `sink`, which works on a thread for blocking work.
pub(super) async fn stream_layer<S: Sink>(
    registry: &registry::Client,
    repository: &Repository,
    layer: &Descriptor,
    mut sink: S,
    mut received: impl FnMut(u64),
) -> Result<S::Outcome, StreamError> {
    let mut reader = registry.get_blob(repository, layer).await?;
    let (sender, mut parts) = mpsc::channel(WAITING);
    let working = tokio::task::spawn_blocking(move || {
        while let Some(part) = parts.blocking_recv() {
            match part {
                Part::Bytes(bytes) => sink.write(&bytes),
                Part::End => return Some(sink.finish()),
            }
        }
        // The download failed or was dropped; a part of a layer is worth nothing.
        None
    });
    loop {
        let part = match reader.chunk().await? {
            Some(bytes) => {
                received(bytes.len() as u64);
                Part::Bytes(bytes)
            }
            None => Part::End,
        };
        let end = matches!(part, Part::End);
        if sender.send(part).await.is_err() || end {
            break;
        }
    }
    match working.await {
        Ok(Some(outcome)) => Ok(outcome),
        Ok(None) => Err(StreamError::Stopped(None)),
        Err(error) => Err(StreamError::Stopped(Some(error))),
    }
}
