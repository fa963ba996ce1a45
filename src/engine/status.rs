//! What the local engine is doing.

use std::path::PathBuf;
use std::time::SystemTime;

use serde::Serialize;

use super::error::EngineError;
use super::request::Request;
use super::state::State;
use super::{Engine, local};

/// The local engine, running or not.
#[derive(Clone, Debug)]
pub struct LocalStatus {
    /// Where its state is.
    pub state_directory: PathBuf,
    /// Its log; may not exist yet.
    pub log: PathBuf,
    /// The running daemon.
    pub running: Option<RunningStatus>,
}

/// A running local daemon.
#[derive(Clone, Debug)]
pub struct RunningStatus {
    /// Its process id.
    pub pid: u32,
    /// When it was started.
    pub since: Option<SystemTime>,
    /// The daemon itself.
    pub engine: Engine,
    /// What its cache holds.
    pub cache: CacheUsage,
}

/// The size of a daemon's cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CacheUsage {
    /// Bytes on disk.
    pub bytes: u64,
    /// How many results it holds.
    pub records: usize,
}

impl CacheUsage {
    /// Asks a daemon.
    pub async fn of(engine: &Engine) -> Result<Self, EngineError> {
        let records = engine
            .client
            .disk_usage()
            .await
            .map_err(|error| EngineError::unreachable(&engine.address, error))?;
        Ok(Self {
            bytes: records.iter().map(|record| record.size).sum(),
            records: records.len(),
        })
    }
}

/// Looks at the local engine; starts nothing and makes nothing.
///
/// # Errors
/// A daemon that runs and does not answer, or a state directory that cannot be read.
pub async fn status(request: &Request) -> Result<LocalStatus, EngineError> {
    let state = State::of(request)?;
    let running = match (state.running()?, local::running(request).await?) {
        (Some(record), Some(engine)) => Some(RunningStatus {
            pid: record.process.pid,
            since: std::fs::metadata(state.record())
                .and_then(|record| record.modified())
                .ok(),
            cache: CacheUsage::of(&engine).await?,
            engine,
        }),
        _ => None,
    };
    Ok(LocalStatus {
        log: state.log(),
        state_directory: state.directory,
        running,
    })
}
