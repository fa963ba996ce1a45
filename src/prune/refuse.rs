//! Cases of one repository in which nothing is deleted there, unless they were allowed by name.

use std::collections::BTreeSet;

use super::read::parts_unknown;
use super::{
    Allowance, Kind, Manifest, Plan, Policy, Refusal, RefusalCode, RefusalSubject, RemoveReason,
    Repository, RepositoryPlan, RepositoryUses, Status, Verdict,
};
use crate::image::Digest;

/// The name of the case that is about all repositories.
const RUN: &str = "run";
/// How many digests a refusal names.
const NAMES: usize = 3;

/// Adds to a plan every case that holds it. Each refusal has the repository's name.
///
/// To be called on the whole plan of a repository: what is left of it under an older one
/// ([`super::restrict()`]) was judged before.
pub fn refuse(
    plan: &mut RepositoryPlan,
    repository: &Repository,
    uses: &RepositoryUses,
    policy: &Policy,
    allowances: &[Allowance],
) {
    let mut found: Vec<(RefusalCode, String)> = Vec::new();
    let (active, archived): (Vec<_>, Vec<_>) = repository
        .manifests
        .iter()
        .filter_map(|one| parts_unknown(one).map(|why| (one, why)))
        .partition(|(one, _)| one.status == Status::Active);
    if let Some(detail) = describe(&active, "could not be read") {
        found.push((RefusalCode::UnreadableManifest, detail));
    }
    // What goes to the archive can come back.
    if !policy.archive
        && let Some(detail) = describe(&archived, "in the archive cannot be read")
    {
        found.push((RefusalCode::UnreadableArchived, detail));
    }
    if deletes_images(plan) && !uses_anything(repository, uses) {
        let detail = match uses.uses.len() {
            0 => "nothing that was looked at uses any of its images".to_owned(),
            count => format!("none of the {count} images of it that are in use is there"),
        };
        found.push((RefusalCode::NothingInUse, detail));
    }
    let (removed, tags) = (plan.sizes.removed.manifests, plan.sizes.tags);
    // What is in the archive already cannot go there, and would only make a share look small.
    let may_go = plan.images.iter();
    let total = may_go
        .filter(|image| !(policy.archive && image.archived))
        .count();
    if let Some(limit) = policy.max_deletions
        && removed + tags > limit
    {
        let detail = format!(
            "{removed} manifests and {tags} tags of others would go, and max_deletions is {limit}"
        );
        found.push((RefusalCode::TooMany, detail));
    }
    if let Some(share) = policy.max_share
        && share.is_exceeded(count(removed), total)
    {
        let percent = share.as_percent();
        let detail =
            format!("{removed} of {total} manifests would go, and max_share is {percent} percent");
        found.push((RefusalCode::TooLargeShare, detail));
    }
    let name = &repository.id.name;
    plan.refusals
        .extend(found.into_iter().map(|(code, detail)| {
            let subject = RefusalSubject::Repository(repository.id.clone());
            Refusal::new(code, name, subject, detail).judged(allowances)
        }));
}

/// Adds the case that a run would remove more than `limit` manifests and tags. What is held already counts nothing.
pub fn refuse_run(plan: &mut Plan, limit: Option<u64>, allowances: &[Allowance]) {
    let may_go = plan.repositories.iter().filter(|one| plan.may_apply(one));
    let sizes = may_go.map(|one| (one.sizes.removed.manifests, one.sizes.tags));
    let (removed, tags) = sizes.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    if let Some(limit) = limit
        && removed + tags > limit
    {
        let detail = format!(
            "{removed} manifests and {tags} tags of others would go in all, and max_run_deletions is {limit}"
        );
        let subject = RefusalSubject::Everything;
        let refusal = Refusal::new(RefusalCode::TooMany, RUN, subject, detail);
        plan.refusals.push(refusal.judged(allowances));
    }
}

fn describe(unreadable: &[(&Manifest, &str)], what: &str) -> Option<String> {
    let mut sorted = unreadable.to_vec();
    sorted.sort_unstable_by_key(|(manifest, _)| manifest.digest);
    let (_, why) = sorted.first()?;
    let shown = sorted.iter().take(NAMES);
    let mut names: Vec<String> = shown.map(|(one, _)| one.digest.to_string()).collect();
    if let Some(more) = sorted.len().checked_sub(NAMES).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    let manifests = match sorted.len() {
        1 => "a manifest".to_owned(),
        count => format!("{count} manifests"),
    };
    Some(format!("{manifests} {what} ({why}): {}", names.join(", ")))
}

/// Whether the plan takes anything that somebody could need: an image that a task could run, or a signature whose image
/// is not here, since people keep them in repositories of their own. A repository of caches alone has no uses by nature.
fn deletes_images(plan: &RepositoryPlan) -> bool {
    plan.images.iter().any(|image| {
        let is_image = matches!(image.kind, Kind::Image | Kind::Index);
        match &image.verdict {
            Verdict::Remove(RemoveReason::Expired { .. } | RemoveReason::Orphan { .. }) => true,
            Verdict::Remove(_) => is_image,
            Verdict::Keep(_) => is_image && !image.untag.is_empty(),
        }
    })
}

