//! What becomes of every manifest of a repository, and why.

use jiff::Timestamp;
use serde::Serialize;

use super::{EcrRepository, Kind, Refusal, UsedBy};
use crate::image::Digest;

/// What becomes of a repository.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryPlan {
    /// Which one.
    pub repository: EcrRepository,
    /// Images are archived, not deleted.
    pub archive: bool,
    /// Every manifest, by kind of verdict and then newest first.
    pub images: Vec<ImagePlan>,
    /// The removed manifests in the order in which they may go: an index in an earlier wave than what it lists, so that
    /// no index is left that lists what is gone, and an image in an earlier one than the referrers that are kept for it
    /// alone. Between waves referrers may be left whose subject is gone; nothing else needs them. Digests in no
    /// particular order in a wave.
    pub waves: Vec<Vec<Digest>>,
    /// Why nothing is deleted here, allowed cases included.
    pub refusals: Vec<Refusal>,
    /// What somebody should look at: images in use that are not there, types that are not known.
    pub warnings: Vec<String>,
    /// Numbers and bytes.
    pub sizes: Sizes,
}

impl RepositoryPlan {
    /// Whether a case that was not allowed holds it.
    pub fn is_refused(&self) -> bool {
        self.refusals.iter().any(|refusal| !refusal.allowed)
    }

    /// Whether anything would be removed, tags included.
    pub fn is_empty(&self) -> bool {
        self.waves.is_empty() && self.images.iter().all(|image| image.untag.is_empty())
    }
}

/// What becomes of one manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct ImagePlan {
    /// Its digest.
    pub digest: Digest,
    /// What it is.
    pub kind: Kind,
    /// It is in the archive.
    pub archived: bool,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// ECR's size in bytes; absent for indexes, whose parts have it.
    pub size: Option<u64>,
    /// When it was first pushed.
    pub pushed_at: Option<Timestamp>,
    /// When it was last pulled.
    pub pulled_at: Option<Timestamp>,
    /// Whether it goes, and why.
    pub verdict: Verdict,
    /// Tags that are removed although it is kept; never all.
    pub untag: Vec<String>,
}

/// Whether a manifest goes, and why.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is kept, for all these reasons; the weightiest first, at least one.
    Keep(Vec<KeepReason>),
    /// It goes.
    Remove(RemoveReason),
}

/// Why a manifest is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    tag = "rule"
)]
pub enum KeepReason {
    /// Something uses it, by tag, digest or both.
    InUse {
        /// Who.
        by: UsedBy,
        /// The tag that is named, where it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        tag: Option<String>,
    },
    /// A tag matches `keep_tags`.
    Tag {
        /// The tag.
        tag: String,
        /// The pattern.
        pattern: String,
    },
    /// One of the newest releases.
    Newest {
        /// 1 is the newest.
        rank: u32,
        /// `keep_releases`.
        of: u32,
    },
    /// About an image that is not here, and no older than the newest releases.
    AmongNewest {
        /// `keep_releases`.
        of: u32,
    },
    /// About an image that is not here, and that something uses elsewhere.
    SubjectInUse {
        /// The image.
        subject: Digest,
        /// Who.
        by: UsedBy,
    },
    /// Younger than `expire`.
    NotExpired {
        /// Its age in seconds.
        age: u64,
        /// `expire` in seconds.
        limit: u64,
    },
    /// Too young to be told from a push that is under way: `untagged`.
    Young {
        /// Its age in seconds; absent where ECR tells no time.
        #[serde(skip_serializing_if = "Option::is_none")]
        age: Option<u64>,
        /// `untagged` in seconds.
        limit: u64,
    },
    /// The policy has no rule by which it could go.
    NoRule,
    /// A cache of a branch that lives, or of no branch.
    CacheBranch {
        /// The tag.
        tag: String,
    },
    /// A cache younger than `cache_expire`.
    CacheNotExpired {
        /// Its age in seconds, since its push or last pull.
        age: u64,
        /// `cache_expire` in seconds.
        limit: u64,
    },
    /// It is not known what it is.
    Unknown {
        /// Its media or artifact type.
        media_type: String,
    },
    /// It could not be read.
    Unreadable {
        /// Why.
        why: String,
    },
    /// It may be a part of a manifest that could not be read and is kept.
    MaybePart {
        /// That manifest.
        of: Digest,
    },
    /// It is in the archive already, and the policy archives. Alone, this keeps none of its parts out of the
    /// archive.
    Archived,
    /// It is on its way out of the archive, or in a state that this version does not know.
    Status {
        /// ECR's word: `ACTIVATING`.
        status: String,
    },
    /// It would go, and the saved plan that is applied does not have it.
    NotInSavedPlan,
    /// It belongs to a manifest that is kept.
    Part {
        /// That manifest.
        of: Digest,
        /// How it belongs to it.
        link: Link,
    },
}

/// How one manifest belongs to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// The other is an index that lists it.
    Child,
    /// The other is its subject.
    Subject,
    /// The other is its subject by the name of its tag: `sha256-<hex>…`.
    SubjectTag,
    /// The other is the image that it holds the SOCI index of.
    SociOf,
    /// The other is the image that it holds attestations of.
    AttestationOf,
    /// The other has the tag that this is a part of by its own tags alone: `v1` and `v1.partial-arm64`.
    Staging,
}

/// Why a manifest goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    tag = "rule"
)]
pub enum RemoveReason {
    /// A release that every rule lets go.
    Expired {
        /// Its age in seconds, by `expire_from`; absent where no `expire` is set.
        #[serde(skip_serializing_if = "Option::is_none")]
        age: Option<u64>,
        /// Its place among the releases, 1 being the newest.
        rank: u32,
    },
    /// It has no tag and belongs to nothing.
    Untagged {
        /// Seconds since its push or last pull.
        age: u64,
    },
    /// A cache that is too old, or of a branch that is gone.
    Cache {
        /// Seconds since its push or last pull.
        age: u64,
    },
    /// What it belongs to goes, or went to the archive before.
    Part {
        /// That manifest.
        of: Digest,
        /// How it belongs to it.
        link: Link,
    },
    /// It is about a manifest that is not there.
    Orphan {
        /// The missing subject.
        subject: Digest,
        /// Seconds since its push or last pull.
        age: u64,
    },
}

/// Numbers and bytes of one repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sizes {
    /// What is there.
    pub total: Totals,
    /// What goes.
    pub removed: Totals,
    /// How many tags are removed from what is kept.
    pub tags: u64,
    /// Bytes are of layers, each counted once, and of the removed only those that nothing kept holds. False:
    /// they are ECR's sizes of images, each counted once, with layers that images share.
    pub exact: bool,
}

/// How many manifests, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Manifests of any kind.
    pub manifests: u64,
    /// Releases: tagged indexes and images with all their parts.
    pub releases: u64,
    /// Bytes.
    pub bytes: u64,
}
