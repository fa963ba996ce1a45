//! Reads a gzip layer in pieces and divides it into spans.
//!
//! **Every span is tried out in passing.** The decoder never simply goes on past a checkpoint: it
//! takes the window and the bits that the checkpoint holds, and starts inflate afresh from them, as
//! a snapshotter will. So whatever is checked about the bytes that come out (the CRC-32 of each
//! member here, the diffID and the tar archive elsewhere) is checked of bytes that were really
//! decompressed from the checkpoints.
//!
//! Checkpoints are where the official builder puts them: behind the first header, and then behind
//! the first block that ends more than a span size after the last checkpoint, but never behind the
//! last block of a member. Three deliberate differences, all for layers that the official builder
//! and some snapshotters cannot handle:
//! * Of several checkpoints at the same uncompressed offset only the last is kept (snapshotters
//!   refuse a zTOC with both; the last one also skips members without content).
//! * Every member with content begins with a checkpoint, because snapshotters before v0.14 cannot
//!   read on into the next member. A layer of many small members is refused.
//! * What follows the last member and is no gzip is ignored, as `gzip` does.

use std::fmt::Display;

use super::digests::Mark;
use super::header::{Header, MAGIC};
use super::history::{History, Sink};
use super::{Checkpoint, WINDOW};
use crate::Unindexable;
use crate::inflate::{Inflate, Stop, crc32};
use crate::ztoc::{CHECKPOINT_BOUND, MAX_SIZE};

/// Members that any layer may have.
const MEMBERS_ALLOWED: u64 = 16;
/// Beyond these, a member is allowed per so many uncompressed bytes. Each costs 32 KiB in the zTOC.
const BYTES_PER_MEMBER: u64 = 512 << 10;

/// What must not be exceeded, because it is held in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes by which a span may be longer than its wanted size, compressed or not. A snapshotter
    /// holds whole spans.
    pub(crate) span_excess: u64,
    /// Checkpoints of 32 KiB each.
    pub(crate) checkpoints: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            span_excess: 256 << 20,
            checkpoints: usize::try_from(MAX_SIZE)
                .map_or(usize::MAX, |size| size / CHECKPOINT_BOUND),
        }
    }
}

/// A gzip layer that arrives in pieces.
#[derive(Debug)]
pub(crate) struct GzipSpans {
    span_size: u64,
    limits: Limits,
    stage: Stage,
    inflate: Inflate,
    /// Compressed bytes taken.
    input: u64,
    /// The last of them.
    last_byte: u8,
    /// Uncompressed bytes so far, over all members.
    output: u64,
    history: History,
    checkpoints: Vec<Checkpoint>,
    /// `input` at the first checkpoint with the `output` of the last one.
    span_start: u64,
    /// Why the last checkpoint was made, until there is output behind it.
    pending: Option<Origin>,
    members: u64,
    /// `output` at the start of the current member.
    member_start: u64,
    /// CRC-32 of the current member so far.
    crc: u32,
}

#[derive(Debug)]
enum Stage {
    Header(Header),
    Blocks,
    /// Checksum and length behind a member.
    Trailer {
        bytes: [u8; 8],
        have: usize,
    },
    /// Behind a member: nothing, or the first byte of what may be a further one.
    Between {
        first: bool,
    },
    /// What follows is no gzip, and ignored.
    Ignored,
}

/// What a checkpoint lies behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Header,
    Block,
}

impl GzipSpans {
    /// Begins a layer.
    pub(crate) fn new(
        span_size: u64,
        limits: Limits,
        sink: &mut impl Sink,
    ) -> Result<Self, Unindexable> {
        Ok(Self {
            span_size,
            limits,
            stage: Stage::Header(Header::default()),
            inflate: Inflate::new().map_err(|error| damaged(0, error))?,
            input: 0,
            last_byte: 0,
            output: 0,
            history: History::new(sink),
            checkpoints: Vec::new(),
            span_start: 0,
            pending: None,
            members: 0,
            member_start: 0,
            crc: 0,
        })
    }

