//! Credential helpers: programs named `docker-credential-<name>` that print a login as JSON
//! (docker/docker-credential-helpers).

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use launchway_buildkit::{Credential, Secret};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// How long a helper may take; some wait for a network or a locked keychain.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How helpers say that they have no login (`credentials.NewErrCredentialsNotFound`).
const NOT_FOUND: &str = "credentials not found";
/// Stands for the user name when the secret is an identity token.
const IDENTITY: &str = "<token>";

/// A credential helper gave no answer that could be used.
#[derive(Debug, thiserror::Error)]
#[error("the credential helper docker-credential-{name} failed for {server}")]
pub struct HelperError {
    /// The helper's name as configured.
    pub name: String,
    /// What it was asked for.
    pub server: String,
    /// What went wrong.
    #[source]
    pub problem: HelperProblem,
}

/// What went wrong with a credential helper.
#[derive(Debug, thiserror::Error)]
pub enum HelperProblem {
    /// Its name has a slash, so that it would not be a program in PATH.
    #[error("`{name}` is not the name of a helper")]
    Name {
        /// The name as configured.
        name: String,
    },
    /// There is no such program.
    #[error(
        "there is no docker-credential-{name} in PATH; install it, or take it out of config.json"
    )]
    Missing {
        /// The name as configured.
        name: String,
    },
    /// It could not be started or spoken to.
    #[error(transparent)]
    Process(#[from] std::io::Error),
    /// It did not end in time and was killed.
    #[error("no answer within {} seconds", patience.as_secs())]
    Timeout {
        /// How long it had.
        patience: Duration,
    },
    /// It failed.
    #[error("{status}: {message}")]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// The first line of what it said.
        message: String,
    },
    /// It printed something that is no login. What it printed is not shown, for it may be one.
    #[error("its output is not a login in JSON")]
    Output,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    username: String,
    secret: String,
}

/// Asks the helper `name` for the login to `server`; `None` if it has none. Helpers are searched
/// in `search_path` (a value of PATH), or where this process finds programs.
pub(super) async fn ask(
    name: &str,
    server: &str,
    search_path: Option<&OsStr>,
    patience: Duration,
) -> Result<Option<Credential>, HelperError> {
    run(name, server, search_path, patience)
        .await
        .map_err(|problem| HelperError {
            name: name.to_owned(),
            server: server.to_owned(),
            problem,
        })
}

async fn run(
    name: &str,
    server: &str,
    search_path: Option<&OsStr>,
    patience: Duration,
) -> Result<Option<Credential>, HelperProblem> {
    let missing = || HelperProblem::Missing {
        name: name.to_owned(),
    };
    if name.contains(['/', '\0']) {
        let name = name.to_owned();
        return Err(HelperProblem::Name { name });
    }
    let program = format!("docker-credential-{name}");
    let program = match search_path {
        Some(path) => find(&program, path).ok_or_else(missing)?,
        None => program.into(),
    };
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => missing(),
            _ => error.into(),
        })?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that needs no input may be gone already; what it says counts.
        let _ = stdin.write_all(server.as_bytes()).await;
    }
    let output = tokio::time::timeout(patience, child.wait_with_output())
        .await
        .map_err(|_| HelperProblem::Timeout { patience })??;
    if !output.status.success() {
        let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        if said.iter().any(|text| text.contains(NOT_FOUND)) {
            return Ok(None);
        }
        let line = said
            .iter()
            .flat_map(|text| text.lines())
            .find(|line| !line.trim().is_empty());
        return Err(HelperProblem::Failed {
            status: output.status,
            message: line.unwrap_or("it said nothing").trim().to_owned(),
        });
    }
    let Output { username, secret } =
        serde_json::from_slice(&output.stdout).map_err(|_| HelperProblem::Output)?;
    if secret.is_empty() {
        return Ok(None);
    }
    Ok(Some(Credential {
        username: if username == IDENTITY {
            String::new()
        } else {
            username
        },
        secret: Secret::new(secret),
    }))
}

fn find(program: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A folder with one helper, `docker-credential-it`.
    fn helper(script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker-credential-it");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    async fn ask_it(script: &str) -> Result<Option<Credential>, HelperError> {
        let folder = helper(script);
        ask("it", "a.example", Some(folder.path().as_os_str()), PATIENCE).await
    }

    #[tokio::test]
    async fn passes_the_server_and_reads_the_login() {
        let script = r#"[ "$1" = get ] && read server; echo "{\"Username\":\"me\",\"Secret\":\"for $server\"}""#;
        let login = ask_it(script).await.unwrap().unwrap();
        assert_eq!(login.username, "me");
        assert_eq!(login.secret.expose(), "for a.example");

        let identity = ask_it(r#"echo '{"Username":"<token>","Secret":"t"}'"#).await;
        assert_eq!(identity.unwrap().unwrap().username, "");
    }

    #[tokio::test]
    async fn having_no_login_is_no_error() {
        let script = "echo credentials not found in native keychain; exit 1";
        assert_eq!(ask_it(script).await.unwrap(), None);
    }

    #[tokio::test]
    async fn says_how_it_failed_without_its_secrets() {
        for (script, expected) in [
            (
                "echo keychain is locked; exit 3",
                "exit status: 3: keychain is locked",
            ),
            ("echo oops >&2; exit 1", "oops"),
            ("exit 1", "it said nothing"),
            ("echo hunter2", "not a login"),
            (r#"echo '{"Secret":"hunter2"}'"#, "not a login"),
        ] {
            let error = ask_it(script).await.unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains("docker-credential-it failed for a.example")
            );
            let problem = error.problem.to_string();
            assert!(problem.contains(expected), "{problem}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        let empty = tempfile::tempdir().unwrap();
        let error = ask("it", "x", Some(empty.path().as_os_str()), PATIENCE).await;
        assert!(matches!(
            error.unwrap_err().problem,
            HelperProblem::Missing { .. }
        ));
        let error = ask("../it", "x", None, PATIENCE).await.unwrap_err();
        assert!(matches!(error.problem, HelperProblem::Name { .. }));
    }

    #[tokio::test]
    async fn a_helper_that_hangs_is_killed() {
        let folder = helper("exec sleep 1000");
        let path = Some(folder.path().as_os_str());
        let error = ask("it", "x", path, Duration::from_millis(50))
            .await
            .unwrap_err();
        assert!(matches!(error.problem, HelperProblem::Timeout { .. }));
    }
}
