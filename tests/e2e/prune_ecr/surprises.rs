//! The world changes between a plan and its batches: what was planned and is needed now stays, with its parts.

use std::sync::Arc;
use std::time::Duration;

use launchway::prune::{Change, InUse, RefusalCode, SkipReason};
use launchway_fake_ecr::{Digest, ImageStatus, Repository};

use super::world::{
    Release, World, assert_whole, days_ago, image, index, list_failed, only, release, sorted, uses,
    whole,
};

/// Two old releases and a young one that is in use.
fn stage(world: &World) -> (Repository, Release, Release, Release) {
    let web = world.fake.repository("shop/web");
    let one = release(&web, "one", 90.0);
    let two = release(&web, "two", 80.0);
    let young = release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    (web, one, two, young)
}

/// After the plan this happens, and what it is about stays whole, while the rest goes.
async fn one_survives(
    world: World,
    happens: impl FnOnce(&World, &Repository, &Release),
) -> (SkipReason, World) {
    let (web, one, two, young) = stage(&world);
    let plan = world.plan().await;
    happens(&world, &web, &one);
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    assert_whole(&web, &one);
    assert_whole(&web, &young);
    let result = only(&applied);
    assert_eq!(sorted(&result.deleted), whole(&two), "{result:#?}");
    let skipped = result.skipped.iter().map(|skipped| skipped.digest);
    assert_eq!(sorted(skipped), whole(&one), "{result:#?}");
    let of = |digest: Digest| {
        let mut all = result.skipped.iter();
        let found = all.find(|one| one.digest.to_string() == digest.to_string());
        found.unwrap().why.clone()
    };
    let part = SkipReason::PartOf {
        of: one.index.to_string().parse().unwrap(),
    };
    assert_eq!(of(one.parts[0]), part);
    (of(one.index), world)
}

#[tokio::test]
async fn a_service_uses_it() {
    for image in ["tag", "digest", "both"] {
        let (why, _) = one_survives(World::new(), |world, web, one| {
            let image = match image {
                "tag" => ":one".to_owned(),
                "digest" => format!("@{}", one.index),
                _ => format!(":nothing@{}", one.index),
            };
            world.service_uses(web, &image);
        })
        .await;
        assert!(matches!(why, SkipReason::InUse { .. }), "{why:?}");
    }
}

#[tokio::test]
async fn a_tag_moves_onto_it() {
    let (why, _) = one_survives(World::new(), |_, web, one| web.tag(one.index, "stable")).await;
    let tag = "stable".to_owned();
    let change = Change::Tagged { tag };
    assert_eq!(why, SkipReason::Changed { change });
}

#[tokio::test]
async fn it_is_pulled() {
    let (why, _) = one_survives(World::new(), |_, web, one| {
        web.pull(one.index, days_ago(0.01));
    })
    .await;
    let change = Change::Pulled;
    assert_eq!(why, SkipReason::Changed { change });
}

#[tokio::test]
async fn an_index_that_is_called_back_from_the_archive_holds_its_repository() {
    let world = World::new();
    let (web, one, two, young) = stage(&world);
    let plan = world.plan().await;
    // Nobody can read it now: what it lists is not known.
    web.set_status(one.index, ImageStatus::Activating);
    let applied = world.apply(&plan).await;
    let result = only(&applied);
    assert!(result.is_refused(), "{result:#?}");
    assert!(result.deleted.is_empty());
    for release in [&one, &two, &young] {
        assert_whole(&web, release);
    }
}

#[tokio::test]
async fn an_image_that_is_called_back_from_the_archive_stays() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    let old = ["one", "two"].map(|name| web.put(&image(name, 90.0).tag(name)));
    release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    web.set_status(old[0], ImageStatus::Activating);
    let applied = world.apply(&plan).await;
    let result = only(&applied);
    assert_eq!(sorted(&result.deleted), sorted([old[1]]));
    let change = Change::Status;
    assert_eq!(result.skipped[0].why, SkipReason::Changed { change });
}

#[tokio::test]
async fn a_saved_plan_is_listed_again() {
    let mut world = World::new();
    world.saved = true;
    let (_, world) = one_survives(world, |world, web, one| {
        world.service_uses(web, &format!("@{}", one.index));
    })
    .await;
    // The plan, and once more before the first batch.
    let lists = world.fake.calls_of("DescribeImages");
    let lists = lists
        .iter()
        .filter(|call| call.body.get("imageIds").is_none());
    assert_eq!(lists.count(), 2);
}

