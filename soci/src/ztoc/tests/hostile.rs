//! zTOCs that nobody should have made.

use proptest::prelude::*;

use super::*;
use crate::ztoc::flat::{Field, Reference, Writer};
use crate::ztoc::{checkpoints, field};

fn problem(bytes: &[u8]) -> String {
    Ztoc::decode(bytes).unwrap_err().problem
}

/// The problem of an official zTOC whose values were changed.
fn changed(name: &str, change: impl FnOnce(&mut Ztoc)) -> String {
    let mut ztoc = Ztoc::decode(&official(name)).unwrap();
    change(&mut ztoc);
    let problem = problem(&ztoc.encode().unwrap());
    // Whatever is refused when it is read is refused without bytes as well.
    assert_eq!(ztoc.check().unwrap_err().problem, problem);
    problem
}

fn assert_contains(problem: &str, expected: &str) {
    assert!(problem.contains(expected), "{expected}: {problem}");
}

#[test]
fn members_must_not_overlap() {
    for (problem, expected) in [
        (
            changed("pax", |ztoc| ztoc.members[0].offset = 511),
            "the member `./` begins before the end of its own header",
        ),
        (
            changed("pax", |ztoc| ztoc.members[2].size += 2048),
            "the member `./usr/two` begins before the end of its own header",
        ),
        (
            changed("pax", |ztoc| ztoc.members[2].size = i64::MAX as u64),
            "the member `./usr/one` ends behind the end of the archive",
        ),
        (
            changed("pax", |ztoc| ztoc.uncompressed_size = 19_643),
            "the member `./usr/one` ends behind the end of the archive",
        ),
    ] {
        assert_contains(&problem, expected);
    }
}

#[test]
fn times_must_be_readable() {
    for text in ["", "yesterday", "2023-11-14T22:13:20"] {
        let problem = changed("pax", |ztoc| ztoc.members[1].mod_time = text.into());
        let expected = format!("the member `./usr/` has the modification time `{text}`");
        assert_contains(&problem, &expected);
    }
}

#[test]
fn spans_must_follow_each_other() {
    fn gzip(change: impl FnOnce(&mut [Checkpoint])) -> String {
        changed("pax", |ztoc| match &mut ztoc.spans {
            Spans::Gzip { checkpoints, .. } => change(checkpoints),
            Spans::Uncompressed { .. } => panic!("no gzip layer"),
        })
    }
    for (problem, expected) in [
        (
            gzip(|spans| spans[0].input = 9),
            "span 0 begins at byte 9, inside of the gzip header",
        ),
        (
            gzip(|spans| spans[0].output = 1),
            "span 0 leaves out the first 1 bytes",
        ),
        (
            gzip(|spans| spans[1].input = 10),
            "span 0 begins at byte 10 of the layer and ends at byte 10",
        ),
        (
            gzip(|spans| spans[2].input = 3421),
            "span 2 begins at byte 3420 of the layer and ends at byte 3420",
        ),
        (
            gzip(|spans| spans[2].output = spans[1].output),
            "span 1 begins at byte 7681 of the archive and ends at byte 7681",
        ),
        (gzip(|spans| spans[1].bits = 8), "span 1 begins with 8 bits"),
    ] {
        assert_contains(&problem, expected);
    }
    // Behind the end of the archive, in GNU tar's padding, a last span may begin.
    let mut ztoc = Ztoc::decode(&official("pax")).unwrap();
    if let Spans::Gzip { checkpoints, .. } = &mut ztoc.spans {
        checkpoints[2].output = ztoc.uncompressed_size + 1;
    }
    assert!(Ztoc::decode(&ztoc.encode().unwrap()).is_ok());
}

#[test]
fn no_member_may_end_with_the_layer_where_a_slice_is_full() {
    let ends_at = |end: u64, span_size: u64| {
        let mut ztoc = Ztoc::decode(&official("uncompressed")).unwrap();
        let last = ztoc.members.last_mut().unwrap();
        (last.offset, last.size) = (end - 100, 100);
        let Spans::Uncompressed {
            span_size: size_of_spans,
            size,
            digests,
        } = &mut ztoc.spans
        else {
            panic!("compressed");
        };
        assert!(size.is_multiple_of(512) && !size.is_multiple_of(1000));
        *size_of_spans = span_size;
        let count = usize::try_from(size.div_ceil(span_size)).unwrap();
        *digests = vec![Digest::of("any"); count];
        ztoc.uncompressed_size = *size;
        ztoc.check()
    };
    let size = Ztoc::decode(&official("uncompressed"))
        .unwrap()
        .compressed_size;
    for span_size in [512, size] {
        let problem = ends_at(size, span_size).unwrap_err().to_string();
        assert_contains(
            &problem,
            "ends where the last span of an uncompressed layer is full",
        );
        assert_eq!(ends_at(size - 1, span_size), Ok(()));
    }
    assert_eq!(ends_at(size, 1000), Ok(()));
}

