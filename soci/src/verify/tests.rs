//! Layers and zTOCs of the official library (`testdata/ztoc`), as they are and damaged.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use zlib_rs::DeflateFlush;

use super::*;
use crate::spans::WINDOW;
use crate::tar::MemberKind;
use crate::testing::{HEADER, OFFICIAL_CASES as CASES, deflate_pieces, member_of};
use crate::{IndexerOptions, LayerIndexer};

fn case(name: &str) -> (Vec<u8>, Ztoc) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/ztoc")
        .join(name);
    let ztoc = fs::read(folder.join("official.ztoc")).unwrap();
    let layer = fs::read(folder.join("layer")).unwrap();
    (layer, Ztoc::decode(&ztoc).unwrap())
}

fn verify_in_pieces(layer: &[u8], ztoc: Ztoc, piece: usize) -> Result<Verified, String> {
    let mut verifier = LayerVerifier::new(ztoc).map_err(|error| error.problem)?;
    for piece in layer.chunks(piece) {
        verifier.write(piece);
    }
    verifier.finish().map_err(|error| error.problem)
}

fn verify(layer: &[u8], ztoc: Ztoc) -> Result<Verified, String> {
    verify_in_pieces(layer, ztoc, usize::MAX)
}

#[test]
fn official_ztocs_fit_their_layers() {
    for name in CASES {
        let (layer, ztoc) = case(name);
        let verified = verify(&layer, ztoc.clone()).unwrap();
        assert_eq!(verified.digest, Digest::of(&layer), "{name}");
        assert_eq!(
            verified.spans as usize,
            ztoc.spans.digests().len(),
            "{name}"
        );
        assert_eq!(verified.members, ztoc.members.len() as u64, "{name}");
        for piece in [1, 7, 512] {
            let again = verify_in_pieces(&layer, ztoc.clone(), piece);
            assert_eq!(again, Ok(verified), "{name} in pieces of {piece}");
        }
    }
}

#[test]
fn spans_that_old_snapshotters_cannot_read_are_counted() {
    for (name, expected) in [("pax", 0), ("uncompressed", 0), ("members", 1)] {
        let (layer, ztoc) = case(name);
        let verified = verify(&layer, ztoc).unwrap();
        assert_eq!(verified.spans_across_members, expected, "{name}");
    }
}

#[test]
fn the_diff_id_is_that_of_the_whole_stream() {
    let diff_id = |name| {
        let (layer, ztoc) = case(name);
        verify(&layer, ztoc).unwrap().diff_id
    };
    // The same archive: as it is, as one gzip member, and as two.
    let (tar, _) = case("uncompressed");
    for name in ["uncompressed", "pax", "members"] {
        assert_eq!(diff_id(name), Digest::of(&tar), "{name}");
    }
    assert_eq!(diff_id("empty"), Digest::of([0; 1024]));
    // Padding behind the end of the archive is no part of it, but of the stream.
    assert_ne!(diff_id("padded"), diff_id("gnu"));
    assert_eq!(diff_id("synced"), diff_id("gnu"));
}

/// What is found when the zTOC of a case is changed.
fn problem(name: &str, change: impl FnOnce(&mut Ztoc)) -> String {
    let (layer, mut ztoc) = case(name);
    change(&mut ztoc);
    verify(&layer, ztoc).unwrap_err()
}

fn checkpoints(ztoc: &mut Ztoc) -> &mut Vec<Checkpoint> {
    match &mut ztoc.spans {
        Spans::Gzip { checkpoints, .. } => checkpoints,
        Spans::Uncompressed { .. } => panic!("no gzip layer"),
    }
}

