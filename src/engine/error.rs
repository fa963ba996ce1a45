//! Why there is no engine, or why it does not do as it is told.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use launchway_buildkit::{Address, InvalidAddress};

use crate::exit;

/// No engine could be found, started, stopped or asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The address is of a kind that is known and not built yet.
    #[error("cannot use {address}: {what} is not available in this version")]
    Refused {
        /// What was given.
        address: String,
        /// What it asks for.
        what: &'static str,
    },
    /// The address is wrong.
    #[error(transparent)]
    InvalidAddress(#[from] InvalidAddress),
    /// Nothing answers under the address, or something that is no BuildKit.
    #[error("no BuildKit answers at {address}")]
    Unreachable {
        /// Where it was tried.
        address: Address,
        /// What happened.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It took the connection and then said nothing.
    #[error("BuildKit at {address} did not answer within {} s", .waited.as_secs())]
    NoAnswer {
        /// Where it was tried.
        address: Address,
        /// For how long.
        waited: Duration,
    },
    /// The daemon can build nothing.
    #[error("BuildKit at {address} has no worker")]
    NoWorker {
        /// The daemon.
        address: Address,
    },
    /// There is no daemon to start.
    #[error("there is no BuildKit here: no buildkitd in {}", folders(.searched))]
    NoDaemon {
        /// The folders that were searched.
        searched: Vec<PathBuf>,
        /// Docker's client, when that is here.
        docker: Option<PathBuf>,
    },
    /// There is nothing that could run a step's container.
    #[error("{} needs runc or crun to run steps, and neither is in {}", .daemon.display(), folders(.searched))]
    NoRuntime {
        /// The daemon that was found.
        daemon: PathBuf,
        /// The folders that were searched.
        searched: Vec<PathBuf>,
    },
    /// Only root can start a daemon.
    #[error("starting BuildKit needs root, and this is user {uid}")]
    NeedsRoot {
        /// The effective user id.
        uid: u32,
    },
    /// The path of the socket is too long for the system.
    #[error("{} has {length} bytes, and the path of a socket can have {limit}", .path.display())]
    SocketPath {
        /// The shortest path that there was.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// The system's limit in bytes.
        limit: usize,
    },
    /// A file in the state directory cannot be used.
    #[error("cannot {action} {}", .path.display())]
    State {
        /// `read`, `write`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another Launchway holds the state directory's lock for too long.
    #[error("another process has been starting or stopping the engine for {} s (it holds {})", .waited.as_secs(), .path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// For how long we waited.
        waited: Duration,
    },
    /// The program cannot be run.
    #[error("cannot run {}", .program.display())]
    Spawn {
        /// `buildkitd`.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The daemon ended instead of coming up.
    #[error("{} ended ({status}) before it was ready", .program.display())]
    Died {
        /// `buildkitd`.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// Its log.
        log: PathBuf,
        /// The log's last lines, without stack traces.
        tail: Vec<String>,
    },
    /// The daemon runs but does not become ready.
    #[error("{} was not ready within {} s", .program.display(), .waited.as_secs())]
    Late {
        /// `buildkitd`.
        program: PathBuf,
        /// For how long we waited; it was ended then.
        waited: Duration,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: Vec<String>,
    },
    /// The daemon that Launchway left here runs but does not answer.
    #[error("the engine here (process {pid}) runs but does not answer at {address}")]
    Stuck {
        /// The daemon's process.
        pid: u32,
        /// Where it should listen.
        address: Address,
        /// Its log.
        log: PathBuf,
    },
    /// A signal could not be sent.
    #[error("cannot end process {pid}")]
    Signal {
        /// The daemon's process.
        pid: u32,
        /// Why.
        source: io::Error,
    },
    /// The daemon is still there after it was killed.
    #[error("process {pid} is still there {} s after it was killed", .waited.as_secs())]
    Unkillable {
        /// The daemon's process.
        pid: u32,
        /// For how long we waited.
        waited: Duration,
    },
}

impl EngineError {
    /// A daemon that should be there did not do what it was asked.
    pub(super) fn unreachable(address: &Address, error: launchway_buildkit::Error) -> Self {
        Self::Unreachable {
            address: address.clone(),
            source: match error {
                // It says again what we say.
                launchway_buildkit::Error::Unreachable { source, .. } => source,
                error => Box::new(error),
            },
        }
    }

    /// [`exit::USAGE`] for an address that is wrong or refused, else [`exit::ENGINE_UNREACHABLE`].
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. } | Self::InvalidAddress(_) => exit::USAGE,
            _ => exit::ENGINE_UNREACHABLE,
        }
    }

    /// What to do about it; sentences.
    pub fn hints(&self) -> Vec<String> {
        let one = |hint: &str| vec![hint.to_owned()];
        match self {
            Self::Refused { .. } => one(
                "Use unix:///path/to/buildkitd.sock or tcp://host:port, or leave it out and let \
                 Launchway start its own engine.",
            ),
            Self::Unreachable { .. } | Self::NoAnswer { .. } => {
                one("Check that buildkitd runs there, and --engine and BUILDKIT_HOST.")
            }
            Self::NoDaemon { docker, .. } => {
                let mut hints = one(
                    "Put buildkitd into PATH or into libexec/launchway beside the binary (`make \
                     engine` does), or name a running one with --engine.",
                );
                if docker.is_some() {
                    hints.push(
                        "Docker is here, but a Docker container as engine is not available in \
                         this version."
                            .to_owned(),
                    );
                }
                hints
            }
            Self::NoRuntime { .. } => {
                one("Install runc: apt-get install runc, or dnf install runc.")
            }
            Self::NeedsRoot { .. } => one(
                "Run it as root, or name a running daemon with --engine (for a rootless one: \
                 unix:///run/user/UID/buildkit/buildkitd.sock).",
            ),
            Self::SocketPath { .. } => {
                one("Set LAUNCHWAY_STATE_DIR to a folder with a shorter path.")
            }
            Self::Stuck { log, .. } => vec![
                format!("Its log is {}.", log.display()),
                "End it with `launchway engine stop`; its cache stays.".to_owned(),
            ],
            Self::Died { log, .. } | Self::Late { log, .. } => vec![
                format!("Its whole log is {}.", log.display()),
                "`launchway doctor` looks for what this machine lacks.".to_owned(),
            ],
            _ => Vec::new(),
        }
    }

    /// The last lines of the daemon's log, when it did not come up.
    pub fn log_tail(&self) -> &[String] {
        match self {
            Self::Died { tail, .. } | Self::Late { tail, .. } => tail,
            _ => &[],
        }
    }
}

fn folders(searched: &[PathBuf]) -> String {
    if searched.is_empty() {
        return "PATH, which is empty".to_owned();
    }
    let names: Vec<_> = searched
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    names.join(", ")
}
