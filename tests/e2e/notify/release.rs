//! What a release tells, and that no secret is left anywhere.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{
    Answer, Chat, Engine, FakeAws, Outcome, Post, Project, Reply, Stage, assert_clean,
};

const BAKE: &str = r#"
variable "REGISTRY" {}
target "web" {
  context = "web"
  tags    = ["${REGISTRY}/shop-web:production"]
}
target "firelens" {
  context = "firelens"
  tags    = ["${REGISTRY}/shop-firelens:production"]
}
group "default" { targets = ["web", "firelens"] }
"#;

const BLOCKS: &str = r#"
variable "CHAT" {}
variable "TOLD" {}
release { tags = [source.commit8, "production"] }
service "shop" { images = { WEB = "web", FIRELENS = "firelens" } }
notify "ops" {
  type    = "slack"
  webhook = "env:SLACK_HOOK"
  events  = ["start", "success", "unchanged", "failed"]
}
notify "room" {
  type     = "chatwork"
  room     = 42
  token    = "ssm:/shop/chatwork"
  base_url = "${CHAT}/v2"
}
notify "script" {
  type    = "command"
  command = ["sh", "-c", "cat >> ${TOLD}"]
  events  = ["start", "success", "unchanged", "failed"]
}
"#;

fn project(registry: &str, blocks: &str) -> Project {
    Project::of(
        registry,
        &[
            ("docker-bake.hcl", BAKE),
            ("launchway.hcl", blocks),
            ("web/Dockerfile", "FROM scratch\nCOPY page /\n"),
            ("web/page", "one\n"),
            ("firelens/Dockerfile", "FROM scratch\nCOPY conf /\n"),
            ("firelens/conf", "one\n"),
        ],
    )
}

