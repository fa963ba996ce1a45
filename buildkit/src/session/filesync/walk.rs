//! Walks a directory and gives the entries that a filter wants, as the receiver demands them.
//!
//! Order: depth first, bytewise by name within a directory, every directory before its entries.
//! The second and later names of an inode are hard links to the first one that is sent. Entries
//! that vanish meanwhile are left out. Everything here blocks; content is not read.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bollard_buildkit_proto::fsutil::types::Stat;

use super::SendError;
use super::filter::{Filter, Inherited, Verdict};
use super::follow::is_gone;
use super::record::SendPass;
use super::stat::{XattrReader, stat};

/// Takes the entries one by one. An error ends the walk.
pub(super) trait Sink {
    /// Called at every entry, also at those that are not sent.
    fn proceed(&self) -> Result<(), SendError>;
    /// The next entry. `socket`: it looks like an empty file, but cannot be opened.
    fn entry(&mut self, stat: Stat, socket: bool) -> Result<(), SendError>;
}

/// Walks `root`. With a `pass`, the modification times sent are those that it says.
pub(super) fn walk(
    root: &Path,
    filter: &Filter,
    pass: Option<&mut SendPass>,
    sink: &mut dyn Sink,
) -> Result<(), SendError> {
    let unusable = |source| SendError::Root {
        root: root.to_owned(),
        source,
    };
    // A link to the root is followed, unlike all links inside it.
    let root = root.canonicalize().map_err(unusable)?;
    let names = sorted_names(&root).map_err(unusable)?;
    let mut path = root.into_os_string().into_vec();
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    let mut walk = Walk {
        filter,
        pass,
        sink,
        root_len: path.len(),
        path,
        parents: Vec::new(),
        links: HashMap::new(),
        xattrs: XattrReader::new(),
    };
    walk.entries(names, &Inherited::default())
}

struct Walk<'a> {
    filter: &'a Filter,
    pass: Option<&'a mut SendPass>,
    sink: &'a mut dyn Sink,
    /// The absolute path of the current entry; what follows `root_len` is sent.
    path: Vec<u8>,
    root_len: usize,
    /// The directories above the current entry.
    parents: Vec<Parent>,
    /// First names of inodes that have several, by device and inode.
    links: HashMap<(u64, u64), FirstName>,
    xattrs: XattrReader,
}

struct Parent {
    /// How much of `Walk::path` names it.
    path_len: usize,
    sent: bool,
}

struct FirstName {
    path: String,
    /// As sent: the names share an inode on the other side too.
    mod_time: i64,
}