#[test]
fn whatever_is_wrong_with_a_span_is_found() {
    type Change = fn(&mut Ztoc);
    let cases: [(&str, Change, &str); 16] = [
        (
            "pax",
            |ztoc| checkpoints(ztoc)[1].window[WINDOW - 1] ^= 1,
            "the window of span 1 (from byte 1549) is not what comes before it",
        ),
        (
            "pax",
            // Far before what the span refers to: no snapshotter would notice.
            |ztoc| checkpoints(ztoc)[2].window[0] ^= 0x80,
            "the window of span 2",
        ),
        (
            "pax",
            |ztoc| checkpoints(ztoc)[0].window[5] ^= 1,
            "the window of span 0",
        ),
        (
            "pax",
            |ztoc| checkpoints(ztoc)[1].bits ^= 1,
            "span 1 begins with 2 bits of byte 1548, and the block before it leaves 3",
        ),
        (
            "members",
            // Behind the header of a further member.
            |ztoc| checkpoints(ztoc)[1].bits = 7,
            "span 1 begins with 7 bits",
        ),
        (
            "pax",
            |ztoc| checkpoints(ztoc)[1].input += 1,
            "span 0 (bytes 10 to 1550) does not have the digest of its zTOC",
        ),
        (
            "pax",
            |ztoc| checkpoints(ztoc)[0].input += 1,
            "span 0 begins at byte 11, where no block of the gzip stream begins",
        ),
        (
            "pax",
            |ztoc| checkpoints(ztoc)[1].output += 1,
            "span 1 (from byte 1549) begins at byte 7681 of the archive, not at 7682",
        ),
        (
            "pax",
            |ztoc| checkpoints(ztoc)[1].output -= 1,
            "goes on beyond byte 7680",
        ),
        (
            "pax",
            |ztoc| checkpoints(ztoc)[1].output = 0,
            "span 0 begins at byte 0 of the archive and ends at byte 0",
        ),
        (
            "pax",
            |ztoc| {
                let Spans::Gzip { digests, .. } = &mut ztoc.spans else {
                    return;
                };
                digests[2] = Digest::of("something else");
            },
            "span 2 (bytes 2832 to 3420) does not have the digest",
        ),
        (
            "uncompressed",
            |ztoc| {
                let Spans::Uncompressed { digests, .. } = &mut ztoc.spans else {
                    return;
                };
                digests.swap(1, 2);
            },
            "span 1 (bytes 4000 to 8000) does not have the digest",
        ),
        (
            "uncompressed",
            |ztoc| {
                let Spans::Uncompressed { span_size, .. } = &mut ztoc.spans else {
                    return;
                };
                *span_size += 1;
            },
            "span 0 (bytes 0 to 4001) does not have the digest",
        ),
        (
            "pax",
            |ztoc| {
                checkpoints(ztoc).pop();
            },
            "it has 2 spans and 3 span digests",
        ),
        (
            "pax",
            |ztoc| ztoc.compressed_size += 1,
            "the layer has 3420 bytes, and its zTOC is for one of 3421",
        ),
        (
            "pax",
            |ztoc| ztoc.compressed_size -= 1,
            "the layer has 3420 bytes, and its zTOC is for one of 3419",
        ),
    ];
    for (name, change, expected) in cases {
        let problem = problem(name, change);
        assert!(problem.contains(expected), "{expected}: {problem}");
    }
}

/// Index of `./usr/two`, which has extended attributes; `usr/link`; `dev/null`.
const TWO: usize = 3;
const LINK: usize = 7;
const NULL: usize = 9;

