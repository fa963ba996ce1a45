//! The binary, with an engine and an environment of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::parts::libexec;
use super::project::Project;

/// A state folder, whose daemon `launchway` starts when it needs one. Stopped when dropped.
pub(crate) struct Engine {
    state: PathBuf,
    environment: BTreeMap<String, String>,
}

/// A run of the binary.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Engine {
    pub(crate) fn in_folder(state: &Path) -> Self {
        fs::create_dir_all(state).unwrap();
        Self {
            state: state.to_owned(),
            environment: BTreeMap::new(),
        }
    }

    /// From now on the binary gets this variable.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// `launchway` with these arguments, in the project's folder and a clean environment.
    pub(crate) fn command(&self, project: &Project, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_launchway"));
        command
            .args(arguments)
            .current_dir(project.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.state)
            .env("LAUNCHWAY_STATE_DIR", &self.state)
            .env("LAUNCHWAY_LIBEXEC", libexec())
            .env("REGISTRY", &project.registry)
            .envs(&self.environment);
        command
    }

    /// Runs it, and returns what came of it.
    pub(crate) fn run(&self, project: &Project, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(project, arguments).output().unwrap())
    }

    /// Runs it to success.
    #[track_caller]
    pub(crate) fn succeed(&self, project: &Project, arguments: &[&str]) -> Outcome {
        let outcome = self.run(project, arguments);
        assert_eq!(
            outcome.code,
            Some(0),
            "launchway {arguments:?}\n{}",
            outcome.stderr
        );
        outcome
    }

    /// The address of the daemon, which is running.
    pub(crate) fn address(&self, project: &Project) -> String {
        let status = self
            .succeed(project, &["engine", "status", "--format", "json"])
            .stdout;
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        status["address"].as_str().unwrap().to_owned()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let mut stop = Command::new(env!("CARGO_BIN_EXE_launchway"));
        stop.args(["engine", "stop"])
            .env("LAUNCHWAY_STATE_DIR", &self.state);
        let _ = stop.output();
    }
}

impl Outcome {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It failed with this code, and its report says all of these.
    #[track_caller]
    pub(crate) fn assert_failed(&self, code: u8, says: &[&str]) {
        assert_eq!(self.code, Some(i32::from(code)), "{}", self.stderr);
        for text in says {
            assert!(
                self.stderr.contains(text),
                "should say `{text}`:\n{}",
                self.stderr
            );
        }
    }
}
