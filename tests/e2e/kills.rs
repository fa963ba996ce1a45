//! A run that dies at any step boundary leaves no half release, and the next run finishes it.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;

use launchway::release::FailPoint;

use crate::support::{Project, Stage, crane};

const BAKE: &str = r#"
variable "REGISTRY" {}
group "default" { targets = ["one", "two"] }
target "one" {
  context   = "one"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${REGISTRY}/one:dev"]
}
target "two" {
  inherits = ["one"]
  context  = "two"
  tags     = ["${REGISTRY}/two:dev"]
}
"#;

const SETTINGS: &str = r#"
release { tags = [source.commit8, "production"] }
cache { repository = "${REGISTRY}/cache" }
service "pair" {
  taskdef = "taskdef.json"
  images  = { ONE = "one", TWO = "two" }
}
"#;

const TASKDEF: &str = r#"{
  "family": "pair",
  "containerDefinitions": [
    { "name": "one", "image": "<ONE>" },
    { "name": "two", "image": "<TWO>" }
  ]
}
"#;

fn project(registry: &str) -> Project {
    let dockerfile = "FROM scratch\nCOPY file /\n";
    Project::of(
        registry,
        &[
            ("docker-bake.hcl", BAKE),
            ("launchway.hcl", SETTINGS),
            ("taskdef.json", TASKDEF),
            ("one/Dockerfile", dockerfile),
            ("one/file", "1\n"),
            ("two/Dockerfile", dockerfile),
            ("two/file", "1\n"),
        ],
    )
}

#[test]
fn a_killed_release_moves_no_tag_and_is_finished_by_the_next_run() {
    let stage = Stage::new();
    for point in FailPoint::ALL {
        let name = point.name();
        let registry = format!("{}/{name}", stage.registry.address);
        let project = project(&registry);
        stage.engine.succeed(&project, &["release"]);
        let tag = |image: &str, tag: &str| crane(&["digest", &format!("{registry}/{image}:{tag}")]);
        let before = ["one", "two"].map(|image| tag(image, "production"));
        let first_commit = project.commit8();

        for image in ["one", "two"] {
            project.write(&format!("{image}/file"), &format!("2, before {name}\n"));
        }
        project.commit("Change both");
        std::fs::remove_dir_all(project.path().join("launchway-out")).unwrap();
        let killed = stage
            .engine
            .command(&project, &["release"])
            .env("LAUNCHWAY_FAIL_AT", name)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&killed.stderr);
        assert_eq!(killed.status.signal(), Some(9), "{name}: {stderr}");

        if !point.is_after_first_tag() {
            assert_eq!(
                ["one", "two"].map(|image| tag(image, "production")),
                before,
                "{name}"
            );
            for image in ["one", "two"] {
                let tags = stage.registry.tags(&format!("{name}/{image}"));
                let expected = BTreeSet::from([first_commit.clone(), "production".to_owned()]);
                assert_eq!(tags, expected, "{name}");
            }
        }
        let handed_off = project.path().join("launchway-out/pair").exists();
        assert!(
            !handed_off,
            "{name}: hand-off files of a release that is not complete"
        );

        stage
            .engine
            .succeed(&project, &["release", "--require-change"]);
        let record = project.record();
        assert_eq!(record["state"], "complete", "{name}");
        let taskdef = project.read("launchway-out/pair/taskdef.json");
        for (image, before) in ["one", "two"].into_iter().zip(before) {
            let released = record["images"][image]["digest"].as_str().unwrap();
            assert_ne!(released, before, "{name}");
            // Also when the tags had moved: nobody has deployed it yet.
            assert_eq!(record["images"][image]["changed"], true, "{name}");
            assert_eq!(
                record["images"][image]["baseline"],
                before.as_str(),
                "{name}"
            );
            assert_eq!(tag(image, "production"), released, "{name}");
            assert_eq!(tag(image, &project.commit8()), released, "{name}");
            assert!(taskdef.contains(released), "{name}");
            crane(&[
                "validate",
                "--remote",
                &format!("{registry}/{image}@{released}"),
            ]);
        }
    }
}
