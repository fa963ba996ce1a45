//! Asking what is in use takes longer than an answer should serve: the run gets on all the same, and what comes into
//! use meanwhile stays.

use std::sync::Arc;
use std::time::Duration;

use launchway::prune::Asked;

use super::world::{World, assert_whole, only, release, sorted, uses, whole};

const REPOSITORIES: usize = 6;
/// Per repository: six batches of indexes and parts.
const OLD: usize = 150;

fn stage(world: &World) {
    for n in 0..REPOSITORIES {
        let repository = world.fake.repository(&format!("shop/s{n}"));
        for v in 0..OLD {
            release(&repository, &format!("v{v}"), 50.0);
        }
        release(&repository, "young", 1.0);
        world.service_uses(&repository, ":young");
    }
}

fn questions(world: &World) -> usize {
    *world.asked.lock().unwrap()
}

#[tokio::test]
async fn a_question_of_a_minute_is_not_asked_for_every_batch() {
    for saved in [true, false] {
        let mut world = World::new();
        world.asking = Duration::from_mins(1);
        world.saved = saved;
        stage(&world);
        let plan = world.plan().await;
        let applied = world.apply(&plan).await;
        assert!(applied.is_complete(), "{:?}", applied.refusals);
        let batches = world.fake.count("BatchDeleteImage");
        assert!(batches >= 5 * REPOSITORIES as u64, "{batches}");
        // All of it is done in less than the minute that the answer still serves.
        assert_eq!(questions(&world), 1, "saved: {saved}");
        let notes = world.notes.all();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains("takes 60 s"), "{notes:?}");
    }
}

#[tokio::test]
async fn the_answer_of_the_plan_serves_for_the_first_batches() {
    let mut world = World::new();
    stage(&world);
    let plan = world.plan().await;
    world.plans_own = Some(Asked {
        in_use: world.uses.lock().unwrap().clone(),
        began: world.clock.now(),
        took: Duration::from_secs(1),
    });
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{:?}", applied.refusals);
    assert_eq!(questions(&world), 0);
    assert!(world.notes.all().is_empty());

    // Not when somebody looked at the plan for too long.
    let world = World::new();
    stage(&world);
    let plan = world.plan().await;
    let world = World {
        plans_own: Some(Asked {
            in_use: launchway::prune::InUse::default(),
            began: world.clock.now(),
            took: Duration::from_secs(1),
        }),
        ..world
    };
    world.clock.forward(world.fresh_for);
    let kept = world.fake.repository("shop/s0");
    let used = kept.tagged("v7").unwrap();
    world.service_uses(&kept, ":v7");
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{:?}", applied.refusals);
    assert!(questions(&world) > 0);
    assert!(kept.digests().contains(&used));
}

#[tokio::test]
async fn what_comes_into_use_after_a_slow_answer_is_seen_by_the_next_one() {
    let mut world = World::new();
    world.asking = Duration::from_mins(1);
    let web = world.fake.repository("shop/web");
    let old: Vec<_> = (0..150)
        .map(|n| release(&web, &format!("v{n}"), 40.0 + f64::from(n)))
        .collect();
    let young = release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    let first = sorted(&plan.repositories[0].waves[0][..100]);
    let saved = old
        .iter()
        .find(|one| !first.contains(&one.index.to_string()));
    let saved = saved.unwrap().clone();
    let (used, place, clock) = (Arc::clone(&world.uses), web.clone(), world.clock.clone());
    let image = format!("@{}", saved.index);
    // While the first batch goes, a service comes, and a minute passes.
    world.fake.before_nth("BatchDeleteImage", 1, move |_, _| {
        uses(&used, &place, &image);
        clock.forward(Duration::from_mins(1));
    });
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    assert_whole(&web, &saved);
    assert_eq!(only(&applied).skipped.len(), 3);
    let mut left = whole(&saved);
    left.extend(whole(&young));
    assert_eq!(sorted(web.digests()), sorted(left));
}

#[tokio::test]
async fn a_look_that_takes_too_long_is_repeated_with_a_new_answer() {
    let world = World::new();
    let web = world.fake.repository("shop/web");
    let old = release(&web, "old", 90.0);
    release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    let plan = world.plan().await;
    let seen = world.fake.count("DescribeImages");
    let (used, place, clock) = (Arc::clone(&world.uses), web.clone(), world.clock.clone());
    // The answer is there; while ECR tells of the images of the batch, it grows old, and a service comes.
    world.fake.before_nth("DescribeImages", 1, move |_, _| {
        uses(&used, &place, ":old");
        clock.forward(Duration::from_secs(36));
    });
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{applied:#?}");
    assert_whole(&web, &old);
    assert!(world.fake.count("DescribeImages") > seen + 1);
    assert!(only(&applied).deleted.is_empty());
}
