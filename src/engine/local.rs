//! The local engine: the daemon that runs from a state directory, or a new one.

use std::time::Duration;

use launchway_buildkit::Address;
use tokio::time::{Instant, sleep};

use super::error::EngineError;
use super::launch::{self, Launch};
use super::lock::Lock;
use super::programs::Programs;
use super::request::Request;
use super::state::{DaemonRecord, State};
use super::{Engine, EngineKind, connect};

/// How long a daemon that runs may be silent: a busy machine, or one that was just started by a
/// process that died before it was ready.
const SILENCE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(50);

/// The local engine, started when it does not run.
pub(super) async fn ensure(request: &Request) -> Result<Engine, EngineError> {
    if let Some(engine) = running(request).await? {
        return Ok(engine);
    }
    let programs = Programs::locate(request)?;
    let uid = rustix::process::geteuid();
    if !uid.is_root() {
        return Err(EngineError::NeedsRoot { uid: uid.as_raw() });
    }
    let state = State::of(request)?;
    state.create()?;
    let _lock = Lock::acquire(&state.lock()).await?;
    // Whoever had the lock may have started it.
    if let Some(engine) = running(request).await? {
        return Ok(engine);
    }
    let launch = Launch {
        request,
        programs: &programs,
        state: &state,
    };
    launch.run().await
}

/// The local engine when it runs.
pub(super) async fn running(request: &Request) -> Result<Option<Engine>, EngineError> {
    let state = State::of(request)?;
    let Some(record) = state.running()? else {
        return Ok(None);
    };
    let address = Address::Unix(record.socket.clone());
    let begun = Instant::now();
    loop {
        match connect(&address, EngineKind::Local).await {
            Ok(mut engine) => {
                engine.outdated = is_outdated(request, &state, &record);
                return Ok(Some(engine));
            }
            // It ended meanwhile: then there is none.
            Err(_) if !record.process.is_alive() => return Ok(None),
            Err(_) if begun.elapsed() < SILENCE => sleep(PAUSE).await,
            Err(_) => {
                return Err(EngineError::Stuck {
                    pid: record.process.pid,
                    address,
                    log: state.log(),
                });
            }
        }
    }
}

/// Whether a daemon started now would be another one. Without a `buildkitd` nobody can tell, and
/// the one that runs is as good as any.
fn is_outdated(request: &Request, state: &State, record: &DaemonRecord) -> bool {
    Programs::locate(request)
        .is_ok_and(|programs| launch::fingerprint(request, &programs, state) != record.fingerprint)
}
