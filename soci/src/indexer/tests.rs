use super::*;
use crate::spans::{Checkpoint, WINDOW};
use crate::testing::{gzip, text};

/// An archive of regular files, with the two zero blocks of its end.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, data) in files {
        let mut header = [0; 512];
        let mut field = |at: usize, text: &str| {
            header[at..at + text.len()].copy_from_slice(text.as_bytes());
        };
        field(0, name);
        field(100, "0000644\0");
        field(108, "0000000\0");
        field(116, "0000000\0");
        field(124, &format!("{:011o}\0", data.len()));
        field(136, "14524770400\0");
        field(148, "        0");
        field(257, "ustar\x0000");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend_from_slice(&header);
        archive.extend_from_slice(data);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

fn index_in(layer: &[u8], span_size: u64, piece: usize) -> IndexedLayer {
    let mut indexer = LayerIndexer::new(IndexerOptions {
        span_size,
        ..IndexerOptions::default()
    });
    for piece in layer.chunks(piece) {
        indexer.write(piece);
    }
    indexer.finish()
}

fn index(layer: &[u8], span_size: u64) -> IndexedLayer {
    index_in(layer, span_size, layer.len().max(1))
}

/// The reason why a layer is not indexed. Digest and size are there in any case.
fn refused(layer: &[u8]) -> Unindexable {
    let indexed = index(layer, 1 << 20);
    assert_eq!(indexed.digest, Digest::of(layer));
    assert_eq!(indexed.size, layer.len() as u64);
    assert_eq!((indexed.spans, indexed.members), (0, 0));
    indexed.ztoc.unwrap_err()
}

#[test]
fn it_can_move_between_threads() {
    fn moves<T: Send>(_: &T) {}
    moves(&LayerIndexer::new(IndexerOptions::default()));
}

fn some_files() -> Vec<u8> {
    archive(&[
        ("etc/hosts", b"127.0.0.1 localhost\n"),
        ("usr/data", &text(6_000_000, 1)),
        ("usr/empty", b""),
        ("usr/more", &text(70_000, 2)),
    ])
}

#[test]
fn a_gzip_layer_is_indexed_whatever_its_pieces() {
    let content = some_files();
    // Long enough for a second thread.
    let layer = gzip(&content);
    assert!(layer.len() > 1 << 20);
    let whole = index(&layer, 500_000);
    let encoded = whole.ztoc.clone().unwrap();
    assert_eq!(whole.digest, Digest::of(&layer));
    assert_eq!(whole.size, layer.len() as u64);
    assert_eq!(whole.diff_id, Some(Digest::of(&content)));
    assert_eq!(whole.members, 4);
    assert_eq!(encoded.digest, Digest::of(&encoded.bytes));

    let ztoc = Ztoc::decode(&encoded.bytes).unwrap();
    assert_eq!(ztoc.build_tool, BUILDER);
    assert_eq!(ztoc.compressed_size, layer.len() as u64);
    assert_eq!(ztoc.uncompressed_size, content.len() as u64);
    let Spans::Gzip {
        checkpoints,
        digests,
        span_size,
    } = ztoc.spans
    else {
        panic!("no gzip spans");
    };
    assert_eq!(span_size, 500_000);
    assert_eq!(checkpoints.len(), whole.spans as usize);
    assert!(checkpoints.len() > 8);
    for (index, digest) in digests.iter().enumerate() {
        let from = checkpoints[index].input - u64::from(checkpoints[index].bits != 0);
        let to = checkpoints
            .get(index + 1)
            .map_or(layer.len() as u64, |next| next.input);
        let bytes = &layer[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()];
        assert_eq!(*digest, Digest::of(bytes), "span {index}");
    }

    for piece in [1, 7, 4096] {
        let indexed = index_in(&layer, 500_000, piece);
        assert_eq!(
            indexed.ztoc.unwrap().digest,
            encoded.digest,
            "pieces of {piece}"
        );
        assert_eq!(indexed.digest, whole.digest);
        assert_eq!(indexed.diff_id, whole.diff_id);
    }
}

