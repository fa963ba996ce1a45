//! Stopping the local engine; its cache stays.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use super::error::EngineError;
use super::lock::Lock;
use super::process::Process;
use super::request::Request;
use super::state::State;

/// How long a daemon may take to end after it was killed.
const KILLED: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(20);

/// What became of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// There was none.
    NotRunning,
    /// It ended when it was asked to.
    Ended {
        /// Its process id.
        pid: u32,
    },
    /// It did not end within the grace period and was killed.
    Killed {
        /// Its process id.
        pid: u32,
    },
}

/// Ends the daemon that Launchway started from this state directory: asks (SIGTERM), waits `grace`,
/// and then kills it. Builds that run on it fail. No other process is ever touched.
pub async fn stop(request: &Request, grace: Duration) -> Result<Stopped, EngineError> {
    let state = State::of(request)?;
    if !state.directory.exists() {
        return Ok(Stopped::NotRunning);
    }
    let _lock = Lock::acquire(&state.lock()).await?;
    let Some(record) = state.read_record()? else {
        return Ok(Stopped::NotRunning);
    };
    let pid = record.process.pid;
    let send = |signal| {
        record
            .process
            .signal(signal)
            .map_err(|source| EngineError::Signal { pid, source })
    };
    let stopped = if !send(Signal::TERM)? {
        Stopped::NotRunning
    } else if ended_within(&record.process, grace).await {
        Stopped::Ended { pid }
    } else {
        send(Signal::KILL)?;
        if !ended_within(&record.process, KILLED).await {
            return Err(EngineError::Unkillable {
                pid,
                waited: KILLED,
            });
        }
        Stopped::Killed { pid }
    };
    state.forget(&record)?;
    Ok(stopped)
}

async fn ended_within(process: &Process, patience: Duration) -> bool {
    let begun = Instant::now();
    while process.is_alive() {
        if begun.elapsed() > patience {
            return false;
        }
        sleep(PAUSE).await;
    }
    true
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use super::super::state::DaemonRecord;
    use super::*;
    use crate::image::Digest;

    /// A state directory whose daemon is this shell script.
    fn daemon(script: &str) -> (tempfile::TempDir, Request, std::process::Child) {
        let dir = tempfile::tempdir().unwrap();
        let request = Request {
            state_directory: dir.path().to_owned(),
            ..Request::default()
        };
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        // The script says when its traps are set.
        let mut said = [0; 1];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        let state = State::of(&request).unwrap();
        let record = DaemonRecord {
            process: Process::of(child.id()).unwrap(),
            socket: state.socket.clone(),
            fingerprint: Digest::of(""),
        };
        state.write_record(&record).unwrap();
        (dir, request, child)
    }

    #[tokio::test]
    async fn asks_first() {
        let (_dir, request, mut child) =
            daemon("trap 'exit 0' TERM; echo; while :; do sleep 0.01; done");
        let pid = child.id();
        let stopped = stop(&request, Duration::from_mins(1)).await.unwrap();
        assert_eq!(stopped, Stopped::Ended { pid });
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let again = stop(&request, Duration::ZERO).await.unwrap();
        assert_eq!(again, Stopped::NotRunning);
    }

    #[tokio::test]
    async fn kills_one_that_does_not_listen() {
        let (_dir, request, mut child) = daemon("trap '' TERM; echo; while :; do sleep 0.01; done");
        let pid = child.id();
        let stopped = stop(&request, Duration::from_millis(50)).await.unwrap();
        assert_eq!(stopped, Stopped::Killed { pid });
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn leaves_another_process_with_the_same_id_alone() {
        let (_dir, request, mut child) = daemon("echo; read line");
        let state = State::of(&request).unwrap();
        let mut record = state.read_record().unwrap().unwrap();
        record.process.start_ticks -= 1;
        state.write_record(&record).unwrap();
        let stopped = stop(&request, Duration::ZERO).await.unwrap();
        assert_eq!(stopped, Stopped::NotRunning);
        assert!(child.try_wait().unwrap().is_none(), "it was ended");
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn a_directory_that_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let request = Request {
            state_directory: dir.path().join("none"),
            ..Request::default()
        };
        let stopped = stop(&request, Duration::ZERO).await.unwrap();
        assert_eq!(stopped, Stopped::NotRunning);
        assert!(!request.state_directory.exists());
    }
}
