//! Images that go to the archive, and calls for it whose answer is lost.

use launchway::aws::{Aws, AwsSettings};
use launchway::prune::Policy;
use launchway_fake_ecr::{Digest, Fault, ImageStatus, Repository, Rule};

use super::world::{World, credentials, image, only, policy, release, rule, sorted};

const CALL: &str = "UpdateImageStorageClass";

/// Two old images, whose policy archives, and a young release.
fn stage(world: &mut World) -> (Repository, [Digest; 2]) {
    let archive = Policy {
        archive: true,
        ..policy()
    };
    world.settings.repositories = vec![rule("shop/*", archive)];
    let web = world.fake.repository("shop/web");
    let old = ["one", "two"].map(|name| web.put(&image(name, 90.0).tag(name)));
    release(&web, "young", 1.0);
    world.service_uses(&web, ":young");
    (web, old)
}

fn archived(web: &Repository) -> Vec<String> {
    let mut images = web.images();
    images.retain(|image| image.status == ImageStatus::Archived);
    sorted(images.into_iter().map(|image| image.digest))
}

#[tokio::test]
async fn what_was_archived_counts_though_the_answer_was_lost() {
    // The call is sent once, or again: ECR refuses to archive what is in the archive.
    for (attempts, fault, silent) in [
        (Some(1), Fault::ResetAfterWork, false),
        (Some(1), Fault::ResetAfterWork, true),
        (Some(1), Fault::ResetInBody, false),
        (None, Fault::ResetAfterWork, false),
        (None, Fault::ResetInBody, false),
    ] {
        let about = format!("{attempts:?} {fault:?} {silent}");
        let mut world = World::new();
        world.aws = Aws::new(AwsSettings {
            attempts,
            ..credentials(&world.fake.endpoint())
        });
        let (web, old) = stage(&mut world);
        let plan = world.plan().await;
        world.fake.fail(Rule::new(fault).operation(CALL).nth(1));
        if silent {
            // The look before the batch is answered, the one after it is not.
            let broken = Rule::new(Fault::Server(500)).operation("DescribeImages");
            world.fake.fail(broken.nth(2));
        }
        let applied = world.apply(&plan).await;
        let result = only(&applied);
        assert_eq!(archived(&web), sorted(old), "{about}");
        assert_eq!(
            sorted(&result.archived),
            sorted(old),
            "{about}: {result:#?}"
        );
        assert!(result.skipped.is_empty(), "{about}: {result:#?}");
        assert!(applied.is_complete(), "{about}: {result:#?}");
    }
}

#[tokio::test]
async fn what_somebody_else_archived_is_kept_against_the_plan() {
    let mut world = World::new();
    let (web, old) = stage(&mut world);
    let plan = world.plan().await;
    web.set_status(old[0], ImageStatus::Archived);
    let applied = world.apply(&plan).await;
    let result = only(&applied);
    assert_eq!(sorted(&result.archived), sorted([old[1]]));
    assert_eq!(result.skipped.len(), 1, "{result:#?}");
}

#[tokio::test]
async fn what_cannot_be_archived_is_told_as_failed() {
    let mut world = World::new();
    let (web, _) = stage(&mut world);
    let plan = world.plan().await;
    world
        .fake
        .fail(Rule::new(Fault::AccessDenied).operation(CALL));
    let applied = world.apply(&plan).await;
    let result = only(&applied);
    assert_eq!(result.failed.len(), 2, "{result:#?}");
    assert!(!result.failed[0].temporary);
    assert!(archived(&web).is_empty());
}
