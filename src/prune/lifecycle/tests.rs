//! Tables of policies and repositories: which rule takes which image.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::image::Digest;
use crate::prune::{
    EcrRepository, ImagePlan, KeepReason, Kind, Link, RemoveReason, RepositoryPlan, Sizes, Source,
    UsedBy, Verdict,
};

fn now() -> Timestamp {
    "2026-01-31T00:00:00Z".parse().unwrap()
}

fn digest(number: u8) -> Digest {
    format!("sha256:{number:064x}").parse().unwrap()
}

fn in_use() -> KeepReason {
    KeepReason::InUse {
        by: UsedBy {
            source: Source::Service,
            name: "prod/web".to_owned(),
        },
        tag: None,
    }
}

fn newest() -> KeepReason {
    KeepReason::Newest { rank: 1, of: 3 }
}

fn kept_tag() -> KeepReason {
    KeepReason::Tag {
        tag: "prod".to_owned(),
        pattern: "prod*".to_owned(),
    }
}

fn child(of: u8) -> KeepReason {
    part(of, Link::Child)
}

fn part(of: u8, link: Link) -> KeepReason {
    KeepReason::Part {
        of: digest(of),
        link,
    }
}

/// An image with a number, an age in days and tags; without reasons it goes.
fn image(number: u8, days: i64, tags: &[&str], reasons: &[KeepReason]) -> ImagePlan {
    ImagePlan {
        digest: digest(number),
        kind: Kind::Index,
        archived: false,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        size: None,
        pushed_at: Some(now() - SignedDuration::from_hours(days * 24)),
        pulled_at: None,
        verdict: match reasons {
            [] => Verdict::Remove(RemoveReason::Expired { age: None, rank: 9 }),
            reasons => Verdict::Keep(reasons.to_vec()),
        },
        untag: Vec::new(),
    }
}

fn plan(images: Vec<ImagePlan>) -> RepositoryPlan {
    RepositoryPlan {
        repository: EcrRepository::private("123456789012", "eu-west-1", "shop/web"),
        archive: false,
        images,
        waves: Vec::new(),
        refusals: Vec::new(),
        warnings: Vec::new(),
        sizes: Sizes::default(),
    }
}

