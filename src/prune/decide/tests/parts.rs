//! What goes or stays with something else, what is not known, and what is in the archive.

use super::*;

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
    assert_eq!(gone(&plan), [1, 10, 12, 13, 14, 17]);
    assert_eq!(
        *verdict(&plan, 13),
        Verdict::Remove(RemoveReason::Orphan {
            subject: digest(90),
            age: 1000 * 3600
        })
    );
    for unknown in [15, 16] {
        assert!(matches!(
            reasons(&plan, unknown),
            [KeepReason::Unknown { .. }]
        ));
    }
    assert_eq!(
        plan.waves[0],
        [digest(1), digest(13), digest(14), digest(17)]
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
}

/// Signatures may be in a repository of their own, and a copy may have the digest of what it is a copy of as its tag.
#[test]
fn a_tag_about_an_image_that_is_not_here_goes_when_a_release_of_its_age_would() {
    let tag = format!("sha256-{}", digest(90).hex());
    let about =
        |number, hours, suffix: &str| pushed(image(number, &[&format!("{tag}{suffix}")]), hours);
    let all = || {
        vec![
            pushed(image(1, &["v1"]), 500),
            pushed(image(2, &["v2"]), 300),
            about(3, 600, ".sig"),
            about(4, 500, ".sig"),
            about(5, 400, ""),
            pulled(about(6, 600, ".sig"), 30),
            pushed(referrer(7, "application/x", 90), 30),
        ]
    };
    let expire = |hours| Policy {
        expire: Some(Duration::from_hours(hours)),
        ..Policy::default()
    };
    for (policy, expected) in [
        (Policy::default(), &[7][..]),
        (keep(2), &[3, 6, 7]),
        (keep(1), &[1, 3, 4, 5, 6, 7]),
        (keep(3), &[7]),
        (expire(450), &[1, 3, 4, 7]),
        (
            Policy {
                keep_releases: Some(2),
                ..expire(450)
            },
            &[3, 7],
        ),
    ] {
        let plan = plan(all(), &[], &policy);
        assert_eq!(gone(&plan), expected, "{policy:?}");
    }
    let plan = plan(all(), &[], &keep(2));
    assert_eq!(reasons(&plan, 5), [KeepReason::AmongNewest { of: 2 }]);

    // Something runs the image, wherever it is.
    let used = used(None, Some(digest(90)));
    let uses = RepositoryUses {
        everywhere: Arc::new([(digest(90), used.by.clone())].into()),
        ..RepositoryUses::default()
    };
    let plan = decide(&repository(all()), &uses, &keep(1), now());
    assert_eq!(gone(&plan), [1]);
    assert_eq!(
        reasons(&plan, 3),
        [KeepReason::SubjectInUse {
            subject: digest(90),
            by: used.by
        }]
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
    assert_eq!(
        gone(&plan),
        [3],
        "4 is a part of it, and nobody knows of what else"
    );
    assert_eq!(plan.warnings.len(), 2, "{:?}", plan.warnings);
    assert!(plan.warnings[1].starts_with("3 manifests of type application/x"));
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

#[test]
fn images_of_schema_1_stay_and_go_like_plain_images_and_hold_nothing() {
    for kind in media_type::DOCKER_SCHEMA_1 {
        let old = |number: u64, tag: &str| {
            let mut one = pushed(manifest(number, kind), 2000);
            one.content = Content::NotRead;
            one.tags = vec![tag.to_owned()];
            one
        };
        let all = vec![old(1, "v1"), old(2, "v2"), image(3, &["v3"])];
        let plan = plan(all, &[used(Some("v1"), None)], &keep(1));
        assert_eq!(gone(&plan), [2], "{kind}");
        assert_eq!(plan.images[0].kind, Kind::Image);
    }
}

#[test]
fn a_repository_may_be_large_and_deep() {
    // Nothing here may take a stack as deep as the chain, or time by the square.
    const COUNT: u64 = 60_000;
    let mut all = vec![pushed(index(0, &["v0"], &[]), 2000)];
    all.extend((1..COUNT / 3).map(|number| referrer(number, "application/x", number - 1)));
    all.extend((COUNT / 3..COUNT * 2 / 3).map(|number| index(number, &[], &[number + 1])));
    let tag = |number: u64| format!("v{number}");
    all.extend((COUNT * 2 / 3..COUNT).map(|number| image(number, &[&tag(number)])));
    let plan = plan(all, &[], &keep(10));
    assert_eq!(plan.images.len() as u64, COUNT);
    assert_eq!(plan.waves.len() as u64, COUNT / 3 + 1);
    assert_eq!(plan.sizes.removed.manifests, COUNT - 10);
}
