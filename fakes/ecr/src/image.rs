//! An image as a repository holds it: its manifest, its tags, its times, and whether it is archived.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use crate::Digest;
use crate::generate::Recipe;
use crate::late::Mark;
use crate::manifest::{Facts, intern};

/// What a manifest's bytes say, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) digest: Digest,
    pub(crate) length: usize,
    pub(crate) facts: Facts,
}

/// An image for a repository, with the times and tags that a test wants.
#[derive(Clone, Debug, PartialEq)]
pub struct NewImage {
    pub(crate) content: Content,
    pub(crate) read: Read,
    pub(crate) tags: Vec<String>,
    pub(crate) pushed: f64,
    pub(crate) pulled: Option<f64>,
    pub(crate) status: ImageStatus,
}

impl NewImage {
    /// An active image without tags, of these manifest bytes, pushed at `pushed` (seconds since 1970).
    pub fn new(manifest: impl Into<Bytes>, pushed: f64) -> Self {
        Self::from_content(Content::Bytes(manifest.into()), pushed)
    }

    pub(crate) fn from_content(content: Content, pushed: f64) -> Self {
        let bytes = content.bytes();
        let read = Read {
            digest: Digest::of(&bytes),
            length: bytes.len(),
            facts: Facts::read(&bytes),
        };
        Self {
            content,
            read,
            tags: Vec::new(),
            pushed,
            pulled: None,
            status: ImageStatus::Active,
        }
    }

    /// With one more tag.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Last pulled at `time`, seconds since 1970.
    #[must_use]
    pub fn pulled(mut self, time: f64) -> Self {
        self.pulled = Some(time);
        self
    }

    /// In the archive, or on its way back.
    #[must_use]
    pub fn status(mut self, status: ImageStatus) -> Self {
        self.status = status;
        self
    }

    /// Told as this media type, whatever the manifest says. Without it: the manifest's `mediaType`, or
    /// what an OCI client would take it for.
    #[must_use]
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.read.facts.media_type = intern(Cow::Owned(media_type.into()));
        self
    }

    /// The digest of its manifest.
    pub fn digest(&self) -> Digest {
        self.read.digest
    }

    /// The bytes of its manifest.
    pub fn manifest(&self) -> Bytes {
        self.content.bytes()
    }
}

/// Where an image is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ImageStatus {
    /// It can be pulled.
    Active,
    /// It is in the archive: it cannot be pulled.
    Archived,
    /// It comes back from the archive: it cannot be pulled yet.
    Activating,
}

/// The bytes of a manifest, or how they are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Bytes(Bytes),
    Recipe(Recipe),
}

impl Content {
    pub(crate) fn bytes(&self) -> Bytes {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Recipe(recipe) => recipe.manifest(),
        }
    }
}

/// An image in a repository.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) digest: Digest,
    pub(crate) content: Content,
    pub(crate) facts: Facts,
    /// In the order they were given.
    pub(crate) tags: Vec<String>,
    /// Seconds since 1970, as the other times.
    pub(crate) pushed: f64,
    pub(crate) pulled: Option<f64>,
    pub(crate) status: ImageStatus,
    pub(crate) archived_at: Option<f64>,
    pub(crate) activated_at: Option<f64>,
    /// Set when it is called back from the archive; it is `Activating` for some time then.
    pub(crate) restored: Option<Mark>,
    /// Set when it is deleted, and somebody does not know yet.
    pub(crate) deleted: Option<Mark>,
}

impl Image {
    /// Tags are the repository's work.
    pub(crate) fn new(new: &NewImage) -> Self {
        Self {
            digest: new.read.digest,
            content: new.content.clone(),
            facts: new.read.facts.clone(),
            tags: Vec::new(),
            pushed: new.pushed,
            pulled: new.pulled,
            status: new.status,
            archived_at: None,
            activated_at: None,
            restored: None,
            deleted: None,
        }
    }
}
