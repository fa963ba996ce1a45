//! Which manifests are releases, how old they are, and which is the newest.
//!
//! A release is a tagged image or index that is no part of another release, or one that a record names. ECR keeps
//! the time of the first push for ever, so a record may make a release newer than its push; and what a part was
//! pulled counts for the whole, because it is not known which of the two ECR records.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::RepositoryUses;
use crate::prune::Status;
use crate::prune::graph::{Graph, Node, components};

/// A release among the others of its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Release {
    /// When it was released last.
    pub(super) at: Timestamp,
    /// 1 is the newest. What is in the archive takes no place: it cannot be pulled, so it is not what
    /// somebody would go back to.
    pub(super) rank: u32,
}

/// What follows from the tree of indexes, by node.
#[derive(Debug)]
pub(super) struct Releases {
    /// The releases.
    pub(super) of: Vec<Option<Release>>,
    /// When it, or anything that it lists, was pulled last.
    pub(super) pulled: Vec<Option<Timestamp>>,
    /// The times of those that take a place, the newest first.
    times: Vec<Timestamp>,
}

/// What is known of an index with everything that it lists.
#[derive(Clone, Copy, Debug, Default)]
struct Tree {
    /// The newest push or release; an unknown one is the newest.
    at: Timestamp,
    pulled: Option<Timestamp>,
    /// How many levels of indexes it has. Where two are of one time, the one that lists more goes first, so that
    /// the order stays the same when an index is gone and its parts are not.
    height: usize,
}

impl Releases {
    /// Finds the releases of a repository.
    pub(super) fn new(graph: &Graph<'_>, uses: &RepositoryUses) -> Self {
        let count = graph.nodes.len();
        let component = components(count, |at| graph.nodes[at].children().collect());
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&at| component[at]);

        let trees = trees(graph, uses, &component, &order);
        let is_release = which(graph, uses, &component, &order);
        let mut sorted: Vec<usize> = (0..count).filter(|&at| is_release[at]).collect();
        sorted.sort_by_key(|&at| {
            let tree = trees[component[at]];
            Reverse((tree.at, tree.height, graph.nodes[at].digest()))
        });
        let mut of = vec![None; count];
        let mut times = Vec::new();
        let mut rank = 1;
        for at in sorted {
            let tree = trees[component[at]];
            of[at] = Some(Release { at: tree.at, rank });
            if graph.nodes[at].manifest.status == Status::Active {
                times.push(tree.at);
                rank += 1;
            }
        }
        let pulled = component.iter().map(|&number| trees[number].pulled);
        Self {
            of,
            pulled: pulled.collect(),
            times,
        }
    }

    /// The place that a release of this time would have.
    pub(super) fn rank(&self, time: Timestamp) -> u32 {
        let newer = self.times.partition_point(|one| *one > time);
        u32::try_from(newer).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// By component. `order` has every node after all that it lists.
fn trees(
    graph: &Graph<'_>,
    uses: &RepositoryUses,
    component: &[usize],
    order: &[usize],
) -> Vec<Tree> {
    let mut trees = vec![
        Tree {
            at: Timestamp::MIN,
            ..Tree::default()
        };
        component.len()
    ];
    for &at in order {
        let node = &graph.nodes[at];
        let mut tree = trees[component[at]];
        let released = uses.releases.get(&node.digest()).copied();
        let pushed = node.manifest.pushed_at.unwrap_or(Timestamp::MAX);
        tree.at = tree.at.max(pushed).max(released.unwrap_or(pushed));
        tree.pulled = tree.pulled.max(node.manifest.pulled_at);
        for child in node
            .children()
            .filter(|&child| component[child] != component[at])
        {
            let part = trees[component[child]];
            tree.at = tree.at.max(part.at);
            tree.pulled = tree.pulled.max(part.pulled);
            tree.height = tree.height.max(part.height + 1);
        }
        trees[component[at]] = tree;
    }
    trees
}

/// Which nodes are releases: a tagged entry of a tagged index is a part of that release. Two indexes that list each
/// other, which only bad data has, are a release each.
fn which(
    graph: &Graph<'_>,
    uses: &RepositoryUses,
    component: &[usize],
    order: &[usize],
) -> Vec<bool> {
    let is_recorded = |node: &Node<'_>| uses.releases.contains_key(&node.digest());
    let is_candidate = |node: &Node<'_>| {
        node.is_image && !node.is_referrer && (!node.tags.ordinary.is_empty() || is_recorded(node))
    };
    // By component: whether a candidate is in it, or leads to it from elsewhere.
    let mut has_candidate = vec![false; component.len()];
    for &at in order {
        has_candidate[component[at]] |= is_candidate(&graph.nodes[at]);
    }
    let mut is_covered = vec![false; component.len()];
    for &at in order.iter().rev() {
        let from = component[at];
        if !has_candidate[from] && !is_covered[from] {
            continue;
        }
        for child in graph.nodes[at].children() {
            if component[child] != from {
                is_covered[component[child]] = true;
            }
        }
    }
    let nodes = graph.nodes.iter().zip(component);
    nodes
        .map(|(node, &number)| is_candidate(node) && (!is_covered[number] || is_recorded(node)))
        .collect()
}
