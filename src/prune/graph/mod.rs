//! A repository as one reference graph: what every manifest is, and which others it needs to be whole.
//!
//! An edge says "while this is kept, that is kept": index to child, subject to referrer, image to SOCI index and
//! attestations, a tag's holder to what the jobs left of it. Digests that are not in the repository are no nodes.
//! What is kept at all is `decide`'s work.

mod close;
mod kind;
mod merge;
mod order;
mod tag;

use std::borrow::Cow;
use std::collections::HashMap;

use super::{ChildRole, Content, Kind, Link, Manifest, Repository};
use crate::image::Digest;

pub(super) use close::{Kept, Via};
pub(super) use kind::{CACHE_CONFIG, SOCI_V2, artifact_type, is_plain_image, is_schema_1};
pub(super) use order::{components, waves};
pub(super) use tag::{Tags, staging};

/// The manifests of a repository, sorted by digest, and what joins them.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    by_digest: HashMap<Digest, usize>,
    by_tag: HashMap<String, Vec<usize>>,
}

/// One manifest.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) manifest: Cow<'a, Manifest>,
    pub(super) kind: Kind,
    /// It is an image or an index of images by itself, whatever an index that lists it says.
    pub(super) is_image: bool,
    pub(super) tags: Tags,
    /// What it is about, by its document, ECR or its tags; not itself. Sorted; any may be missing here.
    pub(super) subjects: Vec<Digest>,
    /// It is about something, and nobody gave it a name of its own: it has no life of its own.
    pub(super) is_referrer: bool,
    /// What is kept while it is.
    pub(super) parts: Vec<Edge>,
    /// What it is a part of.
    pub(super) wholes: Vec<Edge>,
    /// How many of the manifests that it lists are not here.
    pub(super) missing: usize,
}

/// One end of an edge: the other node, and how the part belongs to its whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) node: usize,
    pub(super) link: Link,
}

impl Node<'_> {
    /// Its digest.
    pub(super) fn digest(&self) -> Digest {
        self.manifest.digest
    }

    /// Why its parts are not known: it could not be read, or nobody did and ECR alone does not tell.
    pub(super) fn unreadable(&self) -> Option<&str> {
        super::read::parts_unknown(&self.manifest)
    }

    /// Whether a read index lists it.
    pub(super) fn is_listed(&self) -> bool {
        self.wholes.iter().any(|edge| edge.link == Link::Child)
    }

    /// The nodes that it lists as an index.
    pub(super) fn children(&self) -> impl Iterator<Item = usize> {
        let children = self.parts.iter().filter(|edge| edge.link == Link::Child);
        children.map(|edge| edge.node)
    }
}

impl<'a> Graph<'a> {
    /// The graph of everything that a repository holds.
    pub(super) fn new(repository: &'a Repository) -> Self {
        let manifests = merge::distinct(&repository.manifests);
        let mut by_digest = HashMap::with_capacity(manifests.len());
        let mut by_tag: HashMap<String, Vec<usize>> = HashMap::new();
        let mut nodes = Vec::with_capacity(manifests.len());
        for (at, manifest) in manifests.into_iter().enumerate() {
            by_digest.insert(manifest.digest, at);
            for tag in &manifest.tags {
                by_tag.entry(tag.clone()).or_default().push(at);
            }
            nodes.push(Node::new(manifest));
        }
        let mut graph = Self {
            nodes,
            by_digest,
            by_tag,
        };
        graph.join();
        graph.learn_kinds();
        graph
    }

    /// The node of a digest.
    pub(super) fn find(&self, digest: Digest) -> Option<usize> {
        self.by_digest.get(&digest).copied()
    }

    /// The node that a tag points at: several where the tag moved while it was listed.
    pub(super) fn tagged(&self, tag: &str) -> &[usize] {
        self.by_tag.get(tag).map_or(&[], Vec::as_slice)
    }

