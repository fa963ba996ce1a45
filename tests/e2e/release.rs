//! `launchway release` from a repository to a registry: five images, two platforms.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::support::{Engine, Outcome, Project, Registry, Stage, crane, part};

const IMAGES: [&str; 5] = ["api", "batch", "firelens", "rp", "web"];
const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

fn release(engine: &Engine, project: &Project) -> (Outcome, Value) {
    let outcome = engine.succeed(project, &["release"]);
    let record = project.record();
    assert_eq!(record["state"], "complete");
    (outcome, record)
}

fn digests(record: &Value) -> BTreeMap<&str, &str> {
    IMAGES
        .into_iter()
        .map(|image| (image, text(&record["images"][image]["digest"])))
        .collect()
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

fn changed(record: &Value) -> BTreeSet<&str> {
    IMAGES
        .into_iter()
        .filter(|image| record["images"][image]["changed"] == true)
        .collect()
}

/// A file of an image, for one platform.
fn file(registry: &Registry, image: &str, tag: &str, platform: &str, path: &str) -> String {
    let reference = format!("{}/shop-{image}:{tag}", registry.address);
    let crane = part("crane");
    let script = format!(
        "'{}' export --platform {platform} {reference} - | tar -xO {path}",
        crane.display()
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(
        output.status.success(),
        "{script}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_shop_from_a_clone_to_a_fresh_machine() {
    let stage = Stage::new();
    let project = stage.shop();
    let registry = &stage.registry;

    // The first release: everything is new.
    let (_, first) = release(&stage.engine, &project);
    assert_eq!(first["changed"], true);
    assert_eq!(changed(&first), BTreeSet::from(IMAGES));
    let commit = project.commit8();
    for image in IMAGES {
        let repository = format!("{}/shop-{image}", registry.address);
        let record = &first["images"][image];
        for tag in [commit.as_str(), "production"] {
            assert_eq!(
                crane(&["digest", &format!("{repository}:{tag}")]),
                text(&record["digest"])
            );
        }
        crane(&["validate", "--remote", &format!("{repository}:production")]);
        let platforms: BTreeSet<&str> = record["platforms"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(platforms, BTreeSet::from(PLATFORMS));
    }
    let machine = |platform| {
        file(registry, "web", "production", platform, "etc/shop/machine")
            .trim()
            .to_owned()
    };
    assert_eq!(machine("linux/amd64"), "x86_64");
    assert_eq!(machine("linux/arm64"), "aarch64");
    let built_at = |platform| {
        file(
            registry,
            "api",
            "production",
            platform,
            "usr/lib/shop/extensions/built-at",
        )
    };
    let extensions = PLATFORMS.map(built_at);
    handoff_names_what_was_released(&project, &first);

    // Again: the same digests, and nothing new in the registry.
    let manifests = registry.manifests();
    let (outcome, second) = release(&stage.engine, &project);
    assert_eq!(second["changed"], false, "{}", outcome.stderr);
    assert_eq!(changed(&second), BTreeSet::new());
    assert_eq!(digests(&second), digests(&first));
    assert_eq!(registry.manifests(), manifests);
    let require = stage.engine.run(&project, &["release", "--require-change"]);
    assert_eq!(require.code, Some(4), "{}", require.stderr);

    // One file of rp: only rp, and what has the same bytes is not written again.
    let written = |path: &str| {
        let path = project.path().join("launchway-out").join(path);
        std::fs::metadata(path).unwrap().modified().unwrap()
    };
    let batch = written("shop-batch/taskdef.json");
    let shop = written("shop/taskdef.json");
    project.write("rp/robots.txt", "User-agent: *\nDisallow: /basket\n");
    project.commit("Keep robots out of the basket");
    let (outcome, third) = release(&stage.engine, &project);
    assert_eq!(
        changed(&third),
        BTreeSet::from(["rp"]),
        "{}",
        outcome.stderr
    );
    for image in IMAGES {
        let repository = format!("{}/shop-{image}", registry.address);
        let equal = digests(&third)[image] == digests(&first)[image];
        assert_eq!(equal, image != "rp", "{image}");
        let tag = format!("{repository}:{}", project.commit8());
        assert_eq!(crane(&["digest", &tag]), digests(&third)[image]);
    }
    assert!(
        outcome.stderr.contains("to deploy: rp changed"),
        "{}",
        outcome.stderr
    );
    handoff_names_what_was_released(&project, &third);
    assert_eq!(written("shop-batch/taskdef.json"), batch);
    assert_ne!(written("shop/taskdef.json"), shop);
    let environment = project.read("launchway-out/release.env");
    for line in [
        "export LAUNCHWAY_CHANGED_IMAGES='rp'\n",
        "export LAUNCHWAY_SERVICES_TO_DEPLOY='shop'\n",
    ] {
        assert!(environment.contains(line), "{environment}");
    }
    let summary = |service: &str| project.json(format!("launchway-out/{service}/handoff.json"));
    assert_eq!(summary("shop-batch")["changed"], false);
    assert_eq!(summary("shop")["images"]["rp"]["changed"], true);
    assert_eq!(summary("shop")["images"]["web"]["changed"], false);

    // A fresh machine: no cache but the registry's.
    let fresh = tempfile::Builder::new().prefix("lw-").tempdir().unwrap();
    let fresh = Engine::in_folder(&fresh.path().join("state"));
    let (outcome, fourth) = release(&fresh, &project);
    assert_eq!(changed(&fourth), BTreeSet::new(), "{}", outcome.stderr);
    assert_eq!(digests(&fourth), digests(&third));
    assert_eq!(PLATFORMS.map(built_at), extensions);
    for image in ["api", "batch"] {
        for platform in PLATFORMS {
            let steps = &fourth["images"][image]["platforms"][platform]["steps"];
            assert_eq!(
                steps["cached"], steps["total"],
                "{image} {platform}: {}",
                outcome.stderr
            );
        }
    }
}

fn handoff_names_what_was_released(project: &Project, record: &Value) {
    let taskdef = project.json("launchway-out/shop/taskdef.json");
    let template = project.json("taskdef-template.json");
    let reference = |image: &str| text(&record["images"][image]["reference"]).to_owned();
    let expected = BTreeMap::from([
        ("rp", reference("rp")),
        ("web", reference("web")),
        ("api", reference("api")),
        ("log_router", reference("firelens")),
    ]);
    let containers = taskdef["containerDefinitions"].as_array().unwrap();
    let found: BTreeMap<&str, String> = containers
        .iter()
        .map(|one| (text(&one["name"]), text(&one["image"]).to_owned()))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(taskdef["taskRoleArn"], template["taskRoleArn"]);
    let definitions = project.json("launchway-out/shop/imagedefinitions.json");
    for definition in definitions.as_array().unwrap() {
        assert_eq!(
            expected[text(&definition["name"])],
            text(&definition["imageUri"])
        );
    }
    assert_eq!(definitions.as_array().unwrap().len(), expected.len());
    let detail = project.json("launchway-out/shop-batch/imageDetail.json");
    assert_eq!(text(&detail["ImageURI"]), reference("batch"));
    assert_eq!(
        project.read("launchway-out/shop/appspec.yml"),
        project.read("appspec.yml")
    );
    let environment = project.read("launchway-out/release.env");
    assert!(
        environment.contains(&format!("export IMAGE_RP='{}'", reference("rp"))),
        "{environment}"
    );
}

#[test]
fn images_are_configured_as_buildx_configures_them() {
    let stage = Stage::new();
    let project = stage.shop();
    stage.engine.succeed(&project, &["engine", "start"]);
    let address = stage.engine.address(&project);

    stage
        .engine
        .succeed(&project, &["release", "--tag", "ours"]);
    let configuration = tempfile::tempdir().unwrap();
    let buildx = |arguments: &[&str]| {
        let mut buildx = Command::new(part("buildx"));
        buildx
            .args(arguments)
            .current_dir(project.path())
            .env("BUILDX_CONFIG", configuration.path())
            .env("REGISTRY", &project.registry)
            .env("TAG", "theirs");
        let output = buildx.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    buildx(&["create", "--driver", "remote", "--name", "peer", &address]);
    buildx(&["bake", "--builder", "peer", "--push", "--provenance=false"]);

    for image in IMAGES {
        for platform in PLATFORMS {
            let config = |tag: &str| {
                let reference = format!("{}/shop-{image}:{tag}", stage.registry.address);
                crane(&["config", "--platform", platform, &reference])
            };
            assert_eq!(config("ours"), config("theirs"), "{image} {platform}");
        }
    }
}

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn without_git_the_commit_comes_from_codebuild() {
    let stage = Stage::new();
    let bake = r#"
variable "REGISTRY" {}
target "default" {
  platforms = ["linux/amd64"]
  tags      = ["${REGISTRY}/first/app:dev", "${REGISTRY}/second/app:dev"]
}
"#;
    let settings = "release {\n  tags = [source.commit7, \"live\"]\n}\n";
    let project = Project::of(
        &stage.registry.address,
        &[
            ("docker-bake.hcl", bake),
            ("launchway.hcl", settings),
            ("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n"),
        ],
    );
    std::fs::remove_dir_all(project.path().join(".git")).unwrap();
    let unknown = stage.engine.run(&project, &["release"]);
    unknown.assert_failed(3, &["launchway.hcl:2", "CODEBUILD_RESOLVED_SOURCE_VERSION"]);

    let release = || {
        let mut command = stage.engine.command(&project, &["release"]);
        command.env("CODEBUILD_RESOLVED_SOURCE_VERSION", COMMIT);
        let outcome = Outcome::of(command.output().unwrap());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        project.record()
    };
    let record = release();
    assert_eq!(record["source"]["commit"], COMMIT);
    let image = &record["images"]["default"];
    // One platform: a plain manifest, which Lambda takes too.
    assert_eq!(
        image["mediaType"],
        "application/vnd.oci.image.manifest.v1+json"
    );
    for repository in ["first/app", "second/app"] {
        for tag in ["0123456", "live"] {
            let reference = format!("{}/{repository}:{tag}", stage.registry.address);
            assert_eq!(crane(&["digest", &reference]), text(&image["digest"]));
            crane(&["validate", "--remote", &reference]);
        }
    }

    // The next commit with the same content: unchanged, in both repositories.
    let manifests = stage.registry.manifests();
    assert_eq!(release()["changed"], false);
    assert_eq!(stage.registry.manifests(), manifests);
}

#[test]
fn bake_pushes_and_writes_metadata_as_buildx_does() {
    let stage = Stage::new();
    let project = stage.shop();
    let arguments = [
        "bake",
        "web",
        "rp",
        "--push",
        "--metadata-file",
        "metadata.json",
    ];
    stage.engine.succeed(&project, &arguments);
    let metadata = project.json("metadata.json");
    for image in ["web", "rp"] {
        let name = format!("{}/shop-{image}:latest", stage.registry.address);
        assert_eq!(metadata[image]["image.name"], name);
        let digest = text(&metadata[image]["containerimage.digest"]);
        assert_eq!(crane(&["digest", &name]), digest);
        assert_eq!(
            metadata[image]["containerimage.descriptor"]["digest"],
            digest
        );
        for platform in PLATFORMS {
            let manifest = crane(&["digest", "--platform", platform, &name]);
            assert_eq!(
                metadata[image]["launchway"]["platforms"][platform]["manifest"],
                manifest
            );
        }
    }
    assert!(!project.path().join("launchway-out").exists());
    // As with buildx, bake adds no caches of its own (the release's cache block is not used).
    assert!(stage.registry.tags("shop-cache").is_empty());

    let build = [
        "build",
        "-f",
        "Dockerfile_rp",
        "--platform",
        "linux/arm64",
        "--push",
        "-t",
    ];
    let name = format!("{}/built:1", stage.registry.address);
    let base = format!("BASE={}/base/busybox:stable", stage.registry.address);
    let mut arguments = build.to_vec();
    arguments.extend([&name, "--build-arg", &base, "."]);
    stage.engine.succeed(&project, &arguments);
    let ours = crane(&["config", &name]);
    let baked = format!("{}/shop-rp:latest", stage.registry.address);
    assert_eq!(
        ours,
        crane(&["config", "--platform", "linux/arm64", &baked])
    );
}

#[test]
fn what_a_release_writes_is_no_part_of_the_next_one() {
    let stage = Stage::new();
    let bake = r#"
variable "REGISTRY" {}
target "default" {
  platforms = ["linux/amd64"]
  tags      = ["${REGISTRY}/all:live"]
}
"#;
    // No ignore file: everything in the folder is copied.
    let files = [
        ("docker-bake.hcl", bake),
        ("Dockerfile", "FROM scratch\nCOPY . /\n"),
    ];
    let project = Project::of(&stage.registry.address, &files);
    stage
        .engine
        .succeed(&project, &["release", "--metadata-file", "metadata.json"]);
    stage
        .engine
        .succeed(&project, &["release", "--metadata-file", "metadata.json"]);
    assert_eq!(project.record()["changed"], false);
    assert_eq!(
        project.json("metadata.json")["default"]["launchway"]["changed"],
        false
    );
}

#[test]
fn part_of_a_project_is_released_without_the_services_that_need_the_rest() {
    let stage = Stage::new();
    let project = stage.shop();
    let outcome = stage
        .engine
        .succeed(&project, &["release", "firelens", "batch"]);
    assert!(
        outcome.stderr.contains("service shop is not handed off"),
        "{}",
        outcome.stderr
    );
    assert!(
        project
            .path()
            .join("launchway-out/shop-batch/taskdef.json")
            .exists()
    );
    assert!(!project.path().join("launchway-out/shop").exists());
}
