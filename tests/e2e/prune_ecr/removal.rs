//! Removals that go well, and those that ECR does not want to do.

use std::time::Duration;

use launchway::prune::{RefusalCode, SkipReason};
use launchway_fake_ecr::{Consistency, Delay, Fault, Rule};

use super::world::{
    World, assert_whole, going, image, index, list_failed, only, policy, release, rule, sorted,
    whole,
};

#[tokio::test]
async fn indexes_go_before_their_parts_though_ecr_forgets_late() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    for n in 0..40 {
        release(&web, &format!("v{n}"), 50.0 + f64::from(n));
    }
    let young = release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    world.fake.set_consistency(Consistency {
        manifest_lists: Delay::For(Duration::from_millis(600)),
        lists: Delay::Calls(3),
        ..Consistency::default()
    });
    let plan = world.plan().await;
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    let result = only(&applied);
    assert!(result.skipped.is_empty(), "{:?}", result.skipped);
    assert_eq!(sorted(&result.deleted), going(&plan.repositories[0]));
    assert_eq!(sorted(web.digests()), whole(&young));
}

#[tokio::test]
async fn what_ecr_never_lets_go_of_is_told_as_kept() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    let old = release(&web, "old", 90.0);
    let young = release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    // An index that lists a part of the old release is pushed after the list was read.
    let late = web.clone();
    world.fake.before_nth("BatchDeleteImage", 1, move |_, _| {
        late.put(&index(&[old.parts[0]], 0.0));
    });
    let applied = world.apply(&plan).await;
    let result = only(&applied);
    assert_eq!(sorted(&result.deleted), sorted([old.index, old.parts[1]]));
    assert_eq!(result.skipped.len(), 1, "{result:#?}");
    assert_eq!(
        result.skipped[0].digest.to_string(),
        old.parts[0].to_string()
    );
    assert_eq!(result.skipped[0].why, SkipReason::Listed);
    assert!(applied.is_complete());
    assert_whole(&web, &young);
}

#[tokio::test]
async fn an_index_that_does_not_go_keeps_its_parts() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    let old = release(&web, "old", 90.0);
    let other = release(&web, "other", 91.0);
    let young = release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    let denied = Rule::new(Fault::AccessDenied).operation("BatchDeleteImage");
    world.fake.fail(denied.nth(1));
    let applied = world.apply(&plan).await;
    let result = only(&applied);
    // Both indexes were in the call that failed.
    assert_eq!(result.failed.len(), 2, "{result:#?}");
    assert_eq!(result.failed[0].code, "ecr:BatchDeleteImage");
    assert!(result.deleted.is_empty());
    assert_eq!(result.skipped.len(), 4);
    let parts = |one: &launchway::prune::Skipped| matches!(one.why, SkipReason::PartOf { .. });
    assert!(result.skipped.iter().all(parts), "{:?}", result.skipped);
    assert!(!applied.is_complete());
    for one in [&old, &other, &young] {
        assert_whole(&web, one);
    }

    // And the next run finishes.
    let applied = world.apply(&world.plan().await).await;
    assert!(applied.is_complete(), "{applied:#?}");
    assert_eq!(sorted(web.digests()), whole(&young));
}

#[tokio::test]
async fn what_is_gone_already_is_done() {
    let mut world = World::new();
    // Every plan is listed again.
    world.saved = true;
    let web = world.fake.repository("shop/web");
    let old = release(&web, "old", 90.0);
    let second = release(&web, "second", 91.0);
    let young = release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    web.delete(old.index);
    let late = web.clone();
    world.fake.before_nth("BatchDeleteImage", 1, move |_, _| {
        late.delete(second.index);
    });
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    let result = only(&applied);
    let mut gone = vec![old.index, second.index];
    gone.sort();
    assert_eq!(sorted(&result.gone), sorted(gone));
    assert_eq!(result.deleted.len(), 4);
    assert_eq!(sorted(web.digests()), whole(&young));
}

#[tokio::test]
async fn a_deletion_whose_answer_is_lost_is_done() {
    for fault in [Fault::ResetAfterWork, Fault::ResetInBody] {
        let world = World::new();
        let web = world.fake.repository("shop/web");
        release(&web, "old", 90.0);
        let young = release(&web, "young", 1.0);
        world.service_uses(&web, ":young");
        let plan = world.plan().await;
        let lost = Rule::new(fault.clone()).operation("BatchDeleteImage");
        world.fake.fail(lost.nth(1));
        let applied = world.apply(&plan).await;
        assert!(applied.is_complete(), "{fault:?}: {applied:#?}");
        assert_eq!(sorted(web.digests()), whole(&young));
        // Sent again, the index was not there.
        let result = only(&applied);
        assert_eq!((result.gone.len(), result.deleted.len()), (1, 2));
    }
}

#[tokio::test]
async fn expired_tags_go_and_one_always_stays() {
    let mut world = World::new();
    // `keep` keeps the image, and not its other tags.
    let policy = launchway::prune::Policy {
        keep_tags: vec!["keep*".parse().unwrap()],
        ..policy()
    };
    world.settings.repositories = vec![rule("shop/*", policy)];
    let web = world.fake.repository("shop/web");
    let old = release(&web, "v1", 90.0);
    web.tag(old.index, "keep-1");
    let young = release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    let untag: Vec<&[String]> = plan.repositories[0]
        .images
        .iter()
        .map(|image| image.untag.as_slice())
        .filter(|tags| !tags.is_empty())
        .collect();
    assert_eq!(untag, [["v1"]]);

    // Somebody takes the other tag away, so that it would be the last one.
    web.untag("keep-1");
    let applied = world.apply(&plan).await;
    assert!(only(&applied).untagged.is_empty());
    assert_eq!(only(&applied).skipped[0].why, SkipReason::LastTag);
    assert_eq!(web.tagged("v1"), Some(old.index));

    web.tag(old.index, "keep-1");
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    assert_eq!(only(&applied).untagged.len(), 1);
    assert_eq!(web.tagged("v1"), None);
    assert_whole(&web, &old);
    assert_whole(&web, &young);

    // A tag that came into use stays.
    web.tag(old.index, "v1");
    world.service_uses(&web, ":v1");
    let applied = world.apply(&plan).await;
    assert!(only(&applied).untagged.is_empty());
    assert_eq!(web.tagged("v1"), Some(old.index));
}

#[tokio::test]
async fn refused_repositories_and_plans_are_not_touched() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    release(&web, "old", 90.0);
    // Nothing is in use.
    let plan = world.plan().await;
    let codes: Vec<RefusalCode> = plan.repositories[0]
        .refusals
        .iter()
        .map(|one| one.code)
        .collect();
    assert_eq!(codes, [RefusalCode::NothingInUse]);
    world.fake.reset_stats();
    assert!(world.apply(&plan).await.repositories.is_empty());
    assert_eq!(world.fake.stats().total, 0);

    // A list of uses did not load.
    release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    world.uses.lock().unwrap().refusals.push(list_failed());
    let plan = world.plan().await;
    assert!(plan.is_refused_everywhere());
    world.fake.reset_stats();
    assert!(world.apply(&plan).await.repositories.is_empty());
    assert_eq!(world.fake.stats().total, 0);
}

#[tokio::test]
async fn more_than_a_hundred_are_never_named() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    for n in 0..250 {
        web.put(&image(&format!("i{n}"), 60.0));
    }
    release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    let sizes: Vec<usize> = world
        .fake
        .calls_of("BatchDeleteImage")
        .iter()
        .map(|call| call.body["imageIds"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
}
