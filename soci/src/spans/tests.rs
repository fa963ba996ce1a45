use std::ops::Range;

use proptest::prelude::*;
use zlib_rs::DeflateFlush;

use super::*;
use crate::Unindexable;
use crate::testing::{
    Bits, EMPTY_BLOCK, HEADER, deflate, deflate_pieces, gzip, member_of, span, text,
};

/// Collects what comes out.
#[derive(Default)]
struct Collected {
    output: Vec<u8>,
    marks: Vec<(u64, Mark)>,
}

impl Sink for Collected {
    fn buffer(&mut self) -> Vec<u8> {
        // Not zeros: nothing may rely on that.
        vec![0xa5; BUFFER]
    }

    fn uncompressed(&mut self, buffer: Vec<u8>, bytes: Range<usize>) {
        self.output.extend_from_slice(&buffer[bytes]);
    }

    fn mark(&mut self, at: u64, mark: Mark) {
        self.marks.push((at, mark));
    }
}

#[derive(Debug, PartialEq)]
struct Read {
    checkpoints: Vec<Checkpoint>,
    digests: Vec<SpanDigest>,
    output: Vec<u8>,
}

fn read_with(
    layer: &[u8],
    span_size: u64,
    piece: usize,
    limits: Limits,
) -> Result<Read, Unindexable> {
    let mut sink = Collected::default();
    let mut spans = GzipSpans::new(span_size, limits, &mut sink)?;
    for piece in layer.chunks(piece) {
        spans.write(piece, &mut sink)?;
    }
    let checkpoints = spans.finish(&mut sink)?;
    let mut digests = SpanDigests::default();
    let mut done = 0;
    for (at, mark) in sink.marks {
        let at = usize::try_from(at).unwrap();
        digests.update(&layer[done..at]);
        digests.mark(mark);
        done = at;
    }
    digests.update(&layer[done..]);
    Ok(Read {
        checkpoints,
        digests: digests.finish(),
        output: sink.output,
    })
}

fn read(layer: &[u8], span_size: u64) -> Result<Read, Unindexable> {
    read_with(layer, span_size, layer.len().max(1), Limits::default())
}

/// Reads a layer, and checks all that must be true of any layer's spans.
fn good(layer: &[u8], content: &[u8], span_size: u64) -> Read {
    let read = read(layer, span_size).unwrap();
    assert!(read.output == content, "other content");
    let points = &read.checkpoints;
    assert_eq!(points[0].output, 0);
    assert_eq!(points.len(), read.digests.len());
    for (index, point) in points.iter().enumerate() {
        let next = points.get(index + 1);
        let (start, end) = (
            point.output,
            next.map_or(content.len() as u64, |p| p.output),
        );
        assert!(end > start || next.is_none(), "{point:?} comes twice");
        assert!(point.bits < 8);
        let (start, end) = (index_of(start), index_of(end));
        let mut window = vec![0; WINDOW];
        let history = &content[start.saturating_sub(WINDOW)..start];
        window[WINDOW - history.len()..].copy_from_slice(history);
        assert!(*point.window == *window, "window of {point:?}");
        let from = index_of(point.input) - usize::from(point.bits != 0);
        let to = next.map_or(layer.len(), |next| index_of(next.input));
        let inflated = span(&layer[from..to], point, end - start);
        assert!(inflated == content[start..end], "content of {point:?}");
        let digest = SpanDigest {
            start: from as u64,
            digest: Digest::of(&layer[from..to]),
        };
        assert_eq!(read.digests[index], digest);
    }
    read
}

