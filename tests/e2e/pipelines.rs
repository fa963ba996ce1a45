//! The pipelines of testdata/projects/pipelines, released to ECR host names: what their deploy stages
//! read is compared with `expected/`, byte for byte, with digests and commits put in.

use std::fs;
use std::path::PathBuf;

use launchway::exit;
use serde_json::{Value, json};

use crate::support::{Answer, ECR_HOST, EcrStage, Outcome, Project, crane, root};

/// The account of `production` in `blue-green`.
const PRODUCTION_HOST: &str = "210987654321.dkr.ecr.ap-northeast-1.amazonaws.com";

/// ECR in both accounts, with the base image in its pull-through cache and nowhere else.
fn stage() -> EcrStage {
    let mut stage = EcrStage::new();
    let address = stage.registry.address.clone();
    let base = format!("{address}/base/busybox:stable");
    let cached = format!("{address}/docker-hub/library/busybox:stable");
    crane(&["copy", &base, &cached]);
    let endpoints = [ECR_HOST, PRODUCTION_HOST].map(|host| format!("{host}=http://{address}"));
    let endpoints = endpoints.join(",");
    stage.engine.set("LAUNCHWAY_REGISTRY_ENDPOINTS", endpoints);
    stage
}

fn pipeline(name: &str) -> Project {
    Project::copy(&format!("pipelines/{name}"), ECR_HOST)
}

fn expected(file: &str) -> PathBuf {
    root()
        .join("testdata/projects/pipelines/expected")
        .join(file)
}

/// The digest of a target in launchway-out/release.json.
fn digest(project: &Project, target: &str) -> String {
    let record = project.record();
    let digest = &record["images"][target]["digest"];
    digest.as_str().unwrap().to_owned()
}

/// The file of the hand-off has exactly the bytes of the expected one, where `{TARGET}` stands for
/// the digest that was released and `{commit7}` for the commit.
#[track_caller]
fn assert_file(project: &Project, written: &str, file: &str) {
    let mut wanted = fs::read_to_string(expected(file)).unwrap();
    wanted = wanted.replace("{commit7}", &project.commit8()[..7]);
    for target in project.record()["images"].as_object().unwrap().keys() {
        wanted = wanted.replace(&format!("{{{target}}}"), &digest(project, target));
    }
    let written = project.read(format!("launchway-out/{written}"));
    assert_eq!(written, wanted, "{file}");
}

/// The tag in the registry is the image that the record names.
#[track_caller]
fn assert_published(stage: &EcrStage, project: &Project, target: &str, image: &str) {
    let name = format!("{}/{image}", stage.registry.address);
    assert_eq!(crane(&["digest", &name]), digest(project, target), "{name}");
}

/// Refused as a configuration error, with nothing pushed and no daemon started.
#[track_caller]
fn assert_nothing_built(stage: &EcrStage, project: &Project, outcome: &Outcome, says: &[&str]) {
    outcome.assert_failed(exit::CONFIGURATION, says);
    let manifests = stage.registry.manifests();
    let bases = ["base/busybox@", "docker-hub/library/busybox@"];
    let pushed = |name: &String| !bases.iter().any(|base| name.starts_with(base));
    assert!(!manifests.iter().any(pushed), "{manifests:?}");
    let arguments = ["engine", "status", "--format", "json"];
    let status = stage.engine.succeed(project, &arguments).stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["running"], false);
}

#[test]
fn two_images_go_into_one_task_definition() {
    let stage = stage();
    let project = pipeline("two-images");
    let outcome = stage.engine.succeed(&project, &["release"]);
    assert_file(&project, "my-app/taskdef.json", "two-images/taskdef.json");
    assert_file(&project, "my-app/appspec.yml", "two-images/appspec.yml");
    // The port in quotes is a slip of the project that is said and mended.
    let says = "appspec.yml:10:26";
    assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    for name in ["web", "rp"] {
        let image = format!("my-app-{name}:production");
        assert_published(&stage, &project, name, &image);
        let commit = project.git(&["rev-parse", "HEAD"]);
        assert_published(&stage, &project, name, &format!("my-app-{name}:{commit}"));
    }
    assert_ne!(digest(&project, "web"), digest(&project, "rp"));
}

