//! Against what the official library built; `testdata/ztoc/make.py` tells how.

use std::fs;
use std::path::PathBuf;

mod hostile;

use super::*;
use crate::spans::Checkpoint;

fn case(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/ztoc")
        .join(name)
}

fn official(name: &str) -> Vec<u8> {
    fs::read(case(name).join("official.ztoc")).unwrap()
}

const CASES: [&str; 9] = [
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

#[test]
fn all_cases_are_tested() {
    let folders = fs::read_dir(case("")).unwrap();
    let found = folders
        .filter(|entry| entry.as_ref().unwrap().path().is_dir())
        .count();
    assert_eq!(found, CASES.len());
}

#[test]
fn official_ztocs_are_read_and_written_again_byte_for_byte() {
    for name in CASES {
        let bytes = official(name);
        let ztoc = Ztoc::decode(&bytes).unwrap();
        assert_eq!(ztoc.build_tool, "AWS SOCI CLI v0.2", "{name}");
        let layer = fs::metadata(case(name).join("layer")).unwrap();
        assert_eq!(ztoc.compressed_size, layer.len(), "{name}");
        assert!(ztoc.encode().unwrap() == bytes, "{name}");
    }
}
