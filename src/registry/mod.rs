//! A client of the OCI distribution API, with retries, token scopes and typed errors, and the
//! credentials for it.
//!
//! It moves documents and blobs, and verifies digests and lengths on the way. What to push, and
//! when a tag may move, is decided by `release`; what the documents say is `image`'s matter.

pub mod auth;
mod client;
mod endpoint_map;
#[cfg(any(test, feature = "failpoints"))]
pub mod fault;
mod once;
mod reference;
mod tag;

pub use client::{
    BlobReader, BlobSource, Client, ClientConfig, ConfigError, Error, ErrorCode, ErrorKind,
    PushOutcome, RetryPolicy, SMALL_BLOB,
};
pub use endpoint_map::{EndpointMap, EndpointProblem, InvalidEndpoint};
pub use reference::{InvalidReference, Reference, ReferenceProblem, ReferenceTarget, Repository};
pub use tag::{InvalidTag, Tag};
