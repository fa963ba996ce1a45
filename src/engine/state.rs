//! The state directory of the local engine: its files, and the record of the running daemon.
//!
//! - `buildkit/`: the daemon's own state, the cache; never touched here
//! - `buildkitd.toml`, `buildkitd.log`, `buildkitd.log.old`
//! - `buildkitd.sock`, unless the path is too long for a socket
//! - `daemon.json`: which process was started, and where it listens
//! - `lock`: held while a daemon is started or stopped

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::EngineError;
use super::process::Process;
use super::request::Request;
use crate::image::Digest;

/// The longest path of a Unix socket on Linux: `sun_path` has 108 bytes, one for the end.
pub(super) const SOCKET_PATH_LIMIT: usize = 107;

/// The paths of a state directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) directory: PathBuf,
    pub(super) socket: PathBuf,
}

/// The daemon that was started here last. In `daemon.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DaemonRecord {
    #[serde(flatten)]
    pub(super) process: Process,
    /// Its control socket.
    pub(super) socket: PathBuf,
    /// What it was started from; see `launch::fingerprint`.
    pub(super) fingerprint: Digest,
}

impl State {
    /// The paths for a request; makes nothing.
    pub(super) fn of(request: &Request) -> Result<Self, EngineError> {
        Ok(Self {
            directory: request.state_directory.clone(),
            socket: socket_path(&request.state_directory, &request.runtime_directory)?,
        })
    }

    pub(super) fn daemon_root(&self) -> PathBuf {
        self.directory.join("buildkit")
    }

    pub(super) fn config(&self) -> PathBuf {
        self.directory.join("buildkitd.toml")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.directory.join("buildkitd.log")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.directory.join("lock")
    }

    pub(super) fn record(&self) -> PathBuf {
        self.directory.join("daemon.json")
    }

    /// Makes the folders, for the owner alone: whoever can write to the socket is root here.
    pub(super) fn create(&self) -> Result<(), EngineError> {
        let socket_folder = self.socket.parent().unwrap_or(&self.directory);
        for folder in [self.directory.as_path(), socket_folder] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|source| EngineError::State {
                    action: "create",
                    path: folder.to_owned(),
                    source,
                })?;
        }
        Ok(())
    }

    /// The daemon that was started last, running or not.
    pub(super) fn read_record(&self) -> Result<Option<DaemonRecord>, EngineError> {
        let path = self.record();
        let failed = |source| EngineError::State {
            action: "read",
            path: self.record(),
            source,
        };
        match fs::read(&path) {
            // Half a record is left by a machine that lost power: nothing of it runs any more.
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// The daemon that was started last, when its process still runs.
    pub(super) fn running(&self) -> Result<Option<DaemonRecord>, EngineError> {
        Ok(self
            .read_record()?
            .filter(|record| record.process.is_alive()))
    }

    pub(super) fn write_record(&self, record: &DaemonRecord) -> Result<(), EngineError> {
        let failed = |source| EngineError::State {
            action: "write",
            path: self.record(),
            source,
        };
        let bytes = serde_json::to_vec_pretty(record).map_err(|error| failed(error.into()))?;
        let part = self.directory.join("daemon.json.part");
        fs::write(&part, bytes).map_err(failed)?;
        fs::rename(&part, self.record()).map_err(failed)
    }

    /// Removes the record and the socket of a daemon that has ended.
    pub(super) fn forget(&self, record: &DaemonRecord) -> Result<(), EngineError> {
        for path in [self.record(), record.socket.clone()] {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(EngineError::State {
                        action: "remove",
                        path,
                        source,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// In the state directory when the path is short enough, else in a folder of the runtime directory
/// that is named after the state directory.
fn socket_path(state: &Path, runtime: &Path) -> Result<PathBuf, EngineError> {
    const NAME: &str = "buildkitd.sock";
    let own = Digest::of(state.as_os_str().as_bytes()).short();
    let candidates = [state.join(NAME), runtime.join(own).join(NAME)];
    candidates
        .iter()
        .find(|path| path.as_os_str().len() <= SOCKET_PATH_LIMIT)
        .cloned()
        .ok_or_else(|| {
            let [_, shortest] = candidates;
            EngineError::SocketPath {
                length: shortest.as_os_str().len(),
                path: shortest,
                limit: SOCKET_PATH_LIMIT,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_moves_the_socket() {
        let runtime = Path::new("/run/launchway");
        // One byte for the separator and 14 for the name.
        let longest = PathBuf::from(format!("/{}", "s".repeat(SOCKET_PATH_LIMIT - 16)));
        let socket = socket_path(&longest, runtime).unwrap();
        assert_eq!(socket, longest.join("buildkitd.sock"));
        assert_eq!(socket.as_os_str().len(), SOCKET_PATH_LIMIT);

        let longer = PathBuf::from(format!("/{}", "s".repeat(SOCKET_PATH_LIMIT - 15)));
        let moved = socket_path(&longer, runtime).unwrap();
        assert!(moved.starts_with(runtime));
        assert_ne!(moved, socket_path(&longer.join("x"), runtime).unwrap());

        let error = socket_path(&longer, &longer).unwrap_err();
        assert!(
            matches!(error, EngineError::SocketPath { length, .. } if length > SOCKET_PATH_LIMIT)
        );
    }

    #[test]
    fn a_broken_record_is_no_record() {
        let dir = tempfile::tempdir().unwrap();
        let state = State {
            directory: dir.path().to_owned(),
            socket: dir.path().join("s"),
        };
        assert_eq!(state.read_record().unwrap(), None);
        let record = DaemonRecord {
            process: Process::of(std::process::id()).unwrap(),
            socket: state.socket.clone(),
            fingerprint: Digest::of("x"),
        };
        state.write_record(&record).unwrap();
        assert_eq!(state.running().unwrap(), Some(record.clone()));
        let text = fs::read_to_string(state.record()).unwrap();
        fs::write(state.record(), &text[..text.len() / 2]).unwrap();
        assert_eq!(state.read_record().unwrap(), None);
        state.forget(&record).unwrap();
        assert!(!state.record().exists());
        state.forget(&record).unwrap();
    }
}
