//! Everything that has to be kept with what is kept.
//!
//! Beside the edges that are known there are those that could be: a manifest whose document could not be read may
//! list anything that nothing else lists, and an image that was not read may name a SOCI index.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::{Graph, Link, Node, is_plain_image};
use crate::prune::{Content, Kind};

/// What is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    /// By node.
    pub(crate) kept: Vec<bool>,
    /// Through which other node it was found first; none for roots. Following it always ends at a root.
    pub(crate) because: Vec<Option<(usize, Via)>>,
}

/// Why one node keeps another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// It is a part of it.
    Link(Link),
    /// It may be one: the other could not be read.
    Maybe,
}

/// What may belong to something that was not read.
struct Doubtful {
    /// Untagged manifests that no read index lists: parts of anything.
    unlisted: Vec<usize>,
    /// Other manifests, oldest first. A registry takes an index after its entries, so that only what was pushed no
    /// later can be in it. With a tag only where images are archived: ECR itself deletes none that an index lists,
    /// and so much would be kept by one unreadable index that nobody could allow it.
    listed: Vec<usize>,
    /// SOCI indexes v2 that nothing names: parts of any image that was not read.
    soci: Vec<usize>,
}

impl Graph<'_> {
    /// Everything that can be reached from `roots`. Linear, but for one sort; the same for the same set of roots.
    /// `archives`: what is not kept is archived, not deleted.
    pub(crate) fn close(&self, roots: impl IntoIterator<Item = usize>, archives: bool) -> Kept {
        let mut kept = vec![false; self.nodes.len()];
        let mut because = vec![None; self.nodes.len()];
        let mut queue: VecDeque<usize> = roots.into_iter().collect();
        for &root in &queue {
            kept[root] = true;
        }
        let mut doubtful = self.doubtful(archives);
        let mut listed_done = 0;
        while let Some(at) = queue.pop_front() {
            let node = &self.nodes[at];
            let mut found: Vec<(usize, Via)> = Vec::new();
            for edge in &node.parts {
                found.push((edge.node, Via::Link(edge.link)));
            }
            let mut maybe = Vec::new();
            if node.unreadable().is_some() {
                maybe.append(&mut doubtful.unlisted);
                let limit = pushed(node);
                while let Some(&next) = doubtful.listed.get(listed_done)
                    && limit.is_none_or(|limit| pushed(&self.nodes[next]) <= Some(limit))
                {
                    maybe.push(next);
                    listed_done += 1;
                }
            }
            if is_plain_image(&node.manifest) && !matches!(node.manifest.content, Content::Read(_))
            {
                maybe.append(&mut doubtful.soci);
            }
            found.extend(maybe.into_iter().map(|part| (part, Via::Maybe)));
            for (part, via) in found {
                if !kept[part] {
                    kept[part] = true;
                    because[part] = Some((at, via));
                    queue.push_back(part);
                }
            }
        }
        Kept { kept, because }
    }

    fn doubtful(&self, archives: bool) -> Doubtful {
        let pick = |wanted: &dyn Fn(&Node<'_>) -> bool| -> Vec<usize> {
            let nodes = self.nodes.iter().enumerate();
            let found = nodes.filter(|(_, node)| wanted(node));
            found.map(|(at, _)| at).collect()
        };
        let mut listed = pick(&|node| {
            if node.tags.is_untagged() {
                node.is_listed()
            } else {
                archives
            }
        });
        // What has no time comes first: it is held by whatever could not be read.
        listed.sort_by_key(|&at| (pushed(&self.nodes[at]), at));
        Doubtful {
            unlisted: pick(&|node| node.tags.is_untagged() && !node.is_listed()),
            listed,
            soci: pick(&|node| {
                let mut wholes = node.wholes.iter();
                let is_named = wholes.any(|edge| matches!(edge.link, Link::Child | Link::SociOf));
                node.kind == Kind::SociV2 && node.tags.is_untagged() && !is_named
            }),
        }
    }
}

fn pushed(node: &Node<'_>) -> Option<Timestamp> {
    node.manifest.pushed_at
}
