//! Why a SOCI index cannot be pushed.

use std::path::PathBuf;

use crate::image::Digest;
use crate::registry::{self, Repository};

/// A SOCI index cannot be pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The registry failed, or what should be sent could not be read.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A zTOC is in none of the places that should have it. The layer has to be indexed anew.
    #[error("the zTOC {ztoc} of the layer {layer} is gone: it is not in {}", places(.repositories, .file.as_ref()))]
    Lost {
        /// The zTOC.
        ztoc: Digest,
        /// Its layer.
        layer: Digest,
        /// Where it was looked for: the repository that it should be in, and those that it could
        /// have been copied from.
        repositories: Vec<Repository>,
        /// The file that held it.
        file: Option<PathBuf>,
    },
}

impl PushError {
    /// What the registry said, if that is what failed.
    pub fn registry(&self) -> Option<&registry::Error> {
        match self {
            Self::Registry(error) => Some(error),
            Self::Lost { .. } => None,
        }
    }
}

/// "A", "A or B", "A, B or C".
fn places(repositories: &[Repository], file: Option<&PathBuf>) -> String {
    let repositories = repositories.iter().map(ToString::to_string);
    let file = file.map(|file| file.display().to_string());
    let mut places: Vec<String> = repositories.chain(file).collect();
    let last = places.pop().unwrap_or_default();
    if places.is_empty() {
        last
    } else {
        format!("{} or {last}", places.join(", "))
    }
}