#[test]
fn an_uncompressed_layer_is_cut_into_slices() {
    let layer = some_files();
    let length = layer.len();
    for span_size in [100_000, length / 2, length - 1, length, length + 1] {
        let indexed = index(&layer, span_size as u64);
        assert_eq!(indexed.diff_id, Some(Digest::of(&layer)));
        assert_eq!(indexed.members, 4);
        let encoded = indexed.ztoc.unwrap();
        let ztoc = Ztoc::decode(&encoded.bytes).unwrap();
        let slices: Vec<_> = layer.chunks(span_size).map(Digest::of).collect();
        assert_eq!(indexed.spans as usize, slices.len());
        assert_eq!(
            ztoc.spans,
            Spans::Uncompressed {
                span_size: span_size as u64,
                size: length as u64,
                digests: slices,
            }
        );
        let again = index_in(&layer, span_size as u64, 999);
        assert_eq!(again.ztoc.unwrap().digest, encoded.digest);
    }
}

#[test]
fn an_uncompressed_layer_whose_last_span_is_full_needs_an_end_of_the_archive() {
    // Two files of two blocks each, and nothing behind them.
    let layer = &archive(&[("a", &[b'a'; 512]), ("b", &[b'b'; 512])])[..2048];
    for (span_size, fits) in [
        (512, false),
        (1024, false),
        (2048, false),
        (1000, true),
        (4096, true),
    ] {
        match index(layer, span_size).ztoc {
            Ok(_) => assert!(fits, "{span_size}"),
            Err(reason) => {
                assert!(!fits, "{span_size}");
                assert_eq!(
                    reason.to_string(),
                    "its member `b` ends where the last span of an uncompressed layer is full, \
                     which makes snapshotters crash"
                );
            }
        }
    }
    // With data up to the end of the block only, or compressed, there is no such thing.
    assert!(index(&gzip(layer), 1024).ztoc.is_ok());
    let shorter = &archive(&[("a", &[b'a'; 512]), ("b", &[b'b'; 511])])[..2048];
    assert!(index(shorter, 1024).ztoc.is_ok());
}

#[test]
fn the_end_of_the_archive_is_not_the_end_of_the_layer() {
    let mut content = archive(&[("a", b"abc")]);
    let end = content.len();
    content.extend(text(3_000_000, 3));
    for layer in [gzip(&content), content.clone()] {
        let indexed = index(&layer, 1 << 20);
        assert_eq!(indexed.diff_id, Some(Digest::of(&content)));
        assert!(indexed.spans > 1);
        let ztoc = Ztoc::decode(&indexed.ztoc.unwrap().bytes).unwrap();
        assert_eq!(ztoc.uncompressed_size, end as u64);
    }
}

#[test]
fn formats_that_cannot_be_indexed_are_named() {
    assert_eq!(refused(b"\x28\xb5\x2f\xfd and so on"), Unindexable::Zstd);
    assert_eq!(
        refused(&b"{\"schemaVersion\": 2}".repeat(100)),
        Unindexable::UnknownFormat
    );
    for short in [&b""[..], b"\x1f", b"short", &[0; 511]] {
        assert_eq!(refused(short), Unindexable::UnknownFormat);
    }
    // What is behind is not looked at, but hashed.
    refused(&[&b"\x28\xb5\x2f\xfd"[..], &text(2_000_000, 4)].concat());
}

