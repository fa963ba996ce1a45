//! What the rules say of releases and uses, case by case. What holds for every repository is in `model`.

mod parts;
mod tags;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::image::media_type;
use crate::prune::graph::{CACHE_CONFIG, SOCI_V2};
use crate::prune::testing::{
    ago, artifact, digest, entry, image, index, manifest, now, referrer, repository, used,
};
use crate::prune::{
    AgeFrom, CachePolicy, ChildRole, Content, Kind, Layer, Link, Links, Manifest, Status,
};

const DAY: Duration = Duration::from_hours(24);

/// `keep_releases = releases`, `untagged = "24h"`.
fn keep(releases: u32) -> Policy {
    Policy {
        keep_releases: Some(releases),
        ..Policy::default()
    }
}

fn pushed(mut one: Manifest, hours: i64) -> Manifest {
    one.pushed_at = Some(ago(hours));
    one
}

fn pulled(mut one: Manifest, hours: i64) -> Manifest {
    one.pulled_at = Some(ago(hours));
    one
}

fn archived(mut one: Manifest) -> Manifest {
    one.status = Status::Archived;
    one
}

fn plan(manifests: Vec<Manifest>, uses: &[NamedImage], policy: &Policy) -> RepositoryPlan {
    let uses = RepositoryUses {
        uses: uses.to_vec(),
        ..RepositoryUses::default()
    };
    decide(&repository(manifests), &uses, policy, now())
}

fn verdict(plan: &RepositoryPlan, number: u64) -> &Verdict {
    let mut images = plan.images.iter();
    &images
        .find(|image| image.digest == digest(number))
        .unwrap()
        .verdict
}

/// The numbers of what goes.
fn gone(plan: &RepositoryPlan) -> Vec<u64> {
    (0..100)
        .filter(|&number| {
            plan.waves
                .iter()
                .flatten()
                .any(|one| *one == digest(number))
        })
        .collect()
}

fn untagged(plan: &RepositoryPlan, number: u64) -> &[String] {
    let mut images = plan.images.iter();
    &images
        .find(|image| image.digest == digest(number))
        .unwrap()
        .untag
}

fn reasons(plan: &RepositoryPlan, number: u64) -> &[KeepReason] {
    match verdict(plan, number) {
        Verdict::Keep(reasons) => reasons,
        Verdict::Remove(reason) => panic!("{number} goes: {reason:?}"),
    }
}

#[test]
fn an_index_with_its_parts_is_one_release() {
    let all = vec![
        pushed(index(1, &["v1"], &[10, 11]), 300),
        pushed(index(2, &["v2", "latest"], &[11, 12]), 200),
        pushed(index(3, &["v3"], &[13, 14]), 100),
        pushed(image(10, &["v1-arm64"]), 301),
        pushed(image(11, &[]), 301),
        pushed(image(12, &["v2-amd64"]), 201),
        pushed(image(13, &["v3-arm64"]), 101),
        pushed(image(14, &["v3-amd64"]), 101),
    ];
    let plan = plan(all, &[], &keep(2));
    assert_eq!(gone(&plan), [1, 10], "11 is shared with a newer release");
    assert_eq!(plan.waves, [vec![digest(1)], vec![digest(10)]]);
    assert_eq!(
        *verdict(&plan, 1),
        Verdict::Remove(RemoveReason::Expired { age: None, rank: 3 })
    );
    let part = RemoveReason::Part {
        of: digest(1),
        link: Link::Child,
    };
    assert_eq!(*verdict(&plan, 10), Verdict::Remove(part));
    assert_eq!(reasons(&plan, 3), [KeepReason::Newest { rank: 1, of: 2 }]);
    assert_eq!(
        (plan.sizes.total.releases, plan.sizes.removed.releases),
        (3, 1)
    );
}

#[test]
fn a_tagged_entry_of_an_index_without_a_tag_is_a_release_of_its_own() {
    let all = vec![
        index(1, &[], &[10]),
        image(10, &["prod"]),
        pushed(image(11, &["newer"]), 10),
    ];
    let plan = plan(all, &[], &keep(2));
    assert_eq!(gone(&plan), [1]);
    assert_eq!(reasons(&plan, 10), [KeepReason::Newest { rank: 2, of: 2 }]);
}

