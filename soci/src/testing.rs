//! Layers for tests: data, deflate streams of every shape, gzip members, and a decoder for spans
//! that shares nothing with the one under test.

use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use zlib_rs::{Deflate, DeflateFlush, Status};

use crate::inflate::crc32;
use crate::spans::{Checkpoint, WINDOW};

/// A deflate stream that holds nothing and does not end: an empty stored block.
pub(crate) const EMPTY_BLOCK: &[u8] = b"\x00\x00\x00\xff\xff";

/// Text that compresses about 3:1, the same for the same seed.
pub(crate) fn text(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut text = Vec::with_capacity(length + 40);
    while text.len() < length {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let word = state >> 33;
        text.extend_from_slice(format!("{word:08x} line of text {}\n", word % 4096).as_bytes());
    }
    text.truncate(length);
    text
}

/// Deflates pieces, with a flush after each.
pub(crate) fn deflate_pieces(pieces: &[(&[u8], DeflateFlush)], level: i32) -> Vec<u8> {
    let mut encoder = Deflate::new(level, false, 15);
    let mut stream = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    let pieces = pieces.iter().copied();
    for (mut piece, flush) in pieces.chain([(&[][..], DeflateFlush::Finish)]) {
        loop {
            let (taken, made) = (encoder.total_in(), encoder.total_out());
            let status = encoder.compress(piece, &mut buffer, flush).unwrap();
            piece = &piece[usize::try_from(encoder.total_in() - taken).unwrap()..];
            let made = usize::try_from(encoder.total_out() - made).unwrap();
            stream.extend_from_slice(&buffer[..made]);
            let done = made < buffer.len() && piece.is_empty();
            if status == Status::StreamEnd || (flush != DeflateFlush::Finish && done) {
                break;
            }
        }
    }
    stream
}

/// Deflates in one go.
pub(crate) fn deflate(bytes: &[u8], level: i32) -> Vec<u8> {
    deflate_pieces(&[(bytes, DeflateFlush::NoFlush)], level)
}

/// A gzip member around a deflate stream. The header is everything in front of it.
pub(crate) fn member_of(header: &[u8], stream: &[u8], bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [
        header,
        stream,
        &crc32(0, bytes).to_le_bytes(),
        &length.to_le_bytes(),
    ]
    .concat()
}

/// The shortest header.
pub(crate) const HEADER: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";

/// An ordinary gzip member.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    member_of(HEADER, &deflate(bytes, 6), bytes)
}

/// Decompresses the `length` bytes of a span from its compressed bytes and its checkpoint alone:
/// raw deflate, one member only, as snapshotters up to v0.13 do it.
pub(crate) fn span(compressed: &[u8], checkpoint: &Checkpoint, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = compressed;
    if checkpoint.bits > 0 {
        // Blocks that hold nothing, in place of the low bits of the first byte.
        bytes = filler(8 - checkpoint.bits);
        *bytes.last_mut().unwrap() |= compressed[0] & 0xff << (8 - checkpoint.bits);
        rest = &compressed[1..];
    }
    bytes.extend_from_slice(rest);
    let mut output = checkpoint.window.to_vec();
    output.resize(WINDOW + length, 0);
    let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
        | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
    let mut decoder = Box::<DecompressorOxide>::default();
    let (status, _, made) = decompress(&mut decoder, &bytes, &mut output, WINDOW, flags);
    assert!(status as i8 >= 0, "{status:?} in {checkpoint:?}");
    output.truncate(WINDOW + made);
    output.split_off(WINDOW)
}

/// Empty blocks that end behind the `used` low bits of their last byte, 1 to 7.
fn filler(used: u8) -> Vec<u8> {
    let mut bits = Bits::default();
    if used % 2 == 1 {
        // A block with codes of its own, 93 bits long. Only the lengths 1 and "11 to 138 zeros"
        // have codes, of one bit each: 0 and 1.
        bits.number(0b100, 3).number(0, 10).number(15, 4);
        for symbol in 0..19 {
            bits.number(u32::from([2, 17].contains(&symbol)), 3);
        }
        bits.number(1, 1).number(127, 7).number(1, 1).number(107, 7);
        // Lengths of the only symbol, the end, and of the only distance; then the end.
        bits.number(0, 1).number(0, 1).number(0, 1);
    }
    while bits.0.len() % 8 != usize::from(used) {
        // A block with fixed codes, 10 bits.
        bits.number(0b010, 3).number(0, 7);
    }
    bits.bytes()
}

/// Bits as deflate packs them into bytes.
#[derive(Default)]
pub(crate) struct Bits(Vec<bool>);

impl Bits {
    /// Appends a number, lowest bit first.
    pub(crate) fn number(&mut self, value: u32, length: u32) -> &mut Self {
        self.0.extend((0..length).map(|bit| value >> bit & 1 == 1));
        self
    }

    /// Appends a Huffman code, highest bit first.
    pub(crate) fn code(&mut self, value: u32, length: u32) -> &mut Self {
        self.0
            .extend((0..length).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    /// The bytes, the last one filled up with zeros.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let bit = |(index, &set): (usize, &bool)| u8::from(set) << index;
        let byte = |bits: &[bool]| bits.iter().enumerate().map(bit).sum();
        self.0.chunks(8).map(byte).collect()
    }
}

/// The folders of `testdata/ztoc`: layers with the zTOCs that the official library built of them.
pub(crate) const OFFICIAL_CASES: [&str; 9] = [
    "pax",
    "gnu",
    "synced",
    "members",
    "uncompressed",
    "zone",
    "no-end",
    "padded",
    "empty",
];
