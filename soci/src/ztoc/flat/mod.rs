//! The part of the `FlatBuffers` format that zTOCs need: a reader for hostile bytes, and a writer
//! whose output is that of the official builders.
//!
//! Not the `flatbuffers` crate: its builder panics at 2 GiB and copies vectors of bytes one by one,
//! its reader trusts its input unless it comes with generated code.

mod read;
mod write;

pub(super) use read::{Malformed, References, Table};
pub(super) use write::{Field, Reference, Writer};