#[test]
fn each_environment_has_its_task_definition_and_the_pipeline_puts_the_image_in() {
    let stage = stage();
    let project = pipeline("blue-green");
    for (environment, host) in [("staging", ECR_HOST), ("production", PRODUCTION_HOST)] {
        stage
            .engine
            .succeed(&project, &["release", "--env", environment]);
        for (written, file) in [
            ("taskdef.json", "taskdef.json"),
            ("appspec.yml", "appspec.yml"),
            ("default/imageDetail.json", "imageDetail.json"),
        ] {
            let written = format!("deploy-app/{written}");
            let file = format!("blue-green/{environment}/{file}");
            assert_file(&project, &written, &file);
        }
        let image = &project.record()["images"]["default"];
        assert_eq!(image["repository"], format!("{host}/deploy-app"));
        assert_published(
            &stage,
            &project,
            "default",
            &format!("deploy-app:{environment}"),
        );
        check_the_pipeline(&stage, &project, environment);
    }
    check_the_difference(&stage, &project);
}

/// A pipeline made by `handoff init` takes exactly these files, and they are where it looks.
fn check_the_pipeline(stage: &EcrStage, project: &Project, environment: &str) {
    let mut arguments = vec!["handoff", "init", "--kind", "blue-green"];
    arguments.extend(["--env", environment]);
    let texts = stage.engine.succeed(project, &arguments).stdout;
    let (buildspec, template) = texts.split_once("\n---\n").unwrap();
    let artifacts = "
  secondary-artifacts:
    deploy-app:
      base-directory: launchway-out/deploy-app
      files:
        - appspec.yml
        - taskdef.json
    deploy-app_IMAGE1_NAME:
      base-directory: launchway-out/deploy-app/default
      files:
        - imageDetail.json";
    assert!(buildspec.ends_with(artifacts), "{buildspec}");
    for file in ["appspec.yml", "taskdef.json", "default/imageDetail.json"] {
        project.read(format!("launchway-out/deploy-app/{file}"));
    }
    let variable = format!("- Name: LAUNCHWAY_ENV\n            Value: \"{environment}\"\n");
    for says in [
        "TaskDefinitionTemplatePath: taskdef.json\n",
        "AppSpecTemplatePath: appspec.yml\n",
        "Image1ArtifactName: deploy-app_IMAGE1_NAME\n",
        "Image1ContainerName: IMAGE1_NAME\n",
        &variable,
    ] {
        assert!(template.contains(says), "{says}\n{template}");
    }
}

/// What the environments set differs, what is made from it, and nothing else.
fn check_the_difference(stage: &EcrStage, project: &Project) {
    let mut arguments = vec!["environment", "diff", "staging", "production"];
    arguments.extend(["--format", "json"]);
    let answer = stage.engine.succeed(project, &arguments).stdout;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let differences = answer["differences"].as_array().unwrap();
    let under = |prefix: &str| -> Vec<(String, Value, Value)> {
        differences
            .iter()
            .filter_map(|one| {
                let path = one["path"].as_str().unwrap().strip_prefix(prefix)?;
                Some((path.to_owned(), one["from"].clone(), one["to"].clone()))
            })
            .collect()
    };
    let difference = |path: &str, from: Value, to: Value| (path.to_owned(), from, to);
    assert_eq!(
        under("variables."),
        [
            difference("account", json!("123456789012"), json!("210987654321")),
            difference("cpu", json!(256), json!(512)),
            difference("log_level", json!("debug"), json!("info")),
        ]
    );
    let role = |account: &str| json!(format!("arn:aws:iam::{account}:role/deploy-app-execution"));
    assert_eq!(
        under("handoff.deploy-app.\"taskdef.json\"."),
        [
            difference("cpu", json!("256"), json!("512")),
            difference(
                "executionRoleArn",
                role("123456789012"),
                role("210987654321")
            ),
            difference(
                "containerDefinitions[container-name].environment[LOG_LEVEL].value",
                json!("debug"),
                json!("info"),
            ),
        ]
    );
    assert_eq!(under("handoff.deploy-app.\"appspec.yml\""), []);
    let plan: Vec<String> = under("plan.targets.default.")
        .into_iter()
        .map(|(path, _, _)| path)
        .collect();
    assert_eq!(plan, ["repository", "tags", "baseline.tag"]);
}

