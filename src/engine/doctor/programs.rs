//! The engine and the programs that it and Launchway run.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::Check;
use crate::engine::programs::{RUNTIMES, folders, program, runtime as find_runtime};
use crate::engine::{Engine, EngineError, Request};

/// The engine that a build would use now.
pub(super) fn engine(request: &Request, found: &Result<Option<Engine>, EngineError>) -> Check {
    const NAME: &str = "engine";
    match found {
        Ok(Some(engine)) => {
            let platforms: Vec<_> = engine.platforms.iter().map(ToString::to_string).collect();
            let detail = format!(
                "BuildKit {} answers at {} ({})",
                engine.version,
                engine.address,
                platforms.join(", ")
            );
            Check::ok(NAME, detail)
        }
        Ok(None) => Check::ok(
            NAME,
            format!(
                "none runs in {}; a build starts one",
                request.state_directory.display()
            ),
        ),
        Err(error) => {
            let mut check = Check::missing(NAME, with_sources(error));
            check.hints = error.hints();
            check
        }
    }
}

/// An error and its causes in one line.
fn with_sources(error: &EngineError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// `buildkitd`.
pub(super) async fn daemon(request: &Request) -> Check {
    const NAME: &str = "buildkitd";
    if let Some(path) = program(request, NAME) {
        return runs(NAME, &path).await;
    }
    let check = Check::missing(NAME, format!("not in {}", searched(request))).hint(
        "Put buildkitd into libexec/launchway beside the binary or into PATH; in a clone of \
         Launchway `make engine` builds it.",
    );
    if program(request, "docker").is_none() {
        return check;
    }
    check.hint("Docker is here, but a Docker container as engine is not available in this version.")
}

/// A program that is there, and whether it can be run.
async fn runs(name: &str, path: &Path) -> Check {
    match version(path).await {
        Some(version) => Check::ok(name, format!("{version} ({})", path.display())),
        None => Check::missing(name, format!("{} does not run", path.display()))
            .hint("It may be built for another architecture; run it by hand to see why."),
    }
}

/// `runc` or `crun`.
pub(super) async fn runtime(request: &Request) -> Check {
    const NAME: &str = "runc";
    match find_runtime(request) {
        Some(path) => runs(NAME, &path).await,
        None => Check::missing(
            NAME,
            format!("none of {} in {}", RUNTIMES.join(", "), searched(request)),
        )
        .hint("Debian, Ubuntu: apt-get install runc")
        .hint("Amazon Linux, Fedora: dnf install runc"),
    }
}

/// Whether this user can start a daemon.
pub(super) fn user() -> Check {
    const NAME: &str = "user";
    let uid = rustix::process::geteuid();
    if uid.is_root() {
        Check::ok(NAME, "root, who can start an engine")
    } else {
        Check::missing(
            NAME,
            format!("user {}, who cannot start an engine", uid.as_raw()),
        )
        .hint("Run it as root, or name a running engine with --engine.")
        .hint("In CodeBuild, switch the project's privileged mode on.")
    }
}

/// `git`, for tags made from commits.
pub(super) async fn git(request: &Request) -> Check {
    const NAME: &str = "git";
    let found = match program(request, NAME) {
        Some(path) => version(&path).await.map(|version| (path, version)),
        None => None,
    };
    match found {
        Some((path, version)) => Check::ok(NAME, format!("{version} ({})", path.display())),
        None => Check::warning(
            NAME,
            "not found; commits and branches are known only from CI variables",
        )
        .hint("Debian, Ubuntu: apt-get install git")
        .hint("Amazon Linux, Fedora: dnf install git"),
    }
}

fn searched(request: &Request) -> String {
    let names: Vec<_> = folders(request)
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    if names.is_empty() {
        "PATH, which is empty".to_owned()
    } else {
        names.join(", ")
    }
}

/// The version that a program prints with `--version`: the first word that has a digit and a dot.
async fn version(program: &Path) -> Option<String> {
    let run = Command::new(program)
        .arg("--version")
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(10), run)
        .await
        .ok()?
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(version_in(&text))
}

fn version_in(text: &str) -> String {
    text.split_ascii_whitespace()
        .find(|word| word.contains('.') && is_version(word))
        .unwrap_or("unknown version")
        .to_owned()
}

fn is_version(word: &str) -> bool {
    word.strip_prefix('v')
        .unwrap_or(word)
        .starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::CheckState;
    use super::*;

    #[test]
    fn finds_the_version_in_what_programs_print() {
        for (text, version) in [
            ("buildkitd github.com/moby/buildkit v0.33.1 \n", "v0.33.1"),
            ("runc version 1.1.5+ds1\ncommit: 1.1.5\n", "1.1.5+ds1"),
            ("git version 2.39.5\n", "2.39.5"),
            ("hello\n", "unknown version"),
        ] {
            assert_eq!(version_in(text), version);
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_missing_and_says_how_to_get_it() {
        let dir = tempfile::tempdir().unwrap();
        let request = Request {
            path: Some(dir.path().into()),
            ..Request::default()
        };
        for check in [daemon(&request).await, runtime(&request).await] {
            assert_eq!(check.state, CheckState::Missing);
            assert!(
                check.detail.contains(&dir.path().display().to_string()),
                "{check:?}"
            );
            assert!(!check.hints.is_empty());
        }
        assert_eq!(git(&request).await.state, CheckState::Warning);
    }

    #[tokio::test]
    async fn a_program_that_does_not_run_is_missing() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("buildkitd");
        std::fs::write(&path, "\x7fELF of another world").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let request = Request {
            path: Some(dir.path().into()),
            ..Request::default()
        };
        let check = daemon(&request).await;
        assert_eq!(check.state, CheckState::Missing);
        assert!(check.detail.contains("does not run"), "{check:?}");
    }
}
