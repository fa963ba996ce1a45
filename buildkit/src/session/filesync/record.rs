//! Remembers what was sent, so that a changed file is never taken for an unchanged one.
//!
//! The daemon keeps a snapshot per shared key and compares size and modification time with it. A
//! file with other content but the same size and time (reproducible archives, tools that restore
//! times) is not requested, and the image gets the old content (moby/buildkit#4950). The record
//! knows the inode and change time behind everything that was sent under a key. When only these
//! differ, another *nanosecond part* of the time is sent: the daemon requests the file, and image
//! layers do not change, as they keep whole seconds. It is sent again as long as the file stays as
//! it is, so a false alarm costs one transfer.
//!
//! What remains: a record that was deleted while the daemon kept its snapshots looks like a first
//! transfer. A record that cannot be understood is safe: all times are shifted once. So is a file
//! that changes right after it was sent, within the clock's resolution.

mod file;

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use self::file::Stamp;
use super::stat::{ctime_ns, mtime_ns};

const SECOND: i64 = 1_000_000_000;

/// Variants of a file that are remembered. A daemon that held more snapshots of one key than this,
/// each with another content behind the same time, could still be misled.
const VARIANTS: usize = 8;

/// Entries that were not met during so many changes of the record are dropped.
const KEEP_UNSEEN: u32 = 100;

/// Timestamps of the kernel are this coarse: a change within it may leave the change time as it is.
const CLOCK_RESOLUTION: i64 = 20_000_000;

/// Everything that was sent under one key, in memory and in one file.
#[derive(Debug)]
pub(crate) struct SendRecord {
    file: PathBuf,
    state: Mutex<State>,
}

/// The record could not be kept. Transfers go on without it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    /// The file cannot be read; every file is sent again once.
    #[error("cannot read the record of sent files {}", file.display())]
    Read {
        /// The record.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file has been damaged; every file is sent again once.
    #[error("the record of sent files {} is damaged; it is replaced", file.display())]
    Malformed {
        /// The record.
        file: PathBuf,
    },
    /// The file cannot be written: a changed file with an old time may be missed next time.
    #[error("cannot write the record of sent files {}", file.display())]
    Write {
        /// The record.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

#[derive(Debug, Default)]
struct State {
    contents: Contents,
    /// Which version of the file `contents` came from.
    stamp: Option<Stamp>,
    trouble: Option<RecordError>,
}

/// What the file holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Contents {
    /// Counts changes.
    generation: u32,
    /// Added to the nanoseconds of files that have no history, because a damaged record may have
    /// known one. 0 if nothing was ever lost.
    shift: u32,
    histories: HashMap<Box<str>, History>,
}

/// What was sent for one path.
#[derive(Debug, Clone, PartialEq, Eq)]
struct History {
    newest: Variant,
    /// Newest first.
    older: Vec<Variant>,
    /// The generation in which a walk last met it.
    seen: u32,
}

/// A state of a file, and the time that was sent for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Variant {
    identity: Identity,
    sent: i64,
}

/// As far as metadata can tell, two contents of a path never share it. Times in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    mtime: i64,
    size: u64,
    /// 0 for a file that was too fresh to tell a later change from it.
    inode: u64,
    ctime: i64,
}

impl SendRecord {
    /// Reads the record for `key` in `directory`. It is empty if there is none; whatever else goes
    /// wrong is safe, and told by `trouble`. Blocks.
    pub(crate) fn open(directory: &Path, key: &str) -> Arc<Self> {
        let name = hex::encode(&Sha256::digest(key)[..16]);
        let file = directory.join(format!("{name}.sent"));
        let mut state = State::default();
        match file::read(&file) {
            Ok(Some((contents, stamp))) => {
                state.contents = contents;
                state.stamp = Some(stamp);
            }
            Ok(None) => {}
            Err(error) => {
                state.contents.shift = some_shift();
                state.trouble = Some(error);
            }
        }
        Arc::new(Self {
            file,
            state: Mutex::new(state),
        })
    }

    /// What went wrong since the last call, for a warning.
    pub(crate) fn trouble(&self) -> Option<RecordError> {
        self.state().trouble.take()
    }