/// `(selection, action)` for each rule, in the order of their priorities.
fn policy(rules: &[(&str, &str)]) -> LifecyclePolicy {
    let rules: Vec<String> = rules
        .iter()
        .enumerate()
        .map(|(index, (selection, action))| {
            format!(
                r#"{{"rulePriority":{},"selection":{{{selection}}},"action":{{"type":"{action}"}}}}"#,
                (index + 1) * 10
            )
        })
        .collect();
    // The order of the text means nothing.
    let rules: Vec<String> = rules.into_iter().rev().collect();
    format!(r#"{{"rules":[{}]}}"#, rules.join(","))
        .parse()
        .unwrap()
}

const ANY: &str = r#""tagStatus":"any""#;
const UNTAGGED: &str = r#""tagStatus":"untagged""#;

fn newest_of(tags: &str, number: u32) -> String {
    format!(r#"{tags},"countType":"imageCountMoreThan","countNumber":{number}"#)
}

fn since(tags: &str, what: &str, days: u32) -> String {
    format!(r#"{tags},"countType":"since{what}","countUnit":"days","countNumber":{days}"#)
}

fn tagged(list: &str, tags: &[&str]) -> String {
    format!(r#""tagStatus":"tagged","{list}":{tags:?}"#)
}

/// `(rule, due, images)` of each conflict.
fn found(rules: &[(&str, &str)], images: Vec<ImagePlan>) -> Vec<(u32, bool, Vec<Digest>)> {
    let conflicts = conflicts(&policy(rules), &plan(images), now());
    let conflicts = conflicts.into_iter();
    conflicts
        .map(|one| (one.rule, one.due, one.images))
        .collect()
}

#[test]
fn the_newest_are_kept_and_the_others_go() {
    let rule = newest_of(ANY, 2);
    let images = vec![
        image(1, 40, &["v1"], &[in_use()]),
        image(4, 10, &["v4"], &[in_use()]),
        image(3, 20, &["v3"], &[]),
        image(2, 30, &["v2"], &[kept_tag()]),
    ];
    assert_eq!(
        found(&[(&rule, "expire")], images),
        [
            (10, true, vec![digest(1), digest(2)]),
            (10, false, vec![digest(4)])
        ]
    );
}

#[test]
fn nothing_protected_is_no_conflict() {
    let rule = newest_of(ANY, 1);
    let images = vec![image(1, 40, &["v1"], &[]), image(2, 30, &["v2"], &[])];
    assert_eq!(found(&[(&rule, "expire")], images), []);
    // Kept for its age alone: ECR's own clock says as much.
    let young = KeepReason::NotExpired { age: 1, limit: 2 };
    let images = vec![
        image(1, 40, &["v1"], std::slice::from_ref(&young)),
        image(2, 30, &["v2"], &[young]),
    ];
    assert_eq!(found(&[(&rule, "expire")], images), []);
}

#[test]
fn the_newest_of_ours_are_among_the_newest_of_a_count() {
    let images = || {
        vec![
            image(1, 40, &["v1"], &[newest()]),
            image(2, 30, &["v2"], &[newest()]),
        ]
    };
    assert_eq!(found(&[(&newest_of(ANY, 2), "expire")], images()), []);
    assert_eq!(
        found(&[(&newest_of(ANY, 1), "expire")], images()),
        [(10, true, vec![digest(1)])]
    );
    // An age makes no difference between the newest and others.
    let rule = since(ANY, "ImagePushed", 35);
    assert_eq!(
        found(&[(&rule, "expire")], images()),
        [(10, true, vec![digest(1)]), (10, false, vec![digest(2)])]
    );
}

#[test]
fn an_image_is_of_the_first_rule_that_is_about_it() {
    let images = || {
        vec![
            image(1, 400, &["prod-1"], &[in_use()]),
            image(2, 300, &["dev-1"], &[in_use()]),
            image(3, 200, &["dev-2"], &[]),
        ]
    };
    // The well-known way of keeping some: a rule before it that never comes true.
    let keeps = newest_of(&tagged("tagPrefixList", &["prod"]), 9999);
    let rest = since(ANY, "ImagePushed", 30);
    assert_eq!(
        found(&[(&keeps, "expire"), (&rest, "expire")], images()),
        [(10, false, vec![digest(1)]), (20, true, vec![digest(2)])]
    );
    // What an earlier rule is about still counts as one of the newest of a later one.
    let two = newest_of(ANY, 1);
    let dev = newest_of(&tagged("tagPatternList", &["dev-2"]), 1);
    assert_eq!(
        found(&[(&dev, "expire"), (&two, "expire")], images()),
        [(20, true, vec![digest(1), digest(2)])]
    );
}

#[test]
fn all_prefixes_and_patterns_must_be_there() {
    let images = || {
        vec![
            image(1, 40, &["prod-1", "v1"], &[in_use()]),
            image(2, 30, &["prod-2"], &[in_use()]),
            image(3, 20, &[], &[in_use()]),
        ]
    };
    for list in [
        tagged("tagPrefixList", &["prod", "v"]),
        tagged("tagPatternList", &["prod*", "v*"]),
    ] {
        let rule = since(&list, "ImagePushed", 10);
        let expected = [(10, true, vec![digest(1)])];
        assert_eq!(found(&[(&rule, "expire")], images()), expected, "{list}");
    }
    let rule = since(&tagged("tagPatternList", &["prod"]), "ImagePushed", 10);
    assert_eq!(found(&[(&rule, "expire")], images()), []);
    let rule = since(UNTAGGED, "ImagePushed", 10);
    assert_eq!(
        found(&[(&rule, "expire")], images()),
        [(10, true, vec![digest(3)])]
    );
}

#[test]
fn ages_count_from_the_push_or_the_last_pull() {
    let mut pulled = image(1, 40, &["v1"], &[in_use()]);
    pulled.pulled_at = Some(now() - SignedDuration::from_hours(5 * 24));
    let never = image(2, 40, &["v2"], &[in_use()]);
    let mut unknown = image(3, 0, &["v3"], &[in_use()]);
    unknown.pushed_at = None;
    let images = || vec![pulled.clone(), never.clone(), unknown.clone()];
    let by_push = since(ANY, "ImagePushed", 40);
    assert_eq!(
        found(&[(&by_push, "expire")], images()),
        [(10, true, vec![digest(3), digest(2), digest(1)])]
    );
    let by_pull = since(ANY, "ImagePulled", 10);
    assert_eq!(
        found(&[(&by_pull, "expire")], images()),
        [
            (10, true, vec![digest(3), digest(2)]),
            (10, false, vec![digest(1)])
        ]
    );
}

#[test]
fn a_part_of_an_index_goes_only_after_it() {
    let images = vec![
        image(1, 40, &["v1"], &[in_use()]),
        image(2, 40, &[], &[in_use(), child(1)]),
        image(3, 40, &[], &[child(1)]),
    ];
    let rule = since(ANY, "ImagePushed", 30);
    assert_eq!(
        found(&[(&rule, "expire")], images),
        [(10, true, vec![digest(1)]), (10, false, vec![digest(2)])]
    );
}

/// The well-known trap: a SOCI index v1 has no tag, and goes with the untagged.
#[test]
fn what_is_about_an_image_is_as_protected_as_that() {
    let young = KeepReason::NotExpired { age: 1, limit: 2 };
    let images = vec![
        image(1, 40, &["v1"], &[in_use()]),
        image(2, 40, &[], &[child(1)]),
        image(3, 40, &[], &[part(2, Link::Subject)]),
        image(4, 40, &[], &[part(3, Link::Subject)]),
        image(5, 10, &[], &[part(2, Link::AttestationOf)]),
        image(6, 40, &["v6"], &[young]),
        image(7, 40, &[], &[part(6, Link::Subject)]),
        // Nonsense leads nowhere, and comes to an end.
        image(8, 40, &[], &[part(9, Link::Subject)]),
        image(9, 40, &[], &[part(8, Link::Subject)]),
        image(10, 40, &[], &[part(99, Link::Subject)]),
    ];
    let rule = since(UNTAGGED, "ImagePushed", 30);
    let conflicts = conflicts(&policy(&[(&rule, "expire")]), &plan(images), now());
    let found: Vec<_> = conflicts.iter().map(|one| (one.due, &one.images)).collect();
    assert_eq!(
        found,
        [
            (true, &vec![digest(4), digest(3)]),
            (false, &vec![digest(5)])
        ]
    );
    assert!(
        conflicts[1]
            .text
            .ends_with("sha256:000000000000 (attestations of sha256:000000000000)"),
        "{}",
        conflicts[1].text
    );

    // A signature by the name of its tag is one of the tagged.
    let images = vec![
        image(1, 40, &["v1"], &[newest()]),
        image(2, 30, &["sha256-1.sig"], &[part(1, Link::SubjectTag)]),
        image(3, 20, &["v3"], &[newest()]),
    ];
    let rule = since(&tagged("tagPrefixList", &["sha256-"]), "ImagePushed", 20);
    assert_eq!(
        self::found(&[(&rule, "expire")], images),
        [(10, true, vec![digest(2)])]
    );
}

#[test]
fn the_archive_is_no_place_for_what_is_in_use() {
    let mut archived = image(2, 90, &["v2"], &[kept_tag()]);
    archived.archived = true;
    let images = || vec![image(1, 90, &["v1"], &[in_use()]), archived.clone()];
    let moves = since(ANY, "ImagePushed", 30);
    let conflicts = conflicts(&policy(&[(&moves, "transition")]), &plan(images()), now());
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].images, [digest(1)]);
    assert_eq!(
        conflicts[0].text,
        "rule 10 (archives images 30 days after their push) of its lifecycle policy is about to archive an \
         image that is kept here, where it cannot be pulled: v1 (sha256:000000000000, service prod/web)"
    );
    let deletes = since(
        r#""tagStatus":"any","storageClass":"archive""#,
        "ImageTransitioned",
        30,
    );
    assert_eq!(
        found(&[(&deletes, "expire")], images()),
        [(10, false, vec![digest(2)])]
    );
}

#[test]
fn a_text_names_a_few_and_counts_the_rest() {
    let images = (1..=5).map(|number| image(number, 90 - i64::from(number), &["v"], &[in_use()]));
    let rule = newest_of(&tagged("tagPrefixList", &["v"]), 1);
    let conflicts = conflicts(
        &policy(&[(&rule, "expire")]),
        &plan(images.collect()),
        now(),
    );
    assert_eq!(
        conflicts[0].text,
        "rule 10 (expires images tagged v* beyond the newest 1) of its lifecycle policy is about to delete 4 \
         images that are kept here: v (sha256:000000000000, service prod/web), v (sha256:000000000000, \
         service prod/web), v (sha256:000000000000, service prod/web) and 1 more"
    );
    assert!(
        conflicts[1]
            .text
            .contains("will delete an image that is kept here, in use or not"),
        "{}",
        conflicts[1].text
    );
}

proptest! {
    /// However rules overlap: only protected images are told of, each by one rule at most, and those that a count
    /// takes now are exactly those that are not among its newest and no earlier rule's.
    #[test]
    fn each_image_is_of_one_rule(
        images in prop::collection::vec((0..60_i64, prop::collection::vec(prop::sample::select(vec!["a", "b", "ab"]), 0..3), any::<bool>()), 0..12),
        rules in prop::collection::vec((prop::sample::select(vec!["a", "b", ""]), 1..6_u32), 1..4),
    ) {
        let images: Vec<ImagePlan> = images
            .iter()
            .zip(1..)
            .map(|((days, tags, used), number)| {
                let reasons = if *used { vec![in_use()] } else { Vec::new() };
                image(number, *days, tags, &reasons)
            })
            .collect();
        let selections: Vec<String> = rules
            .iter()
            .map(|(prefix, count)| newest_of(&tagged("tagPrefixList", &[prefix]), *count))
            .collect();
        let with_action: Vec<(&str, &str)> =
            selections.iter().map(|text| (text.as_str(), "expire")).collect();
        let conflicts = conflicts(&policy(&with_action), &plan(images.clone()), now());
        for image in &images {
            let is_about = |prefix: &str, image: &ImagePlan| {
                image.tags.iter().any(|tag| tag.starts_with(prefix))
            };
            let first = rules.iter().position(|(prefix, _)| is_about(prefix, image));
            let told: Vec<_> = conflicts
                .iter()
                .filter(|one| one.images.contains(&image.digest))
                .collect();
            let protected = matches!(image.verdict, Verdict::Keep(_));
            let (Some(first), true) = (first, protected) else {
                prop_assert!(told.is_empty());
                continue;
            };
            prop_assert_eq!(told.len(), 1);
            prop_assert_eq!(told[0].rule as usize, (first + 1) * 10);
            let (prefix, count) = rules[first];
            let newer = images.iter().filter(|other| {
                is_about(prefix, other)
                    && (other.pushed_at > image.pushed_at
                        || other.pushed_at == image.pushed_at && other.digest < image.digest)
            });
            prop_assert_eq!(told[0].due, newer.count() >= count as usize);
        }
    }
}
