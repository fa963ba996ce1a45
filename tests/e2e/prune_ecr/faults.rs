//! Each call fails in turn, in each way: nothing protected goes, and the next run finishes.

use launchway::prune::{RefusalCode, RefusalSubject};
use launchway_fake_ecr::{Fault, Rule};

use super::world::{World, assert_whole, release, sorted, whole};

const CALLS: [&str; 4] = [
    "DescribeRepositories",
    "DescribeImages",
    "BatchGetImage",
    "BatchDeleteImage",
];

#[tokio::test]
async fn what_passes_is_repeated() {
    for operation in CALLS {
        for fault in [
            Fault::Throttled,
            Fault::Server(500),
            Fault::Server(503),
            Fault::Reset,
            Fault::ResetInBody,
        ] {
            let world = World::new();
            let web = world.fake.repository("shop/web");
            release(&web, "old", 90.0);
            let young = release(&web, "young", 1.0);
            world.service_uses(&web, ":young");
            let failing = Rule::new(fault.clone()).operation(operation);
            world.fake.fail(failing.next(2));
            let plan = world.plan().await;
            let applied = world.apply(&plan).await;
            assert!(applied.is_complete(), "{operation} {fault:?}: {applied:#?}");
            assert_eq!(
                sorted(web.digests()),
                whole(&young),
                "{operation} {fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_does_not_pass_deletes_nothing_protected() {
    for operation in CALLS {
        for fault in [Fault::AccessDenied, Fault::Refused("ValidationException")] {
            for from in 1..=4 {
                let world = World::new();
                let web = world.fake.repository("shop/web");
                let old = release(&web, "old", 90.0);
                let young = release(&web, "young", 1.0);
                world.service_uses(&web, ":young");
                let failing = Rule::new(fault.clone()).operation(operation);
                world.fake.fail(failing.from(from));
                let plan = world.plan().await;
                let applied = world.apply(&plan).await;
                let failed = world.fake.count(operation) >= from;
                let held = plan.has_refusals() || !applied.is_complete();
                assert_eq!(
                    failed, held,
                    "{operation} from {from}: {plan:#?} {applied:#?}"
                );
                assert_whole(&web, &young);
                // Parts never outlive what they are parts of the wrong way round.
                if web.digests().contains(&old.index) {
                    assert_whole(&web, &old);
                }
                world.fake.heal();
                let applied = world.apply(&world.plan().await).await;
                assert!(applied.is_complete(), "{applied:#?}");
                assert_eq!(sorted(web.digests()), whole(&young));
            }
        }
    }
}

#[tokio::test]
async fn the_cause_of_a_plan_without_repositories_is_told() {
    let world = World::new();
    release(&world.fake.repository("shop/web"), "v", 1.0);
    let denied = Rule::new(Fault::AccessDenied).operation("DescribeRepositories");
    world.fake.fail(denied);
    let plan = world.plan().await;
    let [refusal] = plan.refusals.as_slice() else {
        panic!("{plan:#?}");
    };
    assert_eq!(refusal.code, RefusalCode::ListFailed);
    assert_eq!(refusal.name, "ecr:DescribeRepositories");
    assert_eq!(refusal.subject, RefusalSubject::Nothing);
    assert!(
        refusal.detail.contains("access was denied"),
        "{}",
        refusal.detail
    );
    assert!(plan.has_refusals());
}

#[tokio::test]
async fn a_rate_limit_slows_it_down_and_does_not_stop_it() {
    let world = World::new();
    for n in 0..12 {
        let repository = world.fake.repository(&format!("shop/s{n}"));
        for v in 0..30 {
            release(&repository, &format!("v{v}"), 50.0);
        }
        release(&repository, "young", 1.0);
        world.service_uses(&repository, ":young");
    }
    world.fake.limit_every_rate(Some(3.0));
    let plan = world.plan().await;
    assert!(!plan.has_refusals(), "{:?}", plan.refusals);
    let applied = world.apply(&plan).await;
    assert!(applied.is_complete(), "{:?}", applied.refusals);
    assert!(world.fake.stats().throttled > 0);
    for n in 0..12 {
        assert_eq!(world.fake.repository(&format!("shop/s{n}")).len(), 3);
    }
}

#[tokio::test]
async fn no_more_than_sixteen_requests_are_under_way() {
    let world = World::new();
    for n in 0..40 {
        let repository = world.fake.repository(&format!("shop/s{n}"));
        for v in 0..120 {
            release(&repository, &format!("v{v}"), 50.0);
        }
        world.service_uses(&repository, ":v0");
    }
    world
        .fake
        .set_delay(Some(std::time::Duration::from_millis(20)));
    let plan = world.plan().await;
    assert!(!plan.has_refusals());
    let peak = world.fake.stats().peak_concurrency;
    assert!((2..=16).contains(&peak), "{peak}");
}
