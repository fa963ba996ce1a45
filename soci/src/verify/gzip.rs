//! The gzip stream of a layer, inflated span by span from the checkpoints of its zTOC.
//!
//! At each checkpoint the state that inflating has led to is compared with what the checkpoint says
//! (block boundary, bits, uncompressed offset, window) and then thrown away: inflating goes on from
//! what the checkpoint says. Before the first checkpoint lies the gzip header, and whatever else
//! has no content: empty blocks, empty members.

use super::archive::Archive;
use crate::inflate::{Inflate, InflateError, Stop, crc32};
use crate::spans::{Checkpoint, GZIP_MAGIC, GzipHeader, WINDOW};

/// Bytes that are inflated at a time.
const PIECE: usize = 256 << 10;

/// The stream of a layer.
#[derive(Debug)]
pub(super) struct Gzip {
    stage: Stage,
    inflate: Inflate,
    /// At least [`WINDOW`] bytes of history, zeros before the first; then room for more.
    buffer: Vec<u8>,
    /// Bytes of `buffer` that are history.
    filled: usize,
    /// Uncompressed bytes so far, over all members, and where the current member began.
    output: u64,
    member_start: u64,
    /// CRC-32 of the current member so far.
    crc: u32,
    /// Where the current span must have ended.
    end: Option<u64>,
    /// Whether the current span goes on into a further member.
    crossing: Crossing,
    /// How many spans do.
    crossed: u32,
}

/// A further member only counts once it has content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crossing {
    No,
    Begun,
    Counted,
}

#[derive(Debug)]
enum Stage {
    Header(GzipHeader),
    /// In a member, and whether a span could begin right here: how many bits of the last byte then
    /// belong to it.
    Blocks {
        boundary: Option<u8>,
    },
    Trailer {
        bytes: [u8; 8],
        have: usize,
    },
    /// Behind a member: nothing yet, or the first byte of another header.
    Between {
        magic: bool,
    },
    /// Behind the last member, where gzip ignores whatever follows.
    Ignored,
}

impl Gzip {
    pub(super) fn new() -> Result<Self, String> {
        Ok(Self {
            stage: Stage::Header(GzipHeader::default()),
            inflate: Inflate::new().map_err(|error| error.to_string())?,
            buffer: vec![0; WINDOW + PIECE],
            filled: WINDOW,
            output: 0,
            member_start: 0,
            crc: 0,
            // The first span begins at 0, so nothing comes before it.
            end: Some(0),
            crossing: Crossing::No,
            crossed: 0,
        })
    }

    /// Says at which uncompressed offset the span that begins here ends; `None` for the last one.
    pub(super) fn expect_end(&mut self, end: Option<u64>) {
        self.end = end;
    }

    /// Begins a span, where its checkpoint says that it begins.
    pub(super) fn begin_span(
        &mut self,
        span: usize,
        checkpoint: &Checkpoint,
        last_byte: u8,
    ) -> Result<(), String> {
        let at = checkpoint.input;
        let Stage::Blocks {
            boundary: Some(bits),
        } = self.stage
        else {
            return Err(format!(
                "span {span} begins at byte {at}, where no block of the gzip stream begins"
            ));
        };
        if bits != checkpoint.bits {
            return Err(format!(
                "span {span} begins with {} bits of byte {}, and the block before it leaves {bits}",
                checkpoint.bits,
                at.saturating_sub(1)
            ));
        }
        if self.output != checkpoint.output {
            return Err(format!(
                "span {span} (from byte {at}) begins at byte {} of the archive, not at {}",
                self.output, checkpoint.output
            ));
        }
        if self.buffer[self.filled - WINDOW..self.filled] != *checkpoint.window {
            return Err(format!(
                "the window of span {span} (from byte {at}) is not what comes before it"
            ));
        }
        self.crossing = Crossing::No;
        self.inflate
            .start(&checkpoint.window, checkpoint.bits, last_byte)
            .map_err(|error| format!("span {span} (from byte {at}) cannot be begun: {error}"))
    }

