//! Random gzip streams: levels, flushes, stored blocks, members.

use zlib_rs::{Deflate, DeflateFlush, Status};

use super::dice::Dice;
use crate::seeds::inputs::crc32;

/// How a layer was compressed.
#[derive(Debug)]
pub(super) struct Compressed {
    pub(super) bytes: Vec<u8>,
    /// What the official library can be compared with: it writes something else for layers of
    /// several members, and for those that begin with an empty block.
    pub(super) ordinary: bool,
}

pub(super) fn compress(dice: &mut Dice, data: &[u8]) -> Compressed {
    let members = if dice.one_in(3) { 2 + dice.below(5) } else { 1 };
    let mut cuts: Vec<usize> = (1..members).map(|_| dice.below(data.len() + 1)).collect();
    cuts.extend([0, data.len()]);
    cuts.sort_unstable();
    let mut compressed = Compressed {
        bytes: Vec::new(),
        ordinary: members == 1,
    };
    for ends in cuts.windows(2) {
        member(dice, &data[ends[0]..ends[1]], &mut compressed);
    }
    compressed
}

fn member(dice: &mut Dice, data: &[u8], into: &mut Compressed) {
    let named = dice.one_in(3);
    let flags = if named { 8 } else { 0 };
    into.bytes
        .extend_from_slice(&[0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 0xff]);
    if named {
        into.bytes.extend_from_slice(b"layer.tar\0");
    }
    match dice.below(6) {
        0 => stored(dice, data, into),
        _ => deflated(dice, data, into),
    }
    into.bytes.extend_from_slice(&crc32(data).to_le_bytes());
    let length = u32::try_from(data.len()).unwrap();
    into.bytes.extend_from_slice(&length.to_le_bytes());
}

/// Stored blocks of every length, empty ones among them.
fn stored(dice: &mut Dice, mut data: &[u8], into: &mut Compressed) {
    let mut first = true;
    loop {
        let length = dice.length(0xffff).min(0xffff).min(data.len());
        let (block, rest) = data.split_at(length);
        let last = rest.is_empty() && !(block.is_empty() && dice.one_in(2));
        into.ordinary &= !(first && block.is_empty());
        let length = u16::try_from(length).unwrap();
        into.bytes.push(u8::from(last));
        into.bytes.extend_from_slice(&length.to_le_bytes());
        into.bytes.extend_from_slice(&(!length).to_le_bytes());
        into.bytes.extend_from_slice(block);
        (data, first) = (rest, false);
        if last {
            return;
        }
    }
}

fn deflated(dice: &mut Dice, data: &[u8], into: &mut Compressed) {
    let level = i32::try_from(dice.below(10)).unwrap();
    let flush = *dice.pick(&[
        DeflateFlush::NoFlush,
        DeflateFlush::NoFlush,
        DeflateFlush::SyncFlush,
        DeflateFlush::FullFlush,
        DeflateFlush::PartialFlush,
        DeflateFlush::Block,
    ]);
    let piece = 1 + dice.length(4 << 20);
    let mut encoder = Deflate::new(level, false, 15);
    if flush != DeflateFlush::NoFlush && data.is_empty() {
        into.ordinary = false;
    }
    // A million flushes would take long.
    for piece in data.chunks(piece.max(data.len() / 5000 + 1)) {
        run(&mut encoder, piece, flush, into);
    }
    run(&mut encoder, &[], DeflateFlush::Finish, into);
}

fn run(encoder: &mut Deflate, mut piece: &[u8], flush: DeflateFlush, into: &mut Compressed) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let (taken, made) = (encoder.total_in(), encoder.total_out());
        let status = encoder.compress(piece, &mut buffer, flush).unwrap();
        piece = &piece[usize::try_from(encoder.total_in() - taken).unwrap()..];
        let made = usize::try_from(encoder.total_out() - made).unwrap();
        into.bytes.extend_from_slice(&buffer[..made]);
        let done = made < buffer.len() && piece.is_empty();
        if status == Status::StreamEnd || (flush != DeflateFlush::Finish && done) {
            return;
        }
    }
}
