//! From a repository, its uses and a policy to what becomes of every manifest.
//!
//! Three steps: [`rules`] say what each manifest is kept for by itself; the graph adds everything that is needed
//! with it; the rest goes, in waves. No step looks at what another run did, and none asks anybody.

mod cache;
mod release;
mod rules;
mod sizes;
mod untag;
mod uses;
mod warnings;

use std::cmp::Reverse;
use std::collections::VecDeque;

use jiff::Timestamp;

use self::cache::Branches;
use self::release::Releases;
use self::rules::{Fate, Rules};
pub use self::uses::{NamedImage, RepositoryUses, UsesIndex};
use super::graph::{Graph, Kept, Via, waves};
use super::{ImagePlan, KeepReason, Policy, RemoveReason, Repository, RepositoryPlan, Verdict};
use crate::image::{Digest, media_type};

pub(super) use self::sizes::removed;

/// What becomes of every manifest of a repository at a time: the largest set goes that the policy allows. Cases
/// that hold the run are not looked at here.
///
/// The same for the same repository in any order. Of a kept manifest every direct reason is told, or one
/// through which it is a part of something that is kept.
pub fn decide(
    repository: &Repository,
    uses: &RepositoryUses,
    policy: &Policy,
    now: Timestamp,
) -> RepositoryPlan {
    let graph = Graph::new(repository);
    let releases = Releases::new(&graph, uses);
    let rules = Rules {
        graph: &graph,
        releases: &releases,
        uses,
        policy,
        branches: policy.cache.branches.as_deref().map(Branches::new),
        now,
    };
    let count = graph.nodes.len();
    let mut fates: Vec<Fate> = (0..count).map(|at| rules.fate(at)).collect();
    let not_there = add_uses(&graph, uses, &mut fates);
    let roots = (0..count).filter(|&at| fates[at].is_root());
    let kept = graph.close(roots, policy.archive);

    let mut warnings = warnings::not_there(&not_there);
    warnings.extend(warnings::of(&graph, &fates, &kept));
    let untag = untag::tags(&graph, &releases, uses, policy, &fates, &kept);
    let verdicts = verdicts(&rules, fates, &kept);
    let goes = |at: usize| matches!(verdicts[at], Verdict::Remove(_));
    let next = |at: usize| graph.nodes[at].parts.iter().map(|edge| edge.node).collect();
    let waves = waves(count, next, goes);
    let waves = waves
        .into_iter()
        .map(|wave| {
            wave.into_iter()
                .map(|at| graph.nodes[at].digest())
                .collect()
        })
        .collect();
    let sizes = sizes::of(&graph, &releases, &verdicts, &untag);

    let mut images: Vec<ImagePlan> = Vec::with_capacity(count);
    for ((node, verdict), untag) in graph.nodes.iter().zip(verdicts).zip(untag) {
        let manifest = &node.manifest;
        let mut tags = manifest.tags.clone();
        tags.sort_unstable();
        tags.dedup();
        images.push(ImagePlan {
            digest: manifest.digest,
            kind: node.kind,
            archived: manifest.status == super::Status::Archived,
            tags,
            size: manifest
                .size
                .filter(|_| !media_type::is_index(&manifest.media_type)),
            pushed_at: manifest.pushed_at,
            pulled_at: manifest.pulled_at,
            verdict,
            untag,
        });
    }
    images.sort_by_key(order);
    RepositoryPlan {
        repository: repository.id.clone(),
        archive: policy.archive,
        images,
        waves,
        refusals: Vec::new(),
        warnings,
        sizes,
    }
}

/// Removed before kept, newest first.
pub(super) fn order(image: &ImagePlan) -> (bool, Reverse<Option<Timestamp>>, Digest) {
    let is_kept = matches!(image.verdict, Verdict::Keep(_));
    (is_kept, Reverse(image.pushed_at), image.digest)
}

/// Adds who uses what. Returns those whose image is not there.
fn add_uses<'u>(
    graph: &Graph<'_>,
    uses: &'u RepositoryUses,
    fates: &mut [Fate],
) -> Vec<&'u NamedImage> {
    let mut not_there = Vec::new();
    for one in &uses.uses {
        let by_digest = one.digest.and_then(|digest| graph.find(digest));
        let by_tag = one.tag.as_deref().map_or(&[][..], |tag| graph.tagged(tag));
        // A digest says exactly what is used; that the tag has gone elsewhere since is no fault.
        let is_there = match one.digest {
            Some(_) => by_digest.is_some(),
            None => !by_tag.is_empty(),
        };
        if !is_there {
            not_there.push(one);
        }
        for at in by_digest.into_iter().chain(by_tag.iter().copied()) {
            let has_tag = |tag: &&String| graph.nodes[at].manifest.tags.contains(tag);
            let reason = KeepReason::InUse {
                by: one.by.clone(),
                tag: one.tag.as_ref().filter(has_tag).cloned(),
            };
            fates[at].keep.push(reason);
        }
    }
    not_there
}

/// What becomes of each node.
fn verdicts(rules: &Rules<'_>, fates: Vec<Fate>, kept: &Kept) -> Vec<Verdict> {
    let graph = rules.graph;
    let mut parts = removed_parts(graph, &fates, kept);
    let mut verdicts = Vec::with_capacity(fates.len());
    for (at, mut fate) in fates.into_iter().enumerate() {
        if kept.kept[at] || fate.is_stored {
            if let Some((of, via)) = kept.because[at]
                && fate.keep.is_empty()
            {
                fate.keep.push(because(graph.nodes[of].digest(), via));
            }
            if fate.is_stored {
                fate.keep.push(KeepReason::Archived);
            }
            fate.keep.sort_unstable();
            fate.keep.dedup();
            verdicts.push(Verdict::Keep(fate.keep));
            continue;
        }
        let reason = fate.goes.or_else(|| parts[at].take());
        // Nothing but a cycle leads to it: nobody could get at it.
        let reason = reason.unwrap_or_else(|| RemoveReason::Untagged {
            age: rules.since_use(at).as_secs(),
        });
        verdicts.push(Verdict::Remove(reason));
    }
    verdicts
}

/// The reason to keep a part.
pub(super) fn because(of: Digest, via: Via) -> KeepReason {
    match via {
        Via::Link(link) => KeepReason::Part { of, link },
        Via::Maybe => KeepReason::MaybePart { of },
    }
}

/// For what goes and has no life of its own: through what it goes, found from what goes for a reason of its own.
fn removed_parts(graph: &Graph<'_>, fates: &[Fate], kept: &Kept) -> Vec<Option<RemoveReason>> {
    let is_start =
        |&at: &usize| !kept.kept[at] && (fates[at].goes.is_some() || fates[at].is_stored);
    let mut queue: VecDeque<usize> = (0..fates.len()).filter(is_start).collect();
    let mut reasons = vec![None; fates.len()];
    while let Some(at) = queue.pop_front() {
        for edge in &graph.nodes[at].parts {
            let part = edge.node;
            let is_open = !kept.kept[part] && reasons[part].is_none();
            if is_open && fates[part].goes.is_none() && !fates[part].is_stored {
                reasons[part] = Some(RemoveReason::Part {
                    of: graph.nodes[at].digest(),
                    link: edge.link,
                });
                queue.push_back(part);
            }
        }
    }
    reasons
}

#[cfg(test)]
mod ecrm_faults;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
