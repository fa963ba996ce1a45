//! What is kept of a repository beside what is in use.
//!
//! A release (a tagged index or image with all its parts) goes when every rule that is set lets it go; where no
//! rule is set, none goes. Reading the `prune` block is `config`'s work; applying it is `decide`'s.

use std::time::Duration;

use super::NamePattern;

/// The rules of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `keep_releases`: the newest releases, this many, are kept.
    pub keep_releases: Option<u32>,
    /// `expire`: releases younger than this are kept.
    pub expire: Option<Duration>,
    /// `expire_from`: what their age counts from.
    pub expire_from: AgeFrom,
    /// `keep_tags`: tags that are kept for ever.
    pub keep_tags: Vec<NamePattern>,
    /// `untagged`: what has no tag and belongs to nothing is kept for this long after its push and
    /// its last pull. A push that is under way looks just like it. Nothing that is younger than this goes
    /// at all.
    pub untagged: Duration,
    /// `cache_expire` and `branches`.
    pub cache: CachePolicy,
    /// `remove_tags`: whether expired tags of an image that is kept are removed.
    pub remove_tags: bool,
    /// `archive`: images are moved to ECR's archive instead of deleted.
    pub archive: bool,
    /// `max_deletions`: a run that would delete more manifests and tags from a repository deletes nothing there.
    pub max_deletions: Option<u64>,
    /// `max_share`: a run that would delete a larger share of a repository's manifests deletes
    /// nothing there. What is in the archive does not count where images are archived.
    pub max_share: Option<Share>,
}

/// What the age of a release counts from. Always the newest of the times that are known: of the push, and of
/// each release of the same digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgeFrom {
    /// The push or release.
    Push,
    /// The last pull, where it is later.
    #[default]
    Pull,
}

/// How long caches are kept. Without `expire` they are kept for ever; one that lost its tag, because a newer one took
/// it, is under [`Policy::untagged`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CachePolicy {
    /// `cache_expire`: a cache is kept for this long after its push and its last pull.
    pub expire: Option<Duration>,
    /// `branches`: the branches that live. A cache of one of them, or of none, is kept whatever its
    /// age. `None` is not known.
    pub branches: Option<Vec<String>>,
}

/// A share in whole percent, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u8);

impl Share {
    /// `None` above 100.
    pub fn percent(percent: u8) -> Option<Self> {
        (percent <= 100).then_some(Self(percent))
    }

    /// In percent.
    pub fn as_percent(self) -> u8 {
        self.0
    }

    /// Whether `part` of `whole` is more than this.
    pub fn is_exceeded(self, part: usize, whole: usize) -> bool {
        part as u128 * 100 > whole as u128 * u128::from(self.0)
    }
}

/// How long untagged manifests are kept where nothing is said.
pub const UNTAGGED: Duration = Duration::from_hours(24);

impl Default for Policy {
    fn default() -> Self {
        Self {
            keep_releases: None,
            expire: None,
            expire_from: AgeFrom::default(),
            keep_tags: Vec::new(),
            untagged: UNTAGGED,
            cache: CachePolicy::default(),
            remove_tags: true,
            archive: false,
            max_deletions: None,
            max_share: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exceeded_by_more_than_itself() {
        let half = Share::percent(50).unwrap();
        assert!(!half.is_exceeded(5, 10));
        assert!(half.is_exceeded(6, 10));
        assert!(!half.is_exceeded(0, 0));
        assert_eq!(Share::percent(101), None);
    }
}
