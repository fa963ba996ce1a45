//! `--env`, and `environment list` and `diff`, over one small project with two environments.

use insta::assert_snapshot;
use serde_json::Value;

use crate::environment::TestEnvironment;

const BAKE: &str = r#"
variable "ACCOUNT" { default = "111111111111" }
variable "LEVEL" { default = "debug" }
variable "PLATFORMS" {
  type    = list(string)
  default = ["linux/amd64"]
}
target "default" {
  tags      = ["${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/shop"]
  platforms = PLATFORMS
  args      = { LEVEL = LEVEL, NPM_TOKEN = "npm-${LEVEL}-token" }
}
"#;

const OURS: &str = r#"
variable "cpu" {
  type    = number
  default = 256
  validation {
    condition     = contains([256, 512, 1024], cpu)
    error_message = "Fargate has no tasks with cpu ${cpu}"
  }
}
variable "DB_PASSWORD" { default = "planted-dev" }

environment "dev" {}

environment "production" {
  ACCOUNT     = "222222222222"
  LEVEL       = "warn"
  PLATFORMS   = ["linux/amd64", "linux/arm64"]
  cpu         = 1024
  DB_PASSWORD = "planted-production"
}

release {
  tags     = ["v1", environment.name]
  baseline = "none"
  output   = "out/${environment.name}"
}

cache { repository = "registry.example.com/cache" }

service "shop" {
  taskdef = "taskdef-${environment.name}.json"
  appspec = "appspec.yml"
  images  = { IMAGE = "default" }
}
"#;

const APPSPEC: &str = "\
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo:
          ContainerName: web
          ContainerPort: 80
";

fn taskdef(environment: &str, account: &str, cpu: u32) -> String {
    format!(
        r#"{{
  "family": "shop",
  "cpu": "{cpu}",
  "executionRoleArn": "arn:aws:iam::{account}:role/shop",
  "containerDefinitions": [
    {{
      "name": "web",
      "image": "<IMAGE>",
      "portMappings": [{{"containerPort": 80}}],
      "environment": [
        {{"name": "STAGE", "value": "{environment}"}},
        {{"name": "APP_KEY", "value": "planted-key-of-{environment}"}},
        {{"name": "DB_URL", "value": "pg://shop:planted-{environment}@db/shop"}}
      ],
      "secrets": [
        {{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:eu-central-1:{account}:parameter/db"}}
      ]
    }}
  ]
}}
"#
    )
}

fn project() -> TestEnvironment {
    let project = TestEnvironment::new();
    project.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    project.write("docker-bake.hcl", BAKE);
    project.write("launchway.hcl", OURS);
    project.write("appspec.yml", APPSPEC);
    project.write("taskdef-dev.json", &taskdef("dev", "111111111111", 256));
    project.write(
        "taskdef-production.json",
        &taskdef("production", "222222222222", 1024),
    );
    project
}

fn plan(project: &TestEnvironment, arguments: &[&str]) -> Value {
    let arguments = [&["plan", "--format", "json"], arguments].concat();
    serde_json::from_str(&project.run(&arguments).answer()).unwrap()
}

