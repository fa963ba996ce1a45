//! What a manifest is kept for by itself, and why it would go if nothing else keeps it.
//!
//! Each rule looks at one manifest and at the inventory alone, never at what becomes of others: so the
//! fewer uses there are, the more goes.

use std::time::Duration;

use jiff::Timestamp;

use super::cache::Branches;
use super::release::{Release, Releases};
use crate::prune::graph::{Graph, Node, artifact_type};
use crate::prune::{AgeFrom, KeepReason, Kind, Policy, RemoveReason, RepositoryUses, Status};

/// How tags begin that say what a manifest is about.
const REFERRER: &str = "sha256-";

/// What is said of one manifest.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate {
    /// Why it is kept.
    pub(super) keep: Vec<KeepReason>,
    /// Why it goes if it is not. None for what has no life of its own: it goes with what it is a part of.
    pub(super) goes: Option<RemoveReason>,
    /// It stays where it is because it is in the archive already. Alone, this keeps nothing else.
    pub(super) is_stored: bool,
}

impl Fate {
    /// Whether it keeps its parts.
    pub(super) fn is_root(&self) -> bool {
        !self.keep.is_empty()
    }
}

/// The rules of one repository at one time.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) releases: &'a Releases,
    pub(super) uses: &'a RepositoryUses,
    pub(super) policy: &'a Policy,
    pub(super) branches: Option<Branches>,
    pub(super) now: Timestamp,
}

