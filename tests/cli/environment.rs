//! A clean place to run the binary in: no inherited environment, a home and a working directory of
//! its own, and output without the paths of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A home and a working directory, gone when dropped.
#[derive(Debug)]
pub(crate) struct TestEnvironment {
    root: TempDir,
}

/// What came of a run.
#[derive(Debug)]
#[must_use = "compare it with something"]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl TestEnvironment {
    pub(crate) fn new() -> Self {
        let environment = Self {
            root: TempDir::new().unwrap(),
        };
        fs::create_dir(environment.home()).unwrap();
        fs::create_dir(environment.directory()).unwrap();
        environment
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The working directory of every run.
    pub(crate) fn directory(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Writes a file below the working directory.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.directory().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A run that is not started yet, for more environment or other streams.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_launchway"));
        command
            .args(arguments)
            .current_dir(self.directory())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.home())
            .env("LAUNCHWAY_STATE_DIR", self.root.path().join("state"))
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.outcome(&self.command(arguments).output().unwrap())
    }

    /// Runs with one more environment variable.
    pub(crate) fn run_with(&self, name: &str, value: &str, arguments: &[&str]) -> Outcome {
        self.outcome(&self.command(arguments).env(name, value).output().unwrap())
    }

    /// Text of a finished run; folders of this machine are `$WORK` and `$HOME`.
    pub(crate) fn outcome(&self, output: &Output) -> Outcome {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let replace =
                |text: String, path: &Path, name: &str| text.replace(path.to_str().unwrap(), name);
            let text = replace(text, &self.directory(), "$WORK");
            replace(text, &self.home(), "$HOME")
        };
        Outcome {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

impl Outcome {
    /// Stdout of a run that succeeded and said nothing else.
    #[track_caller]
    pub(crate) fn answer(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""));
        self.stdout
    }

    /// Stderr of a run that ended with this code and gave no answer.
    #[track_caller]
    pub(crate) fn refusal(self, code: i32) -> String {
        assert_eq!(
            (self.code, self.stdout.as_str()),
            (Some(code), ""),
            "{}",
            self.stderr
        );
        self.stderr
    }
}
