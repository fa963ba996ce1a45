//! SSM parameters: what a release writes and when, against moto; refusals and throttling against a
//! scripted AWS.

use std::process::Command;

use launchway::exit;
use serde_json::{Value, json};

use crate::service::Service;
use crate::support::{Answer, Engine, FakeAws, Outcome, Project, Stage};

const BAKE: &str = r#"variable "REGISTRY" {}
target "web" {
  dockerfile = "Dockerfile"
  platforms  = ["linux/amd64"]
  tags       = ["${REGISTRY}/shop/web:latest"]
}
group "default" { targets = ["web"] }
"#;

const SETTINGS: &str = r#"release {
  tags     = [source.commit8, "production"]
  baseline = "tag:production"
}
parameter "/shop/production/web" {
  target      = "web"
  description = "what runs in production"
}
parameter "tag" {
  name  = "/shop/production/web-tag"
  value = "tag"
}
"#;

/// A project with a record of a release, as if there had been one.
fn released(settings: &str) -> (Project, Engine, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::in_folder(folder.path());
    let project = Project::of(
        "registry.example.com",
        &[
            ("docker-bake.hcl", BAKE),
            ("Dockerfile", "FROM scratch\n"),
            ("launchway.hcl", settings),
        ],
    );
    project.write("launchway-out/release.json", &record("1", "0123abcd"));
    (project, engine, folder)
}

fn record(digit: &str, tag: &str) -> String {
    let digest = format!("sha256:{}", digit.repeat(64));
    let repository = "registry.example.com/shop/web";
    json!({
        "schema": "launchway.release/v1", "launchway": "0.1.0", "state": "complete",
        "startedAt": "2026-03-02T09:00:00Z", "completedAt": "2026-03-02T09:01:00Z",
        "source": { "commit": format!("{tag}{}", "0".repeat(32)) },
        "baseline": "tag:production", "changed": true,
        "images": { "web": {
            "repository": repository, "digest": digest, "reference": format!("{repository}@{digest}"),
            "mediaType": "application/vnd.oci.image.index.v1+json", "size": 900,
            "tags": [tag, "production"], "changed": true, "reason": "no baseline", "platforms": {},
        } },
    })
    .to_string()
}

