//! One pass over a layer: hashed, decompressed, read and checked as it streams by.
//!
//! The calling thread decompresses and reads the archive; the digests are computed on a second one.
//! The zTOC is read back at the end and must say what was meant. That its spans can really be
//! decompressed on their own needs no further check: `spans` got all the bytes that way. That each
//! digest is that of its span is told from where it begins; both were noted apart from each other.

mod format;
mod hashing;
mod pipeline;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher as _, RandomState};

use crate::index::ZtocEntry;
use crate::spans::{SpanDigest, Spans};
use crate::tar::Contents;
use crate::ztoc::{BEYOND_SLICES, EncodedZtoc, MAX_SIZE, Ztoc, beyond_slices, shown};
use crate::{BUILDER, DEFAULT_SPAN_SIZE, Digest, Unindexable};
use format::{BLOCK, Format};
use pipeline::{Division, Outcome, Pipeline};

/// How a layer is indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexerOptions {
    /// Uncompressed bytes per span, 1 to [`MAX_SPAN_SIZE`](crate::MAX_SPAN_SIZE). With any other
    /// number every layer is [`Unindexable::TooLarge`].
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
    /// The span size that was asked for, in uncompressed bytes.
    pub span_size: u64,
    /// Spans of the zTOC; 0 without one.
    pub spans: u32,
    /// Members of the archive; 0 without a zTOC.
    pub members: u64,
    /// The zTOC, or why there is none.
    pub ztoc: Result<EncodedZtoc, Unindexable>,
}

impl IndexedLayer {
    /// The entry of its zTOC in a SOCI index, if it has one. The media type is that of the layer in
    /// the image manifest.
    pub fn entry(&self, layer_media_type: impl Into<String>) -> Option<ZtocEntry> {
        let ztoc = self.ztoc.as_ref().ok()?;
        let (layer, span_size) = (self.digest, self.span_size);
        Some(ZtocEntry::new(ztoc, layer, layer_media_type, span_size))
    }
}

/// Indexes one layer that arrives in pieces.
///
/// Memory: a few megabytes, and the zTOC twice, as it is and as bytes. One that would have more than
/// [`MAX_SIZE`] bytes is given up while it grows, so that no layer, whatever is in it, takes more
/// than about a gigabyte. An ordinary one of 1 GiB takes some 20 MB.
#[derive(Debug)]
pub struct LayerIndexer {
    options: IndexerOptions,
    stage: Stage,
    size: u64,
}

#[derive(Debug)]
enum Stage {
    /// The first bytes, until they tell the format.
    First(Vec<u8>),
    Known(Box<Pipeline>),
}

impl LayerIndexer {
    /// Begins a layer.
    pub fn new(options: IndexerOptions) -> Self {
        Self {
            options,
            stage: Stage::First(Vec::new()),
            size: 0,
        }
    }

    /// Takes the next compressed bytes, in pieces of any size. Problems are kept for the end.
    pub fn write(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        let mut rest = bytes;
        if let Stage::First(first) = &mut self.stage {
            let missing = BLOCK.saturating_sub(first.len()).min(bytes.len());
            let (taken, after) = bytes.split_at(missing);
            first.extend_from_slice(taken);
            rest = after;
            if let Some(format) = format::of(first) {
                self.stage = Stage::Known(begin(format, self.options.span_size, first));
            }
        }
        if let Stage::Known(pipeline) = &mut self.stage {
            pipeline.write(rest);
        }
    }