impl Rules<'_> {
    /// What the policy says of a node; uses come on top.
    pub(super) fn fate(&self, at: usize) -> Fate {
        let node = &self.graph.nodes[at];
        let mut fate = Fate {
            is_stored: self.policy.archive && node.manifest.status == Status::Archived,
            ..Fate::default()
        };
        self.by_tag(node, &mut fate);
        let limit = self.policy.untagged;
        let age = node.manifest.pushed_at.map(|at| self.age(at));
        if age.is_none_or(|age| age < limit) {
            fate.keep.push(KeepReason::Young {
                age: age.map(|age| age.as_secs()),
                limit: limit.as_secs(),
            });
        }
        if let Some(why) = node.unreadable()
            && !fate.is_stored
        {
            let why = why.to_owned();
            fate.keep.push(KeepReason::Unreadable { why });
        }
        let status = match &node.manifest.status {
            Status::Active | Status::Archived => None,
            Status::Activating => Some("ACTIVATING"),
            Status::Other(status) => Some(status.as_str()),
        };
        if let Some(status) = status {
            let status = status.to_owned();
            fate.keep.push(KeepReason::Status { status });
        }
        self.by_kind(at, &mut fate);
        fate
    }

    /// `keep_tags`. A pattern such as `s*` is about names, and not meant for what tags say of other images.
    fn by_tag(&self, node: &Node<'_>, fate: &mut Fate) {
        let referrers = node.tags.referrer.iter().map(|(tag, _)| (tag, true));
        let names = node.tags.ordinary.iter().chain(&node.tags.staging);
        for (tag, is_about) in names.map(|tag| (tag, false)).chain(referrers) {
            let patterns = self.policy.keep_tags.iter();
            let patterns = patterns.filter(|one| !is_about || one.as_str().starts_with(REFERRER));
            for pattern in patterns.filter(|one| one.covers(tag)) {
                fate.keep.push(KeepReason::Tag {
                    tag: tag.clone(),
                    pattern: pattern.to_string(),
                });
            }
        }
    }

    fn by_kind(&self, at: usize, fate: &mut Fate) {
        let node = &self.graph.nodes[at];
        let is_part = !node.wholes.is_empty();
        let is_named = !node.tags.ordinary.is_empty();
        if let Some(release) = self.releases.of[at] {
            self.release(at, release, fate);
        } else if node.kind == Kind::Unknown {
            // Also as a part of what goes: nobody knows what it is needed for.
            fate.keep.push(unknown(node));
        } else if node.is_referrer {
            // With its subject here it goes with that, or stays with it.
            if !is_part {
                self.orphan(at, fate);
            }
        } else if node.kind == Kind::Cache && (is_named || !node.tags.staging.is_empty()) {
            self.cache(at, fate);
        } else if is_part {
        } else if is_named {
            fate.keep.push(KeepReason::NoRule);
        } else {
            self.untagged(at, fate);
        }
    }

    /// What is about something that is not here. A subject by its document is in the same repository by definition
    /// (distribution-spec 1.1), so that it is garbage. A tag may say the same of an image of another repository
    /// (`COSIGN_REPOSITORY`), or be the name of a copy: it goes when a release of its age would.
    fn orphan(&self, at: usize, fate: &mut Fate) {
        let node = &self.graph.nodes[at];
        for &subject in &node.subjects {
            if let Some(by) = self.uses.everywhere.get(&subject) {
                let by = by.clone();
                fate.keep.push(KeepReason::SubjectInUse { subject, by });
            }
        }
        self.untagged(at, fate);
        if !node.tags.is_untagged() {
            let time = node.manifest.pushed_at.unwrap_or(Timestamp::MAX);
            if let Some(of) = self.policy.keep_releases
                && self.releases.rank(time) <= of
            {
                fate.keep.push(KeepReason::AmongNewest { of });
            }
            self.expire(at, time, fate);
        }
        let age = self.since_use(at).as_secs();
        let subject = node.subjects.first();
        fate.goes = subject.map(|&subject| RemoveReason::Orphan { subject, age });
    }

    /// `keep_releases` and `expire`: it goes when each that is set lets it go.
    fn release(&self, at: usize, release: Release, fate: &mut Fate) {
        let rank = release.rank;
        if let Some(of) = self.policy.keep_releases
            && rank <= of
        {
            fate.keep.push(KeepReason::Newest { rank, of });
        }
        let age = self.expire(at, release.at, fate);
        fate.goes = Some(RemoveReason::Expired {
            age: self.policy.expire.map(|_| age.as_secs()),
            rank,
        });
    }

    /// `expire`, for what was released then; nothing expires where neither it nor `keep_releases` is set.
    fn expire(&self, at: usize, released: Timestamp, fate: &mut Fate) -> Duration {
        let from = match self.policy.expire_from {
            AgeFrom::Push => Some(released),
            AgeFrom::Pull => self.releases.pulled[at].max(Some(released)),
        };
        let age = from.map(|from| self.age(from)).unwrap_or_default();
        if let Some(limit) = self.policy.expire
            && age < limit
        {
            fate.keep.push(KeepReason::NotExpired {
                age: age.as_secs(),
                limit: limit.as_secs(),
            });
        }
        if self.policy.keep_releases.is_none() && self.policy.expire.is_none() {
            fate.keep.push(KeepReason::NoRule);
        }
        age
    }

    /// `cache_expire` and `branches`, for each of its tags.
    fn cache(&self, at: usize, fate: &mut Fate) {
        let node = &self.graph.nodes[at];
        let age = self.since_use(at);
        for tag in node.tags.ordinary.iter().chain(&node.tags.staging) {
            let branches = self.branches.as_ref();
            if branches.is_some_and(|branches| branches.keeps(tag)) {
                fate.keep.push(KeepReason::CacheBranch { tag: tag.clone() });
            }
        }
        match self.policy.cache.expire {
            Some(limit) if age < limit => fate.keep.push(KeepReason::CacheNotExpired {
                age: age.as_secs(),
                limit: limit.as_secs(),
            }),
            Some(_) => {}
            // Other tools' tags may look as if they were of a branch: a cache that is used must not go for its name.
            None => fate.keep.push(KeepReason::NoRule),
        }
        let age = age.as_secs();
        fate.goes = Some(RemoveReason::Cache { age });
    }

    /// `untagged`, from the push (which [`Self::fate`] looked at) and the last pull.
    fn untagged(&self, at: usize, fate: &mut Fate) {
        let (age, limit) = (self.since_use(at), self.policy.untagged);
        let is_known = fate
            .keep
            .iter()
            .any(|one| matches!(one, KeepReason::Young { .. }));
        if age < limit && !is_known {
            fate.keep.push(KeepReason::Young {
                age: Some(age.as_secs()),
                limit: limit.as_secs(),
            });
        }
        let age = age.as_secs();
        fate.goes = Some(RemoveReason::Untagged { age });
    }

    /// How long it has been neither pushed nor pulled.
    pub(super) fn since_use(&self, at: usize) -> Duration {
        let pushed = self.graph.nodes[at].manifest.pushed_at;
        let last = self.releases.pulled[at].max(pushed);
        last.map(|last| self.age(last)).unwrap_or_default()
    }

    /// What lies ahead is of no age: clocks differ.
    fn age(&self, time: Timestamp) -> Duration {
        let age = self.now.duration_since(time);
        age.try_into().unwrap_or_default()
    }
}

fn unknown(node: &Node<'_>) -> KeepReason {
    let media_type = artifact_type(&node.manifest).unwrap_or(&node.manifest.media_type);
    let media_type = media_type.to_owned();
    KeepReason::Unknown { media_type }
}