    /// Finds every edge.
    fn join(&mut self) {
        let mut edges: Vec<(usize, Edge)> = Vec::new();
        let mut missing = vec![0; self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            let mut add = |whole: Option<usize>, part: Option<usize>, link: Link| {
                if let (Some(whole), Some(part)) = (whole, part)
                    && whole != part
                {
                    edges.push((whole, Edge { node: part, link }));
                }
            };
            for (_, subject) in &node.tags.referrer {
                add(self.find(*subject), Some(at), Link::SubjectTag);
            }
            add(
                node.manifest.subject.and_then(|one| self.find(one)),
                Some(at),
                Link::Subject,
            );
            for &whole in node.partial_of().flat_map(|tag| self.tagged(tag)) {
                add(Some(whole), Some(at), Link::Staging);
            }
            let Content::Read(links) = &node.manifest.content else {
                continue;
            };
            add(
                links.subject.and_then(|one| self.find(one)),
                Some(at),
                Link::Subject,
            );
            add(
                Some(at),
                links.soci_index.and_then(|one| self.find(one)),
                Link::SociOf,
            );
            for child in &links.children {
                let part = self.find(child.digest);
                missing[at] += usize::from(part.is_none());
                add(Some(at), part, Link::Child);
                let of = child.of.and_then(|of| self.find(of));
                match child.role {
                    ChildRole::Soci => add(of, part, Link::SociOf),
                    ChildRole::Attestation => add(of, part, Link::AttestationOf),
                    ChildRole::Image | ChildRole::Other => {}
                }
            }
        }
        edges.sort_unstable();
        edges.dedup();
        for (whole, part) in edges {
            self.nodes[whole].parts.push(part);
            self.nodes[part.node].wholes.push(Edge {
                node: whole,
                link: part.link,
            });
        }
        for (node, missing) in self.nodes.iter_mut().zip(missing) {
            node.missing = missing;
        }
    }

    /// What indexes say of their entries: an attestation looks like an image, and so may a referrer. Only for
    /// what has no name of its own.
    fn learn_kinds(&mut self) {
        let mut learned: Vec<(usize, Kind)> = Vec::new();
        for node in &self.nodes {
            let Content::Read(links) = &node.manifest.content else {
                continue;
            };
            for child in &links.children {
                let kind = match child.role {
                    _ if node.kind == Kind::ReferrersIndex => Kind::Referrer,
                    ChildRole::Attestation => Kind::Attestation,
                    _ => continue,
                };
                learned.extend(self.find(child.digest).map(|at| (at, kind)));
            }
        }
        // Sorted, so that the same kind wins whatever the order of the indexes.
        learned.sort_unstable();
        for (at, kind) in learned {
            let node = &mut self.nodes[at];
            let is_open = match kind {
                Kind::Attestation => node.kind == Kind::Image,
                _ => matches!(node.kind, Kind::Image | Kind::Unknown),
            };
            if is_open && node.tags.ordinary.is_empty() {
                node.kind = kind;
            }
        }
    }
}

impl<'a> Node<'a> {
    fn new(manifest: Cow<'a, Manifest>) -> Self {
        let tags = Tags::of(&manifest.tags, manifest.digest);
        let read = match &manifest.content {
            Content::Read(links) => links.subject,
            Content::NotRead | Content::Unreadable(_) => None,
        };
        let told = manifest.subject.into_iter().chain(read);
        let told: Vec<Digest> = told.filter(|one| *one != manifest.digest).collect();
        let kind = kind::kind(&manifest, &tags, !told.is_empty());
        let tagged = tags.referrer.iter().map(|(_, subject)| *subject);
        let mut subjects: Vec<Digest> = tagged.collect();
        let is_referrer = !told.is_empty() || (!subjects.is_empty() && tags.is_referrer());
        subjects.extend(told);
        subjects.sort_unstable();
        subjects.dedup();
        Self {
            manifest,
            kind,
            is_image: matches!(kind, Kind::Image | Kind::Index),
            tags,
            subjects,
            is_referrer,
            parts: Vec::new(),
            wholes: Vec::new(),
            missing: 0,
        }
    }

    /// The tags that it is a part of, where jobs that build one platform each left it and nothing
    /// else names it.
    fn partial_of(&self) -> impl Iterator<Item = &str> {
        let is_left = self.tags.is_untagged();
        let tags = self.tags.staging.iter().filter(move |_| is_left);
        tags.filter_map(|tag| staging(tag))
    }
}

#[cfg(test)]
mod tests;
