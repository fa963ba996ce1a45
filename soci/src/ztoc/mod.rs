//! zTOC: the table of contents of one layer (`FlatBuffers`, version 0.9).
//!
//! The format is that of soci-snapshotter (`ztoc/fbs/ztoc.fbs`): what [`Ztoc::encode`] writes is
//! byte for byte what the official encoder writes, because a zTOC's digest is how it is found,
//! compared and reused. [`Ztoc::decode`] reads zTOCs of any origin and refuses those that a
//! snapshotter would refuse. Whether a zTOC fits its layer is another question:
//! [`LayerVerifier`](crate::LayerVerifier).

mod check;
mod checkpoints;
mod decode;
mod encode;
mod flat;
pub(crate) mod timestamp;

pub(crate) use check::{BEYOND_SLICES, beyond_slices};
pub use encode::EncodeError;
pub(crate) use encode::{CHECKPOINT_BOUND, DIGEST_BOUND, member_bound};

use crate::Digest;
use crate::spans::Spans;
use crate::tar::Member;

/// The media type of a zTOC blob in a SOCI index.
pub const MEDIA_TYPE: &str = "application/octet-stream";

/// The largest zTOC that is built, in bytes, and so the largest that need be read: that of a layer
/// of some 30 GiB at the default span size. A snapshotter reads it whole.
pub const MAX_SIZE: u64 = 256 << 20;

/// The only version of the format that was ever in use.
const VERSION: &[u8] = b"0.9";

/// One layer's table of contents and checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ztoc {
    /// Free text that names the builder.
    pub build_tool: String,
    /// Bytes of the layer as stored in the registry.
    pub compressed_size: u64,
    /// Where the tar reader stops in the uncompressed stream.
    pub uncompressed_size: u64,
    /// Tar members in archive order.
    pub members: Vec<Member>,
    /// How the layer is divided.
    pub spans: Spans,
}

impl Ztoc {
    /// The bytes of the blob, identical to those of the official encoder.
    ///
    /// Needs the memory of the blob once. Fails where the format cannot hold the values, not where
    /// they make no sense.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        encode::encode(self)
    }

    /// Reads a blob. Hostile input gives an error, and takes no more memory than a small multiple
    /// of its own size.
    ///
    /// The members are put in the order of the archive, as a snapshotter does; everything else is
    /// kept as it is, so what came from an official encoder is encoded to the same bytes again.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidZtoc> {
        decode::decode(bytes)
    }

    /// What [`Ztoc::decode`] checks of the values, for a zTOC that was not read from bytes.
    pub fn check(&self) -> Result<(), InvalidZtoc> {
        check::check(self)
    }
}

/// The bytes are no zTOC that a snapshotter would take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no valid zTOC: {problem}")]
pub struct InvalidZtoc {
    /// What is wrong.
    pub problem: String,
}

/// An encoded zTOC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedZtoc {
    /// The blob.
    pub bytes: Vec<u8>,
    /// Its digest.
    pub digest: Digest,
}

impl EncodedZtoc {
    /// These bytes and their digest.
    pub fn new(bytes: Vec<u8>) -> Self {
        let digest = Digest::of(&bytes);
        Self { bytes, digest }
    }
}

/// Bytes from a layer for a message: what does not print is escaped or replaced, what is too long is
/// cut.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const MAX_CHARS: usize = 200;
    // No character has more than 4 bytes.
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_CHARS * 4 + 4)]);
    let mut shown = String::new();
    for (index, char) in text.chars().enumerate() {
        match char {
            _ if index == MAX_CHARS => {
                shown.push('\u{2026}');
                break;
            }
            _ if char.is_control() => shown.extend(char.escape_default()),
            _ => shown.push(char),
        }
    }
    shown
}

/// The fields of each table, by their number in the schema.
mod field {
    /// `Ztoc`
    pub(super) mod ztoc {
        pub(in crate::ztoc) const VERSION: u16 = 0;
        pub(in crate::ztoc) const BUILD_TOOL: u16 = 1;
        pub(in crate::ztoc) const COMPRESSED_SIZE: u16 = 2;
        pub(in crate::ztoc) const UNCOMPRESSED_SIZE: u16 = 3;
        pub(in crate::ztoc) const TOC: u16 = 4;
        pub(in crate::ztoc) const COMPRESSION_INFO: u16 = 5;
    }

    /// `TOC`
    pub(super) mod toc {
        pub(in crate::ztoc) const METADATA: u16 = 0;
    }

    /// `FileMetadata`
    pub(super) mod member {
        pub(in crate::ztoc) const NAME: u16 = 0;
        pub(in crate::ztoc) const TYPE: u16 = 1;
        pub(in crate::ztoc) const OFFSET: u16 = 2;
        pub(in crate::ztoc) const SIZE: u16 = 3;
        pub(in crate::ztoc) const LINKNAME: u16 = 4;
        pub(in crate::ztoc) const MODE: u16 = 5;
        pub(in crate::ztoc) const UID: u16 = 6;
        pub(in crate::ztoc) const GID: u16 = 7;
        pub(in crate::ztoc) const UNAME: u16 = 8;
        pub(in crate::ztoc) const GNAME: u16 = 9;
        pub(in crate::ztoc) const MOD_TIME: u16 = 10;
        pub(in crate::ztoc) const DEVMAJOR: u16 = 11;
        pub(in crate::ztoc) const DEVMINOR: u16 = 12;
        pub(in crate::ztoc) const XATTRS: u16 = 13;
    }

    /// `Xattr`
    pub(super) mod xattr {
        pub(in crate::ztoc) const KEY: u16 = 0;
        pub(in crate::ztoc) const VALUE: u16 = 1;
    }

    /// `CompressionInfo`
    pub(super) mod compression {
        pub(in crate::ztoc) const ALGORITHM: u16 = 0;
        pub(in crate::ztoc) const MAX_SPAN_ID: u16 = 1;
        pub(in crate::ztoc) const SPAN_DIGESTS: u16 = 2;
        pub(in crate::ztoc) const CHECKPOINTS: u16 = 3;
    }

    /// `TarZinfo`, the checkpoints of an uncompressed layer
    pub(super) mod tar_zinfo {
        pub(in crate::ztoc) const VERSION: u16 = 0;
        pub(in crate::ztoc) const SPAN_SIZE: u16 = 1;
        pub(in crate::ztoc) const SIZE: u16 = 2;
    }
}

#[cfg(test)]
mod tests;
