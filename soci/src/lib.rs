//! SOCI (Seekable OCI): the index that lets Fargate and the soci-snapshotter start a container
//! before its image is downloaded.
//!
//! A [`ztoc::Ztoc`] describes one layer: its tar members, and checkpoints at which decompression can
//! begin. An [`index::SociIndex`] is the manifest that lists the zTOCs of one image. This crate
//! builds both ([`LayerIndexer`], one streaming pass over the compressed bytes, bounded memory),
//! reads them and checks them as a snapshotter would ([`LayerVerifier`]).
//!
//! It is synchronous code on bytes: no network, no files, no runtime. Where layers come from and
//! where zTOCs go is its user's business. Formats: `docs/soci.md` names the sources.

mod digest;
pub mod index;
mod indexer;
mod inflate;
mod reason;
pub mod spans;
pub mod tar;
#[cfg(test)]
mod testing;
mod verify;
pub mod ztoc;

pub use digest::{Digest, InvalidDigest};
pub use indexer::{IndexedLayer, IndexerOptions, LayerIndexer};
pub use reason::Unindexable;
pub use verify::{LayerVerifier, Verified, VerifyError};

/// The build-tool identifier of what this crate builds: a version of the *format decisions*, not of
/// the program. A zTOC with this identifier, for the same layer and span size, is byte for byte
/// what would be built again, so it is raised whenever that stops being true.
pub const BUILDER: &str = "Launchway SOCI v1";

/// The span size of the official tool, in uncompressed bytes.
pub const DEFAULT_SPAN_SIZE: u64 = 4 << 20;

/// The largest span size that layers are indexed with, in uncompressed bytes. A snapshotter holds
/// whole spans in memory.
pub const MAX_SPAN_SIZE: u64 = 1 << 30;

/// The smallest layer that the official tool indexes, in compressed bytes.
pub const DEFAULT_MIN_LAYER_SIZE: u64 = 10 << 20;
