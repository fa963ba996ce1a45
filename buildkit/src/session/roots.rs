//! The folders that a session serves, by the name that the daemon uses.
//!
//! A folder's name is made from its path, so that it is the same in every run: the daemon then
//! finds its copy from last time, and never the copy of another folder. It asks for
//! `<name>-dockerfile` or `<name>-<named context>`, which are all the same folder. Only the main
//! context has a name that cannot be chosen; see [`super::links`].

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// Characters of a name: 64 bits of a hash, and hexadecimal so that it holds no `-` or `:`.
const NAME_LENGTH: usize = 16;

/// The name of a folder: the first 16 hexadecimal digits of the SHA-256 of its canonical path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootName(String);

impl RootName {
    fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        let mut name = hex::encode(hash.finalize());
        name.truncate(NAME_LENGTH);
        Self(name)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RootName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Root {
    /// A folder on disk, canonical.
    Directory(PathBuf),
    /// A few files without a folder, by name.
    Files(Arc<BTreeMap<String, Bytes>>),
}

#[derive(Debug, Default)]
pub(super) struct Roots(Mutex<BTreeMap<RootName, Root>>);

impl Roots {
    /// Adds a folder; adding it again changes nothing.
    pub(super) fn add_directory(&self, path: &Path) -> io::Result<RootName> {
        let path = path.canonicalize()?;
        if !path.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let name = RootName::of(&[path.as_os_str().as_encoded_bytes()]);
        self.insert(name.clone(), Root::Directory(path));
        Ok(name)
    }

    /// Adds files that exist only in memory.
    pub(super) fn add_files(&self, files: BTreeMap<String, Bytes>) -> RootName {
        // A path never begins with NUL: no folder has this name.
        let mut parts: Vec<&[u8]> = vec![b"\0files"];
        for (name, data) in &files {
            parts.extend([&b"\0"[..], name.as_bytes(), b"\0", data]);
        }
        let name = RootName::of(&parts);
        self.insert(name.clone(), Root::Files(Arc::new(files)));
        name
    }

    /// What the daemon means by a `dir-name`.
    pub(super) fn find(&self, dir_name: &str) -> Option<Root> {
        let (prefix, _) = dir_name.split_once('-')?;
        self.get(&RootName(prefix.to_owned()))
    }

    pub(super) fn get(&self, name: &RootName) -> Option<Root> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    fn insert(&self, name: RootName, root: Root) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, root);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_follows_the_folder_and_not_how_it_is_written() {
        let temp = tempfile::tempdir().unwrap();
        let (one, two) = (temp.path().join("one"), temp.path().join("two"));
        std::fs::create_dir(&one).unwrap();
        std::fs::create_dir(&two).unwrap();
        let roots = Roots::default();
        let name = roots.add_directory(&one).unwrap();
        assert_eq!(name.as_str().len(), 16);
        assert_eq!(roots.add_directory(&two.join("../one")).unwrap(), name);
        assert_ne!(roots.add_directory(&two).unwrap(), name);
        let Some(Root::Directory(found)) = roots.find(&format!("{name}-context")) else {
            panic!("not found")
        };
        assert_eq!(found, one.canonicalize().unwrap());
    }

    #[test]
    fn serves_nothing_that_was_not_added() {
        let roots = Roots::default();
        let name = roots.add_files(BTreeMap::from([("Dockerfile".into(), "FROM a".into())]));
        assert!(roots.find(&format!("{name}-dockerfile")).is_some());
        for dir_name in [
            "context",
            "",
            name.as_str(),
            "0000000000000000-context",
            "/etc-context",
        ] {
            assert!(roots.find(dir_name).is_none(), "{dir_name}");
        }
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(
            roots.add_directory(&file).unwrap_err().kind(),
            io::ErrorKind::NotADirectory
        );
        let missing = temp.path().join("missing");
        assert_eq!(
            roots.add_directory(&missing).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }
}
