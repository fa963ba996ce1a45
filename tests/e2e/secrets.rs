//! Secrets planted in every place that a release takes one from, and looked for in everything that it
//! leaves: what it prints, its files, the state folder with the daemon's, and the registry.

use std::fs;

use base64::Engine as _;
use launchway::exit;
use serde_json::{Value, json};

use crate::scan::Trivy;
use crate::support::{
    Answer, Chat, ECR_HOST, EcrStage, Outcome, PASSWORD, Project, Reply, USER, assert_clean, search,
};

const AWS_KEY: &str = "planted-aws-key";
const SESSION: &str = "planted-session-token";
const WEBHOOK: &str = "planted-webhook";
const STORED_WEBHOOK: &str = "planted-stored-webhook";
const CHAT_TOKEN: &str = "planted-chat-token";
const SECURE_VALUE: &str = "planted-secure-value";
const SCANNER_TOKEN: &str = "planted-scanner-token";

/// What is in a layer and may be found there, so that looking for the others means something.
const PUBLIC: &str = "planted-for-everybody";

/// Two repositories: one with a login in the Docker configuration, one with a login of ECR.
const BAKE: &str = r#"
variable "REGISTRY" {}
variable "ECR" {}
target "web" {
  args = { BASE = "${REGISTRY}/base/busybox:stable" }
  tags = ["${REGISTRY}/shop/web:live", "${ECR}/shop/web:live"]
}
group "default" { targets = ["web"] }
"#;

const DOCKERFILE: &str = "ARG BASE
FROM ${BASE} AS build
COPY page.txt /
RUN env > /environment
FROM ${BASE}
COPY --from=build /environment /page.txt /
";

const SETTINGS: &str = r#"
variable "CHAT" {}
release { tags = [source.commit8, "live"] }
cache { repository = "${REGISTRY}/shop/cache" }
scan { scanner = "trivy" }
service "shop" {
  taskdef = "taskdef.json"
  images  = { WEB = "web" }
}
notify "hook" {
  type    = "slack"
  webhook = "env:SLACK_HOOK"
  events  = ["start", "success", "failed", "refused"]
}
notify "stored" {
  type    = "slack"
  webhook = "secretsmanager:shop/slack#url"
}
notify "room" {
  type     = "chatwork"
  room     = 42
  token    = "ssm:/shop/chatwork"
  base_url = "${CHAT}/v2"
}
parameter "/shop/live" { type = "SecureString" }
"#;

const TASKDEF: &str = r#"{
  "family": "shop",
  "containerDefinitions": [{ "name": "web", "image": "<WEB>", "memory": 128 }]
}
"#;

