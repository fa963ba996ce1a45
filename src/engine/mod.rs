//! Finding, starting and stopping the BuildKit daemon that solves run on.
//!
//! [`find`] looks, in this order, at the address that was given, at the daemon that Launchway
//! started and left, and for a `buildkitd` with runc or crun to start. A started daemon stays, and
//! its state stays with it: the cache is what makes the next build fast. [`stop`], [`status`] and
//! [`log`] are about that local daemon; [`doctor`] says what a machine lacks.
//!
//! What is sent to a daemon is not decided here. Docker containers, TLS and several nodes are
//! refused by name until they are built.

mod address;
mod binfmt;
mod daemon_config;
pub mod doctor;
mod error;
mod launch;
mod local;
mod lock;
pub mod log;
mod process;
mod programs;
mod request;
mod state;
mod status;
mod stop;

use launchway_buildkit::{Address, Client};

use crate::image::Platform;

pub use binfmt::{Emulator, read_emulators};
pub use daemon_config::RegistrySettings;
pub use error::EngineError;
pub use process::Process;
pub use programs::Programs;
pub use request::Request;
pub use status::{CacheUsage, LocalStatus, RunningStatus, status};
pub use stop::{Stopped, stop};

/// A BuildKit daemon that answers.
#[derive(Clone, Debug)]
pub struct Engine {
    /// A connection to it.
    pub client: Client,
    /// Where it listens.
    pub address: Address,
    /// Its version, for example `v0.33.1`; empty when it is too old to say.
    pub version: String,
    /// Its worker's id, which stays the same as long as its state does.
    pub worker_id: String,
    /// What it can build, its own platform first.
    pub platforms: Vec<Platform>,
    /// Whose daemon it is.
    pub kind: EngineKind,
    /// It was started just now; otherwise it was found running.
    pub started: bool,
    /// A local daemon that runs with another configuration or another `buildkitd` than one that is
    /// started now would. `engine stop` and another start bring it up to date.
    pub outdated: bool,
}

/// Whose daemon an engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// Somebody else's, under an address that was given.
    Given,
    /// Launchway's own, on this machine.
    Local,
}

/// Finds an engine, starting one when there is none.
///
/// # Errors
/// A given address that is refused or does not answer; a recorded daemon that does not answer; no
/// `buildkitd` or no runtime for it; a `buildkitd` that does not come up, with its last log lines.
pub async fn find(request: &Request) -> Result<Engine, EngineError> {
    match &request.explicit {
        Some(text) => connect(&address::parse(text)?, EngineKind::Given).await,
        None => local::ensure(request).await,
    }
}

/// Finds an engine that already runs; starts nothing.
///
/// # Errors
/// As [`find`], but having no engine is `None`.
pub async fn find_running(request: &Request) -> Result<Option<Engine>, EngineError> {
    match &request.explicit {
        Some(text) => connect(&address::parse(text)?, EngineKind::Given)
            .await
            .map(Some),
        None => local::running(request).await,
    }
}

/// How long a daemon may take to answer a question about itself.
const ANSWER: std::time::Duration = std::time::Duration::from_secs(10);

/// Connects to a daemon that should be up, and asks what it is.
async fn connect(address: &Address, kind: EngineKind) -> Result<Engine, EngineError> {
    let unreachable = |error| EngineError::unreachable(address, error);
    let asked = async {
        let client = Client::connect(address).await.map_err(unreachable)?;
        let info = client.info().await.map_err(unreachable)?;
        let workers = client.workers().await.map_err(unreachable)?;
        let worker = workers
            .into_iter()
            .next()
            .ok_or_else(|| EngineError::NoWorker {
                address: address.clone(),
            })?;
        let mut platforms: Vec<Platform> = Vec::new();
        // A platform that we cannot read is one that nobody can ask for.
        for platform in worker.platforms.iter().filter_map(|text| text.parse().ok()) {
            if !platforms.contains(&platform) {
                platforms.push(platform);
            }
        }
        Ok(Engine {
            client,
            address: address.clone(),
            version: info.version,
            worker_id: worker.id,
            platforms,
            kind,
            started: false,
            outdated: false,
        })
    };
    tokio::time::timeout(ANSWER, asked)
        .await
        .unwrap_or_else(|_| {
            Err(EngineError::NoAnswer {
                address: address.clone(),
                waited: ANSWER,
            })
        })
}
