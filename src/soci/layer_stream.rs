//! A layer from a registry through the indexer, without a file: the download goes on while what
//! arrived is inflated, with no more than a few pieces between the two.

use bytes::Bytes;
use launchway_soci::{IndexedLayer, IndexerOptions, LayerIndexer};
use tokio::sync::mpsc;

use crate::image::Descriptor;
use crate::registry::{self, Repository};

/// Pieces that wait for the indexer. A piece is what one read of the connection gave, some 16 KiB.
const WAITING: usize = 64;

/// What goes to the indexer.
enum Part {
    Bytes(Bytes),
    /// The layer is complete and has the digest that was asked for.
    End,
}

/// A layer could not be indexed because it could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The registry failed, or sent something else than was asked for.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// The indexing thread is gone: a bug in the indexer.
    #[error("the indexer stopped")]
    Indexer(#[source] Option<tokio::task::JoinError>),
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
    mut received: impl FnMut(u64),
) -> Result<IndexedLayer, StreamError> {
    let mut reader = registry.get_blob(repository, layer).await?;
    let (sender, mut parts) = mpsc::channel(WAITING);
    let indexing = tokio::task::spawn_blocking(move || {
        let mut indexer = LayerIndexer::new(options);
        while let Some(part) = parts.blocking_recv() {
            match part {
                Part::Bytes(bytes) => indexer.write(&bytes),
                Part::End => return Some(indexer.finish()),
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
    match indexing.await {
        Ok(Some(layer)) => Ok(layer),
        Ok(None) => Err(StreamError::Indexer(None)),
        Err(error) => Err(StreamError::Indexer(Some(error))),
    }
}
