//! What the rules say, case by case. What holds for every repository is in `model`.

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
fn kept_tags_are_kept_for_ever_but_tags_of_referrers_do_not_count() {
    let signature = format!("sha256-{}.sig", digest(1).hex());
    let all = vec![
        image(1, &["v1"]),
        image(2, &[&signature]),
        image(3, &["stable"]),
    ];
    let policy = Policy {
        keep_tags: vec!["s*".parse().unwrap()],
        ..keep(0)
    };
    let plan = plan(all, &[], &policy);
    assert_eq!(gone(&plan), [1, 2]);
    let reason = KeepReason::Tag {
        tag: "stable".to_owned(),
        pattern: "s*".to_owned(),
    };
    assert_eq!(reasons(&plan, 3), [reason]);
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

#[test]
fn referrers_go_with_their_subject_or_when_it_is_gone() {
    let sig = |number| format!("sha256-{}.sig", digest(number).hex());
    let all = vec![
        image(1, &["v1"]),
        pushed(image(2, &["v2"]), 500),
        image(10, &[&sig(1)]),
        image(11, &[&sig(2)]),
        referrer(12, "application/x", 1),
        referrer(13, "application/x", 90),
        image(14, &[&sig(90)]),
        Manifest {
            media_type: "application/later".into(),
            ..referrer(15, "application/x", 90)
        },
        Manifest {
            media_type: "application/later".into(),
            ..referrer(16, "application/x", 1)
        },
        Manifest {
            tags: vec!["named".to_owned()],
            ..referrer(17, "application/x", 90)
        },
    ];
    let plan = plan(all, &[], &keep(1));
    assert_eq!(gone(&plan), [1, 10, 12, 13, 14, 16]);
    assert_eq!(
        *verdict(&plan, 13),
        Verdict::Remove(RemoveReason::Orphan {
            subject: digest(90),
            age: 1000 * 3600
        })
    );
    assert!(matches!(reasons(&plan, 15), [KeepReason::Unknown { .. }]));
    assert_eq!(
        reasons(&plan, 17),
        [KeepReason::NoRule],
        "somebody named it"
    );
    assert_eq!(
        plan.waves[0],
        [digest(1), digest(13), digest(14)]
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
}

#[test]
fn what_is_not_known_is_kept_and_told() {
    let all = vec![
        artifact(1, "application/x", &[]),
        artifact(2, "application/x", &["v2"]),
        index(3, &["v3"], &[4]),
        artifact(4, "application/x", &[]),
        manifest(5, "application/later"),
    ];
    let plan = plan(all, &[], &keep(0));
    assert_eq!(gone(&plan), [3, 4], "4 is a part of a release");
    assert_eq!(plan.warnings.len(), 2, "{:?}", plan.warnings);
    assert!(plan.warnings[1].starts_with("2 manifests of type application/x"));
}

#[test]
fn soci_indexes_and_attestations_follow_their_image() {
    let mut release = index(1, &["v1"], &[]);
    release.content = Content::Read(Links {
        children: vec![
            entry(10, ChildRole::Image, None),
            entry(11, ChildRole::Attestation, Some(10)),
            entry(12, ChildRole::Soci, Some(10)),
        ],
        ..Links::default()
    });
    let all = vec![
        release,
        image(10, &[]),
        image(11, &[]),
        artifact(12, SOCI_V2, &[]),
        artifact(13, SOCI_V2, &[]),
    ];
    // A service uses the image itself, not the index.
    let plan = plan(all, &[used(None, Some(digest(10)))], &keep(0));
    assert_eq!(
        gone(&plan),
        [1],
        "13 may be what 10 names, which nobody read"
    );
    let because = |plan: &RepositoryPlan, number| reasons(plan, number).to_vec();
    let of = digest(10);
    let part = |link| vec![KeepReason::Part { of, link }];
    assert_eq!(because(&plan, 11), part(Link::AttestationOf));
    assert_eq!(because(&plan, 12), part(Link::SociOf));
    assert_eq!(because(&plan, 13), [KeepReason::MaybePart { of }]);
}

#[test]
fn an_image_names_its_soci_index_where_no_index_does() {
    let naming = |soci: u64| Manifest {
        content: Content::Read(Links {
            soci_index: Some(digest(soci)),
            ..Links::default()
        }),
        ..image(1, &["v1"])
    };
    let soci = || vec![artifact(12, SOCI_V2, &[]), artifact(13, SOCI_V2, &[])];
    let all = soci().into_iter().chain([naming(12)]).collect();
    assert_eq!(gone(&plan(all, &[], &keep(1))), [13]);
}

#[test]
fn caches_live_with_their_branch_or_for_a_time() {
    let cache = |number, hours, tags: &[&str]| pushed(artifact(number, CACHE_CONFIG, tags), hours);
    let all = || {
        vec![
            cache(1, 24 * 20, &["web-arm64-main"]),
            cache(2, 24 * 20, &["web-arm64-gone"]),
            cache(3, 24 * 5, &["web-arm64-gone2"]),
            cache(4, 24 * 20, &["web-arm64"]),
            cache(5, 24 * 20, &["buildcache"]),
            cache(6, 24 * 20, &[]),
            cache(7, 24 * 20, &["web-arm64-gone3", "web-amd64-main"]),
            pulled(cache(8, 24 * 20, &["web-arm64-gone4"]), 24 * 2),
        ]
    };
    let branches = Some(vec!["main".to_owned()]);
    let week = Some(7 * DAY);
    for (expire, branches, expected) in [
        (None, None, &[6][..]),
        (week, None, &[1, 2, 4, 5, 6, 7]),
        (None, branches.clone(), &[2, 3, 6, 8]),
        (week, branches, &[2, 5, 6]),
    ] {
        let policy = Policy {
            cache: CachePolicy { expire, branches },
            ..keep(0)
        };
        let plan = plan(all(), &[], &policy);
        assert_eq!(gone(&plan), expected, "{:?}", policy.cache);
    }
}

#[test]
fn a_manifest_that_cannot_be_read_holds_what_it_may_list() {
    let unreadable = |hours| Manifest {
        content: Content::Unreadable("access denied".to_owned()),
        ..pushed(index(1, &["v1"], &[]), hours)
    };
    let all = |hours| {
        vec![
            unreadable(hours),
            index(2, &["v2"], &[11, 12]),
            pushed(image(10, &[]), 200),
            pushed(image(11, &[]), 300),
            pushed(image(12, &[]), 500),
            pushed(image(13, &["v3"]), 500),
        ]
    };
    // 11 is listed elsewhere, and was not there yet when 1 was pushed.
    let plan = plan(all(400), &[], &keep(0));
    assert_eq!(gone(&plan), [2, 11, 13]);
    let maybe = [KeepReason::MaybePart { of: digest(1) }];
    assert_eq!(reasons(&plan, 10), maybe);
    assert_eq!(reasons(&plan, 12), maybe);
    let why = "access denied".to_owned();
    assert_eq!(reasons(&plan, 1), [KeepReason::Unreadable { why }]);

    let mut never_read = all(400);
    never_read[0].content = Content::NotRead;
    let plan = self::plan(never_read, &[], &keep(0));
    assert_eq!(gone(&plan), [2, 11, 13], "nor does what nobody read");
}

#[test]
fn the_archive_holds_nothing_back_where_things_go_to_the_archive() {
    let archive = Policy {
        archive: true,
        ..keep(1)
    };
    let stored = || Manifest {
        content: Content::Unreadable("404".to_owned()),
        ..archived(pushed(index(1, &["v1"], &[]), 400))
    };
    let all = || {
        vec![
            stored(),
            archived(pushed(image(5, &["newest"]), 30)),
            pushed(image(2, &["v2"]), 300),
            pushed(image(3, &["v3"]), 200),
            image(10, &[]),
        ]
    };
    let plan = plan(all(), &[], &archive);
    assert_eq!(gone(&plan), [2, 10], "what is stored takes no place");
    assert_eq!(reasons(&plan, 1), [KeepReason::Archived]);
    // In use it holds what it may list.
    let plan = self::plan(all(), &[used(Some("v1"), None)], &archive);
    assert_eq!(gone(&plan), [2]);
    assert_eq!(plan.warnings.len(), 1, "{:?}", plan.warnings);
    assert!(plan.warnings[0].contains("in the archive"));
    // Where images are deleted it does so always.
    let plan = self::plan(all(), &[], &keep(1));
    assert_eq!(gone(&plan), [2]);
}

#[test]
fn what_is_being_restored_is_kept() {
    let mut one = image(1, &["v1"]);
    one.status = Status::Activating;
    let mut two = image(2, &["v2"]);
    two.status = Status::Other("FROZEN".to_owned());
    let plan = plan(vec![one, two], &[], &keep(0));
    assert_eq!(gone(&plan), Vec::<u64>::new());
    let status = "FROZEN".to_owned();
    assert_eq!(reasons(&plan, 2), [KeepReason::Status { status }]);
}

#[test]
fn staging_tags_go_with_their_release() {
    let all = || {
        vec![
            index(1, &["v1"], &[]),
            image(2, &["v1.partial-arm64"]),
            image(3, &["v0.partial-arm64"]),
        ]
    };
    let plan = plan(all(), &[], &keep(1));
    assert_eq!(gone(&plan), [3], "there is no v0: it has no name");
    let link = Link::Staging;
    assert_eq!(
        reasons(&plan, 2),
        [KeepReason::Part {
            of: digest(1),
            link
        }]
    );
    assert_eq!(gone(&self::plan(all(), &[], &keep(0))), [1, 2, 3]);
}

#[test]
fn expired_tags_of_what_is_in_use_go_but_never_all() {
    let policy = Policy {
        keep_tags: vec!["stable".parse().unwrap()],
        ..keep(1)
    };
    let all = || {
        vec![
            pushed(image(1, &["a", "b", "stable", "run"]), 400),
            pushed(image(2, &["c", "d"]), 300),
            pushed(image(3, &["e", "f"]), 200),
        ]
    };
    let uses = [used(Some("run"), None), used(None, Some(digest(2)))];
    let plan = plan(all(), &uses, &policy);
    assert_eq!(untagged(&plan, 1), ["a", "b"]);
    assert_eq!(untagged(&plan, 2), ["c"], "one tag has to stay");
    assert_eq!(
        untagged(&plan, 3),
        Vec::<String>::new(),
        "the newest release"
    );
    assert_eq!(plan.sizes.tags, 3);
    let not_wanted = Policy {
        remove_tags: false,
        ..policy
    };
    assert_eq!(self::plan(all(), &uses, &not_wanted).sizes.tags, 0);
}

#[test]
fn a_staging_tag_goes_once_its_index_lists_the_image() {
    let all = vec![
        index(1, &["v1"], &[10]),
        index(2, &["v2"], &[]),
        image(10, &["v1-arm64", "v1.partial-arm64", "v2.partial-arm64"]),
        image(11, &["v1.partial-amd64"]),
    ];
    let plan = plan(all, &[], &keep(5));
    assert_eq!(
        untagged(&plan, 10),
        ["v1.partial-arm64"],
        "v2 is being made"
    );
    assert_eq!(untagged(&plan, 11), Vec::<String>::new(), "its only tag");
}

#[test]
fn sizes_count_each_image_once_and_indexes_never() {
    let all = vec![
        index(1, &["v1"], &[10, 11]),
        index(2, &["v2"], &[11]),
        image(10, &[]),
        image(11, &[]),
    ];
    let plan = plan(all, &[used(Some("v2"), None)], &keep(0));
    assert!(!plan.sizes.exact);
    assert_eq!(
        (plan.sizes.total.bytes, plan.sizes.removed.bytes),
        (200, 100)
    );
    let index = plan.images.iter().find(|one| one.kind == Kind::Index);
    assert_eq!(index.unwrap().size, None);
}

#[test]
fn exact_sizes_count_layers_that_nothing_kept_holds() {
    let holding = |number, tag, layers: &[(u64, u64)]| Manifest {
        content: Content::Read(Links {
            layers: layers
                .iter()
                .map(|&(number, size)| Layer {
                    digest: digest(number),
                    size,
                })
                .collect(),
            ..Links::default()
        }),
        ..image(number, &[tag])
    };
    let all = vec![
        holding(1, "v1", &[(50, 7), (51, 20)]),
        holding(2, "v2", &[(51, 20), (52, 300)]),
        holding(3, "v3", &[(50, 7), (53, 4000)]),
    ];
    let plan = plan(all, &[used(Some("v2"), None)], &keep(0));
    assert!(plan.sizes.exact);
    assert_eq!(
        (plan.sizes.total.bytes, plan.sizes.removed.bytes),
        (4327, 4007)
    );
}

#[test]
fn bad_data_with_cycles_is_decided_all_the_same() {
    let mut all = vec![
        index(1, &[], &[2]),
        index(2, &[], &[3, 10]),
        index(3, &[], &[1]),
        image(10, &[]),
    ];
    let plan = plan(all.clone(), &[], &keep(0));
    assert_eq!(gone(&plan), [1, 2, 3, 10]);
    assert_eq!(plan.waves.len(), 2, "the cycle, then what it leads to");
    all[0].tags = vec!["a".to_owned()];
    all[1].tags = vec!["b".to_owned()];
    assert_eq!(gone(&self::plan(all, &[], &keep(1))), Vec::<u64>::new());
}

#[test]
fn an_index_whose_entries_are_not_all_there_is_told_when_it_is_kept() {
    let all = vec![
        index(1, &["v1"], &[90, 91]),
        pushed(index(2, &["v0"], &[92]), 2000),
    ];
    let plan = plan(all, &[], &keep(1));
    let expected = format!("{} lists 2 manifests that are not there", digest(1));
    assert_eq!(plan.warnings, [expected]);
}

#[test]
fn docker_manifest_lists_are_indexes() {
    let mut list = index(1, &["v1"], &[10]);
    list.media_type = media_type::DOCKER_MANIFEST_LIST.into();
    let mut child = image(10, &[]);
    child.media_type = media_type::DOCKER_MANIFEST.into();
    child.artifact_type = Some(media_type::DOCKER_CONFIG.into());
    let plan = plan(vec![list, child], &[], &keep(0));
    assert_eq!(plan.waves, [vec![digest(1)], vec![digest(10)]]);
}
