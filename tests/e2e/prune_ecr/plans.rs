//! Plans: what is asked for, and what becomes of what ECR does not tell.

use launchway::prune::{
    CallCounts, RefusalCode, RefusalSubject, RepositoryPlan, Silent, Verdict, plan,
};
use launchway_fake_ecr::{Fault, ImageStatus, Rule};

use super::world::{World, aws, going, image, index, release, rule, whole};

fn counts(expected: &[(&str, u64)]) -> CallCounts {
    let counts = expected.iter();
    counts
        .map(|&(name, count)| (name.to_owned(), count))
        .collect()
}

#[tokio::test]
async fn a_known_repository_takes_this_many_calls() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    // 500 releases are 1,500 manifests: two pages, and 500 indexes to read.
    let old: Vec<_> = (0..500)
        .map(|n| release(&web, &format!("v{n}"), 40.0 + f64::from(n)))
        .collect();
    let young = release(&web, "young", 3.0);
    world.service_uses(&web, ":v7");
    let plan = world.plan().await;
    assert!(!plan.has_refusals(), "{:?}", plan.repositories[0].refusals);
    let going = going(&plan.repositories[0]);
    assert_eq!(going.len(), 499 * 3);
    for kept in [&young, &old[7]] {
        assert!(whole(kept).iter().all(|digest| !going.contains(digest)));
    }
    assert_eq!(
        world.aws.calls(),
        counts(&[
            ("ecr:BatchGetImage", 6),
            ("ecr:DescribeImages", 2),
            ("ecr:DescribeRepositories", 1),
            ("ecr:GetLifecyclePolicy", 1),
        ])
    );
    assert_eq!(world.fake.stats().total, 10);

    // Each batch of a hundred takes a look and a deletion.
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    assert_eq!(web.len(), 6);
    assert_eq!(*world.asked.lock().unwrap(), 1);
    assert_eq!(
        world.aws.calls(),
        counts(&[
            ("ecr:BatchDeleteImage", 5 + 10),
            ("ecr:BatchGetImage", 6),
            ("ecr:DescribeImages", 2 + 5 + 10),
            ("ecr:DescribeRepositories", 2),
            ("ecr:GetLifecyclePolicy", 1),
        ])
    );
}

#[tokio::test]
async fn an_empty_page_with_a_token_is_no_end() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    release(&web, "old", 90.0);
    release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let empty = Rule::new(Fault::EmptyPage).operation("DescribeImages");
    world.fake.fail(empty.next(1));
    let plan = world.plan().await;
    assert!(!plan.has_refusals());
    assert_eq!(plan.repositories[0].images.len(), 6);
    assert_eq!(going(&plan.repositories[0]).len(), 3);
}

#[tokio::test]
async fn a_list_without_end_fails_only_its_repository() {
    let world = World::new();
    for name in ["shop/web", "shop/api"] {
        let repository = world.fake.repository(name);
        release(&repository, "old", 90.0);
        release(&repository, "young", 1.0);
        world.service_uses(&repository, ":young");
    }
    let empty = Rule::new(Fault::EmptyPage).operation("DescribeImages");
    world.fake.fail(empty.repository("shop/api"));
    let plan = world.plan().await;
    let [api, web] = plan.repositories.as_slice() else {
        panic!("{plan:#?}");
    };
    assert_eq!(api.refusals[0].code, RefusalCode::ListFailed);
    assert!(!plan.may_apply(api) && api.waves.is_empty());
    assert!(plan.may_apply(web));
    assert_eq!(going(web).len(), 3);
}

#[tokio::test]
async fn archived_images_are_seen_and_kept_by_a_policy_that_archives() {
    let mut world = World::new();
    world.settings.repositories[0].policy.archive = true;
    let web = world.fake.repository("shop/web");
    web.put(
        &image("archived", 200.0)
            .tag("a")
            .status(ImageStatus::Archived),
    );
    let old = release(&web, "old", 90.0);
    release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    let web_plan = &plan.repositories[0];
    assert_eq!(web_plan.images.len(), 7);
    assert_eq!(going(web_plan), whole(&old));
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    // The index first.
    let result = &applied.repositories[0];
    assert_eq!(result.archived.len(), 3);
    assert_eq!(result.archived[0].to_string(), old.index.to_string());
    assert!(result.deleted.is_empty());
    assert_eq!(web.len(), 7);
    let active = web.images().into_iter();
    let active = active.filter(|one| one.status == ImageStatus::Active);
    assert_eq!(active.count(), 3);
}

#[tokio::test]
async fn an_index_that_cannot_be_read_holds_its_repository() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    release(&web, "old", 90.0);
    let young = release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    // An index that was moved to the archive meanwhile cannot be read.
    world.fake.before_nth("BatchGetImage", 1, {
        let web = world.fake.repository("shop/web");
        move |_, _| web.set_status(young.index, ImageStatus::Archived)
    });
    let plan = world.plan().await;
    let web_plan = &plan.repositories[0];
    assert!(!plan.may_apply(web_plan));
    let codes: Vec<RefusalCode> = web_plan.refusals.iter().map(|one| one.code).collect();
    assert_eq!(codes, [RefusalCode::UnreadableManifest]);
}

