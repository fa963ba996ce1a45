//! What a manifest is kept for by itself, and why it would go if nothing else keeps it.
//!
//! Each rule looks at one manifest and at the inventory alone, never at what becomes of others: so the
//! fewer uses there are, the more goes.

use std::time::Duration;

use jiff::Timestamp;

use super::cache::{BranchState, Branches};
use super::release::{Release, Releases};
use crate::prune::graph::{Graph, Node, artifact_type};
use crate::prune::{AgeFrom, KeepReason, Kind, Policy, RemoveReason, Status};

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

    /// `keep_tags`.
    fn by_tag(&self, node: &Node<'_>, fate: &mut Fate) {
        for tag in node.tags.ordinary.iter().chain(&node.tags.staging) {
            for pattern in self.policy.keep_tags.iter().filter(|one| one.covers(tag)) {
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
        } else if node.is_referrer {
            match node.subjects.first() {
                // It goes with its subject, or stays with it.
                Some(_) if is_part => {}
                Some(_) if is_named => fate.keep.push(KeepReason::NoRule),
                Some(&subject) if node.kind != Kind::Unknown => {
                    // A signature may be about an image of another repository, and who checks it pulls it.
                    self.untagged(at, fate);
                    let age = self.since_use(at).as_secs();
                    fate.goes = Some(RemoveReason::Orphan { subject, age });
                }
                _ => fate.keep.push(unknown(node)),
            }
        } else if node.kind == Kind::Cache && (is_named || !node.tags.staging.is_empty()) {
            self.cache(at, fate);
        } else if node.kind == Kind::Unknown && (is_named || !is_part) {
            fate.keep.push(unknown(node));
        } else if is_part {
        } else if is_named {
            fate.keep.push(KeepReason::NoRule);
        } else {
            self.untagged(at, fate);
        }
    }

    /// `keep_releases` and `expire`: it goes when each that is set lets it go.
    fn release(&self, at: usize, release: Release, fate: &mut Fate) {
        let rank = release.rank;
        if let Some(of) = self.policy.keep_releases
            && rank <= of
        {
            fate.keep.push(KeepReason::Newest { rank, of });
        }
        let from = match self.policy.expire_from {
            AgeFrom::Push => Some(release.at),
            AgeFrom::Pull => self.releases.pulled[at].max(Some(release.at)),
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
        fate.goes = Some(RemoveReason::Expired {
            age: self.policy.expire.map(|_| age.as_secs()),
            rank,
        });
    }

    /// `cache_expire` and `branches`, for each of its tags.
    fn cache(&self, at: usize, fate: &mut Fate) {
        let node = &self.graph.nodes[at];
        let age = self.since_use(at);
        let mut is_judged = true;
        for tag in node.tags.ordinary.iter().chain(&node.tags.staging) {
            match self.branches.as_ref().map(|branches| branches.state(tag)) {
                Some(BranchState::Lives) => {
                    fate.keep.push(KeepReason::CacheBranch { tag: tag.clone() });
                }
                Some(BranchState::Gone) => {}
                Some(BranchState::NotTold) | None => is_judged = false,
            }
        }
        match self.policy.cache.expire {
            Some(limit) if age < limit => fate.keep.push(KeepReason::CacheNotExpired {
                age: age.as_secs(),
                limit: limit.as_secs(),
            }),
            Some(_) => {}
            None if is_judged => {}
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
