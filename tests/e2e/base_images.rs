//! Real ECR host names on a registry of ours, and base images from a mirror.

use std::process::Command;

use crate::support::{
    ECR_HOST, EcrStage, Project, crane, output, part, read_with_official_library,
};

/// Two releases of the shop; returns how many platforms of `web` can be loaded lazily.
fn release_the_shop_twice(soci: &str) -> usize {
    let stage = EcrStage::new();
    let project = Project::shop(ECR_HOST);
    let settings = project.read("launchway.hcl");
    project.write("launchway.hcl", &format!("{settings}{soci}"));
    stage.engine.succeed(&project, &["release"]);
    let first = project.record();
    stage.engine.succeed(&project, &["release"]);
    let second = project.record();
    for (target, image) in first["images"].as_object().unwrap() {
        let again = &second["images"][target];
        let name = format!("{ECR_HOST}/shop-{target}");
        assert_eq!(image["repository"], name.as_str(), "{image:#}");
        assert_eq!(image["changed"], true, "{target}");
        assert_eq!(again["changed"], false, "{target}");
        assert_eq!(image["digest"], again["digest"], "{target}");
        let here = format!("{}/shop-{target}:production", stage.registry.address);
        assert_eq!(crane(&["digest", &here]), image["digest"]);
    }
    for file in ["release.json", "release.env", "shop/taskdef.json"] {
        let text = project.read(format!("launchway-out/{file}"));
        assert!(!text.contains(&stage.registry.address), "{file}: {text}");
    }
    let cached = stage.registry.tags("shop-cache");
    assert!(cached.contains("web-arm64"), "{cached:?}");
    let web = format!("{}/shop-web:production", stage.registry.address);
    read_with_official_library(&web).len()
}

#[test]
fn the_shop_is_released_to_ecr_host_names_and_then_nothing_changed() {
    assert_eq!(release_the_shop_twice(""), 0);
}

#[test]
fn the_shop_is_released_to_ecr_host_names_with_soci() {
    let soci = "soci { min_layer_size = \"64KiB\" }\n";
    assert_eq!(release_the_shop_twice(soci), 2);
}

#[test]
fn the_daemon_logs_in_to_an_endpoint_as_to_its_registry() {
    let stage = EcrStage::with_login();
    let project = Project::shop(ECR_HOST);
    stage.engine.succeed(&project, &["release", "web"]);
    assert!(!stage.aws.bodies("GetAuthorizationToken").is_empty());
    let web = format!("{}/shop-web:production", stage.registry.address);
    let mut crane = Command::new(part("crane"));
    let digest = output(stage.logged_in(crane.args(["digest", &web])));
    let record = project.record();
    assert_eq!(record["images"]["web"]["digest"], digest.trim());
}