    /// Takes the next compressed bytes. After an error it must not be used any more.
    pub(crate) fn write(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), Unindexable> {
        let mut rest = bytes;
        while let Some((&byte, behind)) = rest.split_first() {
            rest = match &mut self.stage {
                Stage::Blocks => {
                    let taken = self.blocks(rest, sink)?;
                    rest.get(taken..).unwrap_or_default()
                }
                Stage::Ignored => {
                    self.input += rest.len() as u64;
                    &[]
                }
                _ => {
                    self.framing(byte, sink)?;
                    behind
                }
            };
            self.check_span()?;
        }
        Ok(())
    }

    /// Bytes that the zTOC needs for the checkpoints so far, at the most.
    pub(crate) fn ztoc_bound(&self) -> u64 {
        self.checkpoints.len() as u64 * CHECKPOINT_BOUND as u64
    }

    /// Ends the layer: its checkpoints.
    pub(crate) fn finish(mut self, sink: &mut impl Sink) -> Result<Vec<Checkpoint>, Unindexable> {
        self.history.hand_over(sink);
        if !matches!(self.stage, Stage::Between { .. } | Stage::Ignored) {
            return Err(Unindexable::Truncated { offset: self.input });
        }
        match self.pending {
            // A member without content at the end needs no span of its own. (The official builder
            // makes one, though, if one is due there.)
            Some(Origin::Header) if self.output > 0 && !self.was_due() => {
                self.checkpoints.pop();
            }
            Some(_) => sink.mark(self.input, Mark::Commit),
            None => {}
        }
        Ok(self.checkpoints)
    }

    /// Takes one byte of what is around the deflate streams.
    fn framing(&mut self, byte: u8, sink: &mut impl Sink) -> Result<(), Unindexable> {
        let at = self.input;
        self.input += 1;
        self.last_byte = byte;
        match &mut self.stage {
            Stage::Header(header) => {
                if header.push(byte).map_err(|problem| damaged(at, problem))? {
                    self.begin_member(sink)?;
                }
            }
            Stage::Trailer { bytes, have } => {
                if let Some(place) = bytes.get_mut(*have) {
                    *place = byte;
                }
                *have += 1;
                if *have == bytes.len() {
                    let [c0, c1, c2, c3, l0, l1, l2, l3] = *bytes;
                    self.end_member(
                        u32::from_le_bytes([c0, c1, c2, c3]),
                        u32::from_le_bytes([l0, l1, l2, l3]),
                    )?;
                }
            }
            Stage::Between { first: false } if byte == MAGIC[0] => {
                self.stage = Stage::Between { first: true };
            }
            Stage::Between { first: true } if byte == MAGIC[1] => {
                let mut header = Header::default();
                for byte in MAGIC {
                    header.push(byte).map_err(|problem| damaged(at, problem))?;
                }
                self.stage = Stage::Header(header);
            }
            Stage::Between { .. } | Stage::Blocks | Stage::Ignored => self.stage = Stage::Ignored,
        }
        Ok(())
    }

    fn begin_member(&mut self, sink: &mut impl Sink) -> Result<(), Unindexable> {
        self.members += 1;
        if self.members > MEMBERS_ALLOWED + self.output / BYTES_PER_MEMBER {
            return Err(Unindexable::ManyMembers {
                members: self.members,
            });
        }
        self.member_start = self.output;
        self.crc = 0;
        self.stage = Stage::Blocks;
        self.checkpoint(0, Origin::Header, sink)
    }

    fn end_member(&mut self, crc: u32, length: u32) -> Result<(), Unindexable> {
        // A fuzzer cannot guess what these are.
        let checked = cfg!(not(fuzzing));
        if checked && crc != self.crc {
            return Err(damaged(
                self.input,
                "the checksum of what it holds does not match",
            ));
        }
        // The length is recorded modulo 2^32.
        if checked && u64::from(length) != (self.output - self.member_start) & u64::from(u32::MAX) {
            return Err(damaged(self.input, "it holds more or less than it says"));
        }
        self.stage = Stage::Between { first: false };
        Ok(())
    }