#[tokio::test]
async fn exact_names_are_asked_for_by_name() {
    let mut world = World::new();
    for n in 0..5 {
        release(&world.fake.repository(&format!("shop/s{n}")), "v", 90.0);
    }
    let names = ["shop/s1", "shop/s3", "shop/gone"];
    world.settings.repositories = names.map(|name| rule(name, super::world::policy())).into();
    let plan = world.plan().await;
    let found: Vec<&str> = plan
        .repositories
        .iter()
        .map(|one| one.repository.name.as_str())
        .collect();
    assert_eq!(found, ["shop/s1", "shop/s3"]);
    let refused: Vec<(RefusalCode, &str)> = plan
        .refusals
        .iter()
        .map(|one| (one.code, one.name.as_str()))
        .collect();
    assert_eq!(
        refused,
        [(RefusalCode::MatchesNothing, "repository \"shop/gone\"")]
    );
    assert_eq!(plan.refusals[0].subject, RefusalSubject::Nothing);
    let calls = world.fake.calls_of("DescribeRepositories");
    assert!(
        calls
            .iter()
            .all(|call| call.body.get("repositoryNames").is_some())
    );
}

#[tokio::test]
async fn the_first_rule_wins_and_a_shadowed_one_is_told() {
    let mut world = World::new();
    for name in ["shop/web", "shop/api"] {
        let repository = world.fake.repository(name);
        release(&repository, "old", 90.0);
        release(&repository, "young", 1.0);
        world.service_uses(&repository, ":young");
    }
    let forever = launchway::prune::Policy::default();
    world.settings.repositories = vec![
        rule("shop/web", forever.clone()),
        rule("shop/*", super::world::policy()),
        rule("shop/ap*", forever),
    ];
    let plan = world.plan().await;
    let lost: Vec<usize> = plan
        .repositories
        .iter()
        .map(|one| going(one).len())
        .collect();
    assert_eq!(lost, [3, 0]);
    assert_eq!(plan.warnings.len(), 1, "{:?}", plan.warnings);
    assert!(plan.warnings[0].contains("shop/ap*"));
}

#[tokio::test]
async fn only_narrows_the_rules_and_must_match() {
    let world = World::new();
    release(&world.fake.repository("shop/web"), "v", 1.0);
    release(&world.fake.repository("other"), "v", 1.0);
    let only = ["shop/web", "other", "none"].map(|name| name.parse().unwrap());
    let plan = plan(
        &world.places(),
        &world.settings,
        &only,
        launchway::prune::InUse::default(),
        world.now,
        &Silent,
        false,
    )
    .await;
    assert_eq!(plan.repositories.len(), 1);
    let told: Vec<(&str, &str)> = plan
        .refusals
        .iter()
        .map(|one| (one.name.as_str(), one.detail.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("other", "no rule of the configuration covers it"),
            ("none", "no repository has such a name")
        ]
    );
}

#[tokio::test]
async fn two_places_that_lead_to_a_repository_count_it_once() {
    let world = World::new();
    release(&world.fake.repository("shop/web"), "v", 1.0);
    let mut places = world.places();
    let mut second = places[0].clone();
    second.aws = aws(&world.fake.endpoint());
    places.push(second);
    let in_use = launchway::prune::InUse::default();
    let plan = plan(
        &places,
        &world.settings,
        &[],
        in_use,
        world.now,
        &Silent,
        false,
    )
    .await;
    assert_eq!(plan.repositories.len(), 1);
    assert_eq!(world.fake.count("DescribeImages"), 1);
}

#[tokio::test]
async fn sizes_of_layers_take_every_manifest() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    let shared = web.put(&image("shared", 50.0));
    let lost = web.put(&image("lost", 50.0));
    web.put(&index(&[shared, lost], 50.0).tag("old"));
    web.put(&index(&[shared], 1.0).tag("young"));
    world.service_uses(&web, ":young");
    let in_use = world.uses.lock().unwrap().clone();
    let plan = plan(
        &world.places(),
        &world.settings,
        &[],
        in_use,
        world.now,
        &Silent,
        true,
    )
    .await;
    let web_plan: &RepositoryPlan = &plan.repositories[0];
    assert!(web_plan.sizes.exact);
    assert_eq!(world.fake.count("BatchGetImage"), 1);
    let goes = web_plan.images.iter();
    let goes = goes.filter(|one| matches!(one.verdict, Verdict::Remove(_)));
    // The old index and one of its images: the other is the young one's, too.
    assert_eq!(goes.count(), 2);
    // Without what the two images share: here only a config that nobody else has, and a layer.
    assert_eq!(web_plan.sizes.removed.manifests, 2);
}
