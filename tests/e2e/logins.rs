//! A registry that asks for logins: the right one works for us and for the daemon, a wrong one
//! fails as a registry, and no password is ever written anywhere.

use std::path::Path;

use base64::Engine as _;
use launchway::exit;

use crate::support::{Engine, Outcome, PASSWORD, Project, Registry, USER};

const BAKE: &str = r#"
variable "REGISTRY" {}
target "default" {
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${REGISTRY}/private/app:production"]
}
"#;

const WRONG: &str = "planted-wrong-secret";

fn release(engine: &Engine, project: &Project, config: &Path, password: &str) -> Outcome {
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{password}"));
    let text = format!(
        r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#,
        project.registry
    );
    std::fs::create_dir_all(config).unwrap();
    std::fs::write(config.join("config.json"), text).unwrap();
    let mut command = engine.command(project, &["--debug", "release"]);
    let outcome = Outcome::of(command.env("DOCKER_CONFIG", config).output().unwrap());
    for shown in [&outcome.stdout, &outcome.stderr] {
        assert_no_secret("the output", shown, &auth);
    }
    outcome
}

#[track_caller]
fn assert_no_secret(place: &str, text: &str, auth: &str) {
    for secret in [PASSWORD, WRONG, auth] {
        assert!(!text.contains(secret), "{place} holds {secret}:\n{text}");
    }
}

#[test]
fn the_right_login_releases_and_a_wrong_one_is_reported_without_it() {
    let folder = tempfile::Builder::new().prefix("lw-").tempdir().unwrap();
    let registry = Registry::start_with_login(&folder.path().join("registry"));
    let engine = Engine::in_folder(&folder.path().join("state"));
    let config = folder.path().join("docker");
    let project = Project::of(
        &registry.address,
        &[
            ("docker-bake.hcl", BAKE),
            ("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n"),
        ],
    );

    let wrong = release(&engine, &project, &config, WRONG);
    wrong.assert_failed(exit::REGISTRY, &[&registry.address, "401", "hint:"]);
    assert!(registry.manifests().is_empty());

    let right = release(&engine, &project, &config, PASSWORD);
    assert_eq!(right.code, Some(0), "{}", right.stderr);
    assert_eq!(registry.tags("private/app").len(), 1);

    // Neither the state folder (logs, records) nor the release's files hold a password.
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let state = folder.path().join("state");
    for folder in [state, project.path().join("launchway-out")] {
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let kind = entry.file_type().unwrap();
                // The daemon's own store holds image content, and nothing of ours.
                if kind.is_dir() && entry.file_name() != "buildkit" {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    let bytes = std::fs::read(entry.path()).unwrap();
                    let text = String::from_utf8_lossy(&bytes);
                    assert_no_secret(&entry.path().display().to_string(), &text, &auth);
                }
            }
        }
    }
}