fn index_of(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

/// Offsets of checkpoints: compressed, uncompressed.
fn places(read: &Read) -> Vec<(u64, u64)> {
    let place = |point: &Checkpoint| (point.input, point.output);
    read.checkpoints.iter().map(place).collect()
}

#[test]
fn a_layer_is_divided_the_same_way_whatever_its_pieces() {
    let content = text(1_500_000, 1);
    for layer in [
        gzip(&content),
        [gzip(&content[..700_000]), gzip(&content[700_000..])].concat(),
    ] {
        let whole = good(&layer, &content, 100_000);
        assert!(whole.checkpoints.len() > 8);
        assert!(whole.checkpoints.iter().any(|point| point.bits != 0));
        for piece in [1, 7, 4096] {
            assert!(
                read_with(&layer, 100_000, piece, Limits::default()).unwrap() == whole,
                "pieces of {piece}"
            );
        }
    }
}

#[test]
fn a_checkpoint_follows_the_first_block_that_exceeds_the_span_size() {
    let content = text(50_000, 2);
    // Stored blocks of known length: five bytes of header each.
    let stored = |lengths: &[usize]| {
        let mut stream = Vec::new();
        let mut rest = content.as_slice();
        for (index, &length) in lengths.iter().enumerate() {
            let (block, after) = rest.split_at(length);
            let length = u16::try_from(length).unwrap();
            stream.push(u8::from(index + 1 == lengths.len()));
            stream.extend_from_slice(&length.to_le_bytes());
            stream.extend_from_slice(&(!length).to_le_bytes());
            stream.extend_from_slice(block);
            rest = after;
        }
        assert!(rest.is_empty());
        member_of(HEADER, &stream, &content)
    };
    for (lengths, span_size, expected) in [
        // Exactly the span size is not more than it.
        (
            &[10_000, 10_000, 30_000][..],
            10_000,
            &[(10, 0), (20_020, 20_000)][..],
        ),
        (
            &[10_000, 10_000, 30_000],
            9_999,
            &[(10, 0), (10_015, 10_000), (20_020, 20_000)],
        ),
        // Never behind the last block, but before it even if it is empty.
        (&[50_000], 10, &[(10, 0)]),
        (&[50_000, 0], 10, &[(10, 0), (50_015, 50_000)]),
        // The last of several at the beginning.
        (&[0, 0, 10_000, 40_000], 10_000, &[(20, 0)]),
        (&[0, 50_000, 0, 0], 10, &[(15, 0), (50_020, 50_000)]),
    ] {
        let read = good(&stored(lengths), &content, span_size);
        assert_eq!(places(&read), expected, "{lengths:?} {span_size}");
    }
}

#[test]
fn every_kind_of_stream_is_read() {
    let content = text(900_000, 3);
    let flushed = |flush| {
        let pieces: Vec<_> = content.chunks(7_000).map(|piece| (piece, flush)).collect();
        deflate_pieces(&pieces, 6)
    };
    let empty_first = [EMPTY_BLOCK, EMPTY_BLOCK, &deflate(&content, 6)].concat();
    for stream in [
        deflate(&content, 0),
        deflate(&content, 1),
        deflate(&content, 9),
        flushed(DeflateFlush::SyncFlush),
        flushed(DeflateFlush::PartialFlush),
        flushed(DeflateFlush::FullFlush),
        flushed(DeflateFlush::Block),
        empty_first,
    ] {
        let layer = member_of(HEADER, &stream, &content);
        for span_size in [1, 1_000, 65_536, 4 << 20] {
            good(&layer, &content, span_size);
        }
    }
    let read = good(&gzip(b""), b"", 4 << 20);
    assert_eq!(places(&read), [(10, 0)]);
}

#[test]
fn the_first_span_begins_behind_the_header() {
    let content = text(1_000, 4);
    let header = b"\x1f\x8b\x08\x1c\0\0\0\0\0\xff\x03\x00abclayer.tar\0a comment\0";
    let layer = member_of(header, &deflate(&content, 6), &content);
    let read = good(&layer, &content, 4 << 20);
    assert_eq!(places(&read), [(header.len() as u64, 0)]);
}

#[test]
fn every_member_with_content_begins_with_a_checkpoint() {
    let content = text(12_000_000, 5);
    for count in [3, 20] {
        let members: Vec<_> = content
            .chunks(content.len() / count + 1)
            .map(gzip)
            .collect();
        let layer = members.concat();
        let read = good(&layer, &content, 4 << 20);
        if count == 3 {
            assert_eq!(read.checkpoints.len(), 3);
        }
    }
}

#[test]
fn members_without_content_have_no_spans() {
    let content = text(600_000, 6);
    let (empty, full) = (gzip(b""), gzip(&content));
    let second = (full.len() + 10) as u64;
    let length = content.len() as u64;

    let read = good(&[&empty[..], &full].concat(), &content, 4 << 20);
    assert_eq!(places(&read), [(empty.len() as u64 + 10, 0)]);
    let read = good(&[&full[..], &empty, &empty].concat(), &content, 4 << 20);
    assert_eq!(places(&read), [(10, 0)]);
    let twice = [&content[..], &content].concat();
    let read = good(&[&full[..], &empty, &full].concat(), &twice, 4 << 20);
    assert_eq!(
        places(&read),
        [(10, 0), (second + empty.len() as u64, length)]
    );
    let read = good(&[&empty[..], &empty].concat(), b"", 4 << 20);
    assert_eq!(places(&read), [(empty.len() as u64 + 10, 0)]);

    // The member before ends with an empty block, behind which a checkpoint is due.
    let stream = deflate_pieces(&[(&content, DeflateFlush::SyncFlush)], 6);
    let flushed = member_of(HEADER, &stream, &content);
    let read = good(&[&flushed[..], &full].concat(), &twice, 599_000);
    let last = read.checkpoints.last().unwrap();
    assert_eq!(
        (last.input, last.output),
        (flushed.len() as u64 + 10, length)
    );
}

#[test]
fn many_small_members_are_refused_early() {
    let content = text(4_000_000, 7);
    let members: Vec<_> = content.chunks(32 << 10).map(gzip).collect();
    let Err(Unindexable::ManyMembers { members }) = read(&members.concat(), 4 << 20) else {
        panic!("it was read");
    };
    assert!(members < 30, "{members}");
    assert!(matches!(
        read(&gzip(b"").repeat(1000), 4 << 20),
        Err(Unindexable::ManyMembers { .. })
    ));
}

#[test]
fn what_follows_the_last_member_belongs_to_the_last_span() {
    let content = text(100_000, 8);
    let layer = gzip(&content);
    for tail in [
        &[0; 1000][..],
        b"garbage!",
        b"\x1f",
        b"\x1f\x1f\x8b\x08",
        b"\x1f\x00",
        b"\x00\x1f\x8b\x08\0\0\0\0\0\xff",
    ] {
        good(&[&layer[..], tail].concat(), &content, 20_000);
    }
    let broken = [&layer[..], b"\x1f\x8b\x07"].concat();
    assert!(matches!(
        read(&broken, 20_000),
        Err(Unindexable::Gzip { offset, .. }) if offset == layer.len() as u64 + 2
    ));
}

#[test]
fn a_layer_cut_anywhere_is_refused() {
    let content = text(9_000, 9);
    let layer = gzip(&content);
    for cut in 0..layer.len() {
        let result = read(&layer[..cut], 1_000);
        let truncated = Unindexable::Truncated { offset: cut as u64 };
        assert_eq!(result.map(|read| read.output.len()), Err(truncated));
    }
    for cut in 2..layer.len() {
        let layer = [&layer[..], &layer[..cut]].concat();
        let truncated = Unindexable::Truncated {
            offset: layer.len() as u64,
        };
        assert_eq!(read(&layer, 1_000).map(|_| ()), Err(truncated));
    }
}

#[test]
fn a_flipped_bit_is_noticed() {
    let content = text(6_000, 10);
    let layer = gzip(&content);
    // Time and operating system may be anything.
    for index in (0..4).chain(10..layer.len()) {
        for bit in 0..8 {
            let mut layer = layer.clone();
            layer[index] ^= 1 << bit;
            let result = read_with(&layer, 1_000, 1_000, Limits::default());
            if let Ok(read) = result {
                // A flag for text is no damage, and a bit between blocks has no meaning.
                assert!(read.output == content, "bit {bit} of byte {index}");
                assert_eq!(good(&layer, &content, 1_000), read);
            }
        }
    }
}

#[test]
fn a_member_cannot_refer_to_what_is_before_it() {
    // A fixed block: the byte 'a', then a match of three bytes at distance 4.
    let mut bits = Bits::default();
    bits.number(0b011, 3)
        .code(0x30 + u32::from(b'a'), 8)
        .code(1, 7)
        .code(3, 5)
        .code(0, 7);
    let stream = bits.bytes();
    // With history it is fine.
    let with_history = member_of(
        HEADER,
        &[b"\x00\x04\x00\xfb\xffwxyz", &stream[..]].concat(),
        b"wxyzaxyz",
    );
    good(&with_history, b"wxyzaxyz", 1);
    // The same without any, and with that of another member.
    for before in [vec![], gzip(b"wxyz")] {
        let zeros = if before.is_empty() {
            *b"a\0\0\0"
        } else {
            *b"axyz"
        };
        let layer = [before, member_of(HEADER, &stream, &zeros)].concat();
        let Err(Unindexable::Gzip { problem, .. }) = read(&layer, 4 << 20) else {
            panic!("it was read");
        };
        assert_eq!(problem, "invalid distance too far back");
    }
}

#[test]
fn limits_hold() {
    let content = vec![0; 3_000_000];
    let limits = Limits {
        span_excess: 1_000_000,
        checkpoints: 5,
    };
    let read = |layer: &[u8], span_size| {
        read_with(layer, span_size, 100, limits).map(|read| read.checkpoints.len())
    };
    // One block for everything.
    let layer = gzip(&content);
    assert!(matches!(
        read(&layer, 100_000),
        Err(Unindexable::HugeSpan { bytes }) if bytes > 1_100_000
    ));
    assert_eq!(read(&layer, 2_000_000), Ok(1));
    // Empty blocks, and what follows the end.
    let empty = EMPTY_BLOCK.repeat(300_000);
    let layer = member_of(
        HEADER,
        &[b"\x00\x01\x00\xfe\xffx", &empty[..]].concat(),
        b"x",
    );
    assert!(matches!(
        read(&layer, 10_000),
        Err(Unindexable::HugeSpan { .. })
    ));
    // The checkpoint moves with them, and still there may only be so many.
    for (count, allowed) in [(200_000, true), (300_000, false)] {
        let empty = EMPTY_BLOCK.repeat(count);
        let layer = member_of(HEADER, &[&empty[..], &deflate(b"x", 6)].concat(), b"x");
        assert_eq!(read(&layer, 10_000) == Ok(1), allowed);
        assert!(allowed || matches!(read(&layer, 10_000), Err(Unindexable::HugeSpan { .. })));
    }
    let layer = [gzip(b"x"), vec![0; 1_200_000]].concat();
    assert!(matches!(
        read(&layer, 10_000),
        Err(Unindexable::HugeSpan { .. })
    ));
    let layer = gzip(&text(1_500_000, 11));
    assert!(matches!(
        read(&layer, 1_000),
        Err(Unindexable::TooLarge { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_layer_reads_back(
        pieces in prop::collection::vec(
            (prop::collection::vec(0..4_u8, 0..20_000), any::<u64>(), 0..40_000_usize, 0..6),
            0..8,
        ),
        level in 0..10,
        span_size in 1..60_000_u64,
        cut in 1..5_000_usize,
    ) {
        let pieces: Vec<_> = pieces
            .into_iter()
            .map(|(mut bytes, seed, length, flush)| {
                bytes.extend(text(length, seed));
                let flush = match flush {
                    0 => DeflateFlush::SyncFlush,
                    1 => DeflateFlush::PartialFlush,
                    2 => DeflateFlush::FullFlush,
                    3 => DeflateFlush::Block,
                    _ => DeflateFlush::NoFlush,
                };
                (bytes, flush)
            })
            .collect();
        let content: Vec<u8> = pieces.iter().flat_map(|(bytes, _)| bytes).copied().collect();
        let pieces: Vec<_> = pieces.iter().map(|(bytes, flush)| (&bytes[..], *flush)).collect();
        let layer = member_of(HEADER, &deflate_pieces(&pieces, level), &content);
        let whole = good(&layer, &content, span_size);
        prop_assert!(read_with(&layer, span_size, cut, Limits::default()).unwrap() == whole);
    }

    #[test]
    fn no_bytes_make_it_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..400),
        start in 0..3_usize,
        piece in 1..50_usize,
    ) {
        let prefix = [&b""[..], b"\x1f\x8b\x08", HEADER][start];
        bytes.splice(..0, prefix.iter().copied());
        let _ = read_with(&bytes, 10, piece, Limits::default());
    }
}
