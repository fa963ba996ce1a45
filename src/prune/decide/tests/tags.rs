//! Tags, caches and sizes.

use super::*;

#[test]
fn kept_tags_are_kept_for_ever_but_tags_of_referrers_are_no_names() {
    let signature = format!("sha256-{}.sig", digest(1).hex());
    let all = || {
        vec![
            image(1, &["v1"]),
            image(2, &[&signature]),
            image(3, &["stable"]),
        ]
    };
    let policy = Policy {
        keep_tags: vec!["s*".parse().unwrap()],
        ..keep(0)
    };
    let plan = plan(all(), &[], &policy);
    assert_eq!(gone(&plan), [1, 2]);
    let reason = KeepReason::Tag {
        tag: "stable".to_owned(),
        pattern: "s*".to_owned(),
    };
    assert_eq!(reasons(&plan, 3), [reason]);
    // Where somebody means them.
    let policy = Policy {
        keep_tags: vec!["sha256-*.sig".parse().unwrap()],
        ..keep(0)
    };
    assert_eq!(gone(&self::plan(all(), &[], &policy)), [1, 3]);
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
        (None, branches.clone(), &[6]),
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
