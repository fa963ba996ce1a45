//! The content store of a session: where `oci` exports with `tar=false` put their blobs.
//!
//! It keeps nothing itself. Each blob is offered to a [`BlobReceiver`], which takes it or says that
//! it does not need it; the daemon is then told that the blob is here already. What a receiver gets
//! is checked: a blob is committed only with its whole size and its digest.

mod ingest;
mod service;
mod store;

use std::fmt;
use std::io;

use bytes::Bytes;
use futures::future::BoxFuture;

pub(super) use crate::proto::content::content_server::ContentServer;
pub(super) use service::Content;

/// Decides which blobs to take.
pub trait BlobReceiver: Send + Sync + fmt::Debug {
    /// A blob that the daemon would send. `None` means that it is not needed: it is known, or
    /// nobody wants it. May be called again for a blob that was refused or whose transfer failed,
    /// but not for one that was committed.
    fn offer<'a>(&'a self, blob: &'a OfferedBlob) -> BoxFuture<'a, Option<Box<dyn BlobWriter>>>;
}

/// A blob before its first byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedBlob {
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Bytes; 0 when the daemon does not say.
    pub size: u64,
}

/// Takes one blob. Dropped without [`BlobWriter::commit`], the blob did not arrive: the build was
/// cancelled or the bytes were wrong. The daemon then may offer it again.
pub trait BlobWriter: Send {
    /// The next bytes. The daemon waits until this is done.
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, io::Result<()>>;

    /// All bytes are here; their number and digest are right.
    fn commit(self: Box<Self>) -> BoxFuture<'static, io::Result<()>>;
}
