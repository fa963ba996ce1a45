//! Writing files of a release so that a reader never sees half of one.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// What went wrong.
    #[source]
    pub source: io::Error,
}

/// Replaces `path` with `contents` in one step: a full disk or a crash leaves the old file.
/// Creates the folder.
pub fn write_atomically(path: &Path, contents: &[u8]) -> Result<(), WriteError> {
    write_atomically_with(path, |file| file.write_all(contents))
}

/// As [`write_atomically`], with contents that `fill` writes piece by piece.
pub fn write_atomically_with(
    path: &Path,
    fill: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let write = || -> io::Result<()> {
        let folder = folder_of(path);
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(".launchway-")
            .tempfile_in(folder)?;
        let mut buffer = io::BufWriter::new(file.as_file_mut());
        fill(&mut buffer)?;
        buffer.flush()?;
        drop(buffer);
        file.as_file().sync_all()?;
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        file.as_file().set_permissions(permissions)?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|source| WriteError {
        path: path.to_owned(),
        source,
    })
}

/// Whether `path` could be written, found out before there is anything to write: makes the folder
/// and a file in it that is gone again.
pub fn check_writable(path: &Path) -> Result<(), WriteError> {
    let folder = folder_of(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| {
            tempfile::Builder::new()
                .prefix(".launchway-")
                .tempfile_in(folder)
        })
        .map(drop)
        .map_err(|source| WriteError {
            path: path.to_owned(),
            source,
        })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_half_written_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        write_atomically(&path, b"one").unwrap();
        let failed = write_atomically_with(&path, |file| {
            file.write_all(b"two")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(
            failed.unwrap_err().source.kind(),
            io::ErrorKind::StorageFull
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn replaces_and_creates_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/release.json");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1
        );
    }

    #[test]
    fn names_the_file_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let error = write_atomically(&folder.path().join("file/release.json"), b"").unwrap_err();
        assert!(error.to_string().ends_with("file/release.json"), "{error}");
        let error = check_writable(&folder.path().join("file/x")).unwrap_err();
        assert!(error.to_string().ends_with("file/x"), "{error}");
        check_writable(&folder.path().join("new/x")).unwrap();
        assert_eq!(
            std::fs::read_dir(folder.path().join("new"))
                .unwrap()
                .count(),
            0
        );
    }
}
