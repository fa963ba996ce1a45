//! Tags that expire although their image is kept.
//!
//! A release that is kept for a use or a tag alone would be gone by the rules: its other tags go as they would have
//! gone with it. And a split job's tag goes once its image is in the index that the tag was left for. A manifest
//! always keeps a tag of its own: without one nothing would lead to it, and deleting the last one deletes it.

use std::collections::BTreeSet;

use super::RepositoryUses;
use super::release::Releases;
use super::rules::Fate;
use crate::prune::graph::{Graph, Kept, Node, staging};
use crate::prune::{KeepReason, Link, Policy, Status};

/// The tags to remove, by node, sorted.
pub(super) fn tags(
    graph: &Graph<'_>,
    releases: &Releases,
    uses: &RepositoryUses,
    policy: &Policy,
    fates: &[Fate],
    kept: &Kept,
) -> Vec<Vec<String>> {
    let used = uses.uses.iter().filter_map(|one| one.tag.as_deref());
    let untag = Untag {
        graph,
        policy,
        fates,
        used: used.collect(),
    };
    let nodes = graph.nodes.iter().enumerate();
    nodes
        .map(|(at, node)| {
            let may = policy.remove_tags && kept.kept[at] && node.manifest.status == Status::Active;
            if may {
                untag.of(at, node, releases.of[at].is_some())
            } else {
                Vec::new()
            }
        })
        .collect()
}

struct Untag<'a> {
    graph: &'a Graph<'a>,
    policy: &'a Policy,
    fates: &'a [Fate],
    used: BTreeSet<&'a str>,
}

impl Untag<'_> {
    fn of(&self, at: usize, node: &Node<'_>, is_release: bool) -> Vec<String> {
        if self.is_young(at) {
            return Vec::new();
        }
        let mut gone: BTreeSet<&String> = BTreeSet::new();
        if is_release && self.is_expired(at) {
            gone.extend(node.tags.ordinary.iter().filter(|tag| self.may_go(tag)));
            if gone.len() == node.tags.ordinary.len() {
                gone.pop_last();
            }
        }
        if !node.tags.ordinary.is_empty() {
            let staging = node.tags.staging.iter().filter(|tag| self.may_go(tag));
            gone.extend(staging.filter(|tag| self.is_joined(at, tag)));
        }
        gone.into_iter().cloned().collect()
    }

    /// Whether only uses and `keep_tags` keep it.
    fn is_expired(&self, at: usize) -> bool {
        let reasons = &self.fates[at].keep;
        !reasons.is_empty()
            && reasons
                .iter()
                .all(|one| matches!(one, KeepReason::InUse { .. } | KeepReason::Tag { .. }))
    }

    fn is_young(&self, at: usize) -> bool {
        let mut reasons = self.fates[at].keep.iter();
        reasons.any(|one| matches!(one, KeepReason::Young { .. }))
    }

    fn may_go(&self, tag: &str) -> bool {
        let mut patterns = self.policy.keep_tags.iter();
        !self.used.contains(tag) && !patterns.any(|pattern| pattern.covers(tag))
    }

    /// Whether the index was made that the split job's tag was for. An image that did not change may have been
    /// tagged a minute ago, whatever its age, so the index has to list it.
    fn is_joined(&self, at: usize, tag: &str) -> bool {
        let holders = staging(tag).map_or(&[][..], |of| self.graph.tagged(of));
        holders.iter().any(|&holder| {
            let mut wholes = self.graph.nodes[at].wholes.iter();
            let is_listed = wholes.any(|edge| edge.node == holder && edge.link == Link::Child);
            (holder == at || is_listed) && !self.is_young(holder)
        })
    }
}