#[tokio::test]
async fn an_index_that_lists_a_planned_part_is_pushed() {
    for saved in [true, false] {
        let mut world = World::new();
        world.saved = saved;
        world.late = Duration::ZERO;
        let (web, one, two, young) = stage(&world);
        let plan = world.plan().await;
        let [amd64, arm64] = one.parts;
        let pushed = web.put(&index(&[arm64, amd64], 0.0).tag("again"));
        let applied = world.apply(&plan).await;
        assert!(applied.is_complete(), "{applied:#?}");
        let left = sorted(web.digests());
        for kept in sorted([pushed, one.parts[0], one.parts[1]]) {
            assert!(left.contains(&kept), "saved: {saved}");
        }
        assert_whole(&web, &young);
        let result = only(&applied);
        let mut gone = whole(&two);
        gone.push(one.index.to_string());
        assert_eq!(sorted(&result.deleted), sorted(gone));
    }
}

#[tokio::test]
async fn a_use_between_batches_saves_what_is_left() {
    let mut world = World::new();
    world.fresh_for = Duration::ZERO;
    let web = world.fake.repository("shop/web");
    // Two batches of indexes.
    let old: Vec<Release> = (0..150)
        .map(|n| release(&web, &format!("v{n}"), 40.0 + f64::from(n)))
        .collect();
    let young = release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    let first: Vec<String> = sorted(&plan.repositories[0].waves[0][..100]);
    let saved = old
        .iter()
        .find(|one| !first.contains(&one.index.to_string()));
    let saved = saved.unwrap().clone();
    let (used, place, image) = (
        Arc::clone(&world.uses),
        web.clone(),
        format!("@{}", saved.index),
    );
    world.fake.before_nth("BatchDeleteImage", 1, move |_, _| {
        uses(&used, &place, &image);
    });
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    assert_whole(&web, &saved);
    assert_whole(&web, &young);
    assert_eq!(web.len(), 6);
}

#[tokio::test]
async fn a_list_of_uses_that_fails_stops_everything() {
    let mut world = World::new();
    world.fresh_for = Duration::ZERO;
    let mut kept = Vec::new();
    for name in ["shop/web", "shop/api", "shop/job"] {
        let repository = world.fake.repository(name);
        for n in 0..120 {
            release(&repository, &format!("v{n}"), 50.0);
        }
        kept.push((repository.clone(), release(&repository, "young", 1.0)));
        world.service_uses(&repository, ":young");
    }
    let plan = world.plan().await;
    let failing = Arc::clone(&world.uses);
    world.fake.before_nth("BatchDeleteImage", 2, move |_, _| {
        // Nothing is told any more, which looks like nothing in use.
        *failing.lock().unwrap() = InUse {
            refusals: vec![list_failed()],
            ..InUse::default()
        };
    });
    let applied = world.apply(&plan).await;
    assert!(applied.is_refused() && !applied.is_complete());
    assert_eq!(applied.refusals[0].code, RefusalCode::ListFailed);
    assert_eq!(applied.refusals[0].name, "ecs:ListServices");
    let left: usize = applied.repositories.iter().map(|one| one.left).sum();
    let done: usize = applied
        .repositories
        .iter()
        .map(|one| one.deleted.len())
        .sum();
    assert_eq!(left + done, 3 * 360, "{left} and {done}");
    // Each repository may have had one batch under way.
    assert!(done <= 400, "{done}");
    for (repository, young) in &kept {
        assert_whole(repository, young);
    }
}

#[tokio::test]
async fn what_was_not_planned_stays_though_it_expired_since() {
    let mut world = World::new();
    world.saved = true;
    let web = world.fake.repository("shop/web");
    let old = release(&web, "old", 90.0);
    let ripe = release(&web, "ripe", 29.0);
    world.service_uses(&web, ":none");
    let young = release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    world.now = "2026-06-08T00:00:00Z".parse().unwrap();
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    assert_eq!(sorted(&only(&applied).deleted), whole(&old));
    assert_whole(&web, &ripe);
    assert_whole(&web, &young);
}

#[tokio::test]
async fn rules_that_keep_more_now_are_heard() {
    let mut world = World::new();
    world.saved = true;
    let (web, one, two, young) = stage(&world);
    let plan = world.plan().await;
    world.settings.repositories[0].policy.keep_tags = vec!["one".parse().unwrap()];
    let applied = world.apply(&plan).await;
    assert_eq!(sorted(&only(&applied).deleted), whole(&two));
    assert_whole(&web, &one);
    assert_whole(&web, &young);
    // And when no rule covers it any more, nothing happens.
    world.settings.repositories.clear();
    let applied = world.apply(&plan).await;
    assert!(applied.is_refused());
    assert_eq!(only(&applied).left, 6);
    assert_whole(&web, &one);
}
