//! What is already known about layers: from the SOCI index of an earlier image, from the local
//! store, from this run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::image::Digest;
use crate::registry::Repository;

/// What is known about one layer, for one span size and builder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownLayer {
    /// There is a zTOC.
    Indexed {
        /// The zTOC blob.
        ztoc: Digest,
        /// Its size in bytes.
        size: u64,
        /// Repositories that hold the blob.
        repositories: Vec<Repository>,
        /// A file that holds it.
        file: Option<PathBuf>,
    },
    /// It cannot be indexed, and why.
    LeftOut {
        /// The end of a sentence that begins with the layer.
        reason: String,
    },
}

/// Layers by digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownLayers(BTreeMap<Digest, KnownLayer>);

impl KnownLayers {
    /// What is known about a layer.
    pub fn get(&self, layer: Digest) -> Option<&KnownLayer> {
        self.0.get(&layer)
    }

    /// Adds what was found out. Two sources of one zTOC are joined.
    pub fn insert(&mut self, layer: Digest, known: KnownLayer) {
        self.0.insert(layer, known);
    }
}