#[test]
fn whatever_is_wrong_with_a_member_is_found() {
    type Change = fn(&mut Vec<Member>);
    use crate::tar::Member;
    let cases: [(Change, &str); 19] = [
        (
            |members| members[TWO].name[8] = b'x',
            "the member `./usr/twx` has the name `./usr/twx` in the zTOC and `./usr/two` in the \
             layer",
        ),
        (
            |members| members[TWO].mode = 0o4755,
            "`./usr/two` has the mode 0o4755 in the zTOC and 0o644 in the layer",
        ),
        (|members| members[TWO].uid = 7, "the owner 7 in the zTOC"),
        (|members| members[TWO].gid = 7, "the group 7 in the zTOC"),
        (
            |members| members[TWO].uname = b"root".as_slice().into(),
            "the owner's name `root`",
        ),
        (
            |members| members[TWO].gname = b"root".as_slice().into(),
            "the group's name `root`",
        ),
        (
            |members| members[TWO].mod_time = "2023-11-14T22:13:20.123457Z".into(),
            "the modification time 2023-11-14T22:13:20.123457Z in the zTOC",
        ),
        (
            |members| members[TWO].pax[1].1 = b"other".as_slice().into(),
            "another PAX record `SCHILY.xattr.user.a`",
        ),
        (
            |members| members[TWO].pax[1].0[13] ^= 1,
            "another PAX record `SCHILY.xattr.tser.a`",
        ),
        (
            |members| members[TWO].pax = members[TWO].pax[1..].into(),
            "another PAX record `SCHILY.xattr.security.capability`",
        ),
        (
            |members| members[LINK].linkname[0] = b'x',
            "the link target `xne` in the zTOC and `one` in the layer",
        ),
        (
            |members| members[LINK].kind = MemberKind::Fifo,
            "the type `fifo` in the zTOC and `symlink`",
        ),
        (
            |members| members[NULL].devmajor = 2,
            "the major device number 2",
        ),
        (
            |members| members[NULL].devminor = 2,
            "the minor device number 2",
        ),
        (
            // Within the padding, so that no header moves.
            |members| members[TWO].size += 1,
            "the size 1901 in the zTOC and 1900 in the layer",
        ),
        (
            |members| members[TWO].offset += 512,
            "followed by something",
        ),
        (|members| members[TWO].offset -= 512, "has no valid header"),
        (
            |members| {
                members.remove(TWO);
            },
            "has no valid header at byte 6144 of the archive: there are the headers of several",
        ),
        (
            |members| {
                members.pop();
            },
            "the archive goes on at byte 18432, behind the last member of the zTOC",
        ),
    ];
    for (change, expected) in cases {
        for name in ["pax", "uncompressed"] {
            let problem = problem(name, |ztoc| change(&mut ztoc.members));
            assert!(problem.contains(expected), "{expected}: {problem}");
        }
    }
}

#[test]
fn the_end_of_the_archive_is_where_gos_reader_stops() {
    for (name, end) in [("pax", 20992), ("gnu", 7168), ("padded", 7168)] {
        for wrong in [end - 512, end + 512] {
            let problem = problem(name, |ztoc| ztoc.uncompressed_size = wrong);
            let expected = format!("ends at byte {end}, and the zTOC says that it ends at {wrong}");
            assert!(problem.contains(&expected), "{name}: {problem}");
        }
    }
    let problem = problem("no-end", |ztoc| ztoc.uncompressed_size += 1024);
    assert!(problem.contains("ends at byte 6144, and the zTOC says that it ends at 7168"));
}

#[test]
fn a_tree_that_no_snapshotter_can_build_is_refused() {
    let problem = problem("pax", |ztoc| {
        let link = ztoc.members.iter_mut();
        let mut link = link.filter(|member| member.kind == MemberKind::HardLink);
        link.next().unwrap().linkname = b"nowhere".as_slice().into();
    });
    assert!(
        problem.starts_with("the member `usr/hard` is a hard link to a file that is not"),
        "{problem}"
    );
}

#[test]
fn every_damaged_byte_of_a_layer_is_found() {
    for name in CASES {
        let (layer, ztoc) = case(name);
        let header = match &ztoc.spans {
            Spans::Gzip { checkpoints, .. } => checkpoints[0].input,
            Spans::Uncompressed { .. } => 0,
        };
        // Every byte at the beginning, and then some.
        for at in (0..layer.len()).filter(|at| *at < 64 || at % 19 == 0) {
            let mut damaged = layer.clone();
            damaged[at] ^= 0x20;
            match verify(&damaged, ztoc.clone()) {
                // The time and the like in the gzip header belong to no span.
                Ok(verified) => {
                    assert!((at as u64) < header, "{name}: byte {at}");
                    assert_eq!(verified.digest, Digest::of(&damaged));
                }
                Err(problem) if (at as u64) < header => {
                    assert!(!problem.is_empty());
                }
                Err(problem) => {
                    assert!(problem.starts_with("span "), "{problem}");
                    assert!(problem.ends_with("the digest of its zTOC"), "{problem}");
                }
            }
        }
    }
}

#[test]
fn a_layer_that_is_cut_off_or_goes_on_is_refused() {
    let (layer, ztoc) = case("pax");
    for length in 0..layer.len() {
        let problem = verify(&layer[..length], ztoc.clone()).unwrap_err();
        assert!(
            problem.contains(&format!("the layer has {length} bytes")),
            "{problem}"
        );
    }
    let longer = [layer.as_slice(), b"more"].concat();
    assert!(verify(&longer, ztoc).unwrap_err().contains("3424 bytes"));
}

