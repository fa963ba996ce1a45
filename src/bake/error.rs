//! Why a load fails.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::diagnostic::Diagnostic;

/// The error of [`super::load`].
#[derive(Debug, thiserror::Error)]
pub enum BakeError {
    /// The files, `--set` or the names asked for are wrong; one entry for each problem.
    #[error("{0}")]
    Invalid(Diagnostics),
    /// A file that was named or found cannot be read.
    #[error("cannot read the bake file {path}")]
    Read {
        /// As named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not UTF-8.
    #[error("{path}:{line}: not UTF-8 text")]
    NotText {
        /// As named.
        path: PathBuf,
        /// The line of the first bad byte.
        line: usize,
    },
    /// Nothing to read.
    #[error(
        "no bake file in {directory}; looked for {}{}; name one with -f",
        looked_for.join(", "),
        note_compose(compose)
    )]
    NoFiles {
        /// Where.
        directory: PathBuf,
        /// Names, in order.
        looked_for: Vec<&'static str>,
        /// Compose files that are there and are not read.
        compose: Vec<PathBuf>,
    },
    /// `-f compose.yaml`.
    #[error(
        "{path} is a compose file, which this version does not read; describe its builds in \
         docker-bake.hcl"
    )]
    Compose {
        /// As named.
        path: PathBuf,
    },
    /// `-f -` without a text.
    #[error("-f - reads the bake file from standard input, which is not available here")]
    NoStdin,
    /// The environment that was asked for is not declared.
    #[error(
        "there is no environment {name:?}{}{}",
        help.iter().map(|help| format!("; {help}")).collect::<String>(),
        if declared.is_empty() {
            String::from(": the configuration declares none")
        } else {
            String::new()
        }
    )]
    UnknownEnvironment {
        /// As asked for.
        name: String,
        /// The name that was perhaps meant.
        help: Option<String>,
        /// Those that there are, in the order of the files.
        declared: Vec<String>,
    },
    /// Environments are declared, and none is chosen.
    #[error("no environment is chosen: the configuration declares {}", declared.join(", "))]
    NoEnvironment {
        /// Those that there are, in the order of the files.
        declared: Vec<String>,
    },
    /// No thread to work on.
    #[error("cannot start a thread to read the bake files")]
    Thread {
        /// Why.
        source: io::Error,
    },
}

fn note_compose(compose: &[PathBuf]) -> String {
    match compose.first() {
        None => String::new(),
        Some(path) => format!(
            " ({} is there, but compose files are not read yet)",
            path.display()
        ),
    }
}

/// Problems in order of the files; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}
