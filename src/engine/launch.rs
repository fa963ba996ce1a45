//! Starting `buildkitd` so that it outlives this process, and waiting until it answers.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use launchway_buildkit::{Address, Client};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::daemon_config::DaemonConfig;
use super::error::EngineError;
use super::log;
use super::process::Process;
use super::programs::{self, Programs};
use super::request::Request;
use super::state::{DaemonRecord, State};
use super::{Engine, EngineKind, connect};
use crate::image::Digest;

/// Measured: 0.3 s with a warm state, 0.9 s for the first time. The rest is for busy machines and
/// for large caches after a crash.
const READY: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(20);

/// How long one question may take while the daemon comes up.
const QUESTION: Duration = Duration::from_secs(2);

/// A log above this size is put aside when a daemon starts.
const LOG_LIMIT: u64 = 16 * 1024 * 1024;

/// Lines of the log that an error shows.
const TAIL: usize = 12;

/// The variables that a daemon gets from our environment. Everything else stays out: credentials
/// have no business in a process that stays, and `LISTEN_FDS` and the like would mislead it.
const ENVIRONMENT: [&str; 12] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "TMPDIR",
    "HOME",
];

/// One start of a daemon. Whoever runs it holds the lock of the state directory.
#[derive(Debug)]
pub(super) struct Launch<'a> {
    pub(super) request: &'a Request,
    pub(super) programs: &'a Programs,
    pub(super) state: &'a State,
}

/// What a daemon is started from: its configuration and the program itself, by path, size and time.
pub(super) fn fingerprint(request: &Request, programs: &Programs, state: &State) -> Digest {
    let program = fs::metadata(&programs.daemon)
        .map(|file| (file.len(), file.mtime(), file.mtime_nsec()))
        .unwrap_or_default();
    Digest::of(format!(
        "{}\n{} {program:?}",
        config(request, programs, state),
        programs.daemon.display()
    ))
}

fn config(request: &Request, programs: &Programs, state: &State) -> String {
    DaemonConfig {
        root: &state.daemon_root(),
        socket: &state.socket,
        runtime: &programs.runtime,
        registries: &request.registries,
    }
    .text()
}

impl Launch<'_> {
    /// Starts the daemon and waits until it answers. One that does not is ended again.
    pub(super) async fn run(&self) -> Result<Engine, EngineError> {
        let config_path = self.state.config();
        let config = config(self.request, self.programs, self.state);
        fs::write(&config_path, config).map_err(|source| EngineError::State {
            action: "write",
            path: config_path.clone(),
            source,
        })?;
        // What a crashed daemon left; a client would connect to nothing until the new one listens.
        let _ = fs::remove_file(&self.state.socket);
        let (log, log_start) = self.open_log()?;

        let spawn_failed = |source| EngineError::Spawn {
            program: self.programs.daemon.clone(),
            source,
        };
        let mut child = self
            .command(&config_path, log)
            .map_err(spawn_failed)?
            .spawn()
            .map_err(spawn_failed)?;
        let process = Process::of(child.id().unwrap_or_default()).map_err(spawn_failed)?;
        let record = DaemonRecord {
            process,
            socket: self.state.socket.clone(),
            fingerprint: fingerprint(self.request, self.programs, self.state),
        };
        // Before it is ready: should we be killed now, the next one finds it and waits for it.
        let result = match self.state.write_record(&record) {
            Ok(()) => self.wait(&mut child, log_start).await,
            Err(error) => Err(error),
        };
        if result.is_err() {
            // Why it did not come up matters more than what is left behind.
            let _ = child.kill().await;
            let _ = self.state.forget(&record);
        }
        result
    }

    /// The daemon in a process group of its own, so that Ctrl-C in our terminal is not for it, and
    /// with nothing of ours open.
    fn command(&self, config: &Path, log: File) -> std::io::Result<Command> {
        let mut environment: BTreeMap<&str, &str> = BTreeMap::new();
        for name in ENVIRONMENT {
            if let Some(value) = self.request.environment.get(name) {
                environment.insert(name, value);
            }
        }
        // libexec first: `buildkit-qemu-*` beside the daemon is found there too.
        let path = env::join_paths(programs::folders(self.request))
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error))?;
        let mut command = Command::new(&self.programs.daemon);
        command
            .arg("--config")
            .arg(config)
            .env_clear()
            .envs(environment)
            .env("PATH", path)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        Ok(command)
    }

    /// The log, opened for adding, and its length now.
    fn open_log(&self) -> Result<(File, u64), EngineError> {
        let path = self.state.log();
        let failed = |source| EngineError::State {
            action: "open",
            path: path.clone(),
            source,
        };
        if fs::metadata(&path).is_ok_and(|log| log.len() > LOG_LIMIT) {
            fs::rename(&path, path.with_extension("log.old")).map_err(failed)?;
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let length = log.metadata().map_err(failed)?.len();
        Ok((log, length))
    }

    async fn wait(&self, child: &mut Child, log_start: u64) -> Result<Engine, EngineError> {
        let address = Address::Unix(self.state.socket.clone());
        let begun = Instant::now();
        while !answers(&address).await {
            let ended = child.try_wait().map_err(|source| EngineError::Spawn {
                program: self.programs.daemon.clone(),
                source,
            })?;
            if let Some(status) = ended {
                return Err(EngineError::Died {
                    program: self.programs.daemon.clone(),
                    status,
                    log: self.state.log(),
                    tail: self.last_words(log_start),
                });
            }
            if begun.elapsed() > READY {
                return Err(EngineError::Late {
                    program: self.programs.daemon.clone(),
                    waited: READY,
                    log: self.state.log(),
                    tail: self.last_words(log_start),
                });
            }
            sleep(PAUSE).await;
        }
        let mut engine = connect(&address, EngineKind::Local).await?;
        engine.started = true;
        Ok(engine)
    }

    /// What this start of the daemon said last.
    fn last_words(&self, log_start: u64) -> Vec<String> {
        let mut bytes = Vec::new();
        let read = File::open(self.state.log()).and_then(|mut log| {
            log.seek(SeekFrom::Start(log_start))?;
            log.read_to_end(&mut bytes)
        });
        match read {
            Ok(_) => log::last_words(&String::from_utf8_lossy(&bytes), TAIL),
            Err(_) => Vec::new(),
        }
    }
}

async fn answers(address: &Address) -> bool {
    let asked = async { Client::connect(address).await?.info().await };
    matches!(timeout(QUESTION, asked).await, Ok(Ok(_)))
}
