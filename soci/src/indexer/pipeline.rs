//! From compressed bytes to members, checkpoints and digests.
//!
//! Once something is wrong with the layer it is only hashed any more: its digest and size are
//! wanted in any case.

use std::ops::Range;

use super::format::Format;
use super::hashing::{Hashed, Hashing};
use crate::spans::{BUFFER, Checkpoint, GzipSpans, Limits, Mark, Sink};
use crate::tar::{Contents, TarReader};
use crate::{Digest, Unindexable};

/// Slices that an uncompressed layer may have: 4 TiB at the default span size.
const MAX_SLICES: u64 = 1 << 20;

/// A layer whose format is known.
#[derive(Debug)]
pub(super) struct Pipeline {
    reader: Reader,
    downstream: Downstream,
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
    /// Begins a layer.
    pub(super) fn new(format: Format, span_size: u64) -> Self {
        let mut downstream = Downstream {
            tar: TarReader::default(),
            hashing: Hashing::new(),
            before: 0,
            marks: Vec::new(),
        };
        let reader = match format {
            Format::Gzip => match GzipSpans::new(span_size, Limits::default(), &mut downstream) {
                Ok(spans) => Reader::Gzip(Box::new(spans)),
                Err(problem) => Reader::None(problem),
            },
            Format::Tar => Reader::Slices { size: 0, span_size },
            Format::Zstd => Reader::None(Unindexable::Zstd),
            Format::Unknown => Reader::None(Unindexable::UnknownFormat),
        };
        Self { reader, downstream }
    }

    /// Takes the next compressed bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(BUFFER) {
            let read = match &mut self.reader {
                Reader::Gzip(spans) => spans.write(piece, &mut self.downstream),
                Reader::Slices { size, span_size } => {
                    self.downstream.tar.write(piece);
                    slices(size, *span_size, piece, &mut self.downstream)
                }
                Reader::None(_) => Ok(()),
            };
            if let Err(problem) = read {
                self.reader = Reader::None(problem);
            }
            self.downstream.piece(piece);
        }
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
fn slices(
    size: &mut u64,
    span_size: u64,
    piece: &[u8],
    sink: &mut Downstream,
) -> Result<(), Unindexable> {
    let end = *size + piece.len() as u64;
    let count = end.div_ceil(span_size);
    if count > MAX_SLICES {
        return Err(Unindexable::TooLarge {
            problem: format!("it needs more than {MAX_SLICES} spans"),
        });
    }
    for slice in size.div_ceil(span_size)..count {
        sink.mark(slice * span_size, Mark::Begin { shared: false });
        sink.mark(slice * span_size, Mark::Commit);
    }
    *size = end;
    Ok(())
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
