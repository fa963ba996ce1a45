//! A directory with files for tests, from a short description.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;

/// A directory that is removed when the test ends.
pub(super) struct Source(TempDir);

impl Source {
    /// `a/` is a directory, `a -> b` a symbolic link, `a => b` a hard link; `a` and `a: text` are
    /// files. Directories above are made.
    pub(super) fn new(entries: &[&str]) -> Self {
        let source = Self(tempfile::tempdir().unwrap());
        for entry in entries {
            source.add(entry);
        }
        source
    }

    pub(super) fn add(&self, entry: &str) {
        let at = |name: &str| {
            let path = self.root().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            path
        };
        if let Some((link, target)) = entry.split_once(" -> ") {
            symlink(target, at(link)).unwrap();
        } else if let Some((link, target)) = entry.split_once(" => ") {
            fs::hard_link(self.root().join(target), at(link)).unwrap();
        } else if let Some((file, content)) = entry.split_once(": ") {
            fs::write(at(file), content).unwrap();
        } else if entry.ends_with('/') {
            fs::create_dir_all(at(entry)).unwrap();
        } else {
            fs::write(at(entry), "").unwrap();
        }
    }

    pub(super) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Sets the modification time, in nanoseconds since 1970.
    pub(super) fn set_mtime(&self, path: &str, nanoseconds: u64) {
        let file = fs::File::open(self.root().join(path)).unwrap();
        let time = UNIX_EPOCH + Duration::from_nanos(nanoseconds);
        file.set_modified(time).unwrap();
    }
}