#[test]
fn digests_of_other_bytes_than_the_spans_do_not_pass() {
    let spans = |starts: &[u64]| -> Vec<SpanDigest> {
        let digest = Digest::of("any");
        let span = |&start: &u64| SpanDigest { start, digest };
        starts.iter().map(span).collect()
    };
    let checkpoint = |input, output, bits| Checkpoint {
        input,
        output,
        bits,
        window: vec![0; WINDOW].into(),
    };
    let checkpoints = vec![checkpoint(10, 0, 0), checkpoint(600, 3000, 3)];
    for (gzip, starts, expected) in [
        (true, &[10, 599][..], None),
        (
            true,
            &[10, 600],
            Some("span 1 begins at byte 599, its digest at byte 600"),
        ),
        (true, &[10], Some("span 1 has no digest")),
        (
            true,
            &[10, 599, 700],
            Some("the digest from byte 700 on is of no span"),
        ),
        (false, &[0, 400, 800], None),
        (
            false,
            &[0, 400, 799],
            Some("span 2 begins at byte 800, its digest at byte 799"),
        ),
        (false, &[0, 400], Some("span 2 has no digest")),
    ] {
        let options = IndexerOptions {
            span_size: 400,
            ..IndexerOptions::default()
        };
        let division = if gzip {
            Division::Gzip(checkpoints.clone())
        } else {
            Division::Slices
        };
        let found = ztoc(options, 1000, Contents::default(), division, spans(starts));
        let expected = expected.map(|problem| Unindexable::SelfCheck {
            problem: problem.to_owned(),
        });
        assert_eq!(found.err(), expected);
    }
}

#[test]
fn a_damaged_layer_is_still_hashed_to_its_end() {
    let content = some_files();
    let layer = gzip(&content);
    let mut damaged = layer.clone();
    damaged[1_500_000] ^= 0x10;
    assert!(matches!(refused(&damaged), Unindexable::Gzip { offset, .. } if offset > 1_400_000));
    assert_eq!(index(&damaged, 1 << 20).diff_id, None);
    let cut = &layer[..layer.len() - 1];
    let truncated = Unindexable::Truncated {
        offset: cut.len() as u64,
    };
    assert_eq!(refused(cut), truncated);
}

#[test]
fn no_beginning_of_a_small_layer_is_taken_for_the_whole() {
    let layer = gzip(&archive(&[("a", &text(3_000, 5)), ("b", b"x")]));
    assert!(index(&layer, 1 << 20).ztoc.is_ok());
    for cut in 0..layer.len() {
        refused(&layer[..cut]);
    }
}

#[test]
fn a_problem_of_the_archive_leaves_the_diff_id() {
    let mut content = some_files();
    content[600] ^= 1;
    let good = gzip(&content);
    // The second header.
    content[1024] ^= 1;
    let bad = gzip(&content);
    assert!(index(&good, 1 << 20).ztoc.is_ok());
    assert!(matches!(refused(&bad), Unindexable::Tar { .. }));
    assert_eq!(index(&bad, 1 << 20).diff_id, Some(Digest::of(&content)));
}

#[test]
fn only_span_sizes_that_make_sense_are_taken() {
    use crate::MAX_SPAN_SIZE;
    let content = archive(&[("a", b"abc")]);
    for layer in [&content, &gzip(&content)] {
        for good in [1, MAX_SPAN_SIZE] {
            assert!(index(layer, good).ztoc.is_ok(), "{good}");
        }
        for bad in [0, MAX_SPAN_SIZE + 1, u64::MAX] {
            let indexed = index(layer, bad);
            assert_eq!(indexed.digest, Digest::of(layer));
            assert_eq!(
                indexed.ztoc.unwrap_err().to_string(),
                format!(
                    "its zTOC would be too large: its spans would have {bad} bytes each, which is \
                     not between 1 and 1073741824"
                )
            );
        }
    }
}

#[test]
fn an_entry_says_what_was_indexed() {
    let layer = gzip(&some_files());
    let indexed = index(&layer, 1 << 20);
    let entry = indexed.entry("application/some.layer").unwrap();
    let ztoc = indexed.ztoc.unwrap();
    assert_eq!(
        (entry.digest, entry.size),
        (ztoc.digest, ztoc.bytes.len() as u64)
    );
    assert_eq!(
        (entry.layer, entry.span_size),
        (Digest::of(&layer), 1 << 20)
    );
    assert_eq!(entry.layer_media_type, "application/some.layer");
    assert_eq!(
        index(b"text", 1 << 20).entry("application/some.layer"),
        None
    );
}
