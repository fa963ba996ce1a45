//! The tar reader against what Go's `archive/tar` made of the same archives: `testdata/tar/*/`
//! holds a `layer.tar` each, and in `expected.json` what Go found, and whether we find the same.
#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot be read fails the test"
)]

use std::fs;
use std::path::{Path, PathBuf};

use launchway_soci::Unindexable;
use launchway_soci::tar::{Contents, TarReader};
use serde_json::Value;

mod json;
mod properties;

/// Go takes an archive for complete that ends behind an extended header; we do not.
const NO_MEMBER: &str = "it ends behind an extended header, without the member that it is for";

fn read(archive: &[u8]) -> Result<Contents, Unindexable> {
    let mut reader = TarReader::default();
    reader.write(archive);
    reader.finish()
}

fn read_in_pieces(archive: &[u8], length: usize) -> Result<Contents, Unindexable> {
    let mut reader = TarReader::default();
    for piece in archive.chunks(length) {
        reader.write(piece);
    }
    reader.finish()
}

/// The folders of the cases, by name.
fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tar");
    let mut cases: Vec<PathBuf> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(cases.len() > 100, "{}", root.display());
    cases
}

fn archive(case: &Path) -> Vec<u8> {
    fs::read(case.join("layer.tar")).unwrap()
}

#[test]
fn reads_as_go_reads_or_refuses_by_name() {
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = fs::read_to_string(case.join("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let go_fails = expected["go"].get("error").is_some();
        let ours = json::outcome(&read(&archive(&case)));
        let right = match expected["ours"].as_str().unwrap() {
            "as Go" => !go_fails && ours == expected["go"],
            message => {
                let ours_only = message.starts_with("its member") || message.ends_with(NO_MEMBER);
                ours["error"] == message && (go_fails || ours_only)
            }
        };
        if !right {
            wrong.push(format!("{}:\n{ours:#}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pieces_of_any_length_give_the_same() {
    for case in cases() {
        let archive = archive(&case);
        let whole = read(&archive);
        for length in [1, 2, 511, 512, 513, 1000] {
            let pieces = read_in_pieces(&archive, length);
            assert_eq!(pieces, whole, "{} in pieces of {length}", case.display());
        }
    }
}

/// Where an archive may be cut: it reads as far as it goes, or it says that it was cut. Go takes a
/// cut at the end of a member, in its padding, or between the blocks of zeros for an end.
#[test]
fn a_cut_is_an_end_or_is_reported() {
    for name in ["kinds", "pax-all", "gnu-long", "end-two-blocks"] {
        let case = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("testdata/tar")
            .join(name);
        let archive = archive(&case);
        let whole = read(&archive).unwrap();
        let mut ends = 0;
        for length in 0..archive.len() {
            match read(&archive[..length]) {
                Ok(contents) => {
                    assert_eq!(
                        contents.end,
                        whole.end.min(length as u64),
                        "{name} at {length}"
                    );
                    assert!(
                        whole.members.starts_with(&contents.members),
                        "{name} at {length}"
                    );
                    ends += 1;
                }
                Err(Unindexable::Tar { offset, problem }) if problem.ends_with(NO_MEMBER) => {
                    assert_eq!(offset, length as u64);
                }
                Err(Unindexable::TruncatedArchive { offset }) => assert_eq!(offset, length as u64),
                Err(other) => panic!("{name} at {length}: {other}"),
            }
        }
        assert!(ends > 2 && ends < archive.len(), "{name}: {ends}");
    }
}