#[test]
fn slices_must_cover_the_layer() {
    fn slices(change: impl FnOnce(&mut u64, &mut u64, &mut Vec<Digest>)) -> String {
        changed("uncompressed", |ztoc| match &mut ztoc.spans {
            Spans::Uncompressed {
                span_size,
                size,
                digests,
            } => change(span_size, size, digests),
            Spans::Gzip { .. } => panic!("a gzip layer"),
        })
    }
    for (problem, expected) in [
        (slices(|span_size, _, _| *span_size = 0), "span size is 0"),
        (
            slices(|_, size, _| *size += 1),
            "its spans cover 20993 bytes of a layer of 20992",
        ),
        (
            slices(|_, _, digests| digests.truncate(5)),
            "it has 6 spans and 5 span digests",
        ),
        (
            slices(|span_size, _, _| *span_size = 1),
            "it has 20992 spans and 6 span digests",
        ),
    ] {
        assert_contains(&problem, expected);
    }
}

/// A zTOC without members, for what an encoder never writes.
struct Raw {
    version: &'static [u8],
    algorithm: i8,
    max_span_id: i32,
    digests: Vec<Vec<u8>>,
    checkpoints: Vec<u8>,
    compressed_size: i64,
    toc: fn(&mut Writer) -> Vec<Reference>,
}

impl Default for Raw {
    /// The official one of an empty archive.
    fn default() -> Self {
        let digest = b"sha256:908c06b91485a7988b275af1050eb216e0aa1fcf54eb4b58c668020da209db6c";
        let mut checkpoints = vec![0; checkpoints::gzip_length(1)];
        checkpoints[0] = 1;
        checkpoints[12] = 10;
        Self {
            version: b"0.9",
            algorithm: checkpoints::GZIP,
            max_span_id: 0,
            digests: vec![digest.to_vec()],
            checkpoints,
            compressed_size: 29,
            toc: |_| Vec::new(),
        }
    }
}

impl Raw {
    fn bytes(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(0);
        let version = writer.string(self.version);
        let build_tool = writer.string(b"nobody");
        let members = (self.toc)(&mut writer);
        let metadata = writer.references(&members);
        let toc = writer.table(&[(field::toc::METADATA, Field::To(metadata))]);
        let checkpoints = self.checkpoints.as_slice();
        let checkpoints = writer.bytes(checkpoints.len(), std::iter::once(checkpoints));
        let digests = self.digests.iter().map(|digest| writer.string(digest));
        let digests: Vec<Reference> = digests.collect();
        let digests = writer.references(&digests);
        let info = writer.table(&[
            (
                field::compression::MAX_SPAN_ID,
                Field::I32(self.max_span_id),
            ),
            (field::compression::SPAN_DIGESTS, Field::To(digests)),
            (field::compression::CHECKPOINTS, Field::To(checkpoints)),
            (
                field::compression::ALGORITHM,
                Field::I8 {
                    value: self.algorithm,
                    default: checkpoints::GZIP,
                },
            ),
        ]);
        let root = writer.table(&[
            (field::ztoc::VERSION, Field::To(version)),
            (field::ztoc::BUILD_TOOL, Field::To(build_tool)),
            (field::ztoc::TOC, Field::To(toc)),
            (
                field::ztoc::COMPRESSED_SIZE,
                Field::I64(self.compressed_size),
            ),
            (field::ztoc::UNCOMPRESSED_SIZE, Field::I64(1 << 40)),
            (field::ztoc::COMPRESSION_INFO, Field::To(info)),
        ]);
        writer.finish(root).unwrap()
    }
}

