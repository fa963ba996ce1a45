//! Keeping the store within its limit.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::entry::{ENTRY, Entry, ZTOC};
use super::{PART, StoreError, ZtocStore};
use crate::image::Digest;

/// Entries that were used so recently stay, whatever the limit: another run on this machine may
/// be about to upload them. A run that is longer than this uploads from elsewhere, or fails as if
/// its connection had broken.
const IN_USE: Duration = Duration::from_hours(1);
/// Nobody writes one file for so long.
const BROKEN_OFF: Duration = Duration::from_hours(24);

/// One entry's files, together.
#[derive(Debug)]
struct Kept {
    used: SystemTime,
    bytes: u64,
    /// In the order in which they are removed.
    files: Vec<PathBuf>,
}

impl ZtocStore {
    /// Removes what was used longest ago until the limit holds. Entries of the layers in `keep`,
    /// and those that were used within the last hour, stay. Other runs may use the folder at the
    /// same time.
    pub fn trim(&self, keep: &[Digest]) -> Result<(), StoreError> {
        self.trim_at(keep, SystemTime::now())
    }

    /// The same at another time.
    pub(super) fn trim_at(&self, keep: &[Digest], now: SystemTime) -> Result<(), StoreError> {
        let entries = match self.entries(now) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.error(error)),
        };
        let mut sum: u64 = entries.values().map(|entry| entry.bytes).sum();
        let mut oldest: Vec<Kept> = entries
            .into_values()
            .filter(|entry| is_older(entry.used, IN_USE, now))
            .collect();
        // Equal times happen where files were copied; the names make it the same every time.
        oldest.sort_by(|a, b| (a.used, &a.files).cmp(&(b.used, &b.files)));
        for entry in oldest {
            if sum <= self.limit {
                break;
            }
            if entry.files.iter().any(|path| is_about(path, keep)) {
                continue;
            }
            for path in &entry.files {
                remove(path).map_err(|error| self.error(error))?;
            }
            sum -= entry.bytes;
        }
        Ok(())
    }

    /// The store's entries by key. Removes what broken-off writes left; leaves other files alone.
    fn entries(&self, now: SystemTime) -> io::Result<BTreeMap<String, Kept>> {
        let mut entries: BTreeMap<String, Kept> = BTreeMap::new();
        for found in fs::read_dir(&self.folder)? {
            let found = found?;
            let path = found.path();
            // It may be gone by now.
            let Ok(metadata) = found.metadata() else {
                continue;
            };
            let used = metadata.modified()?;
            let name = found.file_name();
            let Some(name) = name.to_str().filter(|_| metadata.is_file()) else {
                continue;
            };
            if name.starts_with(PART) && is_older(used, BROKEN_OFF, now) {
                remove(&path)?;
                continue;
            }
            let Some((key, kind @ (ZTOC | ENTRY))) = name.rsplit_once('.') else {
                continue;
            };
            let bytes = metadata.len();
            let entry = entries.entry(key.to_owned()).or_insert_with(|| Kept {
                used,
                bytes: 0,
                files: Vec::new(),
            });
            entry.used = entry.used.max(used);
            entry.bytes += bytes;
            let at = if kind == ENTRY { 0 } else { entry.files.len() };
            entry.files.insert(at, path);
        }
        Ok(entries)
    }
}

/// Whether a time is longer ago than `limit`. A time in the future is not.
fn is_older(used: SystemTime, limit: Duration, now: SystemTime) -> bool {
    now.duration_since(used).is_ok_and(|age| age > limit)
}

/// Whether this is the entry of one of the layers.
fn is_about(path: &Path, layers: &[Digest]) -> bool {
    path.extension().is_some_and(|kind| kind == ENTRY)
        && fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Entry>(&bytes).ok())
            .is_some_and(|entry| layers.contains(&entry.layer()))
}

/// Removes a file that may be gone already.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