/// A scanner that says how it logged in, and gives up.
const TALKATIVE: &str = "#!/bin/sh
login=$(sed -n 's/.*\"auth\": *\"\\([^\"]*\\)\".*/\\1/p' \"$DOCKER_CONFIG/config.json\" | base64 -d)
echo \"cannot log in as $login\" >&2
exit 1
";

/// Secrets that AWS keeps, and what it does with the parameter that a release writes.
fn script_aws(stage: &EcrStage, stored_webhook: &str) {
    let secret = json!({ "url": stored_webhook }).to_string();
    let secret = json!({ "Name": "shop/slack", "SecretString": secret });
    stage.aws.answer("GetSecretValue", [Answer::json(secret)]);
    stage.aws.respond("GetParameter", |call, _| {
        let value = match call.body["Name"].as_str()? {
            "/shop/chatwork" => CHAT_TOKEN,
            "/shop/live" => SECURE_VALUE,
            _ => return None,
        };
        let parameter = json!({ "Type": "SecureString", "Value": value, "Version": 3 });
        Some(Answer::json(json!({ "Parameter": parameter })))
    });
    let version = json!({ "Type": "SecureString", "Value": SECURE_VALUE, "Version": 3 });
    let history = json!({ "Parameters": [version] });
    stage
        .aws
        .answer("GetParameterHistory", [Answer::json(history)]);
    let denied = Answer::error(400, "AccessDeniedException", "not authorized");
    let written = Answer::json(json!({ "Version": 4 }));
    stage.aws.answer("PutParameter", [denied, written]);
}

#[test]
fn no_secret_is_left_anywhere() {
    let mut stage = EcrStage::with_login();
    let chat = Chat::start([Reply::ok()]);
    // It refuses, and repeats what it was asked.
    let gone = Chat::start([Reply::status(404, &format!("no {STORED_WEBHOOK} here"))]);
    script_aws(&stage, &format!("{}/services/{STORED_WEBHOOK}", gone.url));
    let trivy = Trivy::new();
    let ecr_endpoint = format!("{ECR_HOST}=http://{}", stage.registry.address);
    let hook = format!("{}/services/T000/{WEBHOOK}", chat.url);
    for (name, value) in [
        ("LAUNCHWAY_REGISTRY_ENDPOINTS", ecr_endpoint.as_str()),
        ("DOCKER_CONFIG", stage.docker_config().to_str().unwrap()),
        ("PATH", &trivy.path()),
        ("ECR", ECR_HOST),
        ("CHAT", &chat.url),
        ("SLACK_HOOK", &hook),
        ("AWS_SESSION_TOKEN", SESSION),
        ("TRIVY_TOKEN", SCANNER_TOKEN),
    ] {
        stage.engine.set(name, value);
    }
    let files = [
        ("docker-bake.hcl", BAKE),
        ("launchway.hcl", SETTINGS),
        ("taskdef.json", TASKDEF),
        ("Dockerfile", DOCKERFILE),
        ("page.txt", PUBLIC),
    ];
    let project = Project::of(&stage.registry.address, &files);
    let login = format!("{USER}:{PASSWORD}");
    let login = base64::engine::general_purpose::STANDARD.encode(login);
    let secrets = [
        PASSWORD,
        &login,
        AWS_KEY,
        SESSION,
        WEBHOOK,
        STORED_WEBHOOK,
        CHAT_TOKEN,
        SECURE_VALUE,
        SCANNER_TOKEN,
    ];
    let run = |arguments: &[&str]| -> Outcome {
        let outcome = stage.engine.run(&project, arguments);
        for secret in secrets {
            let (out, err) = (&outcome.stdout, &outcome.stderr);
            assert!(!out.contains(secret), "{arguments:?}: {secret}\n{out}");
            assert!(!err.contains(secret), "{arguments:?}: {secret}\n{err}");
        }
        outcome
    };

    // The scanner fails.
    let program = trivy.file("trivy");
    let working = fs::read(&program).unwrap();
    fs::write(&program, TALKATIVE).unwrap();
    let says = format!("cannot log in as {USER}:<redacted>");
    run(&["release", "--debug"]).assert_failed(exit::SCAN_GATE, &[&says]);
    fs::write(&program, working).unwrap();
    // The parameter is not written.
    let mut arguments = vec!["release", "--progress", "rawjson"];
    arguments.extend(["--metadata-file", "launchway-out/meta.json"]);
    let says = ["ssm:PutParameter", "launchway parameter set"];
    run(&arguments).assert_failed(exit::HANDOFF, &says);
    // Everything goes well.
    project.write("page.txt", &format!("{PUBLIC} again"));
    project.commit("Change the page");
    let third = run(&["release", "--debug", "--progress", "plain"]);
    assert_eq!(third.code, Some(0), "{}", third.stderr);
    assert_eq!(project.record()["state"], "complete");
    // A step fails.
    project.write("Dockerfile", &format!("{DOCKERFILE}RUN exit 7\n"));
    project.commit("Break it");
    run(&["release", "--debug"]).assert_failed(exit::BUILD_FAILED, &["exit 7"]);
    for arguments in [
        &["plan", "--format", "json"][..],
        &["bake", "--print"],
        &["parameter", "get", "/shop/live"],
        &["parameter", "history", "/shop/live"],
        &["notify", "success", "--dry-run"],
        &["scan", &format!("{ECR_HOST}/shop/web:live")],
    ] {
        let outcome = run(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}\n{}", outcome.stderr);
    }

    // Each was used.
    let posts = chat.posts();
    let hooked = |line: &str| posts.iter().filter(|post| post.line.contains(line)).count();
    assert_eq!(hooked(WEBHOOK), 8, "{posts:#?}");
    let token = format!("x-chatworktoken: {CHAT_TOKEN}");
    assert!(posts.iter().any(|post| post.headers.contains(&token)));
    assert_eq!(gone.posts().len(), 4);
    let warned = "notify \"stored\" (slack) was not told: Slack refused the message";
    assert!(third.stderr.contains(warned), "{}", third.stderr);
    assert!(
        trivy.calls()[0].contains(&format!(" {USER} ")),
        "{:?}",
        trivy.calls()
    );
    assert!(!stage.aws.bodies("GetAuthorizationToken").is_empty());
    let put: Vec<Value> = stage.aws.bodies("PutParameter");
    assert_eq!(put.len(), 2);
    // What was told holds none of them either.
    for post in posts.iter().chain(&gone.posts()) {
        for secret in secrets {
            assert!(!post.body.contains(secret), "{secret}\n{}", post.body);
        }
    }

    assert!(assert_clean(&project.path(), &secrets) > 10);
    let blobs = stage.registry.blobs();
    assert!(assert_clean(&blobs, &secrets) > 10);
    assert!(!search(&blobs, &[PUBLIC]).1.is_empty());
    let state = stage.state();
    assert!(assert_clean(&state, &secrets) > 10);
    assert!(!search(&state, &[PUBLIC]).1.is_empty());
    assert!(state.join("buildkitd.log").is_file());
}