#[test]
fn what_no_encoder_writes_is_refused() {
    assert!(Ztoc::decode(&Raw::default().bytes()).is_ok());
    let raw = |change: fn(&mut Raw)| {
        let mut raw = Raw::default();
        change(&mut raw);
        problem(&raw.bytes())
    };
    for (problem, expected) in [
        (raw(|raw| raw.version = b"1.0"), "its version is `1.0`"),
        (raw(|raw| raw.algorithm = 3), "algorithm is number 3"),
        (raw(|raw| raw.algorithm = 0), "algorithm is number 0"),
        (
            raw(|raw| raw.max_span_id = 1),
            "it has 1 span digests, and 1 as the number of the last span",
        ),
        (
            raw(|raw| raw.max_span_id = i32::MIN),
            "-2147483648 as the number of the last span",
        ),
        (
            raw(|raw| raw.compressed_size = -1),
            "the compressed size is -1",
        ),
        (
            raw(|raw| raw.digests[0][0] = b'S'),
            "span 0 has `Sha256:908c06b",
        ),
        (
            raw(|raw| raw.digests[0] = b"sha256:\xff".to_vec()),
            "instead of a digest",
        ),
        (
            raw(|raw| raw.checkpoints.clear()),
            "its checkpoints have no header",
        ),
        (
            // One is claimed, and none is there.
            raw(|raw| raw.checkpoints.truncate(12)),
            "lack the first one",
        ),
        (
            // Version 1: two are claimed, and one is there.
            raw(|raw| raw.checkpoints[0] = 2),
            "soci-snapshotter before 0.1",
        ),
        (
            raw(|raw| raw.checkpoints[3] = 0xff),
            "it claims -16777215 checkpoints and has 32797 bytes of them",
        ),
        (
            raw(|raw| raw.checkpoints[3] = 0x7f),
            "it claims 2130706433 checkpoints",
        ),
        (
            raw(|raw| raw.checkpoints.push(0)),
            "it claims 1 checkpoints and has 32798 bytes",
        ),
        (
            raw(|raw| raw.checkpoints[19] = 0x80),
            "the input offset of span 0 is -9223372036854775798",
        ),
        (
            raw(|raw| raw.checkpoints[11] = 0x80),
            "the span size is -9223372036854775808",
        ),
    ] {
        assert_contains(&problem, expected);
    }
}

fn member(writer: &mut Writer, kind: &[u8], name: &[u8]) -> Reference {
    let kind = writer.string(kind);
    let name = writer.string(name);
    let time = writer.string(b"2023-11-14T22:13:20Z");
    writer.table(&[
        (field::member::NAME, Field::To(name)),
        (field::member::TYPE, Field::To(kind)),
        (field::member::OFFSET, Field::I64(512)),
        (field::member::MOD_TIME, Field::To(time)),
    ])
}

#[test]
fn absent_fields_have_their_default_and_types_are_known() {
    let raw = |toc| Raw {
        toc,
        ..Raw::default()
    };
    let ztoc = Ztoc::decode(&raw(|writer| vec![member(writer, b"reg", b"a")]).bytes()).unwrap();
    let [only] = ztoc.members.as_slice() else {
        panic!("{:?}", ztoc.members);
    };
    assert_eq!((&*only.name, only.size, only.uid), (&b"a"[..], 0, 0));
    assert!(only.linkname.is_empty() && only.pax.is_empty());
    let unknown = raw(|writer| vec![member(writer, b"sparse", b"a\x1b[31m")]).bytes();
    assert_contains(
        &problem(&unknown),
        "the member `a\\u{1b}[31m` has the unknown type `sparse`",
    );
}

#[test]
fn a_small_blob_cannot_claim_to_hold_much() {
    for toc in [
        // A hundred thousand times the same member: 4 bytes each.
        (|writer| vec![member(writer, b"reg", b"a"); 100_000]) as fn(&mut Writer) -> Vec<Reference>,
        // A thousand members with one long name.
        |writer| vec![member(writer, b"reg", &[b'a'; 10_000]); 1000],
        // One member with the same record again and again.
        |writer| {
            let (key, value) = (writer.string(&[b'k'; 100]), writer.string(b""));
            let record = writer.table(&[
                (field::xattr::KEY, Field::To(key)),
                (field::xattr::VALUE, Field::To(value)),
            ]);
            let records = writer.references(&vec![record; 100_000]);
            let kind = writer.string(b"reg");
            vec![writer.table(&[
                (field::member::TYPE, Field::To(kind)),
                (field::member::XATTRS, Field::To(records)),
            ])]
        },
        // Records of their own, but each of them two allocations for one byte.
        |writer| {
            let letter = writer.string(b"k");
            let record = |writer: &mut Writer| {
                writer.table(&[
                    (field::xattr::KEY, Field::To(letter)),
                    (field::xattr::VALUE, Field::To(letter)),
                ])
            };
            let records: Vec<_> = (0..100_000).map(|_| record(writer)).collect();
            let records = writer.references(&records);
            let kind = writer.string(b"reg");
            vec![writer.table(&[
                (field::member::TYPE, Field::To(kind)),
                (field::member::XATTRS, Field::To(records)),
            ])]
        },
    ] {
        let raw = Raw {
            toc,
            ..Raw::default()
        };
        assert_contains(&problem(&raw.bytes()), "far more than its size allows");
    }
}

