//! A plan that is applied later, when the world has changed; and the archive.

use std::collections::BTreeSet;

use launchway_fake_ecr::ImageStatus;
use serde_json::json;

use super::released::{AGES, ago};
use super::stage::{Stage, assert_same, expected};
use super::whole::{assert_whole, look_at};
use crate::support::{Artifact, ECR_HOST};

#[test]
fn a_saved_plan_spares_what_came_into_use_since() {
    let mut stage = Stage::new();
    let released = stage.ground.released;
    let before = stage.mirror.images();
    stage.succeed(&["--output", "plan.json"]);
    let text = stage.ground.project.read("plan.json");
    let plan = super::stage::Plan::read(&text);
    let mut gone = expected(released);
    plan.assert_removes(&gone);

    // The third release is deployed.
    let web = released.releases[2].digest("web");
    let world = &stage.ground.world;
    world.deploy("rolled-back", &format!("{ECR_HOST}/shop/web@{web}"));
    for name in released.of_age("shop/web", AGES[2]) {
        assert!(gone.remove(&name));
    }
    // Something without a tag gets one.
    let leftover = &released.others["leftover"];
    let repository = stage.mirror.ecr.repository("shop/web");
    repository.tag(leftover.digest.parse().unwrap(), "wanted-again");
    assert!(gone.remove(&leftover.name()));
    // A new index lists an old image.
    let old = &released.others["plain-old"];
    let index = Artifact::index([(old, Some("amd64"))]);
    let index = index.push(&stage.mirror.registry.address, "shop/web", &["again"]);
    stage.mirror.add(&index, ago(0.0), &["again"]);
    assert!(gone.remove(&old.name()));

    let applied = stage.succeed(&["--apply", "--plan", "plan.json"]);
    assert!(applied.stdout.contains("shop/web"), "{}", applied.stdout);
    let mut left: BTreeSet<String> = before.difference(&gone).cloned().collect();
    left.insert(index.name());
    assert_same(&stage.mirror.images(), &left, "after");
    assert_whole(&mut stage.mirror);
}

#[test]
fn a_saved_plan_is_a_limit() {
    let stage = Stage::new();
    let released = stage.ground.released;
    stage.succeed(&["--output", "plan.json"]);
    // Another image may go now, and the plan does not have it.
    stage.ground.world.end("service");
    let more = released.other("service");
    assert!(stage.plan().removed().contains(&more));
    let before = stage.mirror.images();
    stage.succeed(&["--apply", "--plan", "plan.json"]);
    let gone = expected(released);
    let left: BTreeSet<String> = before.difference(&gone).cloned().collect();
    assert_same(&stage.mirror.images(), &left, "after");
    assert!(left.contains(&more));
}

#[test]
fn what_goes_to_the_archive_can_come_back_and_the_rest_is_whole_without_it() {
    let stage = Stage::new();
    let project = &stage.ground.project;
    let rules = project.read("launchway.hcl");
    let rules = rules.replace(
        r#"repository "shop/*" {}"#,
        r#"repository "shop/*" { archive = true }"#,
    );
    project.write("launchway.hcl", &rules);
    let before = stage.mirror.images();
    stage.succeed(&["--apply"]);
    assert_eq!(stage.mirror.images(), before, "nothing is deleted");
    // But for a tag that expired, of an image that stays.
    for call in stage.mirror.ecr.calls_of("BatchDeleteImage") {
        assert_eq!(call.body["imageIds"], json!([{ "imageTag": "bundle-1" }]));
    }

    let mut archived = BTreeSet::new();
    for name in stage.mirror.repositories() {
        for image in stage.mirror.ecr.repository(name).images() {
            if image.status == ImageStatus::Archived {
                archived.insert(format!("{name}@{}", image.digest));
            }
        }
    }
    let gone = expected(stage.ground.released);
    assert_same(&archived, &gone, "archived");
    let active: BTreeSet<String> = before.difference(&archived).cloned().collect();
    let (checked, broken) = look_at(&stage.mirror, &active);
    assert_eq!(broken, [""; 0]);
    assert!(checked.indexes > 0 && checked.images > 0 && checked.others > 0);

    // What is there already does not go there again.
    stage.mirror.ecr.reset_stats();
    stage.succeed(&["--apply"]);
    assert_eq!(stage.mirror.ecr.count("UpdateImageStorageClass"), 0);
}
