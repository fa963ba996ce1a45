//! What this machine has and lacks for building: a list of checks, each with what to do about it.
//!
//! Every check is a function from plain values to [`Check`]s. Nothing is installed or changed; the
//! trial mount is undone. How the list looks is decided in `cli`.

mod check;
mod credentials;
mod emulation;
mod host;
mod overlay;
mod programs;
mod report;

use std::path::PathBuf;

use super::request::Request;
use super::{Engine, find_running};
use crate::image::Platform;

pub use check::{Check, CheckState};
pub use report::Report;

/// What is examined.
#[derive(Clone, Debug)]
pub struct Examination<'a> {
    /// How an engine would be found.
    pub request: &'a Request,
    /// What should be built for.
    pub platforms: &'a [Platform],
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// Where the kernel shows its emulators: `/proc/sys/fs/binfmt_misc`.
    pub binfmt: PathBuf,
    /// Where the kernel shows control groups: `/sys/fs/cgroup`.
    pub cgroup: PathBuf,
}

/// Runs every check that applies: with an address given, that engine is asked and this machine's
/// own ability to run one does not matter.
pub async fn examine(examination: &Examination<'_>) -> Report {
    let request = examination.request;
    let mut checks = Vec::new();
    let found = find_running(request).await;
    checks.push(programs::engine(request, &found));
    if request.explicit.is_some() {
        if let Ok(Some(engine)) = &found {
            checks.extend(given_platforms(engine, examination.platforms));
        }
    } else {
        checks.push(programs::daemon(request).await);
        checks.push(programs::runtime(request).await);
        checks.push(programs::user());
        checks.push(overlay::trial(&request.state_directory, request));
        checks.extend(emulation::checks(
            &emulation::native(),
            examination.platforms,
            &super::read_emulators(&examination.binfmt),
        ));
        checks.push(host::disk(&request.state_directory));
        checks.push(host::kernel(&examination.cgroup));
    }
    Report {
        engine: checks,
        credentials: credentials::checks(request, examination.home.as_deref()),
        source: vec![programs::git(request).await],
    }
}

/// Whether a given engine can build for every platform.
fn given_platforms(engine: &Engine, wanted: &[Platform]) -> Vec<Check> {
    wanted
        .iter()
        .map(|platform| {
            let name = format!("platform {platform}");
            if engine.platforms.contains(platform) {
                Check::ok(name, "the engine can build for it")
            } else {
                let can: Vec<_> = engine.platforms.iter().map(Platform::to_string).collect();
                Check::missing(name, format!("the engine can build for {}", can.join(", ")))
                    .hint("Install an emulator where the engine runs, or use another engine.")
            }
        })
        .collect()
}
