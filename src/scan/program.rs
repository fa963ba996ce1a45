//! Trivy, or any other program, as a scanner: one process per platform's image.
//!
//! Trivy gets the login of the image's registry in a Docker configuration of its own, which is for
//! that host alone: what stands in `TRIVY_USERNAME` and `TRIVY_PASSWORD` it would send to every
//! registry, that of its database too, and command lines everybody on a machine can read. Other
//! programs use what they are configured with.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use launchway_buildkit::CredentialSource;
use tokio::process::Command;

use super::error::{ProgramProblem, ScanError};
use super::program_login::{Login, LoginFile};
use super::program_output;
use super::{Outcome, PlatformImage, Scanner, ScannerKind};
use crate::process;

/// What may stand in braces in a command, and what it stands for.
pub const PLACEHOLDERS: [(&str, &str); 4] = [
    ("reference", "repository@digest"),
    ("platform", "linux/arm64"),
    ("repository", "registry/repository"),
    ("digest", "sha256:…"),
];

/// The command line of Trivy. Flags win over its environment and its configuration file; packages
/// are listed so that an image without findings differs from one that Trivy cannot look into.
pub const TRIVY: [&str; 11] = [
    "trivy",
    "image",
    "--quiet",
    "--format",
    "json",
    "--list-all-pkgs",
    "--scanners",
    "vuln",
    "--severity",
    "UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL",
    "{reference}",
];

/// Variables that would make Trivy look at something else, leave findings out, or print its report
/// in another form or place. It is run without them: what a release lets pass is said in its `scan`
/// block, and nowhere else (trivy.dev, "Configuration", flags of `trivy image`).
const WITHHELD: [&str; 20] = [
    "TRIVY_COMPLIANCE",
    "TRIVY_DISTRO",
    "TRIVY_EXIT_CODE",
    "TRIVY_FORMAT",
    "TRIVY_IGNOREFILE",
    "TRIVY_IGNORE_POLICY",
    "TRIVY_IGNORE_STATUS",
    "TRIVY_IGNORE_UNFIXED",
    "TRIVY_INPUT",
    "TRIVY_OUTPUT",
    "TRIVY_PKG_RELATIONSHIPS",
    "TRIVY_PKG_TYPES",
    "TRIVY_SCANNERS",
    "TRIVY_SECURITY_CHECKS",
    "TRIVY_SEVERITY",
    "TRIVY_SKIP_DIRS",
    "TRIVY_SKIP_FILES",
    "TRIVY_TEMPLATE",
    "TRIVY_VEX",
    "TRIVY_VULN_TYPE",
];

/// Bytes that a program may print; the longest reports have some ten millions.
const LARGEST_OUTPUT: usize = 256 << 20;

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
    /// Where logins for Trivy are; `None` leaves it those that it finds itself.
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

    async fn login(&self, image: &PlatformImage) -> Result<Option<Login>, ProgramProblem> {
        let Some(credentials) = &self.credentials else {
            return Ok(None);
        };
        let host = image.repository.api_host();
        let login = credentials.credential(host).await?;
        // An identity token is no password; Trivy finds its own way with those.
        let login = login.filter(|login| !login.username.is_empty());
        Ok(login.map(|login| Login::new(image.repository.host(), login)))
    }

    /// The command for an image, and the file that it reads its login from while it runs.
    fn command(
        &self,
        image: &PlatformImage,
        login: Option<&Login>,
    ) -> Result<(Command, Option<LoginFile>), ProgramProblem> {
        let mut command = Command::new(self.find()?);
        let arguments = self.command.iter().skip(1);
        command
            .args(arguments.map(|argument| fill(argument, image)))
            .current_dir(&self.directory);
        if self.kind == ScannerKind::Trivy {
            for name in WITHHELD {
                command.env_remove(name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let file = login.map(LoginFile::write).transpose();
        let file = file.map_err(ProgramProblem::LoginFile)?;
        if let Some(file) = &file {
            command.env("DOCKER_CONFIG", file.folder());
        }
        Ok((command, file))
    }

    async fn run(&self, image: &PlatformImage) -> Result<Outcome, ProgramProblem> {
        let whole = tokio::time::timeout(self.timeout, self.run_to_end(image)).await;
        whole.unwrap_or_else(|_| {
            let seconds = self.timeout.as_secs();
            let program = self.program();
            let reason = format!("{program} did not end within {seconds} s");
            Ok(Outcome::NoResult { reason })
        })
    }

    async fn run_to_end(&self, image: &PlatformImage) -> Result<Outcome, ProgramProblem> {
        let login = self.login(image).await?;
        // The file goes when this ends, however it ends.
        let (command, _file) = self.command(image, login.as_ref())?;
        let ended = process::run(command, b"", Some(LARGEST_OUTPUT)).await;
        let ended = ended.map_err(ProgramProblem::Start)?;
        if ended.cut {
            let limit = LARGEST_OUTPUT >> 20;
            return Err(ProgramProblem::NoEnd { limit });
        }
        if !ended.status.success() {
            let mut message = last_lines(&ended.stderr);
            if let Some(login) = &login {
                message = login.redact(&message);
            }
            return Err(ProgramProblem::Failed {
                status: ended.status,
                message,
            });
        }
        program_output::read(&String::from_utf8_lossy(&ended.stdout))
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