    /// Takes the next bytes of the layer; all of them belong to one span.
    pub(super) fn write(&mut self, mut bytes: &[u8], archive: &mut Archive) -> Result<(), String> {
        while let Some((&first, rest)) = bytes.split_first() {
            match &mut self.stage {
                Stage::Header(header) => {
                    if header.push(first)? {
                        self.begin_member()?;
                    }
                    bytes = rest;
                }
                Stage::Blocks { .. } => {
                    let consumed = self.blocks(bytes, archive)?;
                    bytes = &bytes[consumed..];
                }
                Stage::Trailer {
                    bytes: trailer,
                    have,
                } => {
                    trailer[*have] = first;
                    *have += 1;
                    if *have == trailer.len() {
                        let trailer = *trailer;
                        self.end_member(trailer)?;
                    }
                    bytes = rest;
                }
                Stage::Between { magic: false } if first == GZIP_MAGIC[0] => {
                    self.stage = Stage::Between { magic: true };
                    bytes = rest;
                }
                Stage::Between { magic: true } if first == GZIP_MAGIC[1] => {
                    let mut header = GzipHeader::default();
                    for byte in GZIP_MAGIC {
                        header.push(byte)?;
                    }
                    self.stage = Stage::Header(header);
                    bytes = rest;
                }
                Stage::Between { .. } => self.stage = Stage::Ignored,
                Stage::Ignored => return Ok(()),
            }
        }
        Ok(())
    }

    /// How many spans go on into a further member of the gzip stream.
    pub(super) fn spans_across_members(&self) -> u32 {
        self.crossed
    }

    /// Whether the layer may end here.
    pub(super) fn check_end(&self) -> Result<(), String> {
        match self.stage {
            Stage::Between { .. } | Stage::Ignored => Ok(()),
            Stage::Header(_) | Stage::Blocks { .. } | Stage::Trailer { .. } => {
                Err("the layer ends inside of its gzip stream".to_owned())
            }
        }
    }

    fn begin_member(&mut self) -> Result<(), String> {
        self.inflate
            .start(&[], 0, 0)
            .map_err(|error| damaged(&error))?;
        self.stage = Stage::Blocks { boundary: Some(0) };
        self.member_start = self.output;
        self.crc = 0;
        if self.crossing == Crossing::No {
            self.crossing = Crossing::Begun;
        }
        Ok(())
    }

    /// Inflates until the bytes are used up or the member ends, and says how many were used.
    fn blocks(&mut self, bytes: &[u8], archive: &mut Archive) -> Result<usize, String> {
        let mut consumed = 0;
        loop {
            if self.filled == self.buffer.len() {
                self.buffer.copy_within(self.filled - WINDOW.., 0);
                self.filled = WINDOW;
            }
            let (input, output) = (&bytes[consumed..], &mut self.buffer[self.filled..]);
            let step = self
                .inflate
                .step(input, output, true)
                .map_err(|error| damaged(&error))?;
            consumed += step.consumed;
            let fresh = self.filled..self.filled + step.produced;
            self.filled = fresh.end;
            self.output += step.produced as u64;
            if let Some(end) = self.end.filter(|end| self.output > *end) {
                return Err(format!("it goes on beyond byte {end} of the archive"));
            }
            let fresh = &self.buffer[fresh];
            if self.crossing == Crossing::Begun && !fresh.is_empty() {
                self.crossed = self.crossed.saturating_add(1);
                self.crossing = Crossing::Counted;
            }
            self.crc = crc32(self.crc, fresh);
            archive.write(fresh)?;
            let boundary = match step.stop {
                Stop::StreamEnd => {
                    self.stage = Stage::Trailer {
                        bytes: [0; 8],
                        have: 0,
                    };
                    return Ok(consumed);
                }
                Stop::NeedOutput => continue,
                Stop::NeedInput => None,
                // Behind the last block there is nothing to begin with.
                Stop::BlockEnd { last: true, .. } => None,
                Stop::BlockEnd { bits, last: false } => Some(bits),
            };
            self.stage = Stage::Blocks { boundary };
            if consumed == bytes.len() {
                return Ok(consumed);
            }
        }
    }

    fn end_member(&mut self, trailer: [u8; 8]) -> Result<(), String> {
        let [c0, c1, c2, c3, l0, l1, l2, l3] = trailer;
        // A fuzzer cannot guess what these are.
        let checked = cfg!(not(fuzzing));
        if checked && u32::from_le_bytes([c0, c1, c2, c3]) != self.crc {
            return Err("the checksum of the gzip stream does not match".to_owned());
        }
        // gzip keeps the length modulo 2^32.
        let length = (self.output - self.member_start) & u64::from(u32::MAX);
        if checked && u64::from(u32::from_le_bytes([l0, l1, l2, l3])) != length {
            return Err("the length of the gzip stream does not match".to_owned());
        }
        self.stage = Stage::Between { magic: false };
        Ok(())
    }
}

fn damaged(error: &InflateError) -> String {
    format!("it cannot be inflated: {error}")
}
