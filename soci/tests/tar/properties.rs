//! Hostile archives: the cases of `testdata/tar`, damaged in all ways that a header allows. Nothing
//! panics, pieces give what the whole gives, and what is accepted makes a zTOC whose header offsets
//! can be computed.

use std::sync::LazyLock;

use launchway_soci::tar::Contents;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{archive, cases, read, read_in_pieces};

static ARCHIVES: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| cases().iter().map(|case| archive(case)).collect());

/// One thing done to an archive.
#[derive(Clone, Debug)]
enum Damage {
    /// Puts bytes at a place of a header, and mends its checksum.
    Header(Index, usize, Vec<u8>),
    /// Sets one byte anywhere.
    Byte(Index, u8),
    /// Cuts the rest off.
    Cut(Index),
    /// Repeats one block in front of another.
    Copy(Index, Index),
    /// Takes a block out.
    Drop(Index),
    /// Puts blocks of zeros in.
    Zeros(Index, usize),
}

/// Where the fields of a header begin.
const FIELDS: [usize; 16] = [
    0, 99, 100, 108, 116, 124, 136, 156, 157, 257, 263, 265, 329, 345, 476, 508,
];

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = prop_oneof![
        prop::collection::vec(select(b"01234567 \0/.\x80\xffxLKgS".to_vec()), 1..13),
        Just(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        Just(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe".to_vec()),
        Just(b"77777777777\0".to_vec()),
        Just(b"ustar\x0000".to_vec()),
        Just(b"ustar  \0".to_vec()),
        select(b"\x0001234567xgLKSD".to_vec()).prop_map(|flag| vec![flag]),
    ];
    prop_oneof![
        6 => (any::<Index>(), select(FIELDS.to_vec()), bytes)
            .prop_map(|(block, field, bytes)| Damage::Header(block, field, bytes)),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        1 => any::<Index>().prop_map(Damage::Cut),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Copy(from, to)),
        1 => any::<Index>().prop_map(Damage::Drop),
        1 => (any::<Index>(), 1..3_usize).prop_map(|(at, blocks)| Damage::Zeros(at, blocks)),
    ]
}

fn apply(damage: &Damage, archive: &mut Vec<u8>) {
    let blocks = archive.len() / 512;
    if blocks == 0 {
        return;
    }
    let block = |index: &Index| index.index(blocks) * 512;
    match damage {
        Damage::Header(index, field, bytes) => {
            let header = &mut archive[block(index)..][..512];
            let length = bytes.len().min(512 - field);
            header[*field..][..length].copy_from_slice(&bytes[..length]);
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        Damage::Byte(index, byte) => {
            let at = index.index(archive.len());
            archive[at] = *byte;
        }
        Damage::Cut(index) => archive.truncate(index.index(archive.len())),
        Damage::Copy(from, to) => {
            let copy = archive[block(from)..][..512].to_vec();
            let at = block(to);
            archive.splice(at..at, copy);
        }
        Damage::Drop(index) => {
            let at = block(index);
            archive.drain(at..at + 512);
        }
        Damage::Zeros(index, count) => {
            let at = block(index);
            archive.splice(at..at, vec![0; count * 512]);
        }
    }
}

/// What readers of a zTOC rely on.
fn check(contents: &Contents, archive: &[u8]) {
    assert!(contents.end <= archive.len() as u64);
    let mut header = 0;
    for member in &contents.members {
        assert!(header + 512 <= member.offset, "{member:?}");
        assert!(member.offset.is_multiple_of(512), "{member:?}");
        assert!(member.offset + member.size <= contents.end, "{member:?}");
        assert!(
            member.pax.is_sorted_by(|(a, _), (b, _)| a < b),
            "{member:?}"
        );
        header = (member.offset + member.size).next_multiple_of(512);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_archives(
        case in any::<Index>(),
        damages in prop::collection::vec(damage(), 1..6),
        piece in 1..2000_usize,
    ) {
        let mut archive = case.get(&ARCHIVES).clone();
        for damage in &damages {
            apply(damage, &mut archive);
        }
        let whole = read(&archive);
        prop_assert_eq!(&read_in_pieces(&archive, piece), &whole);
        if let Ok(contents) = &whole {
            check(contents, &archive);
        }
    }

    #[test]
    fn any_pax_payload(records in prop::collection::vec(
        prop_oneof![
            select(b"0123456789 =\n\0,+-.".to_vec()).prop_map(|byte| vec![byte]),
            select(vec!["path", "size", "mtime", "uid", "GNU.sparse.offset", "GNU.sparse.map"])
                .prop_map(|key| key.as_bytes().to_vec()),
            "[0-9]{1,3} [a-z]{1,4}=[a-z]{0,4}\n".prop_map(String::into_bytes),
        ],
        0..12,
    )) {
        let payload = records.concat();
        let mut archive = header(b'x', payload.len()).to_vec();
        archive.extend(&payload);
        archive.resize(archive.len().next_multiple_of(512), 0);
        archive.extend(header(b'0', 0));
        if let Ok(contents) = read(&archive) {
            check(&contents, &archive);
        }
    }
}

fn header(typeflag: u8, size: usize) -> [u8; 512] {
    let mut header = [0; 512];
    header[0] = b'a';
    header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    header[156] = typeflag;
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}
