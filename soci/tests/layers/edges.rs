//! Odd, broken and hostile layers: `testdata/tools/soci-oracle/edge-layers.py` writes them, and
//! [`table`] says what is expected of each, so that a change is noticed.

mod table;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use launchway_soci::DEFAULT_SPAN_SIZE;

use crate::index::{check, index, verify};
use crate::oracle::{Library, reads_back};
use crate::workers::for_each;
use Official::{ReadsBack, Refuses, Unreadable};
use Ours::{Differs, LeftOut, Same};

/// Gives an ordinary edge layer a hundred spans.
const SMALL_SPAN: u64 = 80_021;

/// What the official library makes of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Official {
    /// The zTOC of v0.15, or of v0.11 if v0.15 builds none, reads back in both.
    ReadsBack,
    /// It builds a zTOC that gives missing files, wrong contents or I/O errors.
    Unreadable,
    /// It builds none, and the whole image fails.
    Refuses,
}

/// What we make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ours {
    /// The same bytes as the official zTOC.
    Same,
    /// Other bytes, which read back in both versions.
    Differs,
    /// No zTOC; the reason holds these words.
    LeftOut(&'static str),
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
struct Expected {
    layer: &'static str,
    official: Official,
    ours: Ours,
}

/// What was found of a layer.
struct Found {
    official: Official,
    ours: Result<bool, String>,
}

impl Found {
    fn matches(&self, expected: &Expected) -> bool {
        self.official == expected.official
            && match (&self.ours, expected.ours) {
                (Ok(same), Same) => *same,
                (Ok(same), Differs) => !*same,
                (Err(reason), LeftOut(words)) => reason.contains(words),
                _ => false,
            }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, ", self.official)?;
        match &self.ours {
            Ok(true) => write!(f, "Same"),
            Ok(false) => write!(f, "Differs"),
            Err(reason) => write!(f, "LeftOut(\"{reason}\")"),
        }
    }
}

/// Indexes a layer here and there. An error is something that must not be, whatever was expected.
fn look_at(layer: &Path) -> Result<Found, String> {
    let indexed = index(layer, DEFAULT_SPAN_SIZE);
    let official = Library::V0_15
        .build(layer, DEFAULT_SPAN_SIZE)
        .or_else(|_| Library::V0_11.build(layer, DEFAULT_SPAN_SIZE));
    let official_reads_back = official
        .as_ref()
        .is_ok_and(|official| reads_back(layer, official).is_ok());
    check(layer, &indexed)?;
    if let Ok(ours) = &indexed.ztoc
        && !(official_reads_back && official.as_ref() == Ok(&ours.bytes))
    {
        reads_back(layer, &ours.bytes).map_err(|problem| format!("ours: {problem}"))?;
    }
    if let Ok(official) = &official
        && official_reads_back
        && let Ok(ours) = &indexed.ztoc
        && ours.bytes != *official
    {
        verify(layer, official)
            .map_err(|problem| format!("our verifier refuses the official zTOC: {problem}"))?;
    }
    Ok(Found {
        official: match &official {
            Err(_) => Refuses,
            Ok(_) if official_reads_back => ReadsBack,
            Ok(_) => Unreadable,
        },
        ours: indexed
            .ztoc
            .map(|ours| official.as_ref() == Ok(&ours.bytes))
            .map_err(|reason| reason.to_string()),
    })
}

/// The layers, written by the first test that asks for them.
fn layers() -> &'static [PathBuf] {
    static LAYERS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    LAYERS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edge-layers");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../testdata/tools/soci-oracle/edge-layers.py");
        let status = Command::new("python3")
            .arg(&script)
            .arg(&folder)
            .status()
            .unwrap();
        assert!(status.success(), "{} failed", script.display());
        let entries = fs::read_dir(&folder).unwrap();
        let mut layers: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        layers.sort();
        layers
    })
}

fn name(layer: &Path) -> String {
    layer.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn edge_layers_are_indexed_as_the_table_says() {
    let layers = layers();
    let written: BTreeSet<String> = layers.iter().map(|layer| name(layer)).collect();
    let listed: BTreeSet<String> = table::TABLE
        .iter()
        .map(|line| line.layer.to_owned())
        .collect();
    let unwritten: Vec<&String> = listed.difference(&written).collect();
    assert!(unwritten.is_empty(), "in the table only: {unwritten:?}");
    for_each(layers, |layer| {
        let name = name(layer);
        let found = look_at(layer).map_err(|problem| format!("{name}: {problem}"))?;
        match table::TABLE.iter().find(|line| line.layer == name) {
            Some(expected) if found.matches(expected) => Ok(()),
            Some(expected) => Err(format!("{name}: {found}; expected {expected:?}")),
            None => Err(format!("{name}: {found}; not in the table")),
        }
    });
}

#[test]
fn edge_layers_have_the_same_ztocs_with_small_spans() {
    let layers: Vec<&PathBuf> = layers()
        .iter()
        .filter(|layer| {
            let same = |line: &&Expected| line.official == ReadsBack && line.ours == Same;
            // Where members begin, spans begin; the official builder has that for large ones only.
            !name(layer).starts_with("member")
                && fs::metadata(layer).unwrap().len() > 300_000
                && table::TABLE
                    .iter()
                    .filter(same)
                    .any(|line| line.layer == name(layer))
        })
        .collect();
    assert!(layers.len() > 10, "{layers:?}");
    for_each(&layers, |layer| {
        let complain = |problem: String| format!("{}: {problem}", name(layer));
        let official = Library::V0_15
            .build(layer, SMALL_SPAN)
            .or_else(|_| Library::V0_11.build(layer, SMALL_SPAN))
            .map_err(complain)?;
        let indexed = index(layer, SMALL_SPAN);
        check(layer, &indexed).map_err(complain)?;
        let ours = indexed
            .ztoc
            .map_err(|reason| complain(reason.to_string()))?;
        if ours.bytes == official {
            Ok(())
        } else {
            Err(complain("differs".to_owned()))
        }
    });
}
