//! Against what the official library built; `testdata/ztoc/make.py` tells how.

use std::fs;
use std::path::PathBuf;

mod hostile;

use super::*;
use crate::spans::Checkpoint;
use crate::testing::OFFICIAL_CASES as CASES;

fn case(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/ztoc")
        .join(name)
}

fn official(name: &str) -> Vec<u8> {
    fs::read(case(name).join("official.ztoc")).unwrap()
}

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

#[test]
fn names_in_messages_print_and_end() {
    for (name, printed) in [
        (&b"usr/bin"[..], "usr/bin".to_owned()),
        (b"\xff\n\x1b[m", "\u{fffd}\\n\\u{1b}[m".to_owned()),
        (&[b'n'; 200], "n".repeat(200)),
        (&[b'n'; 201], format!("{}\u{2026}", "n".repeat(200))),
        ("\u{e9}".repeat(200).as_bytes(), "\u{e9}".repeat(200)),
        (
            "\u{e9}".repeat(201).as_bytes(),
            format!("{}\u{2026}", "\u{e9}".repeat(200)),
        ),
    ] {
        assert_eq!(shown(name), printed);
    }
}
