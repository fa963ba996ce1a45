//! The lock of a state directory, so that two processes do not start two daemons on one cache.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use tokio::time::{Instant, sleep};

use super::error::EngineError;

/// Longer than a daemon may take to come up, so that whoever waits sees how that ended.
const PATIENCE: Duration = Duration::from_mins(1);

const PAUSE: Duration = Duration::from_millis(20);

/// Held until it is dropped, and let go by the system when the process ends.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file lets the lock go")] File);

impl Lock {
    /// Takes the lock, waiting for whoever has it.
    pub(super) async fn acquire(path: &Path) -> Result<Self, EngineError> {
        Self::acquire_within(path, PATIENCE).await
    }

    async fn acquire_within(path: &Path, patience: Duration) -> Result<Self, EngineError> {
        let failed = |source| EngineError::State {
            action: "lock",
            path: path.to_owned(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(failed)?;
        let begun = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self(file)),
                Err(Errno::WOULDBLOCK | Errno::INTR) if begun.elapsed() < patience => {
                    sleep(PAUSE).await;
                }
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    return Err(EngineError::Locked {
                        path: path.to_owned(),
                        waited: patience,
                    });
                }
                Err(error) => return Err(failed(error.into())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_holder_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = Lock::acquire(&path).await.unwrap();
        let error = Lock::acquire_within(&path, Duration::ZERO)
            .await
            .unwrap_err();
        assert!(matches!(error, EngineError::Locked { .. }));
        drop(first);
        Lock::acquire_within(&path, Duration::ZERO).await.unwrap();
    }
}
