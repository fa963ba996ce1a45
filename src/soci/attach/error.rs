//! What can stop attaching. Whatever it is, no tag has moved, but for [`AttachError::Tags`].

use crate::image::{Digest, Platform};
use crate::registry::{self, Reference, Repository};
use crate::soci::annotate::AnnotateError;
use crate::soci::{LookError, PushError};

/// SOCI indexes cannot be attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The image cannot be read.
    #[error(transparent)]
    Look(#[from] LookError),
    /// The registry failed.
    #[error("cannot {doing}")]
    Registry {
        /// What was tried: "push the SOCI index of …".
        doing: String,
        /// Why it failed.
        #[source]
        source: Box<registry::Error>,
    },
    /// A SOCI index could not be pushed.
    #[error("cannot push the SOCI index of {platform} to {repository}")]
    Push {
        /// The image that it is of.
        platform: Box<Platform>,
        /// Where to.
        repository: Repository,
        /// Why it failed.
        #[source]
        source: Box<PushError>,
    },
    /// The indexing thread is gone.
    #[error("cannot index the layer {layer}")]
    Indexer {
        /// The layer.
        layer: Digest,
        /// Why.
        #[source]
        source: Option<tokio::task::JoinError>,
    },
    /// A document cannot be changed.
    #[error("cannot change {reference}")]
    Annotate {
        /// The document.
        reference: Reference,
        /// Why.
        #[source]
        source: AnnotateError,
    },
    /// Somebody moved the tag meanwhile.
    #[error("{reference} pointed at {read} when it was read, and now {}", place(.now.as_ref()))]
    TagMoved {
        /// The tag.
        reference: Reference,
        /// Its digest when it was read.
        read: Digest,
        /// Its digest now.
        now: Option<Digest>,
    },
    /// A tag could not be moved.
    #[error("cannot move the tag {failed}")]
    Tags {
        /// What has the tag.
        failed: Reference,
        /// The image, which is in the registry by digest.
        image: Reference,
        /// Tags that moved before.
        moved: Vec<String>,
        /// Why.
        #[source]
        source: Box<registry::Error>,
    },
}

fn place(digest: Option<&Digest>) -> String {
    digest.map_or_else(
        || "does not exist".to_owned(),
        |digest| format!("points at {digest}"),
    )
}

impl AttachError {
    pub(super) fn registry(doing: impl Into<String>) -> impl FnOnce(registry::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Registry {
            doing,
            source: Box::new(source),
        }
    }
}
