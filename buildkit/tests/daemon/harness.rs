//! A private buildkitd for one test: started on a socket of its own, ended with the test.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use launchway_buildkit::{
    Address, BlobReceiver, Client, ContextRoots, Credential, CredentialError, CredentialSource,
    Error, Session, SessionConfig, SolveRequest, SolveResponse, StatusUpdate,
};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// More than a daemon needs to start or stop on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Daemon {
    process: Option<Child>,
    folder: TempDir,
}

impl Daemon {
    pub(crate) async fn start() -> Self {
        // Short: the path of a socket holds 107 bytes.
        let folder = tempfile::Builder::new()
            .prefix("lwbk-")
            .tempdir_in("/tmp")
            .unwrap();
        let config = folder.path().join("buildkitd.toml");
        fs::write(&config, "[worker.oci]\nnetworkMode = \"host\"\n").unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut daemon = Self {
            process: None,
            folder,
        };
        let process = Command::new(buildkitd())
            .arg("--root")
            .arg(daemon.folder.path().join("state"))
            .arg("--addr")
            .arg(daemon.address().to_string())
            .arg("--config")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        daemon.process = Some(process);
        daemon.wait_until_ready().await;
        daemon
    }

    pub(crate) fn address(&self) -> Address {
        Address::Unix(self.folder.path().join("sock"))
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(&self.address()).await.unwrap()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Kills it without any goodbye.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    async fn wait_until_ready(&mut self) {
        let begun = Instant::now();
        loop {
            if let Ok(client) = Client::connect(&self.address()).await
                && client.info().await.is_ok()
            {
                return;
            }
            if let Some(status) = self.process.as_mut().unwrap().try_wait().unwrap() {
                panic!("buildkitd ended with {status}:\n{}", self.log());
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "buildkitd is not ready:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = kill_process(Pid::from_child(&process), Signal::TERM);
            let begun = Instant::now();
            while begun.elapsed() < PATIENCE && matches!(process.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(20));
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        unmount_below(self.folder.path());
    }
}

/// A killed daemon leaves its mounts; the folder could not be deleted.
fn unmount_below(folder: &Path) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let mut points: Vec<_> = points
        .filter(|point| Path::new(point).starts_with(folder))
        .collect();
    points.reverse();
    for point in points {
        let _ = rustix::mount::unmount(point, rustix::mount::UnmountFlags::DETACH);
    }
}

fn buildkitd() -> PathBuf {
    let folder = libexec().unwrap_or_else(|| repository().join("dist/libexec/launchway"));
    let path = folder.join("buildkitd");
    assert!(
        path.exists(),
        "{} is missing: run `make engine`",
        path.display()
    );
    path
}

#[expect(
    clippy::disallowed_methods,
    reason = "the caller says where the parts are"
)]
fn libexec() -> Option<PathBuf> {
    std::env::var_os("LAUNCHWAY_LIBEXEC").map(PathBuf::from)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A static busybox for this machine: the only base image that these tests need.
pub(crate) fn busybox() -> PathBuf {
    static UNPACK: Mutex<()> = Mutex::new(());
    let installed = Path::new("/bin/busybox");
    if installed.exists() {
        return installed.to_owned();
    }
    let arch = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    let package = repository().join(format!(".deps/busybox/busybox-static_{arch}.deb"));
    assert!(
        package.exists(),
        "neither {} nor {} exists: run `make deps`",
        installed.display(),
        package.display()
    );
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("busybox-{}", std::process::id()));
    let _one_at_a_time = UNPACK.lock().unwrap();
    for path in ["usr/bin/busybox", "bin/busybox"].map(|path| folder.join(path)) {
        if path.exists() {
            return path;
        }
    }
    let status = Command::new("dpkg-deb")
        .arg("-x")
        .arg(&package)
        .arg(&folder)
        .status()
        .unwrap();
    assert!(status.success(), "cannot unpack {}", package.display());
    let paths = ["usr/bin/busybox", "bin/busybox"].map(|path| folder.join(path));
    paths
        .into_iter()
        .find(|path| path.exists())
        .expect("the package has no busybox")
}

/// A folder with a Dockerfile and other files, and busybox as `busybox`.
pub(crate) fn context(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::copy(busybox(), folder.path().join("busybox")).unwrap();
    folder
}

/// The first lines of a Dockerfile that can `RUN`.
pub(crate) const BASE: &str = "FROM scratch\nCOPY busybox /bin/sh\n";

/// Nobody has to log in.
#[derive(Debug)]
pub(crate) struct Anonymous;

impl CredentialSource for Anonymous {
    fn credential<'a>(
        &'a self,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        Box::pin(async { Ok(None) })
    }
}

pub(crate) fn config() -> SessionConfig {
    SessionConfig {
        shared_key: "tests".into(),
        credentials: Arc::new(Anonymous),
        blobs: None,
        sync_records: None,
        engine_id: "engine".into(),
        hidden: Vec::new(),
    }
}

pub(crate) fn config_with(blobs: Arc<dyn BlobReceiver>) -> SessionConfig {
    SessionConfig {
        blobs: Some(blobs),
        ..config()
    }
}

/// A build of a folder with the Dockerfile in it.
pub(crate) fn build_of(folder: &Path) -> SolveRequest {
    SolveRequest {
        context: Some(ContextRoots {
            context: folder.into(),
            dockerfile: folder.into(),
            selection: None,
        }),
        ..Default::default()
    }
}

/// A build that needs no folder.
pub(crate) fn inline(dockerfile: &str) -> SolveRequest {
    SolveRequest {
        inline_dockerfile: Some(dockerfile.into()),
        ..Default::default()
    }
}

/// What a build said while it ran.
#[derive(Clone, Default)]
pub(crate) struct Updates(Arc<Mutex<Vec<StatusUpdate>>>);

impl Updates {
    pub(crate) fn collector(&self) -> impl Fn(StatusUpdate) + Send + Sync + 'static {
        let updates = Arc::clone(&self.0);
        move |update| updates.lock().unwrap().push(update)
    }

    /// The steps' output, all of it.
    pub(crate) fn output(&self) -> String {
        let updates = self.0.lock().unwrap();
        let logs = updates.iter().flat_map(|update| &update.logs);
        logs.map(|log| String::from_utf8_lossy(&log.message).into_owned())
            .collect()
    }

    /// The names of steps by digest.
    pub(crate) fn steps(&self) -> BTreeMap<String, String> {
        let updates = self.0.lock().unwrap();
        let vertexes = updates.iter().flat_map(|update| &update.vertexes);
        vertexes
            .map(|vertex| (vertex.digest.clone(), vertex.name.clone()))
            .collect()
    }

    /// Waits for a piece of output.
    pub(crate) async fn wait_for(&self, text: &str) {
        let begun = Instant::now();
        while !self.output().contains(text) {
            assert!(
                begun.elapsed() < PATIENCE,
                "no {text:?} in {:?}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Builds and returns the steps' output with the answer.
pub(crate) async fn build(
    client: &Client,
    session: &Session,
    request: SolveRequest,
) -> (Result<SolveResponse, Error>, Updates) {
    let updates = Updates::default();
    let result = client.solve(session, request, updates.collector()).await;
    (result, updates)
}