/// Whether a use names something that is there.
fn uses_anything(repository: &Repository, uses: &RepositoryUses) -> bool {
    let tags: BTreeSet<&str> = uses
        .uses
        .iter()
        .filter_map(|one| one.tag.as_deref())
        .collect();
    let digests: BTreeSet<Digest> = uses.uses.iter().filter_map(|one| one.digest).collect();
    repository.manifests.iter().any(|manifest| {
        let mut own = manifest.tags.iter();
        digests.contains(&manifest.digest) || own.any(|tag| tags.contains(tag.as_str()))
    })
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prune::testing::{artifact, digest, image, index, now, repository, used};
    use crate::prune::{Content, Share, decide};

    fn codes(
        manifests: Vec<Manifest>,
        uses: &RepositoryUses,
        policy: &Policy,
        allowed: &[&str],
    ) -> Vec<(RefusalCode, bool)> {
        let repository = repository(manifests);
        let mut plan = decide(&repository, uses, policy, now());
        let allowances: Vec<Allowance> = allowed.iter().map(|one| one.parse().unwrap()).collect();
        refuse(&mut plan, &repository, uses, policy, &allowances);
        assert!(plan.refusals.iter().all(|one| one.name == "web"));
        let found = plan.refusals.iter();
        found.map(|one| (one.code, one.allowed)).collect()
    }

    fn in_use() -> RepositoryUses {
        RepositoryUses {
            uses: vec![used(Some("v1"), None)],
            ..RepositoryUses::default()
        }
    }

    fn policy() -> Policy {
        Policy {
            keep_releases: Some(0),
            ..Policy::default()
        }
    }

    fn releases() -> Vec<Manifest> {
        vec![image(1, &["v1"]), image(2, &["v2"]), image(3, &["v3"])]
    }

    #[test]
    fn a_plan_without_a_case_is_not_refused() {
        assert_eq!(codes(releases(), &in_use(), &policy(), &[]), []);
    }

    #[test]
    fn images_that_nothing_uses_hold_and_caches_and_leftovers_do_not() {
        let none = RepositoryUses::default;
        let refused = (RefusalCode::NothingInUse, false);
        assert_eq!(codes(releases(), &none(), &policy(), &[]), [refused]);
        let elsewhere = RepositoryUses {
            uses: vec![used(Some("v9"), None), used(None, Some(digest(9)))],
            ..none()
        };
        assert_eq!(codes(releases(), &elsewhere, &policy(), &[]), [refused]);
        assert_eq!(
            codes(releases(), &none(), &policy(), &["nothing-in-use:we*"]),
            [(RefusalCode::NothingInUse, true)]
        );
        let untagged = vec![image(1, &[])];
        assert_eq!(codes(untagged, &none(), &policy(), &[]), [refused]);

        let cache = artifact(1, crate::prune::graph::CACHE_CONFIG, &[]);
        assert_eq!(codes(vec![cache], &none(), &policy(), &[]), []);
        let signature = image(2, &[&format!("sha256-{}.sig", digest(9).hex())]);
        assert_eq!(codes(vec![signature], &none(), &policy(), &[]), [refused]);
        let kept = Policy::default();
        assert_eq!(codes(releases(), &none(), &kept, &[]), [], "nothing goes");
    }

    #[test]
    fn limits_hold() {
        let limited = |max_deletions, max_share: Option<u8>| Policy {
            max_deletions,
            max_share: max_share.and_then(Share::percent),
            ..policy()
        };
        for (policy, expected) in [
            (limited(Some(2), Some(67)), &[][..]),
            (limited(Some(1), None), &[RefusalCode::TooMany]),
            (limited(None, Some(66)), &[RefusalCode::TooLargeShare]),
            (
                limited(Some(0), Some(0)),
                &[RefusalCode::TooMany, RefusalCode::TooLargeShare],
            ),
        ] {
            let found = codes(releases(), &in_use(), &policy, &[]);
            let found: Vec<_> = found.into_iter().map(|(code, _)| code).collect();
            assert_eq!(found, expected, "{policy:?}");
        }
    }

    #[test]
    fn a_run_has_a_limit_and_what_is_held_does_not_count() {
        use crate::prune::samples::{plan, unused, web};
        let removed = web().sizes.removed.manifests + web().sizes.tags;
        let whole = |limit, allowed: &[Allowance]| {
            // The second one is held by a case of its own.
            let mut plan = plan(vec![web(), unused("tools", false), web()]);
            refuse_run(&mut plan, limit, allowed);
            (plan.is_refused_everywhere(), plan.refusals.len())
        };
        assert_eq!(whole(None, &[]), (false, 0));
        assert_eq!(whole(Some(2 * removed), &[]), (false, 0));
        assert_eq!(whole(Some(2 * removed - 1), &[]), (true, 1));
        let allowed = "too-many:run".parse().unwrap();
        assert_eq!(whole(Some(1), &[allowed]), (false, 1));
    }

    #[test]
    fn what_could_not_be_read_holds_and_in_the_archive_where_images_are_deleted() {
        let unreadable = |status| Manifest {
            content: Content::Unreadable("404".to_owned()),
            status,
            ..index(5, &["v5"], &[])
        };
        let with = |one: Manifest| releases().into_iter().chain([one]).collect::<Vec<_>>();
        let archive = Policy {
            archive: true,
            ..policy()
        };
        let active = (RefusalCode::UnreadableManifest, false);
        let archived = (RefusalCode::UnreadableArchived, false);
        for (one, policy, expected) in [
            (unreadable(Status::Active), policy(), &[active][..]),
            (unreadable(Status::Active), archive.clone(), &[active]),
            (unreadable(Status::Archived), policy(), &[archived]),
            (unreadable(Status::Archived), archive, &[]),
        ] {
            assert_eq!(codes(with(one), &in_use(), &policy, &[]), expected);
        }
        // Nothing could be learnt from it.
        let mut first = image(5, &["v5"]);
        first.media_type = crate::image::media_type::DOCKER_SCHEMA_1[1].into();
        first.artifact_type = None;
        assert_eq!(codes(with(first), &in_use(), &policy(), &[]), []);
        let mut never_read = index(5, &["v5"], &[]);
        never_read.content = Content::NotRead;
        assert_eq!(codes(with(never_read), &in_use(), &policy(), &[]), [active]);
    }
}
