//! `launchway notify`.

use serde_json::Value;

use crate::support::{Chat, Engine, Outcome, Project, Reply};

const BAKE: &str = r#"
target "web" { tags = ["r.example/shop-web:latest"] }
target "firelens" { tags = ["r.example/shop-firelens:latest"] }
group "default" { targets = ["web", "firelens"] }
"#;

const BLOCKS: &str = r#"
variable "CHAT" { default = "https://proxy.example" }
service "shop" { images = { WEB = "web", FIRELENS = "firelens" } }
notify "ops" {
  type    = "slack"
  webhook = "env:HOOK"
}
notify "room" {
  type     = "chatwork"
  room     = "42"
  token    = "env:TOKEN"
  base_url = "${CHAT}/v2"
  events   = ["waiting-for-approval"]
  project  = "Shop"
}
notify "sidecar" {
  type    = "command"
  command = ["true"]
  targets = ["firelens"]
  events  = ["success"]
}
"#;

struct Place {
    engine: Engine,
    project: Project,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = [("docker-bake.hcl", BAKE), ("launchway.hcl", BLOCKS)];
        let project = Project::of("127.0.0.1:1", &files);
        project.git(&[
            "remote",
            "add",
            "origin",
            "https://me:planted-login@github.com/acme/shop.git",
        ]);
        Self {
            engine: Engine::in_folder(&folder.path().join("state")),
            project,
            _folder: folder,
        }
    }

    fn run(&self, chat: Option<&Chat>, arguments: &[&str]) -> Outcome {
        let arguments = [&["notify"], arguments].concat();
        let mut command = self.engine.command(&self.project, &arguments);
        command.env("AWS_REGION", "eu-west-1");
        if let Some(chat) = chat {
            command
                .env("HOOK", format!("{}/services/planted-hook", chat.url))
                .env("TOKEN", "planted-token")
                .env("CHAT", &chat.url);
        }
        let outcome = Outcome::of(command.output().unwrap());
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!said.contains("planted"), "{said}");
        outcome
    }

    fn record(&self, firelens: bool) {
        let image = |target: &str, changed: bool| {
            let digest = format!("sha256:{}", "0a".repeat(32));
            serde_json::json!({
                "repository": format!("r.example/shop-{target}"),
                "digest": digest,
                "reference": format!("r.example/shop-{target}@{digest}"),
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "size": 1,
                "tags": ["latest"],
                "changed": changed,
                "reason": "1 of 2 layers differs",
                "platforms": {},
            })
        };
        let record = serde_json::json!({
            "schema": "launchway.release/v1",
            "launchway": "0.1.0",
            "state": "complete",
            "startedAt": "2025-01-01T00:00:00Z",
            "durationMs": 72000,
            "baseline": "tag:production",
            "changed": true,
            "images": { "web": image("web", true), "firelens": image("firelens", firelens) },
        });
        self.project.write("out/release.json", &record.to_string());
    }
}

#[test]
fn a_dry_run_needs_no_secret_and_sends_nothing() {
    let place = Place::new();
    place.record(true);
    let arguments = ["success", "--dry-run", "--record", "out/release.json"];
    let text = place.run(None, &arguments);
    assert_eq!(text.code, Some(0), "{}", text.stderr);
    assert!(
        text.stdout
            .starts_with("ops (slack)\n{\n  \"text\": \"acme/shop: released 2 images\""),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.contains("\nsidecar (command)\n"),
        "{}",
        text.stdout
    );

    let json = place.run(None, &[&arguments[..], &["--format", "json"]].concat());
    let previews: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(previews[0]["name"], "ops");
    assert_eq!(previews[0]["secret"], "env:HOOK");
    let document = &previews[1]["payload"]["input"];
    assert_eq!(document["source"]["subject"], "Begin");
    let images = document["images"].as_object().unwrap();
    assert_eq!(images.keys().collect::<Vec<_>>(), ["firelens"]);
    let commit = place.project.git(&["rev-parse", "HEAD"]);
    assert_eq!(
        document["source"]["url"],
        format!("https://github.com/acme/shop/commit/{commit}")
    );
}

