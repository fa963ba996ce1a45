//! One pass over a layer: hashed, decompressed, read and checked as it streams by.

use crate::ztoc::EncodedZtoc;
use crate::{BUILDER, DEFAULT_SPAN_SIZE, Digest, Unindexable};

/// How a layer is indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexerOptions {
    /// Uncompressed bytes per span.
    pub span_size: u64,
    /// The build-tool identifier; part of the zTOC's digest.
    pub build_tool: String,
}

impl Default for IndexerOptions {
    fn default() -> Self {
        Self {
            span_size: DEFAULT_SPAN_SIZE,
            build_tool: BUILDER.to_owned(),
        }
    }
}

/// What became of a layer.
#[derive(Clone, Debug)]
pub struct IndexedLayer {
    /// SHA-256 of the bytes that were written.
    pub digest: Digest,
    /// How many there were.
    pub size: u64,
    /// SHA-256 of the uncompressed stream, where it could be read to its end. Whoever knows the
    /// image configuration compares it with its `diff_ids`: a zTOC whose diffID is not in there
    /// must not be used.
    pub diff_id: Option<Digest>,
    /// Spans of the zTOC; 0 without one.
    pub spans: u32,
    /// Members of the archive; 0 without a zTOC.
    pub members: u64,
    /// The zTOC, or why there is none.
    pub ztoc: Result<EncodedZtoc, Unindexable>,
}

/// Indexes one layer that arrives in pieces. Memory: a few megabytes, and what the zTOC itself
/// needs.
#[derive(Debug)]
pub struct LayerIndexer {
    _options: IndexerOptions,
}

impl LayerIndexer {
    /// Begins a layer.
    pub fn new(options: IndexerOptions) -> Self {
        Self { _options: options }
    }

    /// Takes the next compressed bytes, in pieces of any size. Problems are kept for the end.
    pub fn write(&mut self, _bytes: &[u8]) {}

    /// Ends the layer.
    pub fn finish(self) -> IndexedLayer {
        IndexedLayer {
            digest: Digest::of([]),
            size: 0,
            diff_id: None,
            spans: 0,
            members: 0,
            ztoc: Err(Unindexable::UnknownFormat),
        }
    }
}