#[test]
fn only_the_log_router_is_released_when_only_it_changed() {
    let mut stage = stage();
    let project = pipeline("firelens");

    // Thirteen digits, as in the article; and a build without the platform of the task.
    stage.engine.set("account", "0123456789012");
    let refused = stage.engine.run(&project, &["release"]);
    let says = [
        "taskdef.json:30:18: taskRoleArn: account id `0123456789012`",
        "taskdef.json:31:23: executionRoleArn",
        "is not 12 digits",
    ];
    assert_nothing_built(&stage, &project, &refused, &says);
    stage.engine.set("account", "123456789012");
    let amd64 = ["release", "--platform", "linux/amd64"];
    let refused = stage.engine.run(&project, &amd64);
    let says = [
        "taskdef.json:18:16: containerDefinitions[1].image: target `webapp` was released for linux/amd64",
        "the task runs on linux/arm64",
        "change runtimePlatform",
    ];
    assert_nothing_built(&stage, &project, &refused, &says);

    stage.engine.succeed(&project, &["release"]);
    for file in ["taskdef.json", "appspec.yml"] {
        assert_file(
            &project,
            &format!("webapp/{file}"),
            &format!("firelens/{file}"),
        );
    }
    let first = project.record();
    let variables = project.read("launchway-out/release.env");
    let both = "LAUNCHWAY_CHANGED_IMAGES='log-router webapp'\n";
    assert!(variables.contains(both), "{variables}");

    project.write("firelens/extra.conf", "[OUTPUT]\n    Name  stdout\n");
    project.commit("Log to standard output");
    let outcome = stage.engine.succeed(&project, &["release"]);
    let says = "webapp  to deploy: log-router changed";
    assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    let second = project.record();
    let image = |record: &Value, target: &str| record["images"][target].clone();
    assert_eq!(
        image(&first, "webapp")["digest"],
        image(&second, "webapp")["digest"]
    );
    assert_ne!(
        image(&first, "log-router")["digest"],
        image(&second, "log-router")["digest"]
    );
    assert_eq!(image(&second, "webapp")["changed"], false);
    assert_eq!(image(&second, "log-router")["changed"], true);
    // Both are pinned in the task definition all the same.
    assert_file(&project, "webapp/taskdef.json", "firelens/taskdef.json");
    let handoff = project.json("launchway-out/webapp/handoff.json");
    assert_eq!(handoff["changed"], true);
    assert_eq!(handoff["images"]["webapp"]["changed"], false);
    assert_eq!(handoff["images"]["log-router"]["changed"], true);
    assert_eq!(
        handoff["images"]["log-router"]["containers"],
        json!(["log_router"])
    );
    let variables = project.read("launchway-out/release.env");
    for says in [
        "LAUNCHWAY_CHANGED_IMAGES='log-router'\n",
        "LAUNCHWAY_SERVICES_TO_DEPLOY='webapp'\n",
        "IMAGE_WEBAPP_CHANGED='false'\n",
    ] {
        assert!(variables.contains(says), "{says}\n{variables}");
    }
}

#[test]
fn a_batch_is_pulled_changed_and_released() {
    let stage = stage();
    let project = pipeline("batch");
    let tags = json!([{ "key": "env", "value": "dev" }]);
    let described = json!({ "taskDefinition": project.json("described.json"), "tags": tags });
    stage
        .aws
        .answer("DescribeTaskDefinition", [Answer::json(described)]);

    // There is no template yet, and the error says how to get one.
    let missing = stage.engine.run(&project, &["release"]);
    let says = ["cannot read", "taskdef.json", "handoff pull nightly"];
    missing.assert_failed(exit::CONFIGURATION, &says);

    let mut arguments = vec!["handoff", "pull", "nightly"];
    arguments.extend(["--output", "taskdef.json"]);
    stage.engine.succeed(&project, &arguments);
    let asked = stage.aws.bodies("DescribeTaskDefinition");
    assert_eq!(asked[0]["taskDefinition"], "shop-dev-nightly-batch-task");
    let pulled = project.read("taskdef.json");
    let wanted = fs::read_to_string(expected("batch/pulled.json")).unwrap();
    assert_eq!(pulled, wanted);
    assert_eq!(project.json("tags.json"), tags);
    // The fields that people delete by hand; of lists, an empty one means the same as none.
    let template = project.json("taskdef.json");
    for deleted in [
        "compatibilities",
        "inferenceAccelerators",
        "ipcMode",
        "pidMode",
        "proxyConfiguration",
        "requiresAttributes",
        "revision",
        "status",
        "taskDefinitionArn",
    ] {
        assert!(project.json("described.json").get(deleted).is_some());
        assert_eq!(template.get(deleted), None, "{deleted}");
    }
    // The same from the file, without AWS.
    let from = ["handoff", "pull", "nightly", "--from", "described.json"];
    assert_eq!(stage.engine.succeed(&project, &from).stdout, pulled);

    project.commit("Keep the task definition");
    stage.engine.succeed(&project, &["release"]);
    assert_file(&project, "nightly/taskdef.json", "batch/taskdef.json");
    assert_published(&stage, &project, "default", "shop-dev-nightly-batch:latest");
    let released = digest(&project, "default");

    project.commit("Nothing");
    let unchanged = stage.engine.run(&project, &["release", "--require-change"]);
    unchanged.assert_failed(exit::UNCHANGED, &["nothing to deploy"]);
    assert_eq!(digest(&project, "default"), released);
    assert_file(&project, "nightly/taskdef.json", "batch/taskdef.json");
}
