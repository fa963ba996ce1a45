//! `launchway handoff pull` and `write` beside AWS: on moto what moto has, and on a scripted one the
//! answers that it lacks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::service::Service;
use crate::support::{Answer, FakeAws, Outcome};

const ECR: &str = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";

/// A repository with two targets, a `service` block and a release of both.
struct Shop {
    folder: TempDir,
}

impl Shop {
    fn new() -> Self {
        let shop = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        shop.write(
            "docker-bake.hcl",
            &format!(
                r#"group "default" {{ targets = ["web", "rp"] }}
                target "web" {{
                    tags = ["{ECR}/shop/web:latest"]
                    platforms = ["linux/arm64"]
                }}
                target "rp" {{
                    tags = ["{ECR}/shop/rp:latest"]
                    platforms = ["linux/arm64"]
                }}"#
            ),
        );
        shop.write(
            "launchway.hcl",
            r#"service "shop" {
                cluster = "prod"
                service = "web"
                taskdef = "deploy/taskdef.json"
                images  = { IMAGE_WEB = "web", IMAGE_RP = "rp" }
            }"#,
        );
        shop.write("out/release.json", &record("complete").to_string());
        shop
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    fn run(&self, endpoint: &str, arguments: &[&str]) -> Outcome {
        self.run_with(endpoint, arguments, &[])
    }

    fn run_with(&self, endpoint: &str, arguments: &[&str], more: &[(&str, &str)]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_launchway"));
        command
            .arg("handoff")
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_REGION", "ap-northeast-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "planted-aws-key")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(more.iter().copied());
        let outcome = Outcome::of(command.output().unwrap());
        assert!(!outcome.stderr.contains("planted-aws-key"), "{outcome:?}");
        outcome
    }

    #[track_caller]
    fn succeed(&self, endpoint: &str, arguments: &[&str]) -> Outcome {
        let outcome = self.run(endpoint, arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}\n{}", outcome.stderr);
        outcome
    }
}

fn digest(letter: &str) -> String {
    format!("sha256:{}", letter.repeat(64))
}

fn record(state: &str) -> Value {
    let image = |name: &str, letter: &str, changed: bool| {
        let (repository, digest) = (format!("{ECR}/shop/{name}"), digest(letter));
        json!({"repository": repository, "digest": digest, "reference": format!("{repository}@{digest}"),
            "mediaType": "application/vnd.oci.image.index.v1+json", "size": 1, "tags": ["latest"],
            "changed": changed, "reason": "test", "platforms": {}})
    };
    json!({"schema": "launchway.release/v1", "launchway": "0", "state": state,
        "startedAt": "2026-01-01T00:00:00Z", "baseline": "tag:latest", "changed": true,
        "images": {"web": image("web", "a", true), "rp": image("rp", "b", false)}})
}

/// A task definition as somebody registered it, with the images of the release.
fn definition() -> Value {
    json!({
        "family": "web",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [
            {"name": "rp", "image": format!("{ECR}/shop/rp@{}", digest("b")),
             "portMappings": [{"containerPort": 80}], "versionConsistency": "enabled"},
            {"name": "web", "image": format!("{ECR}/shop/web@{}", digest("a")),
             "environment": [{"name": "EMPTY", "value": ""}, {"name": "NOTE", "value": "a & b @ c"}],
             "restartPolicy": {"enabled": true}, "dockerLabels": {"Team": "Shop"}},
            {"name": "log_router", "essential": false,
             "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable",
             "firelensConfiguration": {"type": "fluentbit", "options": {"config-file-type": "file"}}}
        ]
    })
}