impl Walk<'_> {
    /// Visits the entries of the directory that `path` names; it is the same afterwards.
    fn entries(
        &mut self,
        names: Vec<(OsString, FileType)>,
        inherited: &Inherited,
    ) -> Result<(), SendError> {
        let len = self.path.len();
        for (name, kind) in names {
            self.sink.proceed()?;
            self.path.extend_from_slice(name.as_bytes());
            if kind.is_dir() {
                self.directory(inherited)?;
            } else if self.judge(|filter, path| filter.file(path, inherited)) == Verdict::Send {
                self.send()?;
            }
            self.path.truncate(len);
        }
        Ok(())
    }

    fn directory(&mut self, inherited: &Inherited) -> Result<(), SendError> {
        let mut own = Inherited::default();
        let verdict = self.judge(|filter, path| filter.directory(path, inherited, &mut own));
        let sent = match verdict {
            Verdict::Skip => return Ok(()),
            // Nothing below could be sent, and nothing asks for it by name.
            Verdict::LookInside if self.utf8_path().is_none() => return Ok(()),
            Verdict::LookInside => false,
            Verdict::Send => self.send()?,
        };
        if verdict == Verdict::Send && !sent {
            return Ok(());
        }
        let names = match sorted_names(self.fs_path(self.path.len())) {
            Ok(names) => names,
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) if !sent && error.kind() == io::ErrorKind::PermissionDenied => {
                return Ok(());
            }
            Err(error) => return Err(SendError::read(&self.lossy_path(), error)),
        };
        self.parents.push(Parent {
            path_len: self.path.len(),
            sent,
        });
        self.path.push(b'/');
        let result = self.entries(names, &own);
        self.parents.pop();
        result
    }

    /// Sends the current entry, and first the directories above it that were not. `false` if it
    /// vanished.
    fn send(&mut self) -> Result<bool, SendError> {
        for index in 0..self.parents.len() {
            let Parent { path_len, sent } = self.parents[index];
            if !sent {
                if !self.send_path(path_len)? {
                    return Ok(false);
                }
                self.parents[index].sent = true;
            }
        }
        self.send_path(self.path.len())
    }

    /// Sends the entry that the first `len` bytes of `path` name. `false` if it vanished.
    fn send_path(&mut self, len: usize) -> Result<bool, SendError> {
        match self.describe(len) {
            Ok((stat, socket)) => self.sink.entry(stat, socket).map(|()| true),
            Err(SendError::Read { source, .. }) if is_gone(&source) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn describe(&mut self, len: usize) -> Result<(Stat, bool), SendError> {
        use std::os::unix::fs::FileTypeExt;

        let full = Path::new(std::ffi::OsStr::from_bytes(&self.path[..len]));
        let Ok(path) = std::str::from_utf8(&self.path[self.root_len..len]) else {
            return Err(SendError::NotUtf8 {
                path: self.lossy_path(),
            });
        };
        let failed = |source| SendError::read(path, source);
        let metadata = full.symlink_metadata().map_err(failed)?;
        let kind = metadata.file_type();
        let mut stat = stat(path, &metadata);
        if kind.is_symlink() {
            let target = std::fs::read_link(full).map_err(failed)?;
            stat.linkname = utf8(target)?;
        } else if !kind.is_dir() {
            link_or_first(&mut self.links, &mut self.pass, &metadata, &mut stat);
        }
        stat.xattrs = self.xattrs.read(full).map_err(failed)?;
        Ok((stat, kind.is_socket()))
    }

    /// Asks the filter. A name that is not UTF-8 is judged by its lossy form, so that it can be
    /// excluded.
    fn judge(&self, ask: impl FnOnce(&Filter, &str) -> Verdict) -> Verdict {
        match self.utf8_path() {
            Some(path) => ask(self.filter, path),
            None => ask(self.filter, &self.lossy_path()),
        }
    }

    fn utf8_path(&self) -> Option<&str> {
        std::str::from_utf8(&self.path[self.root_len..]).ok()
    }

    fn lossy_path(&self) -> String {
        String::from_utf8_lossy(&self.path[self.root_len..]).into_owned()
    }

    fn fs_path(&self, len: usize) -> &Path {
        Path::new(std::ffi::OsStr::from_bytes(&self.path[..len]))
    }
}

/// Makes `stat` a hard link if its inode was sent before under another name. If not, it gets the
/// modification time of the record, and is remembered if there are other names.
fn link_or_first(
    links: &mut HashMap<(u64, u64), FirstName>,
    pass: &mut Option<&mut SendPass>,
    metadata: &Metadata,
    stat: &mut Stat,
) {
    let key = (metadata.dev(), metadata.ino());
    let linked = metadata.nlink() > 1;
    if linked && let Some(first) = links.get(&key) {
        stat.linkname.clone_from(&first.path);
        stat.mod_time = first.mod_time;
        return;
    }
    if metadata.is_file()
        && let Some(pass) = pass
    {
        stat.mod_time = pass.sent_mtime(&stat.path, metadata);
    }
    if linked {
        let first = FirstName {
            path: stat.path.clone(),
            mod_time: stat.mod_time,
        };
        links.insert(key, first);
    }
}

fn utf8(target: PathBuf) -> Result<String, SendError> {
    target
        .into_os_string()
        .into_string()
        .map_err(|target| SendError::NotUtf8 {
            path: target.to_string_lossy().into_owned(),
        })
}

fn sorted_names(directory: &Path) -> io::Result<Vec<(OsString, FileType)>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        match entry.file_type() {
            Ok(kind) => names.push((entry.file_name(), kind)),
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    names.sort_unstable_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
    Ok(names)
}
