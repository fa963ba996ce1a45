//! OCI documents as values: digests, platforms, descriptors, manifests and indexes.
//!
//! Pure and synchronous. Moving them over a network is `registry`'s work; deciding what to
//! publish is `release`'s.

mod descriptor;
mod digest;
pub mod media_type;
mod platform;

pub use descriptor::Descriptor;
pub use digest::{Digest, InvalidDigest};
pub use platform::{InvalidPlatform, Platform};
