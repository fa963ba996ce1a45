//! What finding an engine needs to know; `cli` reads it from flags and the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::daemon_config::RegistrySettings;

/// Where to look for an engine, and how to start one.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// An address that was given: `--engine` or `BUILDKIT_HOST`.
    pub explicit: Option<String>,
    /// Where the local daemon keeps its state, absolute. Made when it is missing.
    pub state_directory: PathBuf,
    /// Where the socket goes when the state directory's path is too long for one, absolute.
    pub runtime_directory: PathBuf,
    /// Folders that may hold `buildkitd`, looked at before `path`.
    pub libexec: Vec<PathBuf>,
    /// `PATH`.
    pub path: Option<OsString>,
    /// Environment variables; a started daemon gets the few that it needs (proxies, certificates)
    /// and no credentials.
    pub environment: BTreeMap<String, String>,
    /// Registries that need settings of their own in a started daemon, by host.
    pub registries: BTreeMap<String, RegistrySettings>,
}
