//! From compressed bytes to members, checkpoints and digests.
//!
//! Once something is wrong with the layer it is only hashed any more: its digest and size are
//! wanted in any case.

use std::ops::Range;

use super::format::Format;
use super::hashing::{Hashed, Hashing};
use crate::spans::{BUFFER, Checkpoint, GzipSpans, Limits, Mark, Sink};
use crate::tar::{Contents, TarReader};
use crate::ztoc::DIGEST_BOUND;
use crate::{Digest, MAX_SPAN_SIZE, Unindexable};

/// A layer whose format is known.
#[derive(Debug)]
pub(super) struct Pipeline {
    reader: Reader,
    downstream: Downstream,
    /// Bytes that the zTOC may have.
    limit: u64,
}

/// What a layer is read with.
#[derive(Debug)]
enum Reader {
    Gzip(Box<GzipSpans>),
    Slices { size: u64, span_size: u64 },
    None(Unindexable),
}

/// What comes out.
#[derive(Debug)]
struct Downstream {
    tar: TarReader,
    hashing: Hashing,
    /// Compressed bytes before the current piece.
    before: u64,
    /// Marks in the current piece.
    marks: Vec<(usize, Mark)>,
}

/// How a layer was divided.
#[derive(Debug)]
pub(super) enum Division {
    Gzip(Vec<Checkpoint>),
    Slices,
}

/// What was found out.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) hashed: Hashed,
    /// Of an archive that could be decompressed to its end, readable or not.
    pub(super) diff_id: Option<Digest>,
    pub(super) archive: Result<(Contents, Division), Unindexable>,
}

impl Pipeline {
    /// Begins a layer whose zTOC may have `limit` bytes.
    pub(super) fn new(format: Format, span_size: u64, limit: u64) -> Self {
        let mut downstream = Downstream {
            tar: TarReader::default(),
            hashing: Hashing::new(),
            before: 0,
            marks: Vec::new(),
        };
        let reader = match format {
            Format::Gzip | Format::Tar if !(1..=MAX_SPAN_SIZE).contains(&span_size) => {
                Reader::None(Unindexable::TooLarge {
                    problem: format!(
                        "its spans would have {span_size} bytes each, which is not between 1 and \
                         {MAX_SPAN_SIZE}"
                    ),
                })
            }
            Format::Gzip => match GzipSpans::new(span_size, Limits::default(), &mut downstream) {
                Ok(spans) => Reader::Gzip(Box::new(spans)),
                Err(problem) => Reader::None(problem),
            },
            Format::Tar => Reader::Slices { size: 0, span_size },
            Format::Zstd => Reader::None(Unindexable::Zstd),
            Format::Unknown => Reader::None(Unindexable::UnknownFormat),
        };
        Self {
            reader,
            downstream,
            limit,
        }
    }

    /// Takes the next compressed bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(BUFFER) {
            let read = match &mut self.reader {
                Reader::Gzip(spans) => spans.write(piece, &mut self.downstream),
                Reader::Slices { size, span_size } => {
                    self.downstream.tar.write(piece);
                    slices(size, *span_size, piece, &mut self.downstream);
                    Ok(())
                }
                Reader::None(_) => Ok(()),
            };
            if let Err(problem) = read.and_then(|()| self.check_size()) {
                self.reader = Reader::None(problem);
            }
            self.downstream.piece(piece);
        }
    }

    /// Fails when the zTOC has become too large, before it takes the memory.
    fn check_size(&self) -> Result<(), Unindexable> {
        let spans = match &self.reader {
            Reader::Gzip(spans) => spans.ztoc_bound(),
            Reader::Slices { size, span_size } => size
                .div_ceil(*span_size)
                .saturating_mul(DIGEST_BOUND as u64),
            Reader::None(_) => return Ok(()),
        };
        if spans.saturating_add(self.downstream.tar.ztoc_bound()) <= self.limit {
            return Ok(());
        }
        Err(Unindexable::TooLarge {
            problem: format!(
                "its members and spans take more than {} bytes; with a larger span size it has \
                 fewer spans",
                self.limit
            ),
        })
    }

    /// Ends the layer.
    pub(super) fn finish(mut self) -> Outcome {
        let read = match self.reader {
            Reader::Gzip(spans) => spans.finish(&mut self.downstream).map(Division::Gzip),
            Reader::Slices { .. } => Ok(Division::Slices),
            Reader::None(problem) => Err(problem),
        };
        self.downstream.piece(&[]);
        let hashed = self.downstream.hashing.finish();
        let diff_id = match &read {
            Ok(Division::Gzip(_)) => Some(hashed.uncompressed),
            Ok(Division::Slices) => Some(hashed.layer),
            Err(_) => None,
        };
        let archive = read.and_then(|division| Ok((self.downstream.tar.finish()?, division)));
        Outcome {
            hashed,
            diff_id,
            archive,
        }
    }
}

/// Marks where the slices of an uncompressed layer begin.
fn slices(size: &mut u64, span_size: u64, piece: &[u8], sink: &mut Downstream) {
    let end = *size + piece.len() as u64;
    for slice in size.div_ceil(span_size)..end.div_ceil(span_size) {
        sink.mark(slice * span_size, Mark::Begin { shared: false });
        sink.mark(slice * span_size, Mark::Commit);
    }
    *size = end;
}

impl Downstream {
    /// Hashes a piece of the compressed layer, when all its marks are known.
    fn piece(&mut self, bytes: &[u8]) {
        let marks = std::mem::take(&mut self.marks);
        self.hashing.compressed(bytes, marks);
        self.before += bytes.len() as u64;
    }
}

impl Sink for Downstream {
    fn buffer(&mut self) -> Vec<u8> {
        self.hashing.buffer()
    }

    fn uncompressed(&mut self, buffer: Vec<u8>, bytes: Range<usize>) {
        self.tar
            .write(buffer.get(bytes.clone()).unwrap_or_default());
        self.hashing.uncompressed(buffer, bytes);
    }

    fn mark(&mut self, at: u64, mark: Mark) {
        let at = usize::try_from(at.saturating_sub(self.before)).unwrap_or(usize::MAX);
        self.marks.push((at, mark));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{gzip, text};
    use crate::ztoc::CHECKPOINT_BOUND;

    #[test]
    fn the_limit_holds_for_members_and_spans_together() {
        // One member, told by its header alone.
        let mut header = [0; 512];
        header[..5].copy_from_slice(b"a.txt");
        header[124..136].copy_from_slice(format!("{:011o}\0", 2_000_000).as_bytes());
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let archive = [&header[..], &text(2_000_000, 1)].concat();
        let member = 112 + 6 * 8 + 5 + 3 + 20;

        for (format, layer) in [(Format::Gzip, gzip(&archive)), (Format::Tar, archive)] {
            let read = |limit| {
                let mut pipeline = Pipeline::new(format, 100_000, limit);
                pipeline.write(&layer);
                pipeline.finish()
            };
            let spans = read(u64::MAX).hashed.spans.len();
            assert!(spans > 10);
            let span = match format {
                Format::Gzip => CHECKPOINT_BOUND,
                _ => DIGEST_BOUND,
            };
            let needed = (spans * span) as u64 + member;
            assert!(read(needed).archive.is_ok());
            let refused = read(needed - 1);
            assert!(matches!(refused.archive, Err(Unindexable::TooLarge { .. })));
            assert_eq!(refused.hashed.layer, Digest::of(&layer));
        }
    }
}