    /// Ends the layer.
    ///
    /// # Panics
    /// If the thread that hashes did, with its panic. That would be a bug.
    pub fn finish(self) -> IndexedLayer {
        let pipeline = match self.stage {
            Stage::Known(pipeline) => pipeline,
            // Too short to tell, so it is neither.
            Stage::First(first) => begin(Format::Unknown, self.options.span_size, &first),
        };
        let Outcome {
            hashed,
            diff_id,
            archive,
        } = pipeline.finish();
        let digest = hashed.layer;
        let span_size = self.options.span_size;
        let encoded = archive.and_then(|(contents, division)| {
            let ztoc = ztoc(self.options, self.size, contents, division, hashed.spans)?;
            let (spans, members) = (ztoc.spans.digests().len(), ztoc.members.len());
            Ok((spans, members, encode(ztoc)?))
        });
        let (spans, members, ztoc) = match encoded {
            Ok((spans, members, encoded)) => (spans, members, Ok(encoded)),
            Err(reason) => (0, 0, Err(reason)),
        };
        IndexedLayer {
            digest,
            size: self.size,
            diff_id,
            span_size,
            spans: u32::try_from(spans).unwrap_or(u32::MAX),
            members: members as u64,
            ztoc,
        }
    }
}

/// Begins with the layer itself.
fn begin(format: Format, span_size: u64, first: &[u8]) -> Box<Pipeline> {
    let mut pipeline = Box::new(Pipeline::new(format, span_size, MAX_SIZE));
    pipeline.write(first);
    pipeline
}

/// Puts together what was found.
fn ztoc(
    options: IndexerOptions,
    size: u64,
    contents: Contents,
    division: Division,
    hashed: Vec<SpanDigest>,
) -> Result<Ztoc, Unindexable> {
    let span_size = options.span_size;
    let digests = hashed.iter().map(|span| span.digest).collect();
    let spans = match division {
        Division::Gzip(checkpoints) => {
            let starts = checkpoints
                .iter()
                .map(|checkpoint| checkpoint.input - u64::from(checkpoint.bits > 0));
            check_starts(starts, &hashed)?;
            Spans::Gzip {
                span_size,
                checkpoints,
                digests,
            }
        }
        Division::Slices => {
            if let Some(member) = beyond_slices(&contents.members, span_size, size) {
                return Err(Unindexable::Member {
                    name: shown(&member.name),
                    problem: BEYOND_SLICES.to_owned(),
                });
            }
            let starts = (0..size.div_ceil(span_size)).map(|slice| slice * span_size);
            check_starts(starts, &hashed)?;
            Spans::Uncompressed {
                span_size,
                size,
                digests,
            }
        }
    };
    Ok(Ztoc {
        build_tool: options.build_tool,
        compressed_size: size,
        uncompressed_size: contents.end,
        members: contents.members,
        spans,
    })
}

/// Whether what was hashed as spans begins where the spans begin.
fn check_starts(
    starts: impl Iterator<Item = u64>,
    hashed: &[SpanDigest],
) -> Result<(), Unindexable> {
    let failed = |problem| Err(Unindexable::SelfCheck { problem });
    let mut hashed = hashed.iter().map(|span| span.start);
    for (span, start) in starts.enumerate() {
        match hashed.next() {
            Some(hashed) if hashed == start => {}
            Some(hashed) => {
                return failed(format!(
                    "span {span} begins at byte {start}, its digest at byte {hashed}"
                ));
            }
            None => return failed(format!("span {span} has no digest")),
        }
    }
    match hashed.next() {
        Some(start) => failed(format!("the digest from byte {start} on is of no span")),
        None => Ok(()),
    }
}

/// Encodes a zTOC and reads it back.
///
/// What is read must equal what was meant, and that is told from a hash of either: a zTOC takes
/// more memory than anything else here, so there are never two.
fn encode(ztoc: Ztoc) -> Result<EncodedZtoc, Unindexable> {
    let hashes = RandomState::new();
    let failed = |problem| Unindexable::SelfCheck { problem };
    let bytes = ztoc.encode().map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(Unindexable::TooLarge {
            problem: format!("it has {} bytes", bytes.len()),
        });
    }
    let meant = hashes.hash_one(&ztoc);
    drop(ztoc);
    let read = Ztoc::decode(&bytes).map_err(|error| failed(error.to_string()))?;
    if hashes.hash_one(&read) != meant {
        return Err(failed("it reads back differently".to_owned()));
    }
    Ok(EncodedZtoc::new(bytes))
}
