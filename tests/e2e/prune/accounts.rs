//! Several accounts and regions, by assumed role and by profile: what is used in one protects images in another.

use std::collections::BTreeSet;
use std::sync::Arc;

use launchway_fake_ecr::FakeEcr;
use serde_json::json;

use super::plain::image;
use super::stage::Plan;
use crate::support::moto::{ACCOUNT, Moto, REGION, key_of};
use crate::support::{Engine, Interposer, Outcome, Project};

const TEAM: &str = "210987654321";
const TEAM_REGION: &str = "eu-west-1";
const TOOLS: &str = "333333333333";
const TOOLS_REGION: &str = "us-east-1";
const ROLE: &str = "arn:aws:iam::210987654321:role/prune";

const RULES: &str = r#"
prune {
  expire = "30d"
  repository "*" {}

  account "shop" { regions = ["ap-northeast-1"] }
  account "team" {
    role        = "arn:aws:iam::210987654321:role/prune"
    external_id = "shop"
    regions     = ["eu-west-1"]
  }
  account "tools" {
    profile = "tools"
    regions = ["us-east-1"]
  }
}
"#;

const PROFILES: &str = "
[profile tools]
aws_access_key_id = AKIATOOLS
aws_secret_access_key = planted-tools-key
";

fn uri(account: &str, region: &str, name: &str, number: u32) -> String {
    let digest = image(number, 100.0).digest();
    format!("{account}.dkr.ecr.{region}.amazonaws.com/{name}@{digest}")
}

#[test]
fn a_use_in_one_account_protects_images_in_another() {
    let moto = Moto::start();
    let ecr = Arc::new(FakeEcr::start().unwrap());
    let proxy = Interposer::before(moto.address());
    proxy.without_daemons();
    // The role's keys are moto's; the ECR learns whose they are.
    let told = Arc::clone(&ecr);
    proxy.watch("sts:AssumeRole", move |xml| {
        told.set_account(key_of(xml).unwrap(), TEAM);
    });
    ecr.set_account("AKIATOOLS", TOOLS);

    // The same name and the same images in all of them: only the place tells them apart.
    let places = [
        (ACCOUNT, REGION),
        (TEAM, TEAM_REGION),
        (TOOLS, TOOLS_REGION),
    ];
    for (account, region) in places {
        let repository = ecr.repository_of(account, region, "shop/app");
        for number in 1..=5 {
            repository.put(&image(number, 100.0));
        }
    }
    // In the team's account something of the shop's is used, in the tools' region something of the team's, …
    let team = moto.assume(ROLE);
    let in_team = (&*team, TEAM_REGION);
    moto.register_as(in_team, "one", &uri(ACCOUNT, REGION, "shop/app", 1));
    moto.register_as(
        ("AKIATOOLS", TOOLS_REGION),
        "two",
        &uri(TEAM, TEAM_REGION, "shop/app", 2),
    );
    moto.register("three", &uri(TOOLS, TOOLS_REGION, "shop/app", 3));
    moto.register("four", &uri(TEAM, TEAM_REGION, "shop/app", 4));

    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::in_folder(folder.path());
    let project = Project::of(
        "registry.example.com",
        &[("launchway.hcl", RULES), ("aws", PROFILES)],
    );
    let run = |arguments: &[&str]| {
        let mut command = engine.command(&project, &[&["prune"], arguments].concat());
        let configuration = project.path().join("aws");
        let outcome = command
            .envs(ecr.environment())
            .env("AWS_ENDPOINT_URL", &proxy.endpoint)
            .env("AWS_CONFIG_FILE", configuration)
            .output();
        let outcome = Outcome::of(outcome.unwrap());
        assert!(!outcome.stderr.contains("planted"), "{}", outcome.stderr);
        outcome
    };
    let planned = run(&["--format", "json"]);
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    let plan = Plan::read(&planned.stdout);
    let repositories = plan.0["repositories"].as_array().unwrap();
    let accounts: BTreeSet<&str> = repositories
        .iter()
        .map(|one| one["account"].as_str().unwrap())
        .collect();
    assert_eq!(accounts, BTreeSet::from([ACCOUNT, TEAM, TOOLS]));

    let applied = run(&["--apply"]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    let left = |account: &str, region: &str| -> Vec<String> {
        let repository = ecr.repository_of(account, region, "shop/app");
        repository.tags().into_keys().collect()
    };
    assert_eq!(left(ACCOUNT, REGION), ["v1"]);
    assert_eq!(left(TEAM, TEAM_REGION), ["v2", "v4"]);
    assert_eq!(left(TOOLS, TOOLS_REGION), ["v3"]);

    // The role may not be assumed any more: what is used there is not known, and nothing goes anywhere.
    let target = "AmazonEC2ContainerServiceV20141113.DeregisterTaskDefinition";
    let last = json!({ "taskDefinition": "four:1" });
    moto.call("ecs", target, &last);
    proxy.trouble("sts:AssumeRole", crate::support::Trouble::Denied);
    let held = run(&["--apply"]);
    assert!(matches!(held.code, Some(12 | 16)), "{}", held.stderr);
    assert_eq!(left(TEAM, TEAM_REGION), ["v2", "v4"]);
    proxy.heal();
    let applied = run(&["--apply"]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    assert_eq!(left(TEAM, TEAM_REGION), ["v2"]);
}
