//! Each call fails in turn, in each way: nothing protected goes, and the next run finishes.

use launchway::prune::{RefusalCode, RefusalSubject};
use launchway_fake_ecr::{Fault, ImageStatus, Repository, Rule};

use super::world::{World, assert_whole, going, release, sorted, whole};

const CALLS: [&str; 4] = [
    "DescribeRepositories",
    "DescribeImages",
    "BatchGetImage",
    "BatchDeleteImage",
];

/// A lifecycle policy that takes nothing that is there.
const HARMLESS: &str = r#"{"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection": {
    "tagStatus": "tagged", "tagPrefixList": ["nothing-has-it"], "countType": "imageCountMoreThan",
    "countNumber": 1}}]}"#;

#[tokio::test]
async fn what_passes_is_repeated() {
    for operation in CALLS.into_iter().chain(["GetLifecyclePolicy"]) {
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
            web.set_lifecycle_policy(Some(HARMLESS));
            let failing = Rule::new(fault.clone()).operation(operation);
            world.fake.fail(failing.next(2));
            let plan = world.plan().await;
            assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
            let applied = world.apply(&plan).await;
            assert!(world.fake.count(operation) > 1, "{operation}");
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
async fn a_lifecycle_policy_that_is_not_known_is_told_and_holds_nothing() {
    for fault in [
        Fault::AccessDenied,
        Fault::Refused("ValidationException"),
        Fault::Server(500),
        Fault::Reset,
    ] {
        let world = World::new();
        let web = world.fake.repository("shop/web");
        let old = release(&web, "old", 90.0);
        let young = release(&web, "young", 1.0);
        world.service_uses(&web, ":young");
        let failing = Rule::new(fault.clone()).operation("GetLifecyclePolicy");
        world.fake.fail(failing);
        let plan = world.plan().await;
        assert!(!plan.has_refusals(), "{fault:?}: {:?}", plan.refusals);
        assert_eq!(going(&plan.repositories[0]), whole(&old));
        assert_eq!(plan.warnings.len(), 1, "{fault:?}: {:?}", plan.warnings);
        let action = "not known: ecr:GetLifecyclePolicy";
        assert!(plan.warnings[0].contains(action), "{}", plan.warnings[0]);
        let applied = world.apply(&plan).await;
        assert!(applied.is_complete(), "{applied:#?}");
        assert_eq!(sorted(web.digests()), whole(&young));
    }
}

/// A repository that archives, with an old release and one in use.
fn archive() -> World {
    let mut world = World::new();
    world.settings.repositories[0].policy.archive = true;
    let web = world.fake.repository("shop/web");
    release(&web, "old", 90.0);
    release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    world
}

/// What is in the archive.
fn archived(web: &Repository) -> Vec<String> {
    let images = web.images().into_iter();
    let images = images.filter(|one| one.status == ImageStatus::Archived);
    sorted(images.map(|one| one.digest))
}

#[tokio::test]
async fn an_archival_that_fails_for_a_moment_is_repeated() {
    for fault in [
        Fault::Throttled,
        Fault::Server(500),
        Fault::Server(503),
        Fault::Reset,
        // Done, and refused when it is asked for again.
        Fault::ResetAfterWork,
        Fault::ResetInBody,
    ] {
        let world = archive();
        let web = world.fake.repository("shop/web");
        let plan = world.plan().await;
        let going = going(&plan.repositories[0]);
        let failing = Rule::new(fault.clone()).operation("UpdateImageStorageClass");
        world.fake.fail(failing.next(2));
        let applied = world.apply(&plan).await;
        assert!(applied.is_complete(), "{fault:?}: {applied:#?}");
        let result = &applied.repositories[0];
        assert_eq!(sorted(&result.archived), going, "{fault:?}");
        assert!(result.failed.is_empty() && result.skipped.is_empty());
        assert_eq!(archived(&web), going, "{fault:?}");
    }
}

#[tokio::test]
async fn an_archival_that_does_not_pass_archives_nothing_protected() {
    for fault in [Fault::AccessDenied, Fault::Refused("ValidationException")] {
        for from in 1..=3 {
            let world = archive();
            let web = world.fake.repository("shop/web");
            let plan = world.plan().await;
            let going = going(&plan.repositories[0]);
            let failing = Rule::new(fault.clone()).operation("UpdateImageStorageClass");
            world.fake.fail(failing.from(from));
            let applied = world.apply(&plan).await;
            assert!(!applied.is_complete(), "{fault:?} from {from}");
            let result = &applied.repositories[0];
            // Of the parts those went that came before; with the index, all of them stay.
            assert_eq!(result.archived.len() as u64, from - 1, "{result:#?}");
            assert_eq!(archived(&web), sorted(&result.archived));
            assert!(archived(&web).iter().all(|one| going.contains(one)));
            let failed = result.failed.iter();
            let mut codes = failed.map(|one| one.code.as_str());
            assert!(codes.all(|code| code == "ecr:UpdateImageStorageClass"));

            world.fake.heal();
            let applied = world.apply(&world.plan().await).await;
            assert!(applied.is_complete(), "{applied:#?}");
            assert_eq!(archived(&web), going);
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