/// The variables of a process that uses moto.
fn on_moto(command: &mut Command, service: &Service) {
    command
        .env("AWS_ENDPOINT_URL", format!("http://{}", service.address))
        .env("AWS_REGION", "ap-northeast-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "planted-aws-key")
        .env("AWS_EC2_METADATA_DISABLED", "true");
}

fn run(engine: &Engine, project: &Project, service: &Service, arguments: &[&str]) -> Outcome {
    let mut command = engine.command(project, arguments);
    on_moto(&mut command, service);
    let outcome = Outcome::of(command.output().unwrap());
    assert!(!outcome.stderr.contains("planted-aws-key"));
    outcome
}

#[track_caller]
fn answer(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn on_fake(engine: &Engine, project: &Project, aws: &FakeAws, arguments: &[&str]) -> Outcome {
    let mut command = engine.command(project, arguments);
    Outcome::of(command.envs(aws.environment()).output().unwrap())
}

#[test]
fn a_record_becomes_versions_and_history_tells_them() {
    let service = Service::aws();
    let (project, engine, _folder) = released(SETTINGS);
    let run = |arguments: &[&str]| run(&engine, &project, &service, arguments);

    let none = run(&["parameter", "get", "/shop/production/web"]);
    none.assert_failed(
        exit::HANDOFF,
        &["there is no parameter /shop/production/web"],
    );
    let none = run(&["parameter", "history", "/shop/production/web"]);
    none.assert_failed(exit::HANDOFF, &["ParameterNotFound"]);

    let first = answer(&run(&["parameter", "set", "--format", "json"]));
    assert_eq!(first[0]["name"], "/shop/production/web");
    assert_eq!(first[0]["outcome"], "written");
    assert_eq!(first[0]["version"], 1);
    assert_eq!(first[1]["label"], "tag");
    assert_eq!(first[1]["region"], "ap-northeast-1");
    let noted = &project.record()["parameters"]["tag"];
    assert_eq!(noted["name"], "/shop/production/web-tag");
    assert_eq!(noted["version"], 1);

    // The same release again, and the same images of another commit: no version, no event.
    project.write("launchway-out/release.json", &record("1", "4567cdef"));
    let again = answer(&run(&[
        "parameter",
        "set",
        "/shop/production/web",
        "--format",
        "json",
    ]));
    assert_eq!(again[0]["outcome"], "unchanged");
    assert_eq!(again[0]["version"], 1);

    project.write("launchway-out/release.json", &record("2", "4567cdef"));
    let table = run(&["parameter", "set"]);
    assert_eq!(table.code, Some(0), "{}", table.stderr);
    assert_eq!(
        table.stdout,
        "/shop/production/web      written    version 2, ap-northeast-1\n\
         /shop/production/web-tag  written    version 2, ap-northeast-1\n"
    );
    let forced = answer(&run(&[
        "parameter",
        "set",
        "tag",
        "--force",
        "--format",
        "json",
    ]));
    assert_eq!(forced[0]["version"], 3);

    let arguments = [
        "parameter",
        "history",
        "/shop/production/web",
        "--format",
        "json",
    ];
    let history = answer(&run(&arguments));
    let versions = history["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[0]["version"], 2, "newest first");
    assert_eq!(versions[0]["tag"], "4567cdef");
    assert_eq!(versions[1]["tag"], "0123abcd");
    assert_eq!(versions[1]["digest"], format!("sha256:{}", "1".repeat(64)));
    let limited = run(&[
        "parameter",
        "history",
        "/shop/production/web-tag",
        "--limit",
        "1",
    ]);
    assert_eq!(limited.stdout.lines().count(), 2, "{}", limited.stdout);
    assert!(limited.stdout.contains("4567cdef"));

    let value = run(&[
        "parameter",
        "get",
        "/shop/production/web",
        "--format",
        "value",
    ]);
    let document = answer(&value);
    assert_eq!(document["schema"], "launchway.parameter/v1");
    assert_eq!(
        document["images"]["web"]["reference"],
        format!("registry.example.com/shop/web@sha256:{}", "2".repeat(64))
    );
    let shown = run(&["parameter", "get", "/shop/production/web"]);
    assert!(shown.stdout.contains("4567cdef"), "{}", shown.stdout);
}

#[test]
fn other_types_and_names_are_refused() {
    let service = Service::aws();
    let (project, engine, _folder) = released(SETTINGS);
    let run = |arguments: &[&str]| run(&engine, &project, &service, arguments);
    assert_eq!(run(&["parameter", "set"]).code, Some(0));
    let secure = SETTINGS.replace("target      =", "type = \"SecureString\"\n  target =");
    project.write("launchway.hcl", &secure);
    let refused = run(&["parameter", "set"]);
    refused.assert_failed(
        exit::HANDOFF,
        &[
            "is a String, and the configuration says SecureString",
            "type = \"String\"",
        ],
    );
    let unknown = run(&["parameter", "set", "tga"]);
    unknown.assert_failed(exit::USAGE, &["\"tga\"", "did you mean \"tag\"?"]);
    project.write(
        "launchway.hcl",
        &SETTINGS.replace("/shop/production/web-tag", "/shop/production/web"),
    );
    let twice = run(&["parameter", "set"]);
    twice.assert_failed(exit::CONFIGURATION, &["write the same parameter"]);
    project.write("launchway-out/release.json", "{}");
    project.write("launchway.hcl", SETTINGS);
    let record = run(&["parameter", "set"]);
    record.assert_failed(
        exit::CONFIGURATION,
        &["release.json is not a release record"],
    );
}

#[test]
fn what_must_not_be_deployed_is_not_announced() {
    let aws = FakeAws::start();
    let (project, engine, _folder) = released(SETTINGS);
    let mut command = engine.command(&project, &["parameter", "set"]);
    command.envs(aws.environment());
    let failed = Outcome::of(
        command
            .env("CODEBUILD_BUILD_SUCCEEDING", "0")
            .output()
            .unwrap(),
    );
    failed.assert_failed(
        exit::HANDOFF,
        &["no parameter is written", "CODEBUILD_BUILD_SUCCEEDING is 0"],
    );
    let record = record("1", "0123abcd").replace("complete\"", "refused\"");
    project.write("launchway-out/release.json", &record);
    let refused = on_fake(&engine, &project, &aws, &["parameter", "set", "--force"]);
    refused.assert_failed(
        exit::HANDOFF,
        &["release.json is `refused`", "run `launchway release` again"],
    );
    assert!(aws.calls().is_empty(), "nothing was asked");
}

#[test]
fn somebody_else_may_make_it_meanwhile() {
    let aws = FakeAws::start();
    let (project, engine, _folder) = released(SETTINGS);
    let missing = Answer::error(400, "ParameterNotFound", "");
    let there = |value: &str| {
        let parameter = json!({ "Type": "String", "Value": value, "Version": 5 });
        Answer::json(json!({ "Parameter": parameter }))
    };
    let exists = Answer::error(
        400,
        "ParameterAlreadyExists",
        "The parameter already exists.",
    );
    // It holds the same: nothing more is written.
    aws.answer("GetParameter", [missing.clone(), there("0123abcd")]);
    aws.answer("PutParameter", [exists.clone()]);
    let set = || {
        on_fake(
            &engine,
            &project,
            &aws,
            &["parameter", "set", "tag", "--format", "json"],
        )
    };
    assert_eq!(answer(&set())[0]["version"], 5);
    let puts = aws.bodies("PutParameter");
    assert_eq!(puts.len(), 1);
    assert_eq!(puts[0]["Overwrite"], false, "a new one replaces nothing");
    assert_eq!(puts[0]["Value"], "0123abcd");

    // It holds something else: that is replaced.
    let aws = FakeAws::start();
    aws.answer("GetParameter", [missing, there("other")]);
    aws.answer(
        "PutParameter",
        [exists, Answer::json(json!({ "Version": 6 }))],
    );
    let set = on_fake(
        &engine,
        &project,
        &aws,
        &["parameter", "set", "tag", "--format", "json"],
    );
    assert_eq!(answer(&set)[0]["version"], 6);
    assert_eq!(aws.bodies("PutParameter")[1]["Overwrite"], true);
}

#[test]
fn history_is_read_page_by_page() {
    let aws = FakeAws::start();
    let (project, engine, _folder) = released(SETTINGS);
    let page = |versions: std::ops::Range<i64>, next: Option<&str>| {
        let parameters: Vec<Value> = versions
            .map(|version| {
                json!({ "Version": version, "Type": "SecureString", "Value": format!("secret-{version}"),
                        "LastModifiedDate": 1_772_442_102.5, "LastModifiedUser": "arn:aws:iam::1:user/me" })
            })
            .collect();
        Answer::json(json!({ "Parameters": parameters, "NextToken": next }))
    };
    aws.answer(
        "GetParameterHistory",
        [page(1..51, Some("more")), page(51..101, None)],
    );
    let run = |arguments: &[&str]| on_fake(&engine, &project, &aws, arguments);
    let table = run(&["parameter", "history", "/x"]);
    assert_eq!(table.stdout.lines().count(), 101, "{}", table.stderr);
    assert!(
        table.stdout.lines().nth(1).unwrap().contains("100"),
        "newest first"
    );
    assert!(table.stderr.contains("SSM keeps the last 100"));
    assert!(
        !table.stdout.contains("secret-"),
        "a value that nobody understands is not shown"
    );
    assert_eq!(aws.bodies("GetParameterHistory")[1]["NextToken"], "more");
}

#[test]
fn refusals_of_aws_say_what_to_do() {
    for (answer, code, says) in [
        (
            Answer::throttled(),
            exit::TEMPORARY,
            &["too many requests"][..],
        ),
        (
            Answer::expired(),
            exit::HANDOFF,
            &[
                "parameter /shop/production/web-tag",
                "ExpiredTokenException",
                "renew the temporary key",
            ],
        ),
        (
            Answer::error(400, "AccessDeniedException", "User: x is not authorized"),
            exit::HANDOFF,
            &[
                "access was denied",
                "needs ssm:PutParameter in ap-northeast-1",
            ],
        ),
        (
            Answer::error(400, "ParameterMaxVersionLimitExceeded", "labels"),
            exit::HANDOFF,
            &["has 100 versions", "remove that label"],
        ),
    ] {
        let aws = FakeAws::start();
        let (project, engine, _folder) = released(SETTINGS);
        aws.answer(
            "GetParameter",
            [Answer::error(400, "ParameterNotFound", "")],
        );
        aws.answer("PutParameter", [answer]);
        let outcome = on_fake(&engine, &project, &aws, &["parameter", "set", "tag"]);
        outcome.assert_failed(code, says);
    }
}

#[test]
fn a_release_writes_last_and_makes_up_for_a_run_that_could_not() {
    let stage = Stage::new();
    let service = Service::aws();
    let project = Project::of(
        &stage.registry.address,
        &[
            ("docker-bake.hcl", BAKE),
            ("Dockerfile", "FROM scratch\nCOPY page /page\n"),
            ("page", "one"),
            ("launchway.hcl", SETTINGS),
        ],
    );
    let run = |arguments: &[&str]| run(&stage.engine, &project, &service, arguments);

    // A parameter that cannot be written fails before anything is built.
    let other = format!("{BAKE}target \"api\" {{ inherits = [\"web\"] }}\n");
    project.write("docker-bake.hcl", &other);
    let api = SETTINGS.replace("target      = \"web\"", "target = \"api\"");
    project.write("launchway.hcl", &api);
    let early = [
        "the release has no image of target api",
        "name another in the block",
    ];
    run(&["release"]).assert_failed(exit::CONFIGURATION, &early);
    run(&["plan"]).assert_failed(exit::CONFIGURATION, &early);
    assert!(
        stage
            .registry
            .manifests()
            .iter()
            .all(|one| !one.contains("shop/"))
    );
    project.write("docker-bake.hcl", BAKE);
    project.write("launchway.hcl", SETTINGS);

    // AWS refuses: the tags have moved, the release is not complete, and both are said.
    let aws = FakeAws::start();
    aws.answer(
        "GetParameter",
        [Answer::error(400, "AccessDeniedException", "no")],
    );
    let failed = on_fake(&stage.engine, &project, &aws, &["release"]);
    failed.assert_failed(
        exit::HANDOFF,
        &[
            "tags have moved, but a parameter is not written",
            "ssm:GetParameter",
            "launchway parameter set",
        ],
    );
    let record = project.record();
    assert_eq!(record["state"], "published");
    let tags = stage.registry.tags("shop/web");
    assert!(tags.contains("production"), "{tags:?}");

    // The same again on another machine, which knows nothing of that run: unchanged, and written.
    std::fs::remove_dir_all(project.path().join("launchway-out")).unwrap();
    let second = run(&["release"]);
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    let record = project.record();
    assert_eq!(record["state"], "complete");
    assert_eq!(record["changed"], false);
    assert_eq!(
        record["parameters"]["/shop/production/web"]["outcome"],
        "written"
    );
    assert!(
        second.stderr.contains("/shop/production/web-tag  written"),
        "{}",
        second.stderr
    );

    // Another commit with the same image: the tag is another, the images are not.
    project.commit("Nothing");
    assert_eq!(run(&["release"]).code, Some(0));
    let record = project.record();
    assert_eq!(
        record["parameters"]["/shop/production/web"]["outcome"],
        "unchanged"
    );
    assert_eq!(record["parameters"]["/shop/production/web"]["version"], 1);
    assert_eq!(record["parameters"]["tag"]["version"], 2);

    project.write("page", "two");
    project.commit("Another page");
    assert_eq!(run(&["release", "--no-parameters"]).code, Some(0));
    assert_eq!(project.record().get("parameters"), None);
    assert_eq!(run(&["release"]).code, Some(0));
    let value = run(&[
        "parameter",
        "get",
        "/shop/production/web",
        "--format",
        "value",
    ]);
    let document = answer(&value);
    assert_eq!(
        document["digest"],
        project.record()["images"]["web"]["digest"]
    );
    assert_eq!(document["tag"], project.commit8());
}
