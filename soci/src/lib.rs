//! SOCI (Seekable OCI): the index that lets Fargate and the soci-snapshotter start a container
//! before its image is downloaded.
//!
//! A [`ztoc::Ztoc`] describes one layer: its tar members, and checkpoints at which decompression can
//! begin. An [`index::SociIndex`] is the manifest that lists the zTOCs of one image. This crate
//! builds both ([`LayerIndexer`], one streaming pass over the compressed bytes, bounded memory),
//! reads them and checks them as a snapshotter would ([`LayerVerifier`]).
//!
//! It is synchronous code on bytes: no network, no files, no runtime. Where layers come from and
//! where zTOCs go is its user's business.
//!
//! ```
//! use launchway_soci::index::SociIndex;
//! use launchway_soci::ztoc::Ztoc;
//! use launchway_soci::{BUILDER, IndexerOptions, LayerIndexer, LayerVerifier};
//!
//! // The layer as the registry stores it; an empty archive here.
//! let layer = [0; 1024];
//! let mut indexer = LayerIndexer::new(IndexerOptions::default());
//! for piece in layer.chunks(100) {
//!     indexer.write(piece);
//! }
//! let indexed = indexer.finish();
//!
//! // A layer without an entry is left out of the index; `indexed.ztoc` says why.
//! let entry = indexed.entry("application/vnd.oci.image.layer.v1.tar");
//! let index = SociIndex::v2(BUILDER, entry.into_iter().collect());
//! assert_eq!(SociIndex::parse(&index.to_bytes())?, index);
//!
//! // A second opinion, as from a snapshotter.
//! let mut verifier = LayerVerifier::new(Ztoc::decode(&indexed.ztoc?.bytes)?)?;
//! verifier.write(&layer);
//! let verified = verifier.finish()?;
//! assert_eq!(verified.digest, index.ztocs[0].layer);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The formats come from the [soci-snapshotter](https://github.com/awslabs/soci-snapshotter): zTOCs
//! from `ztoc/fbs/ztoc.fbs`, checkpoints from `ztoc/compression/`, the index from `soci/` and
//! `docs/`. Layers are read as Go's `archive/tar`, RFC 1951 (deflate) and RFC 1952 (gzip) have them.

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