/// What Slack was sent, as titles.
fn titles(posts: &[Post]) -> Vec<String> {
    let posts = posts.iter().filter(|post| post.line.contains("/services/"));
    posts
        .map(|post| post.json()["text"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_release_tells_what_it_does_and_no_secret() {
    let stage = Stage::new();
    let chat = Chat::start([Reply::ok()]);
    let aws = FakeAws::start();
    aws.answer(
        "GetParameter",
        [Answer::json(
            json!({ "Parameter": { "Value": "planted-chatwork-token" } }),
        )],
    );
    let project = project(&stage.registry.address, BLOCKS);
    let outside = tempfile::tempdir().unwrap();
    let told = outside.path().join("told");
    let mut said = String::new();
    let mut release = |flags: &[&str]| -> Outcome {
        let arguments = [&["release"], flags].concat();
        let mut command = stage.engine.command(&project, &arguments);
        let webhook = format!("{}/services/T000/planted-webhook", chat.url);
        command
            .envs(aws.environment())
            .env("SLACK_HOOK", webhook)
            .env("CHAT", &chat.url)
            .env("TOLD", &told)
            .env(
                "CODEBUILD_BUILD_ARN",
                "arn:aws:codebuild:eu-west-1:123456789012:build/shop:1",
            );
        let outcome = Outcome::of(command.output().unwrap());
        said.push_str(&outcome.stdout);
        said.push_str(&outcome.stderr);
        outcome
    };

    let first = release(&[
        "--progress",
        "rawjson",
        "--metadata-file",
        "launchway-out/meta.json",
    ]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let second = release(&["--debug", "--progress", "plain", "--require-change"]);
    assert_eq!(second.code, Some(4), "{}", second.stderr);
    project.write("firelens/conf", "two\n");
    project.commit("Log more [To:all] <!channel>");
    let third = release(&[]);
    assert_eq!(third.code, Some(0), "{}", third.stderr);
    project.write("web/Dockerfile", "FROM scratch\nCOPY planted-nowhere /\n");
    project.commit("Break it");
    let fourth = release(&["--debug"]);
    assert_eq!(fourth.code, Some(10), "{}", fourth.stderr);
    for outcome in [&first, &second, &third, &fourth] {
        assert!(
            !outcome.stderr.contains("was not told"),
            "{}",
            outcome.stderr
        );
    }

    let name = "project";
    let posts = chat.posts();
    assert_eq!(
        titles(&posts),
        [
            format!("{name}: release started"),
            format!("{name}: released 2 images"),
            format!("{name}: release started"),
            format!("{name}: released, nothing changed"),
            format!("{name}: release started"),
            format!("{name}: released, 1 of 2 images changed"),
            format!("{name}: release started"),
            format!("{name}: release failed"),
        ]
    );
    // Only the sidecar changed, and a commit message calls nobody.
    let sidecar = posts.iter().filter(|post| post.line.contains("/services/"));
    let sidecar = &sidecar.collect::<Vec<_>>()[5].body;
    assert!(
        sidecar.contains("shop: to deploy, firelens changed"),
        "{sidecar}"
    );
    assert!(sidecar.contains("unchanged: web"), "{sidecar}");
    assert!(sidecar.contains("&lt;!channel&gt;"), "{sidecar}");
    assert!(
        sidecar.contains("/codesuite/codebuild/123456789012/projects/shop/build/shop%3A1/"),
        "{sidecar}"
    );

    // The room hears by default of successes and failures alone.
    let room: Vec<&Post> = posts
        .iter()
        .filter(|post| post.line.contains("/rooms/42/"))
        .collect();
    assert_eq!(room.len(), 3);
    for post in &room {
        let token = "x-chatworktoken: planted-chatwork-token".to_owned();
        assert!(post.headers.contains(&token));
    }
    assert!(room[2].body.contains("planted-nowhere"), "{}", room[2].body);

    let documents = fs::read_to_string(&told).unwrap();
    let documents: Vec<Value> = documents
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let events: Vec<&str> = documents
        .iter()
        .map(|one| one["event"].as_str().unwrap())
        .collect();
    let start = "start";
    assert_eq!(
        events,
        [
            start,
            "success",
            start,
            "unchanged",
            start,
            "success",
            start,
            "failed"
        ]
    );
    assert_eq!(documents[5]["images"]["web"]["changed"], false);
    assert_eq!(
        documents[5]["services"]["shop"]["changed"],
        json!(["firelens"])
    );
    assert_eq!(documents[7]["failure"]["exit"], 10);

    let secrets = [
        "planted-webhook",
        "planted-chatwork-token",
        "planted-aws-key",
    ];
    for secret in secrets {
        assert!(!said.contains(secret), "{secret} was printed");
    }
    assert!(assert_clean(&project.path(), &secrets) > 5);
    assert!(assert_clean(&stage.state(), &secrets) > 0);
}

#[test]
fn a_failing_notifier_warns_and_a_required_one_exits_with_15() {
    let stage = Stage::new();
    let gone = Chat::start([Reply::status(404, "no_service")]);
    let silent = Chat::start([Reply::Hang]);
    let blocks = |required: bool| {
        format!(
            r#"
release {{ tags = ["production"] }}
notify "gone" {{
  type     = "slack"
  webhook  = "env:GONE"
  required = {required}
}}
notify "silent" {{
  type    = "slack"
  webhook = "env:SILENT"
  timeout = 1
  events  = ["start", "success"]
}}
notify "unset" {{
  type    = "slack"
  webhook = "env:NOT_THERE"
}}
"#
        )
    };
    let project = project(&stage.registry.address, &blocks(false));
    let release = |flags: &[&str]| {
        let arguments = [&["release", "--baseline", "none"], flags].concat();
        let mut command = stage.engine.command(&project, &arguments);
        command
            .env("GONE", format!("{}/planted-gone", gone.url))
            .env("SILENT", format!("{}/planted-silent", silent.url));
        let outcome = Outcome::of(command.output().unwrap());
        assert!(!outcome.stderr.contains("planted"), "{}", outcome.stderr);
        outcome
    };
    let outcome = release(&[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    for text in [
        "notify \"gone\" (slack) was not told: Slack refused the message: no_service (status 404)",
        "notify \"silent\" (slack) was not told: Slack did not answer within 1 s",
        "notify \"unset\" (slack) will not be told: cannot read the secret env:NOT_THERE: the variable is not set",
    ] {
        assert_eq!(
            outcome.stderr.matches(text).count(),
            if text.contains("silent") { 2 } else { 1 },
            "{text}\n{}",
            outcome.stderr
        );
    }
    assert_eq!(project.record()["state"], "complete");

    fs::remove_dir_all(project.path().join("launchway-out")).unwrap();
    project.write("launchway.hcl", &blocks(true));
    let outcome = release(&[]);
    outcome.assert_failed(
        15,
        &[
            "error: the release is done, but a required notification was not delivered",
            "no_service",
        ],
    );
    assert_eq!(project.record()["state"], "complete");

    // Nobody is told of what must not be told.
    let before = gone.posts().len();
    let outcome = release(&["--no-notify"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("told"), "{}", outcome.stderr);
    release(&["--print"]);
    assert_eq!(gone.posts().len(), before);
}

const SLACK: &str = r#"
release { tags = ["production"] }
notify "ops" {
  type    = "slack"
  webhook = "env:HOOK"
  events  = ["start", "failed"]
}
"#;

#[test]
fn what_fails_before_the_build_is_told_too() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::in_folder(&folder.path().join("state"));
    let chat = Chat::start([Reply::ok()]);
    let service =
        "service \"shop\" {\n  images = { WEB = \"web\" }\n  taskdef = \"missing.json\"\n}\n";
    let project = project("127.0.0.1:1", &format!("{SLACK}{service}"));
    let mut command = engine.command(&project, &["release"]);
    command.env("HOOK", format!("{}/services/x", chat.url));
    let outcome = Outcome::of(command.output().unwrap());
    assert_ne!(outcome.code, Some(0));
    let posts = chat.posts();
    assert_eq!(titles(&posts), ["project: release failed"]);
    assert!(posts[0].body.contains("missing.json"), "{}", posts[0].body);
}

#[test]
fn a_cancelled_release_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::in_folder(&folder.path().join("state"));
    let chat = Chat::start([Reply::ok()]);
    let project = project("127.0.0.1:1", SLACK);
    // A daemon that never answers.
    let socket = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("unix://{}", socket.display());
    let mut command = engine.command(&project, &["release", "--engine", &address]);
    command.env("HOOK", format!("{}/services/x", chat.url));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let connection = loop {
        match listener.accept() {
            Ok(connection) => break connection,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        std::thread::sleep(Duration::from_millis(10));
    };
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let outcome = Outcome::of(child.wait_with_output().unwrap());
    drop(connection);
    assert_eq!(outcome.code, Some(130), "{}", outcome.stderr);
    assert!(
        outcome.stderr.ends_with("cancelled\n"),
        "{}",
        outcome.stderr
    );
    let posts = chat.posts();
    assert_eq!(
        titles(&posts),
        ["project: release started", "project: release failed"]
    );
    assert!(
        posts[1]
            .body
            .contains("the release was cancelled (exit code 130)"),
        "{}",
        posts[1].body
    );
}