#[test]
fn every_rule_that_is_set_has_to_let_a_release_go() {
    let all = || {
        vec![
            pushed(image(1, &["v1"]), 24 * 90),
            pulled(pushed(image(2, &["v2"]), 24 * 80), 24 * 5),
            pushed(image(3, &["v3"]), 24 * 10),
            pushed(image(4, &["v4"]), 24 * 5),
        ]
    };
    let month = Some(30 * DAY);
    let policy = |keep_releases, expire, expire_from| Policy {
        keep_releases,
        expire,
        expire_from,
        ..Policy::default()
    };
    for (policy, expected) in [
        (policy(Some(1), None, AgeFrom::Pull), &[1, 2, 3][..]),
        (policy(None, month, AgeFrom::Push), &[1, 2]),
        (policy(None, month, AgeFrom::Pull), &[1]),
        (policy(Some(1), month, AgeFrom::Push), &[1, 2]),
        (policy(Some(3), month, AgeFrom::Push), &[1]),
        (policy(Some(0), None, AgeFrom::Push), &[1, 2, 3, 4]),
        (policy(None, None, AgeFrom::Push), &[]),
    ] {
        assert_eq!(gone(&plan(all(), &[], &policy)), expected, "{policy:?}");
    }
    let nothing_set = plan(all(), &[], &Policy::default());
    assert_eq!(reasons(&nothing_set, 1), [KeepReason::NoRule]);
}

#[test]
fn a_pull_of_a_part_is_a_pull_of_its_release() {
    let policy = Policy {
        expire: Some(30 * DAY),
        ..Policy::default()
    };
    let all = vec![
        pushed(index(1, &["v1"], &[10]), 24 * 90),
        pulled(pushed(image(10, &[]), 24 * 90), 24 * 2),
    ];
    assert_eq!(gone(&plan(all, &[], &policy)), Vec::<u64>::new());
}

#[test]
fn age_counts_from_the_newest_release_that_is_known() {
    let all = vec![
        pushed(image(1, &["v1"]), 24 * 90),
        pushed(image(2, &["v2"]), 24 * 80),
        pushed(image(3, &[]), 24 * 70),
    ];
    let uses = RepositoryUses {
        releases: [(digest(1), ago(24)), (digest(3), ago(48))].into(),
        ..RepositoryUses::default()
    };
    let plan = decide(&repository(all), &uses, &keep(2), now());
    assert_eq!(
        gone(&plan),
        [2],
        "3 has lost its tag and is a release still"
    );
    assert_eq!(reasons(&plan, 1), [KeepReason::Newest { rank: 1, of: 2 }]);
}

#[test]
fn what_is_in_use_is_kept_by_tag_and_by_digest_with_all_its_parts() {
    let all = || {
        vec![
            index(1, &["v1"], &[10, 11]),
            index(2, &["v2"], &[12]),
            index(3, &["v3"], &[13]),
            image(10, &[]),
            image(11, &[]),
            image(12, &[]),
            image(13, &[]),
            referrer(20, "application/spdx+json", 11),
            referrer(21, "application/x", 20),
            referrer(22, "application/x", 12),
        ]
    };
    // The tag is on v2 by now; what runs is v1.
    let plan = plan(all(), &[used(Some("v2"), Some(digest(1)))], &keep(0));
    assert_eq!(gone(&plan), [3, 13]);
    assert!(matches!(
        reasons(&plan, 1),
        [KeepReason::InUse { tag: None, .. }]
    ));
    assert!(matches!(reasons(&plan, 2), [KeepReason::InUse { tag: Some(tag), .. }] if tag == "v2"));
    assert_eq!(
        reasons(&plan, 21),
        [KeepReason::Part {
            of: digest(20),
            link: Link::Subject
        }]
    );
    assert_eq!(plan.warnings, Vec::<String>::new());
}

#[test]
fn an_image_in_use_that_is_not_there_is_told_with_its_users() {
    let uses = [
        used(Some("v9"), None),
        used(Some("v1"), Some(digest(50))),
        used(Some("old"), Some(digest(1))),
    ];
    let plan = plan(vec![image(1, &["v1"])], &uses, &keep(1));
    assert_eq!(
        plan.warnings,
        [
            format!(
                "v1@{} is in use and not there: service prod/web",
                digest(50)
            ),
            "v9 is in use and not there: service prod/web".to_owned(),
        ]
    );
}

#[test]
fn what_is_young_is_kept_whatever_it_is() {
    let mut unknown_time = image(4, &["v4"]);
    unknown_time.pushed_at = None;
    let all = vec![
        pushed(image(1, &[]), 23),
        pushed(image(2, &[]), 24),
        pushed(image(3, &["v3"]), 1),
        unknown_time,
        pushed(artifact(5, CACHE_CONFIG, &[]), 3),
        pulled(image(6, &[]), 5),
        pushed(referrer(7, "application/x", 90), 5),
    ];
    let plan = plan(all, &[], &keep(0));
    assert_eq!(gone(&plan), [2]);
    let limit = DAY.as_secs();
    assert_eq!(
        reasons(&plan, 1),
        [KeepReason::Young {
            age: Some(23 * 3600),
            limit
        }]
    );
    assert_eq!(reasons(&plan, 4), [KeepReason::Young { age: None, limit }]);
}