/// One call of ECS, as JSON.
async fn ecs(endpoint: &str, operation: &str, body: &Value) -> Value {
    let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
    let scope = "AKIAEXAMPLE/20260101/ap-northeast-1/ecs/aws4_request";
    let request = reqwest::Client::new()
        .post(endpoint)
        .header("X-Amz-Target", target)
        .header("Content-Type", "application/x-amz-json-1.1")
        .header(
            "Authorization",
            format!("AWS4-HMAC-SHA256 Credential={scope}"),
        )
        .body(body.to_string());
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{operation}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn what_runs_can_be_pulled_rendered_and_registered_again() {
    let moto = Service::aws();
    let endpoint = format!("http://{}", moto.address);
    let mut registered = definition();
    registered["tags"] = json!([{"key": "env", "value": "production"}]);
    ecs(&endpoint, "RegisterTaskDefinition", &registered).await;
    ecs(&endpoint, "CreateCluster", &json!({"clusterName": "prod"})).await;
    let service = json!({"cluster": "prod", "serviceName": "web", "taskDefinition": "web:1",
        "desiredCount": 0, "launchType": "EC2"});
    ecs(&endpoint, "CreateService", &service).await;

    let shop = Shop::new();
    let pulled = shop.succeed(
        &endpoint,
        &["pull", "shop", "--output", "deploy/taskdef.json"],
    );
    for says in [
        "web:1",
        "of service web",
        "<IMAGE_WEB>",
        "<IMAGE_RP>",
        "wrote ",
    ] {
        assert!(pulled.stderr.contains(says), "{says}:\n{}", pulled.stderr);
    }
    let template = shop.json("deploy/taskdef.json");
    assert_eq!(template["containerDefinitions"][1]["image"], "<IMAGE_WEB>");
    assert_eq!(
        template["containerDefinitions"][1]["environment"][0]["value"],
        ""
    );
    assert!(template.get("tags").is_none() && template.get("revision").is_none());
    let tags = shop.json("deploy/tags.json");
    assert_eq!(tags, json!([{"key": "env", "value": "production"}]));

    // The same release rendered, and compared with what runs by its meaning.
    let arguments = [
        "write",
        "--record",
        "out/release.json",
        "--compare-running",
        "--format",
        "json",
    ];
    let written = shop.succeed(&endpoint, &arguments);
    let report: Value = serde_json::from_str(&written.stdout).unwrap();
    assert_eq!(report["services"][0]["running"]["same"], true, "{report:#}");
    let rendered = shop.json("out/shop/taskdef.json");

    // Registered again, it reads back as the first revision did.
    ecs(&endpoint, "RegisterTaskDefinition", &rendered).await;
    let read = async |revision: u32| {
        let body = json!({"taskDefinition": format!("web:{revision}")});
        let described = ecs(&endpoint, "DescribeTaskDefinition", &body).await;
        let mut definition = described["taskDefinition"].clone();
        for member in ["taskDefinitionArn", "revision", "registeredAt"] {
            definition.as_object_mut().unwrap().remove(member);
        }
        definition
    };
    assert_eq!(read(2).await, read(1).await);

    // Once more changes nothing, and a drift is shown by path.
    let again = shop.succeed(
        &endpoint,
        &["pull", "shop", "--output", "deploy/taskdef.json"],
    );
    assert!(
        again.stderr.contains("is the same already"),
        "{}",
        again.stderr
    );
    let mut drifted = definition();
    drifted["cpu"] = "512".into();
    ecs(&endpoint, "RegisterTaskDefinition", &drifted).await;
    let arguments = ["pull", "shop", "--task-definition", "web:3", "--diff"];
    let shown = shop.succeed(&endpoint, &arguments).stdout;
    assert!(shown.contains(r#"~ cpu: "256" -> "512""#), "{shown}");
    assert_eq!(shown.lines().count(), 2, "{shown}");
    let arguments = [
        "pull",
        "shop",
        "--family",
        "web",
        "--output",
        "deploy/taskdef.json",
    ];
    let refused = shop.run(&endpoint, &arguments);
    refused.assert_failed(15, &["differs in 1 place", "--diff shows", "--force"]);
    assert_eq!(shop.json("deploy/taskdef.json"), template);
    shop.succeed(&endpoint, &[&arguments[..], &["--force"]].concat());
    assert_eq!(shop.json("deploy/taskdef.json")["cpu"], "512");
}

#[tokio::test]
async fn names_that_are_not_there_are_errors_with_near_ones() {
    let moto = Service::aws();
    let endpoint = format!("http://{}", moto.address);
    ecs(&endpoint, "RegisterTaskDefinition", &definition()).await;
    ecs(&endpoint, "CreateCluster", &json!({"clusterName": "prod"})).await;
    let service = json!({"cluster": "prod", "serviceName": "web", "taskDefinition": "web:1",
        "desiredCount": 0, "launchType": "EC2"});
    ecs(&endpoint, "CreateService", &service).await;
    let shop = Shop::new();
    let run = |arguments: &[&str]| shop.run(&endpoint, &[&["pull"], arguments].concat());

    let says = [
        "cluster `prod` has no service `wep`",
        "did you mean \"web\"?",
        "The services are web.",
    ];
    run(&["--cluster", "prod", "--service", "wep"]).assert_failed(15, &says);
    let says = ["there is no cluster `prd`", "did you mean \"prod\"?"];
    run(&["--cluster", "prd", "--service", "web"]).assert_failed(15, &says);
    let says = [
        "there is no task definition `wex:9`",
        "The families are web.",
    ];
    run(&["--family", "wex:9"]).assert_failed(15, &says);
    run(&["shpo"]).assert_failed(
        3,
        &["there is no service block `shpo`", "did you mean \"shop\"?"],
    );
    run(&[]).assert_failed(2, &["what is to be pulled?"]);
}

#[test]
fn a_service_of_code_deploy_is_read_by_its_task_set() {
    let aws = FakeAws::start();
    aws.answer(
        "DescribeServices",
        [Answer::json(json!({"failures": [], "services": [{
            "serviceName": "web", "serviceArn": "arn:aws:ecs:ap-northeast-1:123456789012:service/prod/web",
            "status": "ACTIVE", "taskDefinition": "web:1", "deployments": [],
            "deploymentController": {"type": "CODE_DEPLOY"},
            "taskSets": [
                {"status": "ACTIVE", "taskDefinition": "web:3"},
                {"status": "PRIMARY", "taskDefinition": "web:2"}]}]}))],
    );
    let mut described = definition();
    // Newer than any SDK: an own type, and one that the SDK has otherwise.
    described["hibernation"] = json!({"after": 30, "to": null});
    described["containerDefinitions"][1]["snapshot"] = json!(["x"]);
    described["taskDefinitionArn"] =
        "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/web:2".into();
    let tags = json!([{"key": "aws:cloudformation:stack-name", "value": "s"}]);
    let body = json!({"taskDefinition": described, "tags": tags});
    aws.answer("DescribeTaskDefinition", [Answer::json(body)]);

    let shop = Shop::new();
    let pulled = shop.succeed(&aws.endpoint, &["pull", "shop"]);
    assert_eq!(
        aws.bodies("DescribeTaskDefinition")[0]["taskDefinition"],
        "web:2"
    );
    assert_eq!(
        aws.bodies("DescribeTaskDefinition")[0]["include"],
        json!(["TAGS"])
    );
    let template: Value = serde_json::from_str(&pulled.stdout).unwrap();
    assert_eq!(template["hibernation"], json!({"after": 30}));
    assert_eq!(
        template["containerDefinitions"][1]["snapshot"],
        json!(["x"])
    );
    for says in [
        "CODE_DEPLOY",
        "unknown to this version, kept: containerDefinitions[1].snapshot, hibernation",
        "left out: aws:cloudformation:stack-name",
        "a deployment is going on",
    ] {
        assert!(pulled.stderr.contains(says), "{says}:\n{}", pulled.stderr);
    }
}

#[test]
fn refusals_of_aws_say_what_to_do() {
    let aws = FakeAws::start();
    let shop = Shop::new();
    let denied =
        "User: arn:aws:iam::123456789012:user/u is not authorized to perform: ecs:DescribeServices";
    aws.answer(
        "DescribeServices",
        [Answer::error(400, "AccessDeniedException", denied)],
    );
    let says = [
        "cannot read the service",
        "not authorized",
        "ecs:DescribeServices in ap-northeast-1",
    ];
    shop.run(&aws.endpoint, &["pull", "shop"])
        .assert_failed(15, &says);
    aws.answer("DescribeServices", [Answer::throttled()]);
    let throttled = shop.run(&aws.endpoint, &["pull", "shop"]);
    throttled.assert_failed(75, &["too many requests"]);
    aws.answer("DescribeServices", [Answer::expired()]);
    let expired = shop.run(&aws.endpoint, &["pull", "shop"]);
    expired.assert_failed(15, &["credentials were refused", "Log in again"]);
    // A list that may not be read takes nothing from the error.
    let missing = json!({"services": [], "failures": [{"arn": "web", "reason": "MISSING"}]});
    aws.answer("DescribeServices", [Answer::json(missing)]);
    aws.answer(
        "ListServices",
        [Answer::error(400, "AccessDeniedException", "no")],
    );
    let failed = shop.run(&aws.endpoint, &["pull", "shop"]);
    failed.assert_failed(15, &["cluster `prod` has no service `web`"]);
}

#[test]
fn files_of_an_earlier_release_are_written_once() {
    let shop = Shop::new();
    let nowhere = "http://127.0.0.1:1";
    let mut template = definition();
    template["containerDefinitions"][0]["image"] = "<IMAGE_RP>".into();
    template["containerDefinitions"][1]["image"] = "<IMAGE_WEB>".into();
    shop.write("deploy/taskdef.json", &template.to_string());
    let arguments = ["write", "--record", "out/release.json"];
    let first = shop.succeed(nowhere, &arguments);
    assert!(first.stdout.contains("taskdef.json"), "{}", first.stdout);
    assert_eq!(shop.json("out/shop/taskdef.json"), definition());
    let times = |shop: &Shop| -> BTreeMap<String, std::time::SystemTime> {
        [
            "taskdef.json",
            "web/imageDetail.json",
            "imagedefinitions.json",
        ]
        .into_iter()
        .map(|name| {
            let path = shop.path("out/shop").join(name);
            (
                name.to_owned(),
                fs::metadata(path).unwrap().modified().unwrap(),
            )
        })
        .collect()
    };
    let before = times(&shop);
    let again = shop.succeed(nowhere, &[&arguments[..], &["--require-change"]].concat());
    assert!(
        again.stdout.contains("the same already"),
        "{}",
        again.stdout
    );
    assert_eq!(times(&shop), before);

    // Nothing changed.
    let mut unchanged = record("complete");
    unchanged["changed"] = false.into();
    unchanged["images"]["web"]["changed"] = false.into();
    shop.write("out/release.json", &unchanged.to_string());
    let outcome = shop.run(nowhere, &[&arguments[..], &["--require-change"]].concat());
    outcome.assert_failed(4, &["nothing changed"]);
    assert_eq!(times(&shop), before);

    // A service whose images are not all in the record.
    let mut partial = record("complete");
    partial["images"].as_object_mut().unwrap().remove("rp");
    shop.write("out/release.json", &partial.to_string());
    let outcome = shop.run(nowhere, &arguments);
    outcome.assert_failed(0, &["service shop is not handed off"]);
    let named = ["write", "shop", "--record", "out/release.json"];
    shop.run(nowhere, &named)
        .assert_failed(15, &["which is not in this release"]);
    assert_eq!(times(&shop), before);
}

#[test]
fn what_must_not_be_deployed_is_not_handed_off() {
    let shop = Shop::new();
    let nowhere = "http://127.0.0.1:1";
    let arguments = ["write", "--record", "out/release.json"];
    let failed = shop.run_with(nowhere, &arguments, &[("CODEBUILD_BUILD_SUCCEEDING", "0")]);
    failed.assert_failed(15, &["CODEBUILD_BUILD_SUCCEEDING is 0", "post_build"]);
    shop.write("out/release.json", &record("refused").to_string());
    shop.run(nowhere, &arguments)
        .assert_failed(15, &["is `refused`"]);
    shop.write("out/release.json", "{");
    shop.run(nowhere, &arguments)
        .assert_failed(3, &["is not a release record"]);
    let missing = shop.run(nowhere, &["write"]);
    missing.assert_failed(3, &["cannot read", "launchway-out/release.json"]);
    assert!(!Path::new(&shop.path("out/shop")).exists());
    assert!(!shop.path("launchway-out").exists());
}

#[test]
fn a_description_can_come_from_a_file() {
    let shop = Shop::new();
    let nowhere = "http://127.0.0.1:1";
    let described = json!({"taskDefinition": definition(), "tags": []});
    shop.write("described.json", &described.to_string());
    let pulled = shop.succeed(nowhere, &["pull", "--from", "described.json"]);
    let template: Value = serde_json::from_str(&pulled.stdout).unwrap();
    assert_eq!(template, definition());
    shop.write("described.json", "{\"taskDefinition\": {\n  \"family\": }");
    let failed = shop.run(nowhere, &["pull", "--from", "described.json"]);
    failed.assert_failed(3, &["described.json:2:13: not valid JSON"]);
    shop.write("described.json", "{\"services\": []}");
    let failed = shop.run(nowhere, &["pull", "--from", "described.json"]);
    failed.assert_failed(3, &["the description of services, not a task definition"]);
}

/// ECS that runs a definition, for `service shop`.
fn runs(definition: &Value) -> FakeAws {
    let aws = FakeAws::start();
    let service = json!({"services": [{"serviceName": "web", "status": "ACTIVE", "serviceArn": "arn:aws:ecs:ap-northeast-1:123456789012:service/prod/web",
        "taskDefinition": "web:1", "deployments": []}], "failures": []});
    let described = json!({"taskDefinition": definition});
    aws.respond("DescribeServices", move |_, _| {
        Some(Answer::json(service.clone()))
    });
    aws.respond("DescribeTaskDefinition", move |_, _| {
        Some(Answer::json(described.clone()))
    });
    aws
}

#[test]
fn secrets_in_variables_are_not_shown_and_images_are_filled_in_to_compare() {
    let shop = Shop::new();
    let mut running = definition();
    let variable = |value: &str| json!([{"name": "DB_PASSWORD", "value": value}]);
    running["containerDefinitions"][1]["environment"] = variable("planted-running");
    let aws = runs(&running);
    let endpoint = aws.endpoint.clone();
    let mut template = running.clone();
    template["containerDefinitions"][0]["image"] = "<IMAGE_RP>".into();
    template["containerDefinitions"][1]["image"] = "<IMAGE_WEB>".into();
    shop.write("deploy/taskdef.json", &template.to_string());
    let block = shop.read("launchway.hcl");
    let block = block.replace(
        "images ",
        "mode = \"placeholder\"\n                output = \"of-block\"\n                images ",
    );
    shop.write("launchway.hcl", &block);
    let write = ["write", "--record", "out/release.json", "--compare-running"];
    let json = [&write[..], &["--format", "json"]].concat();
    let report = |outcome: &Outcome| -> Value { serde_json::from_str(&outcome.stdout).unwrap() };
    let same = report(&shop.succeed(&endpoint, &json));
    assert_eq!(same["services"][0]["running"]["same"], true, "{same:#}");
    let written = shop.json("of-block/taskdef.json");
    assert_eq!(written["containerDefinitions"][1]["image"], "<IMAGE_WEB>");

    template["containerDefinitions"][1]["environment"] = variable("planted-template");
    shop.write("deploy/taskdef.json", &template.to_string());
    let table = shop.succeed(&endpoint, &write);
    let other = shop.succeed(&endpoint, &json);
    let diff = shop.succeed(&endpoint, &["pull", "shop", "--diff"]);
    let says = "containerDefinitions[web].environment[DB_PASSWORD].value: a secret, differs";
    for outcome in [table, other, diff] {
        assert!(outcome.stdout.contains(says), "{outcome:?}");
        let all = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!all.contains("planted-"), "{all}");
    }

    // What is typed counts more than the block.
    shop.succeed(&endpoint, &[&write[..], &["--output", "typed"]].concat());
    assert!(shop.path("typed/shop/taskdef.json").is_file());
}

#[test]
fn images_that_could_be_of_two_targets_stay() {
    let shop = Shop::new();
    let bake = shop
        .read("docker-bake.hcl")
        .replace("/shop/rp:latest", "/shop/web:rp");
    shop.write("docker-bake.hcl", &bake);
    let mut running = definition();
    running["containerDefinitions"][0]["image"] = format!("{ECR}/shop/web:rp").into();
    let image = format!("{ECR}/shop/web:abc1234");
    running["containerDefinitions"][1]["image"] = image.clone().into();
    let aws = runs(&running);
    let pulled = shop.succeed(&aws.endpoint, &["pull", "shop"]);
    let template: Value = serde_json::from_str(&pulled.stdout).unwrap();
    assert_eq!(template["containerDefinitions"][0]["image"], "<IMAGE_RP>");
    assert_eq!(template["containerDefinitions"][1]["image"], image);
    assert!(
        pulled
            .stderr
            .contains("container web keeps its image: <IMAGE_RP> and <IMAGE_WEB>"),
        "{}",
        pulled.stderr
    );
}

#[test]
fn what_the_pipeline_names_is_what_the_hand_off_writes() {
    let shop = Shop::new();
    let nowhere = "http://127.0.0.1:1";
    let mut template = definition();
    template["containerDefinitions"][0]["image"] = "<IMAGE_RP>".into();
    template["containerDefinitions"][1]["image"] = "<IMAGE_WEB>".into();
    shop.write("deploy/taskdef.json", &template.to_string());
    shop.write("rp/Dockerfile", "FROM scratch\n");
    let arguments = ["init", "--output", "pipeline"];
    // A service without an appspec is deployed rolling.
    let appspec = "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      \
                   Properties:\n        TaskDefinition: <TASK_DEFINITION>\n        LoadBalancerInfo:\n          \
                   ContainerName: rp\n          ContainerPort: 80\n";
    shop.write("Dockerfile", "FROM scratch\n");
    shop.succeed(nowhere, &arguments);
    assert!(
        shop.read("pipeline/buildspec.yml")
            .contains("- imagedefinitions.json")
    );
    assert!(
        shop.read("pipeline/pipeline.yml")
            .contains("Provider: ECS\n")
    );

    shop.write("deploy/appspec.yml", appspec);
    let block = shop.read("launchway.hcl");
    let block = block.replace(
        "images ",
        "appspec = \"deploy/appspec.yml\"\n                images ",
    );
    shop.write("launchway.hcl", &block);
    let differs = shop.run(nowhere, &arguments);
    differs.assert_failed(15, &["is there and differs", "--force"]);
    shop.succeed(nowhere, &[&arguments[..], &["--force"]].concat());
    // Its files are where the hand-off of a release has them.
    let written = [
        "write",
        "--record",
        "out/release.json",
        "--output",
        "launchway-out",
    ];
    shop.succeed(nowhere, &written);
    let buildspec = shop.read("pipeline/buildspec.yml");
    let folder = buildspec
        .lines()
        .find_map(|line| line.trim().strip_prefix("base-directory: "));
    let folder = folder.unwrap();
    let files: Vec<&str> = buildspec
        .lines()
        .skip_while(|line| !line.contains("base-directory"))
        .filter_map(|line| line.trim().strip_prefix("- "))
        .collect();
    assert_eq!(files, ["appspec.yml", "taskdef.json"]);
    for file in files {
        assert!(shop.path(folder).join(file).is_file(), "{folder}/{file}");
    }
    let pipeline = shop.read("pipeline/pipeline.yml");
    for says in [
        "Provider: CodeDeployToECS",
        "AppSpecTemplatePath: appspec.yml",
        "Default: AppECS-prod-web",
        ":ecr:ap-northeast-1:123456789012:repository/shop/web",
        "- arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
    ] {
        assert!(pipeline.contains(says), "{says}\n{pipeline}");
    }
    // In the other mode each image is an artifact of its own.
    let other = block.replace("images ", "mode = \"placeholder\"\n                images ");
    shop.write("launchway.hcl", &other);
    let printed = shop
        .succeed(nowhere, &["init", "--style", "placeholder"])
        .stdout;
    for says in [
        "secondary-artifacts:",
        "      base-directory: launchway-out/shop/web\n",
        "Image1ArtifactName: shop_IMAGE_RP",
        "Image2ContainerName: IMAGE_WEB",
    ] {
        assert!(printed.contains(says), "{says}\n{printed}");
    }
    shop.succeed(nowhere, &written);
    assert!(
        shop.path("launchway-out/shop/web/imageDetail.json")
            .is_file()
    );
    let clash = shop.run(nowhere, &["init", "--style", "render"]);
    clash.assert_failed(3, &["are made for style placeholder", "mode = \"render\""]);
    shop.write("launchway.hcl", &block);
    // Both on standard output are two documents.
    let printed = shop.succeed(nowhere, &["init"]).stdout;
    assert_eq!(printed, format!("{buildspec}---\n{pipeline}"));
    fs::remove_file(shop.path("deploy/taskdef.json")).unwrap();
    let missing = shop.run(nowhere, &["init"]);
    missing.assert_failed(3, &["cannot read", "launchway handoff pull shop"]);
}
