//! A BuildKit client: the control API, sessions, incremental file sync and the content store of
//! an export, over tonic.
//!
//! It knows nothing of AWS, command lines or terminals: it takes plain values, reports progress
//! as values and returns typed errors. What the wire looks like is BuildKit's
//! `api/services/control`, `session` and tonistiigi/fsutil.

mod credential;
mod secret;
mod session;
mod status;

pub use credential::{Credential, CredentialError, CredentialSource};
pub use secret::Secret;
pub use status::{
    ProgressGroup, SourceLocation, SourceRange, StatusUpdate, Vertex, VertexLog, VertexStatus,
    VertexWarning,
};
