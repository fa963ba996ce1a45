//! The file of a record: reading, locking, and writing in one step.
//!
//! All numbers are little-endian:
//!
//! ```text
//! magic                   16 bytes, with the version
//! generation shift count  u32 each
//! count times: path_len u32, path, seen u32, variants u8,
//!   variants times, newest first: mtime i64, size u64, inode u64, ctime i64, sent i64
//! SHA-256 of all this     32 bytes
//! ```
//!
//! Entries are sorted by path. A file that is not exactly like this is malformed as a whole.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use super::{Contents, History, Identity, RecordError, Variant};

const MAGIC: &[u8; 16] = b"lw-send-record1\n";
const CHECKSUM: usize = 32;
const VARIANT: usize = 40;

/// Tells versions of the file apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    mtime: (i64, i64),
    size: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            size: metadata.size(),
        }
    }
}

/// The version of the file that is there now.
pub(super) fn stamp(file: &Path) -> Option<Stamp> {
    Some(Stamp::of(&file.metadata().ok()?))
}

/// `None` if there is no file.
pub(super) fn read(file: &Path) -> Result<Option<(Contents, Stamp)>, RecordError> {
    let unreadable = |source| RecordError::Read {
        file: file.to_owned(),
        source,
    };
    let mut open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let stamp = Stamp::of(&open.metadata().map_err(unreadable)?);
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut open, &mut bytes).map_err(unreadable)?;
    let contents = decode(&bytes).ok_or_else(|| RecordError::Malformed {
        file: file.to_owned(),
    })?;
    Ok(Some((contents, stamp)))
}

/// Keeps other processes from writing until the result is dropped. Makes the directory.
pub(super) fn lock(file: &Path) -> io::Result<File> {
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let lock = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(file.with_extension("lock"))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    Ok(lock)
}

/// Replaces the file in one step. The caller holds the lock.
pub(super) fn write(file: &Path, contents: &Contents) -> io::Result<Stamp> {
    let temporary = file.with_extension("tmp");
    std::fs::write(&temporary, encode(contents))?;
    let stamp = Stamp::of(&temporary.metadata()?);
    std::fs::rename(&temporary, file)?;
    Ok(stamp)
}

fn encode(contents: &Contents) -> Vec<u8> {
    let mut sorted: Vec<_> = contents.histories.iter().collect();
    sorted.sort_unstable_by_key(|(path, _)| *path);
    let mut out = Vec::with_capacity(64 + sorted.len() * 128);
    out.extend_from_slice(MAGIC);
    let small = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    for number in [contents.generation, contents.shift, small(sorted.len())] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    for (path, history) in sorted {
        out.extend_from_slice(&small(path.len()).to_le_bytes());
        out.extend_from_slice(path.as_bytes());
        out.extend_from_slice(&history.seen.to_le_bytes());
        let variants = history.variants().count();
        out.push(u8::try_from(variants).unwrap_or(u8::MAX));
        for Variant { identity, sent } in history.variants() {
            out.extend_from_slice(&identity.mtime.to_le_bytes());
            out.extend_from_slice(&identity.size.to_le_bytes());
            out.extend_from_slice(&identity.inode.to_le_bytes());
            out.extend_from_slice(&identity.ctime.to_le_bytes());
            out.extend_from_slice(&sent.to_le_bytes());
        }
    }
    let checksum = Sha256::digest(&out);
    out.extend_from_slice(&checksum);
    out
}

fn decode(bytes: &[u8]) -> Option<Contents> {
    let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
    if Sha256::digest(body).as_slice() != checksum {
        return None;
    }
    let mut rest = body.strip_prefix(MAGIC)?;
    let mut contents = Contents {
        generation: take_u32(&mut rest)?,
        shift: take_u32(&mut rest)?,
        ..Contents::default()
    };
    let count = usize::try_from(take_u32(&mut rest)?).ok()?;
    // The checksum is no secret: a count is not trusted with memory.
    contents.histories.reserve(count.min(bytes.len() / VARIANT));
    for _ in 0..count {
        let length = usize::try_from(take_u32(&mut rest)?).ok()?;
        let path = std::str::from_utf8(take(&mut rest, length)?).ok()?;
        let seen = take_u32(&mut rest)?;
        let [variants] = *take(&mut rest, 1)? else {
            return None;
        };
        let newest = variant(&mut rest)?;
        let older = (1..variants)
            .map(|_| variant(&mut rest))
            .collect::<Option<Vec<_>>>()?;
        let history = History {
            newest,
            older,
            seen,
        };
        contents.histories.insert(path.into(), history);
    }
    (rest.is_empty() && contents.histories.len() == count).then_some(contents)
}

fn variant(rest: &mut &[u8]) -> Option<Variant> {
    let mut numbers = take(rest, VARIANT)?
        .chunks_exact(8)
        .filter_map(|eight| eight.try_into().ok());
    let mut next = || numbers.next().map(i64::from_le_bytes);
    Some(Variant {
        identity: Identity {
            mtime: next()?,
            size: next()?.cast_unsigned(),
            inode: next()?.cast_unsigned(),
            ctime: next()?,
        },
        sent: next()?,
    })
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}