/// Where a vector with this many elements begins.
fn vectors(bytes: &[u8], length: u32) -> Vec<usize> {
    let length = length.to_le_bytes();
    (0..bytes.len() - 4)
        .filter(|at| bytes[*at..*at + 4] == length)
        .collect()
}

#[test]
fn lengths_beyond_the_end_are_refused() {
    let bytes = official("uncompressed");
    // 14 members, 6 span digests of 71 characters each, a blob of 48 bytes.
    for (length, least) in [(14, 1), (71, 6), (48, 1), (6, 1)] {
        let places = vectors(&bytes, length);
        assert!(places.len() >= least, "{length}: {places:?}");
        for claimed in [u32::MAX, u32::MAX / 4, 1 << 30, 4000] {
            let mut refused = 0;
            for at in &places {
                let mut bytes = bytes.clone();
                bytes[*at..*at + 4].copy_from_slice(&claimed.to_le_bytes());
                refused += usize::from(Ztoc::decode(&bytes).is_err());
            }
            assert!(refused >= least, "{length} as {claimed}");
        }
    }
}

#[test]
fn a_blob_that_is_cut_off_is_refused() {
    let bytes = official("uncompressed");
    let whole = Ztoc::decode(&bytes).unwrap();
    for length in 0..bytes.len() {
        match Ztoc::decode(&bytes[..length]) {
            Err(error) => assert!(!error.problem.is_empty()),
            // The zero behind the last string is all that nobody reads.
            Ok(ztoc) => assert!(ztoc == whole && length + 1 == bytes.len(), "{length}"),
        }
    }
    let bytes = official("pax");
    for length in (0..bytes.len() - 1).step_by(101) {
        assert!(Ztoc::decode(&bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn values_beyond_the_format_are_not_written() {
    let ztoc = Ztoc::decode(&official("pax")).unwrap();
    let encode = |change: fn(&mut Ztoc)| {
        let mut ztoc = ztoc.clone();
        change(&mut ztoc);
        ztoc.encode().unwrap_err().to_string()
    };
    for (problem, expected) in [
        (
            encode(|ztoc| ztoc.compressed_size = u64::MAX),
            "the compressed size 18446744073709551615 does not fit into 63 bits",
        ),
        (
            encode(|ztoc| ztoc.members[3].offset = 1 << 63),
            "the offset of a member 9223372036854775808 does not fit into 63 bits",
        ),
        (
            encode(|ztoc| {
                if let Spans::Gzip { checkpoints, .. } = &mut ztoc.spans {
                    checkpoints[1].window = Box::default();
                }
            }),
            "the window of span 1 has 0 bytes instead of 32768",
        ),
    ] {
        assert_eq!(problem, expected);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = Ztoc::decode(&bytes);
    }

    #[test]
    fn what_is_read_from_damaged_bytes_can_be_written(
        name in proptest::sample::select(&["uncompressed", "empty", "gnu"][..]),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        // Windows are most of the bytes; the structure is in front of and behind them.
        near_the_ends: bool,
    ) {
        let mut bytes = official(name);
        let length = bytes.len();
        for (at, value) in changes {
            let at = if near_the_ends {
                (at.index(2048) + length - 1024) % length
            } else {
                at.index(length)
            };
            bytes[at] = value;
        }
        if let Ok(ztoc) = Ztoc::decode(&bytes) {
            let again = Ztoc::decode(&ztoc.encode().unwrap());
            prop_assert!(again == Ok(ztoc));
        }
    }
}
