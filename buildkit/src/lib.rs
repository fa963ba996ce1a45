//! A BuildKit client: the control API, sessions, incremental file sync and the content store of
//! an export, over tonic.
//!
//! It knows nothing of AWS, command lines or terminals: it takes plain values, reports progress
//! as values and returns typed errors. What the wire looks like is BuildKit's
//! `api/services/control`, `session` and tonistiigi/fsutil.

mod address;
mod client;
mod credential;
mod daemon;
mod dial;
mod error;
mod limits;
mod proto;
mod random;
mod secret;
mod session;
mod solve;
mod status;
mod timestamp;

pub use tonic::Code;

pub use address::{Address, InvalidAddress};
pub use client::Client;

pub use credential::{Credential, CredentialError, CredentialSource};
pub use daemon::{Info, UsageRecord, Worker};
pub(crate) use error::redact_urls;
pub use error::{BuildFailure, Error, FailureKind};
pub use secret::Secret;
pub use session::{
    BlobReceiver, BlobWriter, OfferedBlob, RootName, Session, SessionConfig, Transfers,
};
pub use solve::{CacheEntry, ContextRoots, Exporter, Redirect, SolveRequest, SolveResponse};
pub use status::{
    ProgressGroup, SourceLocation, SourceRange, StatusUpdate, Vertex, VertexLog, VertexStatus,
    VertexWarning,
};
