//! zTOC: the table of contents of one layer (`FlatBuffers`, version 0.9).

use crate::Digest;
use crate::spans::Spans;
use crate::tar::Member;

/// The media type of a zTOC blob in a SOCI index.
pub const MEDIA_TYPE: &str = "application/octet-stream";

/// One layer's table of contents and checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub fn encode(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Reads a blob. Hostile input gives an error, and takes no more memory than a small multiple
    /// of its own size.
    pub fn decode(_bytes: &[u8]) -> Result<Self, InvalidZtoc> {
        Err(InvalidZtoc {
            problem: String::new(),
        })
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