#[test]
fn checksums_count_even_where_digests_agree() {
    let (layer, ztoc) = case("pax");
    // What a builder without a look at the checksums would make of a damaged layer.
    for (at, expected) in [
        (layer.len() - 8, "the checksum of the gzip stream"),
        (layer.len() - 4, "the length of the gzip stream"),
    ] {
        let (mut damaged, mut ztoc) = (layer.clone(), ztoc.clone());
        damaged[at] ^= 1;
        let Spans::Gzip { digests, .. } = &mut ztoc.spans else {
            panic!("no gzip layer");
        };
        digests[2] = Digest::of(&damaged[2832..]);
        let problem = verify(&damaged, ztoc).unwrap_err();
        let expected = format!("span 2 (bytes 2832 to 3420): {expected} does not match");
        assert_eq!(problem, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// One byte of a zTOC is changed: refused, found, or of no importance to the layer.
    #[test]
    fn a_ztoc_with_a_damaged_byte_never_passes_for_another_layer(
        name in proptest::sample::select(&CASES[..]),
        at: Index,
        flip in 1_u8..,
    ) {
        let (layer, original) = case(name);
        let mut bytes = original.encode().unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(ztoc) = Ztoc::decode(&bytes)
            && verify(&layer, ztoc.clone()).is_ok()
        {
            // Only what is no statement about the layer may differ.
            let mut same = ztoc;
            same.build_tool.clone_from(&original.build_tool);
            match (&mut same.spans, &original.spans) {
                (Spans::Gzip { span_size, .. }, Spans::Gzip { span_size: was, .. }) => {
                    *span_size = *was;
                }
                (Spans::Uncompressed { .. }, Spans::Uncompressed { .. }) => {}
                _ => prop_assert!(false, "another algorithm passed"),
            }
            for (member, was) in same.members.iter_mut().zip(&original.members) {
                // The same instant may be written in several ways.
                member.mod_time.clone_from(&was.mod_time);
            }
            prop_assert!(same == original, "byte {} of {}", at, name);
        }
    }

    /// However an archive is compressed and cut into spans: what the indexer makes of it holds.
    #[test]
    fn what_the_indexer_builds_fits_the_layer(
        cuts in proptest::collection::vec(any::<Index>(), 0..4),
        flushes in proptest::collection::vec(any::<Index>(), 0..6),
        level in 0..=9_i32,
        span_size in 1_u64..30_000,
        compressed in proptest::bool::weighted(0.9),
    ) {
        let (tar, _) = case("uncompressed");
        let layer = if compressed {
            gzip_members(&tar, &cuts, &flushes, level)
        } else {
            tar.clone()
        };
        let mut indexer = LayerIndexer::new(IndexerOptions { span_size, ..IndexerOptions::default() });
        indexer.write(&layer);
        let indexed = indexer.finish();
        let ztoc = Ztoc::decode(&indexed.ztoc.unwrap().bytes).unwrap();
        let verified = verify(&layer, ztoc).unwrap();
        prop_assert_eq!(verified.digest, indexed.digest);
        prop_assert_eq!(Some(verified.diff_id), indexed.diff_id);
        prop_assert_eq!(verified.diff_id, Digest::of(&tar));
        prop_assert_eq!(verified.spans, indexed.spans);
        prop_assert_eq!(verified.members, indexed.members);
        prop_assert_eq!(verified.spans_across_members, 0);
    }
}

/// The bytes as gzip members that end at `cuts`, with deflate blocks that end at `flushes`.
fn gzip_members(bytes: &[u8], cuts: &[Index], flushes: &[Index], level: i32) -> Vec<u8> {
    let mut members = Vec::new();
    for member in split(bytes, cuts) {
        let pieces: Vec<_> = split(member, flushes)
            .into_iter()
            .map(|piece| (piece, DeflateFlush::SyncFlush))
            .collect();
        let stream = deflate_pieces(&pieces, level);
        members.extend(member_of(HEADER, &stream, member));
    }
    members
}

fn split<'a>(bytes: &'a [u8], at: &[Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = at.iter().map(|at| at.index(bytes.len() + 1)).collect();
    at.sort_unstable();
    at.push(bytes.len());
    let mut start = 0;
    at.into_iter()
        .map(|end| &bytes[std::mem::replace(&mut start, end)..end])
        .collect()
}
