//! What an evaluation brings: manifests and configurations, and of the layers what SOCI needs.
//!
//! The daemon exports every image of a run into the session's content store. Layers are answered
//! with "already exists", so nothing but a few kilobytes of JSON moves, unless one is to be indexed
//! (`layers.rs`). The size decides: the offer names no media type, and a registry takes no manifest
//! above 4 MiB (distribution specification 1.1, "Pushing Manifests"). Small layers come along; they
//! are dropped with the run.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use launchway_buildkit::{BlobReceiver, BlobWriter, OfferedBlob};

use super::layers::Layers;

/// Blobs up to this size are kept. Image manifests and configurations are some kilobytes; the
/// bound keeps a run's memory small however many layers it sees.
const KEPT_BYTES: u64 = 1 << 20;

/// The small blobs of a run, by digest.
#[derive(Clone, Debug, Default)]
pub(super) struct Documents(Arc<Mutex<BTreeMap<String, Bytes>>>);

impl Documents {
    /// The blob with this digest, if it was offered and small.
    pub(super) fn get(&self, digest: &str) -> Option<Bytes> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(digest)
            .cloned()
    }

    fn insert(&self, digest: String, bytes: Bytes) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(digest, bytes);
    }
}

/// Where an evaluation's blobs go.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// Small blobs.
    pub(super) documents: Documents,
    /// The others, where there are SOCI indexes to be made.
    pub(super) layers: Option<Layers>,
}

impl BlobReceiver for Received {
    fn offer<'a>(&'a self, blob: &'a OfferedBlob) -> BoxFuture<'a, Option<Box<dyn BlobWriter>>> {
        match &self.layers {
            Some(layers) if blob.size > KEPT_BYTES => layers.offer(blob),
            _ => Box::pin(async { self.documents.writer(blob) }),
        }
    }
}

impl Documents {
    fn writer(&self, blob: &OfferedBlob) -> Option<Box<dyn BlobWriter>> {
        if blob.size > KEPT_BYTES || self.get(&blob.digest).is_some() {
            return None;
        }
        Some(Box::new(Incoming {
            digest: blob.digest.clone(),
            bytes: BytesMut::new(),
            whole: true,
            documents: self.clone(),
        }))
    }
}

struct Incoming {
    digest: String,
    bytes: BytesMut,
    /// `bytes` are all that came.
    whole: bool,
    documents: Documents,
}

impl BlobWriter for Incoming {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, io::Result<()>> {
        // Of a blob whose size was not said, no more is kept than of any other.
        let fits = (self.bytes.len() + bytes.len()) as u64 <= KEPT_BYTES;
        self.whole &= fits;
        if self.whole {
            self.bytes.extend_from_slice(&bytes);
        }
        Box::pin(async { Ok(()) })
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, io::Result<()>> {
        Box::pin(async move {
            let Self {
                digest,
                bytes,
                whole,
                documents,
            } = *self;
            if whole {
                documents.insert(digest, bytes.freeze());
            }
            Ok(())
        })
    }
}
