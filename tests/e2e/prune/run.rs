//! A whole run on real images: the plan, the removal, the proof, and what each single use protects.

use std::collections::BTreeSet;

use launchway_fake_ecr::NewImage;
use serde_json::json;

use super::released::AGES;
use super::stage::{Plan, Stage, assert_same, expected};
use super::whole::{assert_whole, look};
use super::world::ENDS;
use crate::support::{ECR_HOST, Mirror, Pushed, manifest};

#[test]
fn what_nothing_needs_goes_and_the_rest_is_whole() {
    let mut stage = Stage::new();
    let released = stage.ground.released;
    let before = stage.mirror.images();

    let plan = stage.plan();
    let mut gone = expected(released);
    plan.assert_removes(&gone);
    assert!(gone.len() > 30, "{}", gone.len());
    // Whatever there is stays somewhere; and all that a release brings goes with an old one.
    let all = [
        "attestation",
        "cache",
        "image",
        "index",
        "referrer",
        "referrers-index",
        "signature",
        "soci-v1",
        "soci-v2",
        "unknown",
    ];
    let (kept, removed) = (plan.kinds("keep"), plan.kinds("remove"));
    assert_eq!(kept, all.map(str::to_owned).into());
    let brought = ["attestation", "cache", "image", "index", "soci-v2"];
    assert!(
        removed.is_superset(&brought.map(str::to_owned).into()),
        "{removed:?}"
    );
    assert_eq!(stage.mirror.images(), before, "a plan removes nothing");
    let table = stage.succeed(&["--images"]).stdout;
    assert!(table.contains("shop/web"), "{table}");

    // Why the first release stays, and the third one goes.
    let explain = |tag: &str| stage.succeed(&["explain", &format!("{ECR_HOST}/shop/web:{tag}")]);
    let kept = explain(&released.releases[0].tag).stdout;
    assert!(kept.contains("parameter /shop/release"), "{kept}");
    let removed = explain(&released.releases[2].tag).stdout;
    assert!(removed.contains("40 d"), "{removed}");

    stage.succeed(&["--apply"]);
    let checked = assert_whole(&mut stage.mirror);
    let left: BTreeSet<String> = before.difference(&gone).cloned().collect();
    assert_same(&stage.mirror.images(), &left, "after");
    assert!(checked.blobs > 50, "{checked:?}");

    // A second run has nothing to do.
    assert_eq!(stage.plan().removed(), BTreeSet::new());
    stage.mirror.ecr.reset_stats();
    stage.succeed(&["--apply"]);
    assert_eq!(stage.mirror.ecr.count("BatchDeleteImage"), 0);

    // Every use protects its images, and no others.
    gone.clear();
    for (name, images) in ENDS {
        stage.ground.world.end(name);
        let protected = images.iter().map(|image| released.other(image));
        gone.extend(protected);
        let plan = stage.plan();
        assert_same(&plan.removed(), &gone, name);
    }
    let delete = json!({ "Name": "/shop/release" });
    let moto = &stage.ground.world.moto;
    moto.call("ssm", "AmazonSSM.DeleteParameter", &delete);
    let text = stage.ground.project.read("launchway.hcl");
    let without = text.replace(r#""/shop/release", "#, "");
    stage.ground.project.write("launchway.hcl", &without);
    gone.extend(released.of_age("shop/web", AGES[0]));
    gone.extend(released.of_age("shop/api", AGES[0]));
    // What is about a release goes with it, whichever way it names its subject.
    let planned = stage.run(&["--format", "json"]);
    let removed = Plan::read(&planned.stdout).kinds("remove");
    let about = ["referrer", "signature"];
    assert!(removed.is_superset(&about.map(str::to_owned).into()));
    let held = stage.run(&["--apply"]);
    held.assert_failed(16, &["shop/api", "nothing-in-use"]);

    let text = without.replace("  records        = [\"tool.json\"]\n", "");
    let text = text.replace("nothing-in-use:shop/joined", "nothing-in-use:shop/*");
    stage.ground.project.write("launchway.hcl", &text);
    gone.extend(released.of_age("shop/tool", AGES[0]));
    // What nothing held went in the run before.
    let rest = gone.intersection(&stage.mirror.images()).cloned().collect();
    let plan = stage.plan();
    plan.assert_removes(&rest);
    assert!(plan.kinds("remove").contains("soci-v1"));
    stage.succeed(&["--apply"]);
    assert_whole(&mut stage.mirror);
    let left: BTreeSet<String> = left.difference(&gone).cloned().collect();
    assert_same(&stage.mirror.images(), &left, "after");
}

#[test]
fn the_check_can_fail() {
    let stage = Stage::new();
    let released = stage.ground.released;
    let mut mirror = stage.mirror;
    let checked = assert_whole(&mut mirror);
    assert!(checked.indexes >= 7 && checked.images >= 30, "{checked:?}");
    assert!(checked.others >= 40 && checked.blobs >= 80, "{checked:?}");

    // A part of an index goes, and with it an attestation and a SOCI index.
    let web = released.releases[3].digest("web");
    let index = mirror
        .ecr
        .repository("shop/web")
        .manifest(web.parse().unwrap());
    let index: serde_json::Value = serde_json::from_slice(&index.unwrap()).unwrap();
    let entries = index["manifests"].as_array().unwrap();
    assert!(entries.len() >= 6, "{index:#}");
    for entry in entries {
        let digest = entry["digest"].as_str().unwrap().parse().unwrap();
        let repository = mirror.ecr.repository("shop/web");
        let bytes = repository.manifest(digest).unwrap();
        repository.delete(digest);
        let (_, broken) = look(&mirror);
        assert!(!broken.is_empty(), "{entry}");
        repository.put(&NewImage::new(bytes, 0.0));
    }
    let (_, broken) = look(&mirror);
    assert_eq!(broken, [""; 0]);

    // A blob of something that is no image.
    let report = document(&mirror, &released.others["referrer-new"]);
    let blob = report["layers"][0]["digest"].as_str().unwrap();
    let hex = blob.strip_prefix("sha256:").unwrap();
    let folder = mirror.registry.blobs().join("sha256");
    std::fs::remove_dir_all(folder.join(&hex[..2]).join(hex)).unwrap();
    let (_, broken) = look(&mirror);
    assert_eq!(broken.len(), 1, "{broken:#?}");
    assert!(broken[0].contains(blob), "{broken:#?}");
}

fn document(mirror: &Mirror, pushed: &Pushed) -> serde_json::Value {
    let reply = manifest(&mirror.registry.address, &pushed.repository, &pushed.digest);
    serde_json::from_slice(&reply.body).unwrap()
}