#[test]
fn the_flag_chooses_the_values_of_everything() {
    let project = project();
    let dev = plan(&project, &["--env", "dev"]);
    let production = plan(&project, &["--env", "production"]);
    let seen = |plan: &Value| {
        let image = &plan["images"][0];
        [
            plan["environment"].to_string(),
            image["primary"].to_string(),
            image["platforms"].to_string(),
            plan["solves"][0]["attributes"]["build-arg:LEVEL"].to_string(),
            plan["services"][0]["taskdef"].to_string(),
        ]
        .join("\n")
    };
    assert_snapshot!(seen(&dev), @r#"
    "dev"
    {"repository":"111111111111.dkr.ecr.eu-central-1.amazonaws.com/shop","tags":["v1","dev"]}
    ["linux/amd64"]
    "debug"
    "taskdef-dev.json"
    "#);
    assert_snapshot!(seen(&production), @r#"
    "production"
    {"repository":"222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop","tags":["v1","production"]}
    ["linux/amd64","linux/arm64"]
    "warn"
    "taskdef-production.json"
    "#);
    let printed = project.run(&["release", "--env", "production", "--print"]);
    assert_eq!(
        serde_json::from_str::<Value>(&printed.answer()).unwrap(),
        production
    );
}

#[test]
fn the_variable_chooses_too_and_the_flag_goes_before_it() {
    let project = project();
    let chosen = |arguments: &[&str]| {
        let arguments = [&["plan", "--format", "json"], arguments].concat();
        let outcome = project.run_with("LAUNCHWAY_ENV", "production", &arguments);
        let plan: Value = serde_json::from_str(&outcome.answer()).unwrap();
        plan["environment"].clone()
    };
    assert_eq!(chosen(&[]), "production");
    assert_eq!(chosen(&["--env", "dev"]), "dev");
    // An empty one counts as not set.
    let outcome = project.run_with("LAUNCHWAY_ENV", "", &["plan"]);
    assert!(outcome.refusal(3).contains("no environment is chosen"));
}

#[test]
fn one_must_be_chosen_and_exist() {
    let project = project();
    let refused = project.run(&["plan"]).refusal(3);
    assert_eq!(project.run(&["release"]).refusal(3), refused);
    assert_snapshot!(refused, @"
    error: no environment is chosen: the configuration declares dev, production
    hint: Choose one with --env NAME, or with LAUNCHWAY_ENV.
    ");
    assert_snapshot!(project.run(&["bake", "--print", "--env", "prodcution"]).refusal(3), @r#"
    error: there is no environment "prodcution"; did you mean "production"?
    hint: The configuration declares dev, production.
    "#);
    let plain = TestEnvironment::new();
    plain.write("docker-bake.hcl", "target \"default\" {}\n");
    assert_snapshot!(plain.run(&["plan", "--env", "dev"]).refusal(3), @r#"
    error: there is no environment "dev": the configuration declares none
    "#);
}

#[test]
fn bake_goes_on_without_one() {
    let project = project();
    let level = |arguments: &[&str]| {
        let arguments = [&["bake", "--print"], arguments].concat();
        let printed: Value = serde_json::from_str(&project.run(&arguments).answer()).unwrap();
        printed["target"]["default"]["args"]["LEVEL"].clone()
    };
    assert_eq!(level(&[]), "debug");
    assert_eq!(level(&["--env", "production"]), "warn");
}

#[test]
fn the_process_environment_goes_first_and_says_so() {
    let project = project();
    let arguments = ["plan", "--env", "production", "--format", "json"];
    let outcome = project
        .command(&arguments)
        .env("ACCOUNT", "333333333333")
        .env("DB_PASSWORD", "planted-in-process")
        .output()
        .unwrap();
    let outcome = project.outcome(&outcome);
    assert_snapshot!(outcome.stderr, @r#"
    warning: ACCOUNT, DB_PASSWORD come from the process environment, not from environment "production"; unset them there to use what the file says
    "#);
    let plan: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(
        plan["images"][0]["primary"]["repository"],
        "333333333333.dkr.ecr.eu-central-1.amazonaws.com/shop"
    );
}

#[test]
fn a_slip_in_another_environment_is_seen_and_stops_nothing() {
    let project = project();
    project.write("launchway.hcl", &OURS.replace("1024\n", "1000\n"));
    let outcome = project.run(&["plan", "--env", "dev"]);
    assert_eq!(outcome.code, Some(0));
    assert_snapshot!(outcome.stderr, @r#"
    warning: launchway.hcl:6:21-52: in environment "production": the variable cpu is not valid: Fargate has no tasks with cpu 1000
         |
       6 |     condition     = contains([256, 512, 1024], cpu)
         |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
    let refused = project.run(&["plan", "--env", "production"]).refusal(3);
    assert!(
        refused.contains("the variable cpu is not valid"),
        "{refused}"
    );
    let refused = project.run(&["environment", "diff", "dev", "production"]);
    let refused = refused.refusal(3);
    assert!(
        refused.contains("in environment production: launchway.hcl:6:21-52"),
        "{refused}"
    );
}

#[test]
fn the_list() {
    let project = project();
    assert_snapshot!(project.run(&["environment", "list"]).answer(), @"
    NAME        SETS
    dev         nothing: the defaults
    production  ACCOUNT, LEVEL, PLATFORMS, cpu, DB_PASSWORD
    ");
    assert_snapshot!(project.run(&["env", "list", "--format", "json"]).answer(), @r#"
    [
      {
        "name": "dev",
        "variables": []
      },
      {
        "name": "production",
        "variables": [
          "ACCOUNT",
          "LEVEL",
          "PLATFORMS",
          "cpu",
          "DB_PASSWORD"
        ]
      }
    ]
    "#);
    let plain = TestEnvironment::new();
    plain.write("docker-bake.hcl", "target \"default\" {}\n");
    let outcome = plain.run(&["environment", "list"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ""));
    assert_snapshot!(outcome.stderr, @"The configuration declares no environment.");
    let outcome = plain.run(&["environment", "list", "--format", "json"]);
    assert_eq!(outcome.answer(), "[]\n");
}

#[test]
fn the_difference_as_text() {
    let project = project();
    let shown = project.run(&["environment", "diff", "dev", "production"]);
    assert_snapshot!(shown.answer(), @r#"
    dev -> production: 24 differences

    Variables
      ~ ACCOUNT: "111111111111" -> "222222222222"
      ~ DB_PASSWORD: a secret, differs
      ~ LEVEL: "debug" -> "warn"
      ~ PLATFORMS: ["linux/amd64"] -> ["linux/amd64","linux/arm64"]
      ~ cpu: 256 -> 1024

    Plan
      ~ default.repository
          - "111111111111.dkr.ecr.eu-central-1.amazonaws.com/shop"
          + "222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop"
      ~ default.tags: ["v1","dev"] -> ["v1","production"]
      ~ default.platforms: ["linux/amd64"] -> ["linux/amd64","linux/arm64"]
      + default.cache.linux/arm64
          + {
              "imports": [
                "ref=registry.example.com/cache:default-arm64,type=registry"
              ],
              "laterExports": [
                "image-manifest=true,mode=max,oci-mediatypes=true,ref=registry.examp
                  le.com/cache:default-arm64,type=registry"
              ]
            }
      ~ default.args.LEVEL: "debug" -> "warn"
      ~ default.args.NPM_TOKEN: a secret, differs

    Settings
      ~ release.tags: ["v1","dev"] -> ["v1","production"]
      ~ release.output: "out/dev" -> "out/production"
      ~ service.shop.taskdef: "taskdef-dev.json" -> "taskdef-production.json"

    Hand-off shop/imageDetail.json
      ~ ImageURI
          - "111111111111.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:…"
          + "222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:…"
      ~ RegistryId: "111111111111" -> "222222222222"

    Hand-off shop/imagedefinitions.json
      ~ [web].imageUri
          - "111111111111.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:…"
          + "222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:…"

    Hand-off shop/taskdef.json
      ~ cpu: "256" -> "1024"
      ~ executionRoleArn
          - "arn:aws:iam::111111111111:role/shop"
          + "arn:aws:iam::222222222222:role/shop"
      ~ containerDefinitions[web].image
          - "111111111111.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:…"
          + "222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:…"
      ~ containerDefinitions[web].environment[STAGE].value: "dev" -> "production"
      ~ containerDefinitions[web].environment[APP_KEY].value: a secret, differs
      ~ containerDefinitions[web].environment[DB_URL].value: a secret, differs
      ~ containerDefinitions[web].secrets[DB_PASSWORD].valueFrom
          - "arn:aws:ssm:eu-central-1:111111111111:parameter/db"
          + "arn:aws:ssm:eu-central-1:222222222222:parameter/db"
    "#);
    let same = project.run(&["environment", "diff", "dev", "dev", "--exit-code"]);
    assert_eq!(same.answer(), "dev and dev do not differ.\n");
}

#[test]
fn the_difference_as_json_hides_secrets_too() {
    let project = project();
    let arguments = [
        "environment",
        "diff",
        "dev",
        "production",
        "--format",
        "json",
        "--exit-code",
    ];
    let outcome = project.run(&arguments);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(1), ""));
    assert!(!outcome.stdout.contains("planted"), "{}", outcome.stdout);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(
        (&report["from"], &report["to"]),
        (&"dev".into(), &"production".into())
    );
    let secrets: Vec<&Value> = report["differences"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["secret"] == true)
        .map(|one| &one["path"])
        .collect();
    assert_eq!(
        secrets,
        [
            "variables.DB_PASSWORD",
            "plan.targets.default.args.NPM_TOKEN",
            r#"handoff.shop."taskdef.json".containerDefinitions[web].environment[APP_KEY].value"#,
            r#"handoff.shop."taskdef.json".containerDefinitions[web].environment[DB_URL].value"#,
        ]
    );
    let cpu = r#"handoff.shop."taskdef.json".cpu"#;
    let cpu = report["differences"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["path"] == cpu)
        .unwrap();
    assert_snapshot!(cpu, @r#"{"path":"handoff.shop.\"taskdef.json\".cpu","kind":"changed","from":"256","to":"1024"}"#);
}
