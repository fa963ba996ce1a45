//! What a repository holds: every manifest with what ECR says of it, and what reading it gave.
//!
//! Plain values. Filling them from ECR is `collect`'s work; what follows from them is `decide`'s.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::EcrRepository;
use crate::image::Digest;

/// A repository with all its manifests, archived ones included.
#[derive(Clone, Debug, PartialEq)]
pub struct Repository {
    /// Which one.
    pub id: EcrRepository,
    /// Every manifest, each digest once, in no order.
    pub manifests: Vec<Manifest>,
}

/// One manifest of a repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Its digest.
    pub digest: Digest,
    /// The media type of the document: `imageManifestMediaType`.
    pub media_type: Arc<str>,
    /// ECR's `artifactMediaType`: the type of the config or the artifact; absent for indexes.
    pub artifact_type: Option<Arc<str>>,
    /// The tags that point at it.
    pub tags: Vec<String>,
    /// ECR's `imageSizeInBytes`: of an image the sum of its layers; of an index the largest of its
    /// parts, so that sizes of indexes must not be added.
    pub size: Option<u64>,
    /// When it was first pushed: a second push and a new tag do not change it. Absent is unknown,
    /// and unknown is new.
    pub pushed_at: Option<Timestamp>,
    /// When it was last pulled, as far as ECR recorded it (once a day at least).
    pub pulled_at: Option<Timestamp>,
    /// `subjectManifestDigest`: what it is about.
    pub subject: Option<Digest>,
    /// Whether it can be pulled.
    pub status: Status,
    /// What the document itself says.
    pub content: Content,
}

/// `imageStatus`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It can be pulled.
    #[default]
    Active,
    /// In the archive: kept, and cannot be pulled until it is restored.
    Archived,
    /// On its way out of the archive.
    Activating,
    /// A status that this version does not know.
    Other(String),
}

/// What the document of a manifest says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nobody needed to read it: a plain image, whose relations ECR has told.
    NotRead,
    /// It was read.
    Read(Links),
    /// It should have been read and could not be: why.
    Unreadable(String),
}

/// What a manifest's document says of others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Links {
    /// The entries of an index that are manifests.
    pub children: Vec<Child>,
    /// `subject`.
    pub subject: Option<Digest>,
    /// `artifactType`, or else the config's media type. Of an index that holds a BuildKit cache, the
    /// cache config's.
    pub artifact_type: Option<Arc<str>>,
    /// The annotation that names the SOCI index of an image (SOCI v2):
    /// `com.amazon.soci.index-digest`.
    pub soci_index: Option<Digest>,
    /// Blobs of an image or artifact, for real sizes.
    pub layers: Vec<Layer>,
}

/// A blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layer {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// An entry of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// The manifest.
    pub digest: Digest,
    /// What it is there.
    pub role: ChildRole,
    /// The image in the same index that it belongs to, as annotations of its descriptor say
    /// (`vnd.docker.reference.digest`, `com.amazon.soci.image-manifest-digest`).
    pub of: Option<Digest>,
}

/// What an entry of an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildRole {
    /// An image for a platform, or a nested index.
    Image,
    /// BuildKit's attestations of an image (`vnd.docker.reference.type`).
    Attestation,
    /// A SOCI index of an image.
    Soci,
    /// Something else.
    Other,
}

/// What a manifest is. Decides about which rules it is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An image for one platform.
    Image,
    /// An index of images (OCI index, Docker manifest list).
    Index,
    /// A SOCI index v1: it has a subject.
    SociV1,
    /// A SOCI index v2: part of an image index.
    SociV2,
    /// A BuildKit cache: a manifest, or an index of layers.
    Cache,
    /// Attestations of BuildKit, in an index.
    Attestation,
    /// A signature, attestation or SBOM of cosign, by tag or subject.
    Signature,
    /// Another artifact that has a subject.
    Referrer,
    /// An index at a `sha256-…` tag that lists the referrers of a subject (the referrers tag schema).
    ReferrersIndex,
    /// Something that this version does not know. It is kept.
    Unknown,
}

impl Kind {
    /// The word for people: `image index`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Index => "index",
            Self::SociV1 => "SOCI v1",
            Self::SociV2 => "SOCI v2",
            Self::Cache => "cache",
            Self::Attestation => "attestation",
            Self::Signature => "signature",
            Self::Referrer => "referrer",
            Self::ReferrersIndex => "referrers",
            Self::Unknown => "unknown",
        }
    }
}