    /// Begins a transfer.
    pub(super) fn begin(self: &Arc<Self>) -> SendPass {
        SendPass {
            record: Arc::clone(self),
            fresh: Vec::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One transfer under a record. Dropped, it leaves no trace: the daemon drops the snapshot of a
/// transfer that failed.
#[derive(Debug)]
pub(super) struct SendPass {
    record: Arc<SendRecord>,
    /// What the record did not know.
    fresh: Vec<(Box<str>, Variant)>,
}

impl SendPass {
    /// The modification time to send for the regular file `path`.
    pub(super) fn sent_mtime(&mut self, path: &str, metadata: &Metadata) -> i64 {
        let identity = Identity {
            mtime: mtime_ns(metadata),
            size: metadata.size(),
            inode: metadata.ino(),
            ctime: ctime_ns(metadata),
        };
        self.choose(path, identity, now_ns)
    }

    fn choose(&mut self, path: &str, mut identity: Identity, now: fn() -> i64) -> i64 {
        let mut state = self.record.state();
        let Contents {
            generation,
            shift,
            ref mut histories,
        } = state.contents;
        let mut history = histories.get_mut(path);
        if let Some(history) = history.as_deref_mut() {
            history.seen = generation;
            if let Some(sent) = history.sent_for(identity) {
                return sent;
            }
        }
        let sent = History::next_time(history.as_deref(), identity, shift);
        drop(state);
        if identity.is_fresh(now()) {
            identity.inode = 0;
        }
        self.fresh.push((path.into(), Variant { identity, sent }));
        sent
    }

    /// The daemon has everything: remembers what was sent, and writes the file if anything is new.
    /// Blocks.
    pub(super) fn commit(self) {
        if self.fresh.is_empty() {
            return;
        }
        let mut state = self.record.state();
        let mut added = Contents {
            generation: state.contents.generation.saturating_add(1),
            ..Contents::default()
        };
        for (path, variant) in self.fresh {
            added.add(path, variant);
        }
        state.contents.merge(added);
        if let Err(source) = state.save(&self.record.file) {
            state.trouble = Some(RecordError::Write {
                file: self.record.file.clone(),
                source,
            });
        }
    }
}

impl State {
    /// Writes the file, with what other processes wrote meanwhile.
    fn save(&mut self, file: &Path) -> std::io::Result<()> {
        let _lock = file::lock(file)?;
        if file::stamp(file) != self.stamp
            && let Ok(Some((theirs, _))) = file::read(file)
        {
            let ours = std::mem::replace(&mut self.contents, theirs);
            self.contents.merge(ours);
        }
        let oldest = self.contents.generation.saturating_sub(KEEP_UNSEEN);
        self.contents
            .histories
            .retain(|_, history| history.seen >= oldest);
        self.stamp = Some(file::write(file, &self.contents)?);
        Ok(())
    }
}

impl Contents {
    fn add(&mut self, path: Box<str>, variant: Variant) {
        let seen = self.generation;
        self.merge_one(
            path,
            History {
                newest: variant,
                older: Vec::new(),
                seen,
            },
        );
    }

    /// Adds what `newer` has. Its variants count as newer.
    fn merge(&mut self, newer: Self) {
        self.generation = self.generation.max(newer.generation);
        self.shift = self.shift.max(newer.shift);
        for (path, history) in newer.histories {
            self.merge_one(path, history);
        }
    }

    fn merge_one(&mut self, path: Box<str>, newer: History) {
        use std::collections::hash_map::Entry;

        match self.histories.entry(path) {
            Entry::Vacant(vacant) => {
                vacant.insert(newer);
            }
            Entry::Occupied(mut occupied) => occupied.get_mut().merge(newer),
        }
    }
}

impl History {
    fn variants(&self) -> impl Iterator<Item = &Variant> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    /// The time that was sent for exactly this state, if it stands for nothing else.
    fn sent_for(&self, identity: Identity) -> Option<i64> {
        let known = self.variants().find(|known| known.identity == identity)?;
        let ambiguous = self
            .variants()
            .any(|other| other != known && other.claims(known.sent, identity.size));
        (!ambiguous).then_some(known.sent)
    }

    /// A time that stands for no other state: the true one, if possible.
    fn next_time(history: Option<&Self>, identity: Identity, shift: u32) -> i64 {
        let Some(history) = history else {
            return shift_nanoseconds(identity.mtime, shift);
        };
        // Behind the newest rather than in the first gap: what is forgotten is not used again.
        let mut time = history
            .variants()
            .find(|known| {
                known.identity.mtime == identity.mtime && known.identity.size == identity.size
            })
            .map_or(shift_nanoseconds(identity.mtime, shift), |known| known.sent);
        while history
            .variants()
            .any(|known| known.claims(time, identity.size))
        {
            time = shift_nanoseconds(time, 1);
        }
        time
    }

    fn merge(&mut self, newer: Self) {
        let old = std::mem::replace(self, newer);
        self.seen = self.seen.max(old.seen);
        for variant in old.variants() {
            if self.older.len() + 1 < VARIANTS && !self.variants().any(|known| known == variant) {
                self.older.push(*variant);
            }
        }
    }
}

impl Variant {
    /// Whether the daemon may take a file of this time and size for this variant.
    fn claims(&self, time: i64, size: u64) -> bool {
        self.sent == time && self.identity.size == size
    }
}

impl Identity {
    /// Whether a change from now on might not show in the change time.
    fn is_fresh(&self, now: i64) -> bool {
        // File systems without nanoseconds have one or two seconds.
        let resolution = if self.ctime % SECOND == 0 {
            2 * SECOND
        } else {
            CLOCK_RESOLUTION
        };
        // A file server's clock may be ahead: that alone makes nothing fresh.
        now.abs_diff(self.ctime) <= resolution.unsigned_abs()
    }
}

/// Adds to the nanosecond part; the second stays.
fn shift_nanoseconds(time: i64, by: u32) -> i64 {
    let nanoseconds = time.rem_euclid(SECOND);
    time - nanoseconds + (nanoseconds + i64::from(by)) % SECOND
}

/// A shift that an earlier one is unlikely to equal. Small, as it must not reach the next second.
fn some_shift() -> u32 {
    let micros = now_ns().rem_euclid(SECOND) / 1000;
    u32::try_from(micros).unwrap_or(0) + 1000
}

fn now_ns() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
