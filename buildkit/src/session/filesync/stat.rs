//! File metadata as the protocol has it: Go's mode bits, device numbers, extended attributes.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bollard_buildkit_proto::fsutil::types::Stat;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;

/// Go's `os.FileMode`. The type bits that are left out belong to types that are never sent.
const MODE_DIR: u32 = 1 << 31;
const MODE_SYMLINK: u32 = 1 << 27;
const MODE_DEVICE: u32 = 1 << 26;
const MODE_NAMED_PIPE: u32 = 1 << 25;
const MODE_SETUID: u32 = 1 << 23;
const MODE_SETGID: u32 = 1 << 22;
const MODE_CHAR_DEVICE: u32 = 1 << 21;
const MODE_STICKY: u32 = 1 << 20;

/// Whether content may be requested for an entry of this mode. A socket looks like an empty file.
pub(super) fn has_content(mode: u32) -> bool {
    mode & (MODE_DIR | MODE_SYMLINK | MODE_DEVICE | MODE_NAMED_PIPE | MODE_CHAR_DEVICE) == 0
}

/// Everything but links and attributes. Owners are not sent: a context belongs to root.
pub(super) fn stat(path: &str, metadata: &Metadata) -> Stat {
    let mode = go_mode(metadata.mode());
    let mut stat = Stat {
        path: path.to_owned(),
        mode,
        mod_time: mtime_ns(metadata),
        ..Stat::default()
    };
    if mode & MODE_DIR == 0 {
        stat.size = metadata.size().cast_signed();
    }
    if mode & MODE_DEVICE != 0 {
        let device = metadata.rdev();
        stat.devmajor = ((device >> 8) & 0xfff).cast_signed();
        stat.devminor = ((device & 0xff) | ((device >> 12) & 0xf_ff00)).cast_signed();
    }
    stat
}

/// The modification time in nanoseconds since 1970.
pub(super) fn mtime_ns(metadata: &Metadata) -> i64 {
    nanoseconds(metadata.mtime(), metadata.mtime_nsec())
}

/// The time of the last change to content or inode, in nanoseconds since 1970.
pub(super) fn ctime_ns(metadata: &Metadata) -> i64 {
    nanoseconds(metadata.ctime(), metadata.ctime_nsec())
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(nanoseconds)
}

/// Translates `st_mode`.
fn go_mode(mode: u32) -> u32 {
    let kind = match mode & 0o170_000 {
        0o040_000 => MODE_DIR,
        0o120_000 => MODE_SYMLINK,
        0o010_000 => MODE_NAMED_PIPE,
        0o060_000 => MODE_DEVICE,
        0o020_000 => MODE_DEVICE | MODE_CHAR_DEVICE,
        // A regular file, or a socket, whose bit fsutil clears: image layers have no sockets.
        _ => 0,
    };
    let special = [
        (0o4000, MODE_SETUID),
        (0o2000, MODE_SETGID),
        (0o1000, MODE_STICKY),
    ]
    .into_iter()
    .filter(|(bit, _)| mode & bit != 0)
    .fold(0, |bits, (_, go)| bits | go);
    kind | special | (mode & 0o777)
}

/// Reads extended attributes, with buffers that live as long as the walk.
#[derive(Debug)]
pub(super) struct XattrReader {
    names: Vec<u8>,
    value: Vec<u8>,
}

impl XattrReader {
    pub(super) fn new() -> Self {
        Self {
            names: Vec::with_capacity(1024),
            value: Vec::with_capacity(1024),
        }
    }

    /// The attributes of `path` itself, not of what it links to. Those that belong to macOS are
    /// left out, as are those that vanish or may not be read.
    pub(super) fn read(&mut self, path: &Path) -> std::io::Result<HashMap<String, Vec<u8>>> {
        let listed = fill(&mut self.names, |names| {
            rustix::fs::llistxattr(path, spare_capacity(names))
        });
        match listed {
            Ok(()) if self.names.is_empty() => return Ok(HashMap::new()),
            Ok(()) => {}
            Err(Errno::NOTSUP) => return Ok(HashMap::new()),
            Err(error) => return Err(error.into()),
        }
        let mut xattrs = HashMap::new();
        for name in self.names.split(|byte| *byte == 0) {
            let Ok(name) = std::str::from_utf8(name) else {
                continue;
            };
            if name.is_empty() || name.starts_with("com.apple.") {
                continue;
            }
            let read = fill(&mut self.value, |value| {
                rustix::fs::lgetxattr(path, name, spare_capacity(value))
            });
            if read.is_ok() {
                xattrs.insert(name.to_owned(), self.value.clone());
            }
        }
        Ok(xattrs)
    }
}

/// Calls `read` with an emptied buffer, which is doubled until everything fits.
fn fill(
    buffer: &mut Vec<u8>,
    mut read: impl FnMut(&mut Vec<u8>) -> Result<usize, Errno>,
) -> Result<(), Errno> {
    loop {
        buffer.clear();
        match read(buffer) {
            // No list and no value is larger than 64 KiB on Linux.
            Err(Errno::RANGE) if buffer.capacity() <= 1 << 20 => {
                buffer.reserve(buffer.capacity() * 2);
            }
            other => return other.map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_modes() {
        #[rustfmt::skip]
        let table = [
            // st_mode       Go's mode                        has content
            (0o100_644,      0o644,                           true),
            (0o106_755,      (1 << 23) | (1 << 22) | 0o755,   true),
            (0o041_777,      (1 << 31) | (1 << 20) | 0o777,   false),
            (0o120_777,      (1 << 27) | 0o777,               false),
            (0o010_600,      (1 << 25) | 0o600,               false),
            (0o060_660,      (1 << 26) | 0o660,               false),
            (0o020_660,      (1 << 26) | (1 << 21) | 0o660,   false),
            (0o140_755,      0o755,                           true),
        ];
        for (mode, expected, content) in table {
            assert_eq!(go_mode(mode), expected, "{mode:o}");
            assert_eq!(has_content(expected), content, "{mode:o}");
        }
    }

    #[test]
    fn attributes_beyond_the_first_buffer() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("f");
        std::fs::write(&file, "").unwrap();
        let large = vec![7; 3000];
        let set = |name: &str, value: &[u8]| {
            rustix::fs::setxattr(&file, name, value, rustix::fs::XattrFlags::empty()).unwrap();
        };
        set("user.large", &large);
        set("user.empty", b"");
        set("user.com.apple.kept", b"1");
        let mut reader = XattrReader::new();
        let xattrs = reader.read(&file).unwrap();
        assert_eq!(xattrs["user.large"], large);
        assert_eq!(xattrs["user.empty"], b"");
        assert_eq!(xattrs["user.com.apple.kept"], b"1");
        std::fs::write(directory.path().join("plain"), "").unwrap();
        let none = reader.read(&directory.path().join("plain")).unwrap();
        assert!(!none.contains_key("user.large"), "the buffer is reused");
    }
}
