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
    let stays = graph.close(roots, plan.archive);

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prune::testing::{digest, image, index, now, referrer, repository, used};
    use crate::prune::{Link, Policy, RepositoryUses, decide};

    #[test]
    fn what_the_saved_plan_has_not_stays_with_all_its_parts() {
        let repository = repository(vec![
            index(1, &["v1"], &[10, 11]),
            index(2, &["v2"], &[11, 12]),
            image(10, &[]),
            image(11, &[]),
            image(12, &[]),
            referrer(20, "application/x", 11),
            image(3, &["a", "b", "c"]),
        ]);
        let uses = RepositoryUses {
            uses: vec![used(Some("c"), None)],
            ..RepositoryUses::default()
        };
        let policy = Policy {
            keep_releases: Some(0),
            ..Policy::default()
        };
        let mut plan = decide(&repository, &uses, &policy, now());
        assert_eq!(plan.sizes.removed.manifests, 6);
        // The saved plan knows neither release 2 nor tag b.
        let allowed = [1, 10, 11, 12, 20, 50].map(digest).into();
        let tags = [(digest(3), ["a".to_owned(), "z".to_owned()].into())].into();
        restrict(&mut plan, &repository, &allowed, &tags);

        assert_eq!(plan.waves, [vec![digest(1)], vec![digest(10)]]);
        let of = |number: u64| {
            let mut images = plan.images.iter();
            images.find(|image| image.digest == digest(number)).unwrap()
        };
        assert_eq!(
            of(2).verdict,
            Verdict::Keep(vec![KeepReason::NotInSavedPlan])
        );
        assert_eq!(
            of(20).verdict,
            Verdict::Keep(vec![KeepReason::Part {
                of: digest(11),
                link: Link::Subject
            }])
        );
        assert_eq!(of(3).untag, ["a"]);
        let removed = plan.sizes.removed;
        assert_eq!(
            (removed.manifests, removed.releases, removed.bytes),
            (2, 1, 100)
        );
        assert_eq!(plan.sizes.tags, 1);
    }
}
