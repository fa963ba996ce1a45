//! Releases of one project for two environments, into repositories of their own.

use serde_json::Value;

use crate::support::{Project, Stage, crane};

const BAKE: &str = r#"
variable "REGISTRY" {}
variable "ACCOUNT" { default = "dev-account" }
variable "LEVEL" { default = "debug" }
target "default" {
  platforms = ["linux/amd64"]
  args      = { LEVEL = LEVEL }
  tags      = ["${REGISTRY}/${ACCOUNT}/shop"]
}
"#;

const OURS: &str = r#"
environment "dev" {}

environment "production" {
  ACCOUNT = "production-account"
  LEVEL   = "warn"
}

release {
  tags     = [source.commit8, environment.name]
  baseline = environment.name == "dev" ? "tag:dev" : "record:launchway-out/dev/release.json"
  output   = "launchway-out/${environment.name}"
}

service "shop" {
  taskdef = "taskdef.json"
  images  = { IMAGE = "default" }
}
"#;

const TASKDEF: &str = r#"{"containerDefinitions": [{"name": "web", "image": "<IMAGE>"}]}"#;

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

#[test]
fn each_environment_has_its_own_images_record_and_files() {
    let stage = Stage::new();
    let files = [
        ("docker-bake.hcl", BAKE),
        ("launchway.hcl", OURS),
        ("taskdef.json", TASKDEF),
        (
            "Dockerfile",
            "FROM scratch\nARG LEVEL\nLABEL level=$LEVEL\nCOPY Dockerfile /\n",
        ),
    ];
    let project = Project::of(&stage.registry.address, &files);
    let none = stage.engine.run(&project, &["release"]);
    none.assert_failed(3, &["no environment is chosen", "dev, production"]);

    let mut digests = Vec::new();
    for (name, account, level) in [
        ("dev", "dev-account", "debug"),
        ("production", "production-account", "warn"),
    ] {
        let outcome = stage.engine.succeed(&project, &["release", "--env", name]);
        let headline = format!("Released 1 image for {name} in");
        assert!(outcome.stderr.contains(&headline), "{}", outcome.stderr);
        let record = project.json(format!("launchway-out/{name}/release.json"));
        assert_eq!(record["environment"], name);
        assert_eq!(record["state"], "complete");
        let image = &record["images"]["default"];
        let repository = format!("{}/{account}/shop", stage.registry.address);
        assert_eq!(image["repository"], repository);
        let tag = format!("{repository}:{name}");
        assert_eq!(crane(&["digest", &tag]), text(&image["digest"]));
        let config: Value = serde_json::from_str(&crane(&["config", &tag])).unwrap();
        assert_eq!(config["config"]["Labels"]["level"], level);
        let taskdef = project.json(format!("launchway-out/{name}/shop/taskdef.json"));
        assert_eq!(
            taskdef["containerDefinitions"][0]["image"],
            image["reference"]
        );
        // Production is compared with what dev released, which somebody should know.
        let foreign = "is of environment dev, and this release is for production";
        let warned = record["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|warning| text(warning).contains(foreign));
        assert_eq!(warned, name == "production", "{record}");
        assert_eq!(
            outcome.stderr.contains(foreign),
            warned,
            "{}",
            outcome.stderr
        );
        digests.push(text(&image["digest"]).to_owned());
    }
    assert_ne!(digests[0], digests[1]);

    // The same again by the variable: unchanged.
    let mut command = stage
        .engine
        .command(&project, &["release", "--require-change"]);
    let output = command.env("LAUNCHWAY_ENV", "dev").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
}