#[test]
fn blocks_hear_of_their_events_and_named_ones_of_any() {
    let place = Place::new();
    let chat = Chat::start([Reply::ok()]);
    let waiting = [
        "waiting-for-approval",
        "--pipeline",
        "shop-production",
        "--message",
        "Green is on port 9001.",
    ];
    let outcome = place.run(Some(&chat), &waiting);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(
        outcome.stdout,
        "ops   slack     sent\nroom  chatwork  sent\n"
    );
    let posts = chat.posts();
    assert_eq!(posts.len(), 2);
    for post in &posts {
        for text in ["waiting", "approval", "9001", "shop-production"] {
            assert!(post.body.contains(text), "{}", post.body);
        }
    }
    let named = place.run(Some(&chat), &["start", "room", "--format", "json"]);
    let rows: Value = serde_json::from_str(&named.stdout).unwrap();
    assert_eq!(rows[0]["outcome"], "sent");
    assert!(chat.posts()[2].body.contains("Shop"));

    let nobody = place.run(Some(&chat), &["unchanged"]);
    assert_eq!(nobody.code, Some(0));
    assert_eq!(
        nobody.stderr,
        "no notify block has the event \"unchanged\"\n"
    );
    assert_eq!(chat.posts().len(), 3);
}

#[test]
fn a_block_that_hears_of_one_target_is_told_that_it_did_not_change() {
    let place = Place::new();
    place.record(false);
    let arguments = [
        "success",
        "sidecar",
        "--record",
        "out/release.json",
        "--format",
        "json",
    ];
    let outcome = place.run(None, &arguments);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let rows: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(rows[0]["event"], "unchanged");
}

#[test]
fn what_is_not_sent_is_a_failure() {
    let place = Place::new();
    let gone = Chat::start([Reply::status(410, "channel_is_archived")]);
    let outcome = place.run(Some(&gone), &["failed", "ops"]);
    outcome.assert_failed(
        15,
        &[
            "error: not every notification was sent",
            "notify \"ops\" (slack): Slack refused the message: channel_is_archived (status 410)",
            "hint: Unarchive the channel",
        ],
    );
    assert_eq!(outcome.stdout, "ops  slack  not sent\n");

    let busy = Chat::start([Reply::Answer(429, vec!["retry-after: 600"], String::new())]);
    place
        .run(Some(&busy), &["failed", "ops"])
        .assert_failed(75, &["looks temporary"]);
    place
        .run(None, &["failed", "ops"])
        .assert_failed(15, &["env:HOOK: the variable is not set"]);
}

#[test]
fn nobody_is_told_that_a_release_went_well_when_it_did_not() {
    let place = Place::new();
    let path = place.project.path().join("out/release.json");
    for (state, says) in [
        ("refused", "is `refused`"),
        ("published", "did not complete"),
    ] {
        place.record(true);
        let record = std::fs::read_to_string(&path).unwrap();
        let record = record.replace("\"complete\"", &format!("{state:?}"));
        std::fs::write(&path, record).unwrap();
        for event in ["success", "unchanged", "waiting-for-approval"] {
            let chat = Chat::start([Reply::ok()]);
            let arguments = [event, "ops", "--record", "out/release.json"];
            place
                .run(Some(&chat), &arguments)
                .assert_failed(15, &[says, "release.json"]);
            assert!(chat.posts().is_empty());
        }
        let chat = Chat::start([Reply::ok()]);
        let arguments = ["failed", "ops", "--record", "out/release.json"];
        assert_eq!(place.run(Some(&chat), &arguments).code, Some(0));
        assert_eq!(chat.posts().len(), 1);
    }
    let arguments = ["notify", "success", "--dry-run"];
    let mut command = place.engine.command(&place.project, &arguments);
    command.env("CODEBUILD_BUILD_SUCCEEDING", "0");
    Outcome::of(command.output().unwrap())
        .assert_failed(15, &["nothing is told: CODEBUILD_BUILD_SUCCEEDING is 0"]);
}

#[test]
fn mistakes_are_named() {
    let place = Place::new();
    place
        .run(None, &["sucess"])
        .assert_failed(2, &["did you mean \"success\"?"]);
    place.run(None, &["success", "op"]).assert_failed(
        2,
        &["there is no notify block \"op\"", "Did you mean \"ops\"?"],
    );
    let missing = ["success", "--record", "nowhere.json"];
    place
        .run(None, &missing)
        .assert_failed(3, &["there is no ", "nowhere.json"]);
    let pipeline = ["success", "--pipeline", "a/b"];
    place
        .run(None, &pipeline)
        .assert_failed(2, &["cannot be a pipeline's name"]);
    place.project.write("launchway.hcl", "");
    place
        .run(None, &["success"])
        .assert_failed(3, &["has no notify block"]);
}
