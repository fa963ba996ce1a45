//! Policies by the whole binary, from the configuration of a project.

use launchway::exit;
use serde_json::Value;

use crate::support::{Engine, Outcome, Project};

const BAKE: &str = r#"variable "REGISTRY" {}
target "web" {
  dockerfile-inline = "FROM scratch"
  tags              = ["${REGISTRY}/shop/web:latest"]
}
group "default" { targets = ["web"] }
"#;

const HOST: &str = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";

struct Setup {
    engine: Engine,
    project: Project,
    _folder: tempfile::TempDir,
}

impl Setup {
    fn new(registry: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = "release { tags = [source.commit8] }\nparameter \"/shop/web\" {}\n";
        let files = [("docker-bake.hcl", BAKE), ("launchway.hcl", settings)];
        Self {
            engine: Engine::in_folder(folder.path()),
            project: Project::of(registry, &files),
            _folder: folder,
        }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.engine
            .run(&self.project, &[&["iam"], arguments].concat())
    }
}

#[test]
fn a_policy_is_for_the_resources_of_the_project() {
    let setup = Setup::new(HOST);
    let outcome = setup.run(&["release"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    let policy: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let sids: Vec<&str> = policy["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .map(|statement| statement["Sid"].as_str().unwrap())
        .collect();
    assert_eq!(sids, ["EcrLogin", "EcrPush", "Parameters"]);
    assert_eq!(
        policy["Statement"][2]["Resource"][0],
        "arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/web"
    );
    let terraform = setup.run(&["release", "--format", "terraform"]);
    assert!(
        terraform
            .stdout
            .starts_with("data \"aws_iam_policy_document\"")
    );
    let template = setup.run(&["release", "--format", "cloudformation"]);
    assert!(template.stdout.contains("AWS::IAM::ManagedPolicy"));
}

#[test]
fn what_is_not_known_is_said() {
    let setup = Setup::new("registry.example.com");
    let outcome = setup.run(&["parameter", "set"]);
    assert_eq!(outcome.code, Some(0));
    assert!(
        outcome
            .stderr
            .contains("the region and account of some resources is not known"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome
            .stdout
            .contains("arn:aws:ssm:*:*:parameter/shop/web")
    );
    let place = ["--account", "123456789012", "--region", "cn-north-1"];
    let outcome = setup.run(&[&["parameter", "set"], &place[..]].concat());
    assert_eq!(outcome.stderr, "");
    assert!(
        outcome
            .stdout
            .contains("arn:aws-cn:ssm:cn-north-1:123456789012:parameter/shop/web")
    );

    let outcome = setup.run(&["bake"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ""));
    assert!(
        outcome.stderr.contains("asks AWS for nothing"),
        "{}",
        outcome.stderr
    );
    setup
        .run(&["deploy"])
        .assert_failed(exit::USAGE, &["deploy is not available in this version"]);
    setup
        .run(&["relase"])
        .assert_failed(exit::USAGE, &["there is no verb \"relase\"", "release"]);
    setup
        .run(&["approve"])
        .assert_failed(exit::USAGE, &["--pipeline NAME"]);
}

#[test]
fn base_images_that_a_variable_hides_are_said() {
    let setup = Setup::new(HOST);
    let bake = BAKE.replace(
        "FROM scratch",
        &format!("ARG BASE\\nFROM $${{BASE}}/php:8\\nFROM {HOST}/base/node:22"),
    );
    std::fs::write(setup.project.path().join("docker-bake.hcl"), bake).unwrap();
    let outcome = setup.run(&["build"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains(":repository/base/node\""));
    let warning = "base images of target web are not all known: its Dockerfile names ${BASE}/php:8";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
    let outcome = setup.run(&["soci", "attach"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_approval_needs_no_project() {
    let setup = Setup::new(HOST);
    std::fs::remove_file(setup.project.path().join("docker-bake.hcl")).unwrap();
    std::fs::remove_file(setup.project.path().join("launchway.hcl")).unwrap();
    let place = ["--account", "123456789012", "--region", "eu-west-1"];
    let arguments = [
        &["approve", "--pipeline", "shop", "--stage", "Approve"],
        &place[..],
    ]
    .concat();
    let outcome = setup.run(&arguments);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert!(
        outcome
            .stdout
            .contains("arn:aws:codepipeline:eu-west-1:123456789012:shop/Approve/*")
    );
}