    /// Decompresses until the bytes are used up or the stream ends, and returns how many it took.
    fn blocks(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<usize, Unindexable> {
        let mut taken = 0;
        loop {
            // Block ends matter only where a checkpoint may be due.
            let far = self.until_due();
            let room = match usize::try_from(far) {
                Ok(far @ 1..) => self.history.room(far, sink),
                _ => self.history.room(usize::MAX, sink),
            };
            let rest = bytes.get(taken..).unwrap_or_default();
            let step = self
                .inflate
                .step(rest, room, far == 0)
                .map_err(|error| damaged(self.input, error))?;

            if let Some(&last) = rest.get(..step.consumed).and_then(<[u8]>::last) {
                self.last_byte = last;
            }
            taken += step.consumed;
            self.input += step.consumed as u64;
            self.crc = crc32(self.crc, room.get(..step.produced).unwrap_or_default());
            self.history.advance(step.produced);
            self.output += step.produced as u64;
            if step.produced > 0 && self.pending.take().is_some() {
                sink.mark(self.input, Mark::Commit);
            }
            self.check_span()?;

            match step.stop {
                Stop::NeedInput if taken < bytes.len() => {}
                Stop::NeedInput => return Ok(taken),
                Stop::BlockEnd { bits, last: false } if self.due() => {
                    self.checkpoint(bits, Origin::Block, sink)?;
                }
                Stop::NeedOutput | Stop::BlockEnd { .. } => {}
                Stop::StreamEnd => {
                    self.stage = Stage::Trailer {
                        bytes: [0; 8],
                        have: 0,
                    };
                    return Ok(taken);
                }
            }
        }
    }

    /// Uncompressed bytes since the last checkpoint.
    fn since_checkpoint(&self) -> u64 {
        let last = self.checkpoints.last().map_or(0, |last| last.output);
        self.output - last
    }

    /// Whether a block that ends here ends with a checkpoint.
    fn due(&self) -> bool {
        self.output == 0 || self.since_checkpoint() > self.span_size
    }

    /// Whether a span was due where the last one begins.
    fn was_due(&self) -> bool {
        match self.checkpoints.as_slice() {
            [.., before, last] => last.output - before.output > self.span_size,
            _ => true,
        }
    }

    /// How many more bytes of output there are before one might be due; 0 if the next block end
    /// must be looked at.
    fn until_due(&self) -> u64 {
        if self.output == 0 {
            0
        } else {
            self.span_size.saturating_sub(self.since_checkpoint())
        }
    }

    /// Makes a checkpoint, and goes on from it alone.
    fn checkpoint(
        &mut self,
        bits: u8,
        origin: Origin,
        sink: &mut impl Sink,
    ) -> Result<(), Unindexable> {
        let moved = match self.checkpoints.last_mut() {
            Some(last) if last.output == self.output => {
                // Nothing came out since, so its window is still right: there may be millions.
                last.input = self.input;
                last.bits = bits;
                true
            }
            _ => false,
        };
        if !moved && self.checkpoints.len() >= self.limits.checkpoints {
            return Err(Unindexable::TooLarge {
                problem: format!(
                    "it needs more than {} checkpoints; a larger span size needs fewer",
                    self.limits.checkpoints
                ),
            });
        }
        let window = self.history.window();
        // A member cannot refer to what is before it. A snapshotter would not notice; gzip would.
        let visible = usize::try_from(self.output - self.member_start)
            .map_or(WINDOW, |length| length.min(WINDOW));
        self.inflate
            .start(
                window.get(WINDOW - visible..).unwrap_or_default(),
                bits,
                self.last_byte,
            )
            .map_err(|error| damaged(self.input, error))?;
        if !moved {
            self.checkpoints.push(Checkpoint {
                input: self.input,
                output: self.output,
                bits,
                window: window.into(),
            });
            self.span_start = self.input;
        }
        self.pending = Some(origin);
        sink.mark(self.input, Mark::Begin { shared: bits != 0 });
        Ok(())
    }

    /// Fails if the current span has become too long. What holds nothing in front of it counts, so
    /// that there is an end to that too.
    fn check_span(&self) -> Result<(), Unindexable> {
        let Some(last) = self.checkpoints.last() else {
            return Ok(());
        };
        let bytes = (self.output - last.output).max(self.input - self.span_start);
        if bytes > self.span_size.saturating_add(self.limits.span_excess) {
            return Err(Unindexable::HugeSpan { bytes });
        }
        Ok(())
    }
}

fn damaged(offset: u64, problem: impl Display) -> Unindexable {
    Unindexable::Gzip {
        offset,
        problem: problem.to_string(),
    }
}
