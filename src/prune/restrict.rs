//! What of a fresh plan may be done under an older one that somebody saw.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{because, order, removed};
use super::graph::Graph;
use super::{KeepReason, Repository, RepositoryPlan, Verdict};
use crate::image::Digest;

/// Leaves of `plan` what `allowed` has, too: nothing else is removed, and nothing that is needed by something that
/// now stays. `allowed_tags` are the tags that may be removed from kept images, by digest.
///
/// `repository` is what `plan` was made from.
pub fn restrict(
    plan: &mut RepositoryPlan,
    repository: &Repository,
    allowed: &BTreeSet<Digest>,
    allowed_tags: &BTreeMap<Digest, BTreeSet<String>>,
) {
    let graph = Graph::new(repository);
    let goes = |image: &super::ImagePlan| matches!(image.verdict, Verdict::Remove(_));
    let mut roots: Vec<usize> = plan
        .images
        .iter()
        .filter(|image| goes(image) && !allowed.contains(&image.digest))
        .filter_map(|image| graph.find(image.digest))
        .collect();
    roots.sort_unstable();
    let stays = graph.close(roots);

    for image in &mut plan.images {
        let tags = allowed_tags.get(&image.digest);
        image
            .untag
            .retain(|tag| tags.is_some_and(|tags| tags.contains(tag)));
        let Some(at) = graph.find(image.digest).filter(|&at| stays.kept[at]) else {
            continue;
        };
        if goes(image) {
            image.verdict = Verdict::Keep(vec![match stays.because[at] {
                None => KeepReason::NotInSavedPlan,
                Some((of, via)) => because(graph.nodes[of].digest(), via),
            }]);
        }
    }
    let gone: BTreeSet<Digest> = plan
        .images
        .iter()
        .filter(|image| goes(image))
        .map(|image| image.digest)
        .collect();
    for wave in &mut plan.waves {
        wave.retain(|digest| gone.contains(digest));
    }
    plan.waves.retain(|wave| !wave.is_empty());

    let verdicts = plan.images.iter().filter_map(|image| {
        let node = &graph.nodes[graph.find(image.digest)?];
        Some((&*node.manifest, &image.verdict))
    });
    plan.sizes.removed = removed(verdicts, plan.sizes.exact);
    plan.sizes.tags = plan
        .images
        .iter()
        .map(|image| image.untag.len() as u64)
        .sum();
    plan.images.sort_by_key(order);
}
