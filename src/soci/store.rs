//! The local store of zTOCs: what became of a layer, by layer, span size and builder, with a limit
//! on the sum.
//!
//! Two files per entry: `KEY.ztoc` is the blob itself, so that it can be uploaded as it is, and
//! `KEY.json` says what it is and what its digest is. The second is written last, and both appear
//! in one step, so that any number of processes may share a folder. A layer that cannot be indexed
//! has the second alone. Whatever does not fit together counts as not there and is removed: the
//! store is a cache, and losing an entry costs one pass over a layer.
//!
//! Everything here blocks, `get` for as long as it takes to hash a zTOC.

mod entry;
mod trim;

use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use launchway_soci::{IndexedLayer, IndexerOptions, Unindexable};

use super::KnownLayer;
use crate::image::Digest;
use entry::{Entry, Outcome};

/// How files begin that are being written.
const PART: &str = ".part-";

/// The limit of the local store, unless somebody says otherwise: 1 GiB.
pub const DEFAULT_STORE_LIMIT: u64 = 1 << 30;

/// A folder of zTOCs.
#[derive(Clone, Debug)]
pub struct ZtocStore {
    folder: PathBuf,
    limit: u64,
}

/// The store cannot be used. A warning for its users: nothing is lost but time.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep zTOCs in {folder}")]
pub struct StoreError {
    /// The store's folder.
    pub folder: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl ZtocStore {
    /// A store in `folder`, made when something is put in, holding at most `limit` bytes after
    /// [`Self::trim`].
    pub fn new(folder: PathBuf, limit: u64) -> Self {
        Self { folder, limit }
    }

    /// What is known about a layer; it counts as used now. A file that is damaged counts as not
    /// there, and is removed.
    ///
    /// The file of [`KnownLayer::Indexed`] holds exactly the zTOC.
    pub fn get(&self, layer: Digest, options: &IndexerOptions) -> Option<KnownLayer> {
        let files = self.files(layer, options);
        // Without an entry nothing is removed: a zTOC alone is one that another process is about
        // to write the entry of.
        let entry = fs::read(&files.entry).ok()?;
        let known = files.read(&entry, layer, options);
        if known.is_none() {
            files.remove();
        }
        known
    }

    /// Keeps what became of a layer, atomically: other runs may do the same at the same time.
    ///
    /// A failed self-check is returned but not kept: it is a bug, to be seen until it is mended.
    pub fn put(
        &self,
        layer: &IndexedLayer,
        options: &IndexerOptions,
    ) -> Result<KnownLayer, StoreError> {
        let files = self.files(layer.digest, options);
        let outcome = match &layer.ztoc {
            Ok(ztoc) => Outcome::Indexed {
                ztoc: ztoc.digest,
                size: ztoc.bytes.len() as u64,
                diff_id: layer.diff_id,
            },
            Err(reason) => Outcome::LeftOut {
                reason: reason.to_string(),
            },
        };
        let known = files.known(&outcome);
        if matches!(layer.ztoc, Err(Unindexable::SelfCheck { .. })) {
            return Ok(known);
        }
        let entry = Entry::new(layer.digest, options, outcome);
        let write = || -> io::Result<()> {
            self.make_folder()?;
            if let Ok(ztoc) = &layer.ztoc {
                self.write(&files.ztoc, &ztoc.bytes)?;
            }
            self.write(&files.entry, &serde_json::to_vec(&entry)?)
        };
        write().map_err(|source| self.error(source))?;
        Ok(known)
    }

    fn files(&self, layer: Digest, options: &IndexerOptions) -> Files {
        let key = entry::key(layer, options);
        Files {
            ztoc: self.folder.join(format!("{key}.{}", entry::ZTOC)),
            entry: self.folder.join(format!("{key}.{}", entry::ENTRY)),
        }
    }

    /// For the user alone: zTOCs list every file name of an image.
    fn make_folder(&self) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
    }

    /// Replaces a file in one step. It is not synced: after a crash it is found to be damaged.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut part = tempfile::Builder::new()
            .prefix(PART)
            .tempfile_in(&self.folder)?;
        part.write_all(bytes)?;
        part.persist(path)?;
        Ok(())
    }

    fn error(&self, source: io::Error) -> StoreError {
        StoreError {
            folder: self.folder.clone(),
            source,
        }
    }
}

/// The files of one entry.
struct Files {
    ztoc: PathBuf,
    entry: PathBuf,
}

impl Files {
    /// What the text of the entry says, if that is whole, about this layer and fits the zTOC.
    fn read(&self, entry: &[u8], layer: Digest, options: &IndexerOptions) -> Option<KnownLayer> {
        let entry: Entry = serde_json::from_slice(entry).ok()?;
        let outcome = entry.into_outcome(layer, options)?;
        if let Outcome::Indexed { ztoc, size, .. } = outcome {
            let bytes = fs::read(&self.ztoc).ok()?;
            if bytes.len() as u64 != size || Digest::of(&bytes) != ztoc {
                return None;
            }
        }
        // Where the time cannot be set, the entry only looks older than it is.
        let _ = fs::File::open(&self.entry).and_then(|file| file.set_modified(SystemTime::now()));
        Some(self.known(&outcome))
    }

    fn known(&self, outcome: &Outcome) -> KnownLayer {
        match outcome {
            Outcome::Indexed {
                ztoc,
                size,
                diff_id,
            } => KnownLayer::Indexed {
                ztoc: *ztoc,
                size: *size,
                diff_id: *diff_id,
                repositories: Vec::new(),
                file: Some(self.ztoc.clone()),
            },
            Outcome::LeftOut { reason } => KnownLayer::LeftOut {
                reason: reason.clone(),
            },
        }
    }

    /// Removes what is there of it, in the order that leaves nothing that looks whole. What cannot
    /// be removed is found to be damaged again.
    fn remove(&self) {
        for path in [&self.entry, &self.ztoc] {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests;
