//! Looking for secrets that a test planted, in every file of a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Fails when one of the secrets is in a file of the folder; returns how many files there are.
#[track_caller]
pub(crate) fn assert_clean(folder: &Path, secrets: &[&str]) -> usize {
    let (count, found) = search(folder, secrets);
    assert!(found.is_empty(), "{found:#?}");
    count
}

/// The files of the folder that hold one of the texts, as they are or unpacked, each with the
/// text; and how many files there are.
pub(crate) fn search(folder: &Path, texts: &[&str]) -> (usize, Vec<(String, PathBuf)>) {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let mut found = Vec::new();
    for path in &paths {
        // A daemon may remove its own files meanwhile.
        let bytes = fs::read(path).unwrap_or_default();
        let unpacked = if bytes.starts_with(&GZIP) {
            unpacked(path)
        } else {
            Vec::new()
        };
        for text in texts {
            if contains(&bytes, text) || contains(&unpacked, text) {
                found.push(((*text).to_owned(), path.clone()));
            }
        }
    }
    (paths.len(), found)
}

fn contains(bytes: &[u8], secret: &str) -> bool {
    let mut windows = bytes.windows(secret.len());
    windows.any(|part| part == secret.as_bytes())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            files(&path, found);
        } else if kind.is_file() {
            found.push(path);
        }
    }
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut gzip = Command::new("gzip");
    gzip.arg("-dc").stdin(fs::File::open(path).unwrap());
    // One that breaks off is looked at as far as it goes.
    gzip.output().unwrap().stdout
}
