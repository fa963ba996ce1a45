//! Numbers and bytes, nothing counted twice.

use std::collections::BTreeMap;

use super::release::Releases;
use crate::image::{Digest, media_type};
use crate::prune::graph::Graph;
use crate::prune::{Content, Manifest, RemoveReason, Sizes, Totals, Verdict};

/// What is there, and what goes.
pub(super) fn of(
    graph: &Graph<'_>,
    releases: &Releases,
    verdicts: &[Verdict],
    untag: &[Vec<String>],
) -> Sizes {
    let manifests = || graph.nodes.iter().map(|node| &*node.manifest);
    let exact = manifests().all(|one| matches!(one.content, Content::Read(_)));
    let is_release = releases.of.iter().filter(|one| one.is_some());
    let everything = manifests().map(|one| (one, true));
    Sizes {
        total: Totals {
            manifests: graph.nodes.len() as u64,
            releases: is_release.count() as u64,
            bytes: bytes(everything, exact),
        },
        removed: removed(manifests().zip(verdicts), exact),
        tags: untag.iter().map(|tags| tags.len() as u64).sum(),
        exact,
    }
}

/// What goes. `exact` as [`Sizes::exact`].
pub(in crate::prune) fn removed<'a>(
    verdicts: impl Iterator<Item = (&'a Manifest, &'a Verdict)>,
    exact: bool,
) -> Totals {
    let mut totals = Totals::default();
    let marked: Vec<(&Manifest, bool)> = verdicts
        .map(|(manifest, verdict)| match verdict {
            Verdict::Keep(_) => (manifest, false),
            Verdict::Remove(reason) => {
                totals.manifests += 1;
                totals.releases += u64::from(matches!(reason, RemoveReason::Expired { .. }));
                (manifest, true)
            }
        })
        .collect();
    totals.bytes = bytes(marked.into_iter(), exact);
    totals
}

/// The bytes of what is marked. Exact: of the blobs that nothing else holds.
fn bytes<'a>(manifests: impl Iterator<Item = (&'a Manifest, bool)>, exact: bool) -> u64 {
    if !exact {
        let counted =
            manifests.filter(|(one, marked)| *marked && !media_type::is_index(&one.media_type));
        return counted.filter_map(|(one, _)| one.size).sum();
    }
    let mut blobs: BTreeMap<Digest, (u64, bool)> = BTreeMap::new();
    for (manifest, marked) in manifests {
        let Content::Read(links) = &manifest.content else {
            continue;
        };
        for layer in &links.layers {
            let blob = blobs.entry(layer.digest).or_insert((layer.size, true));
            blob.1 &= marked;
        }
    }
    let counted = blobs.into_values().filter(|(_, marked)| *marked);
    counted.map(|(size, _)| size).sum()
}
