//! Spans: the parts of a layer that can be decompressed on their own, and the checkpoints at which
//! they begin.

mod digests;
mod gzip;
mod header;
mod history;

pub(crate) use digests::{Mark, SpanDigest, SpanDigests};
pub(crate) use gzip::{GzipSpans, Limits};
pub(crate) use header::{Header as GzipHeader, MAGIC as GZIP_MAGIC};
pub(crate) use history::{BUFFER, Sink};

use crate::Digest;

/// Bytes of history that deflate can refer to, and that a checkpoint carries.
pub const WINDOW: usize = 32_768;

/// A place in a gzip stream at which decompression can begin.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    /// Offset in the compressed layer of the first full byte after the block boundary.
    pub input: u64,
    /// Offset in the uncompressed stream.
    pub output: u64,
    /// How many high bits of byte `input - 1` belong to the next block, 0 to 7.
    pub bits: u8,
    /// The [`WINDOW`] uncompressed bytes before `output`, oldest first, zeros in front if there are
    /// fewer. Always [`WINDOW`] long.
    pub window: Box<[u8]>,
}

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpoint")
            .field("input", &self.input)
            .field("output", &self.output)
            .field("bits", &self.bits)
            .finish_non_exhaustive()
    }
}

/// How a layer is divided into spans.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Spans {
    /// A gzip layer: a span from each checkpoint to the next.
    Gzip {
        /// The wanted size in uncompressed bytes; spans are a bit longer.
        span_size: u64,
        /// One per span, in order.
        checkpoints: Vec<Checkpoint>,
        /// SHA-256 of each span's compressed bytes.
        digests: Vec<Digest>,
    },
    /// An uncompressed layer: slices of one size.
    Uncompressed {
        /// Bytes of each slice but the last.
        span_size: u64,
        /// Bytes of the layer.
        size: u64,
        /// SHA-256 of each slice.
        digests: Vec<Digest>,
    },
}

impl Spans {
    /// The spans' digests.
    pub fn digests(&self) -> &[Digest] {
        match self {
            Self::Gzip { digests, .. } | Self::Uncompressed { digests, .. } => digests,
        }
    }

    /// The wanted size of a span in uncompressed bytes.
    pub fn span_size(&self) -> u64 {
        match self {
            Self::Gzip { span_size, .. } | Self::Uncompressed { span_size, .. } => *span_size,
        }
    }
}

#[cfg(test)]
mod tests;
