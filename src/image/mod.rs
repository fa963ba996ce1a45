//! OCI documents as values: digests, platforms, descriptors, manifests and indexes.
//!
//! Pure and synchronous. Moving them over a network is `registry`'s work; deciding what to
//! publish is `release`'s.

pub mod annotation;
mod compare;
mod config;
mod descriptor;
mod document;
mod index;
mod manifest;
pub mod media_type;
mod platform;

pub use compare::{Difference, ImageContent, compare};
pub use config::ImageConfig;
pub use descriptor::Descriptor;
pub use document::{Document, DocumentProblem, InvalidDocument};
pub use index::{AssembleError, Index};
pub use launchway_soci::{Digest, InvalidDigest};
pub use manifest::Manifest;
pub use platform::{InvalidPlatform, Platform};
