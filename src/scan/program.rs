//! Trivy, or any other program, as a scanner: one process per platform's image.
//!
//! Trivy gets the login of the registry in its environment, as `TRIVY_USERNAME` and
//! `TRIVY_PASSWORD`, never on its command line, which everybody on a machine can read. Other
//! programs use what they are configured with.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use launchway_buildkit::{Credential, CredentialSource};
use tokio::process::Command;

use super::error::{ProgramProblem, ScanError};
use super::program_output;
use super::{Outcome, PlatformImage, Scanner, ScannerKind};

/// What may stand in braces in a command, and what it stands for.
pub const PLACEHOLDERS: [(&str, &str); 4] = [
    ("reference", "repository@digest"),
    ("platform", "linux/arm64"),
    ("repository", "registry/repository"),
    ("digest", "sha256:…"),
];

/// The command line of Trivy.
pub const TRIVY: [&str; 6] = [
    "trivy",
    "image",
    "--quiet",
    "--format",
    "json",
    "{reference}",
];

/// Lines of a failing program's talk that are shown.
const SHOWN_LINES: usize = 5;

/// Scans by running a program.
#[derive(Clone, Debug)]
pub struct ProgramScanner {
    /// Which kind it is: Trivy is known, everything else is a command.
    pub kind: ScannerKind,
    /// Program and arguments, with placeholders.
    pub command: Vec<String>,
    /// Where it runs; relative programs with a slash are searched there.
    pub directory: PathBuf,
    /// A value of `PATH`.
    pub search_path: Option<OsString>,
    /// Logins for Trivy; `None` leaves those that it finds itself.
    pub credentials: Option<Arc<dyn CredentialSource>>,
    /// Further variables of its environment.
    pub variables: Vec<(String, String)>,
    /// How long one image may take.
    pub timeout: Duration,
}

impl ProgramScanner {
    fn program(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }

    /// Fails when there is no such program.
    pub fn check(&self) -> Result<(), ScanError> {
        match self.find() {
            Ok(_) => Ok(()),
            Err(problem) => Err(ScanError::NoProgram {
                program: self.program().to_owned(),
                problem,
            }),
        }
    }

    fn find(&self) -> Result<PathBuf, ProgramProblem> {
        let program = self.program();
        let missing = |searched: String| ProgramProblem::Missing {
            program: program.to_owned(),
            searched,
        };
        if program.contains('/') {
            let path = self.directory.join(program);
            if is_executable(&path) {
                return Ok(path);
            }
            return Err(missing(self.directory.display().to_string()));
        }
        let path = self.search_path.as_deref();
        path.and_then(|path| find_program(program, path))
            .ok_or_else(|| missing("PATH".to_owned()))
    }

    async fn login(&self, image: &PlatformImage) -> Result<Option<Credential>, ProgramProblem> {
        let Some(credentials) = &self.credentials else {
            return Ok(None);
        };
        let login = credentials.credential(image.repository.api_host()).await?;
        // An identity token is no password; Trivy finds its own way with those.
        Ok(login.filter(|login| !login.username.is_empty()))
    }

    async fn run(&self, image: &PlatformImage) -> Result<Outcome, ProgramProblem> {
        let login = self.login(image).await?;
        let mut command = Command::new(self.find()?);
        command
            .args(
                self.command
                    .iter()
                    .skip(1)
                    .map(|argument| fill(argument, image)),
            )
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(login) = &login {
            command.env("TRIVY_USERNAME", &login.username);
            command.env("TRIVY_PASSWORD", login.secret.expose());
        }
        let child = command.spawn().map_err(ProgramProblem::Start)?;
        let output = tokio::time::timeout(self.timeout, child.wait_with_output()).await;
        let Ok(output) = output else {
            let seconds = self.timeout.as_secs();
            let program = self.program();
            let reason = format!("{program} did not end within {seconds} s");
            return Ok(Outcome::NoResult { reason });
        };
        let output = output.map_err(ProgramProblem::Start)?;
        if !output.status.success() {
            let mut message = last_lines(&output.stderr);
            if let Some(login) = &login {
                message = message.replace(login.secret.expose(), "<redacted>");
            }
            return Err(ProgramProblem::Failed {
                status: output.status,
                message,
            });
        }
        program_output::read(&String::from_utf8_lossy(&output.stdout))
    }
}

impl Scanner for ProgramScanner {
    fn kind(&self) -> ScannerKind {
        self.kind
    }

    fn at_once(&self) -> usize {
        // Trivy's cache is locked by the one process that uses it; a second one gives up.
        let program = Path::new(self.program()).file_name();
        if program == Some(OsStr::new("trivy")) {
            1
        } else {
            4
        }
    }

    fn scan<'a>(&'a self, image: &'a PlatformImage) -> BoxFuture<'a, Result<Outcome, ScanError>> {
        Box::pin(async move {
            self.run(image).await.map_err(|problem| ScanError::Program {
                reference: image.reference().to_string(),
                program: self.program().to_owned(),
                problem,
            })
        })
    }
}

/// Puts an image in the place of the placeholders.
fn fill(argument: &str, image: &PlatformImage) -> String {
    let mut filled = argument.to_owned();
    for (name, _) in PLACEHOLDERS {
        let value = match name {
            "reference" => image.reference().to_string(),
            "platform" => image.platform.to_string(),
            "repository" => image.repository.to_string(),
            _ => image.manifest.to_string(),
        };
        filled = filled.replace(&format!("{{{name}}}"), &value);
    }
    filled
}

/// The first program of this name in a value of `PATH`.
pub fn find_program(program: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn last_lines(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
    if shown.is_empty() {
        "it said nothing".to_owned()
    } else {
        shown.join("\n")
    }
}

#[cfg(test)]
mod tests;
