//! The local engine with a real `buildkitd`: found, started, crashed, started again, stopped.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;

use launchway::engine::{
    self, Engine, EngineError, EngineKind, RegistrySettings, Request, Stopped, log,
};
use launchway_buildkit::{
    ContextRoots, Credential, CredentialError, CredentialSource, Session, SessionConfig,
    SolveRequest,
};
use serde_json::Value;

use crate::support::{Outcome, libexec};

/// A state directory of its own, whose daemon ends with the test.
struct Place {
    request: Request,
    _directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let request = Request {
            state_directory: directory.path().join("state"),
            runtime_directory: directory.path().join("run"),
            libexec: vec![libexec()],
            path: std::env::var_os("PATH"),
            environment: BTreeMap::from([("AWS_SECRET_ACCESS_KEY".to_owned(), "x".to_owned())]),
            ..Request::default()
        };
        Self {
            request,
            _directory: directory,
        }
    }

    async fn find(&self) -> Engine {
        match engine::find(&self.request).await {
            Ok(engine) => engine,
            Err(error) => panic!("{error}\n{}", error.log_tail().join("\n")),
        }
    }

    fn pid(&self) -> u32 {
        let record = fs::read(self.request.state_directory.join("daemon.json")).unwrap();
        let record: Value = serde_json::from_slice(&record).unwrap();
        record["pid"].as_u64().unwrap().try_into().unwrap()
    }

    async fn stop(&self) -> Stopped {
        engine::stop(&self.request, Duration::from_secs(30))
            .await
            .unwrap()
    }
}

/// No registry is asked.
#[derive(Debug)]
struct Anonymous;

impl CredentialSource for Anonymous {
    fn credential<'a>(
        &'a self,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        Box::pin(async { Ok(None) })
    }
}

/// Builds `FROM scratch` with a copied file; returns whether the copy came from the cache.
async fn build(engine: &Engine, context: &Path) -> bool {
    fs::create_dir_all(context).unwrap();
    fs::write(context.join("Dockerfile"), "FROM scratch\nCOPY file /\n").unwrap();
    if !context.join("file").exists() {
        fs::write(context.join("file"), "content").unwrap();
    }
    let config = SessionConfig {
        shared_key: "launchway-e2e".to_owned(),
        credentials: Arc::new(Anonymous),
        blobs: None,
        sync_records: None,
        engine_id: engine.worker_id.clone(),
        hidden: Vec::new(),
    };
    let session = Session::open(&engine.client, config).await.unwrap();
    let request = SolveRequest {
        context: Some(ContextRoots {
            context: context.to_owned(),
            dockerfile: context.to_owned(),
            selection: None,
        }),
        ..SolveRequest::default()
    };
    let copies: Arc<Mutex<BTreeMap<String, bool>>> = Arc::default();
    let seen = Arc::clone(&copies);
    let solve = engine.client.solve(&session, request, move |update| {
        for vertex in update.vertexes {
            if vertex.name.contains("COPY file") {
                seen.lock().unwrap().insert(vertex.digest, vertex.cached);
            }
        }
    });
    solve.await.unwrap();
    session.close().await;
    let copies = copies.lock().unwrap();
    assert_eq!(copies.len(), 1, "{copies:?}");
    copies.values().all(|cached| *cached)
}

impl Drop for Place {
    fn drop(&mut self) {
        let request = self.request.clone();
        let stopped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(engine::stop(&request, Duration::from_secs(10)))
        })
        .join();
        if !std::thread::panicking() {
            stopped.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn starts_once_survives_a_crash_and_keeps_its_state() {
    let place = Place::new();
    assert!(
        engine::find_running(&place.request)
            .await
            .unwrap()
            .is_none()
    );
    assert!(!place.request.state_directory.exists());

    let first = place.find().await;
    assert!(first.started && !first.outdated);
    assert!(first.version.starts_with('v'), "{}", first.version);
    assert_eq!(first.platforms[0].os(), "linux");
    let pid = place.pid();

    let second = place.find().await;
    assert!(!second.started && !second.outdated);
    assert_eq!(place.pid(), pid);
    assert_eq!(second.worker_id, first.worker_id);

    let status = engine::status(&place.request).await.unwrap();
    assert!(status.log.exists());
    let running = status.running.unwrap();
    assert_eq!(running.pid, pid);
    assert_eq!(running.engine.address, first.address);

    let context = tempfile::tempdir().unwrap();
    assert!(!build(&second, context.path()).await);
    let cache = engine::CacheUsage::of(&second).await.unwrap();
    assert!(cache.records > 0, "{cache:?}");

    // A crash: nothing is cleaned up, the socket and the record stay.
    let killed = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(killed, rustix::process::Signal::KILL).unwrap();
    while running_process(pid) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(
        engine::status(&place.request)
            .await
            .unwrap()
            .running
            .is_none()
    );

    let third = place.find().await;
    assert!(third.started);
    assert_ne!(place.pid(), pid);
    assert_eq!(third.worker_id, first.worker_id, "the state is another one");
    assert!(build(&third, context.path()).await, "the cache is gone");

    let pid = place.pid();
    assert_eq!(place.stop().await, Stopped::Ended { pid });
    assert!(!running_process(pid));
    assert_eq!(place.stop().await, Stopped::NotRunning);
    assert!(
        engine::status(&place.request)
            .await
            .unwrap()
            .running
            .is_none()
    );
}

/// Whether the process runs; one that nobody waited for does not.
fn running_process(pid: u32) -> bool {
    engine::Process::of(pid).is_ok_and(|process| process.is_alive())
}

#[tokio::test]
async fn two_starts_at_once_give_one_daemon() {
    let place = Place::new();
    let (a, b) = tokio::join!(place.find(), place.find());
    assert_ne!(a.started, b.started);
    assert_eq!(a.worker_id, b.worker_id);
    let pid = place.pid();
    assert_eq!(place.stop().await, Stopped::Ended { pid });
}

#[tokio::test]
async fn the_daemon_is_on_its_own_and_gets_no_credentials() {
    let place = Place::new();
    place.find().await;
    let pid = place.pid();
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment).into_owned();
    assert!(environment.contains("PATH="), "{environment}");
    assert!(!environment.contains("AWS_"), "{environment}");
    let group = rustix::process::getpgid(rustix::process::Pid::from_raw(pid.try_into().unwrap()));
    assert_ne!(group.unwrap(), rustix::process::getpgid(None).unwrap());
    assert_eq!(
        fs::read_link(format!("/proc/{pid}/cwd")).unwrap(),
        Path::new("/")
    );
}

#[tokio::test]
async fn another_configuration_makes_a_running_daemon_outdated() {
    let mut place = Place::new();
    place.find().await;
    place.request.registries.insert(
        "registry.internal".to_owned(),
        RegistrySettings {
            plain_http: true,
            mirrors: Vec::new(),
        },
    );
    assert!(place.find().await.outdated);
    place.stop().await;
    let renewed = place.find().await;
    assert!(renewed.started && !renewed.outdated);
    assert!(!place.find().await.outdated);
}

#[tokio::test]
async fn a_long_state_directory_gets_its_socket_elsewhere() {
    let mut place = Place::new();
    place.request.state_directory = place.request.state_directory.join("s".repeat(80));
    let engine = place.find().await;
    let run = place.request.runtime_directory.display().to_string();
    assert!(
        engine.address.to_string().contains(&run),
        "{}",
        engine.address
    );
}

#[tokio::test]
async fn a_given_address_without_a_daemon_is_unreachable() {
    let mut place = Place::new();
    for address in [
        "unix:///nonexistent/buildkitd.sock".to_owned(),
        format!("tcp://127.0.0.1:{}", free_port()),
    ] {
        place.request.explicit = Some(address.clone());
        let error = engine::find(&place.request).await.unwrap_err();
        assert!(
            matches!(error, EngineError::Unreachable { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains(&address), "{error}");
        assert_eq!(error.exit_code(), launchway::exit::ENGINE_UNREACHABLE);
    }
    assert!(
        !place.request.state_directory.exists(),
        "it started something"
    );
}

#[tokio::test]
async fn a_given_address_is_used_as_it_is() {
    let place = Place::new();
    let local = place.find().await;
    let given = Request {
        explicit: Some(local.address.to_string()),
        ..Request::default()
    };
    let engine = engine::find(&given).await.unwrap();
    assert_eq!(engine.kind, EngineKind::Given);
    assert_eq!(engine.worker_id, local.worker_id);
}

#[tokio::test]
async fn something_else_under_the_address_is_unreachable() {
    // Takes connections and speaks another protocol.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            use tokio::io::AsyncWriteExt as _;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let request = Request {
        explicit: Some(address),
        ..Request::default()
    };
    let error = engine::find(&request).await.unwrap_err();
    assert!(
        matches!(error, EngineError::Unreachable { .. }),
        "{error:?}"
    );
    server.abort();
}

#[tokio::test]
async fn a_daemon_that_cannot_start_says_why() {
    let place = Place::new();
    // Its state is a file.
    fs::create_dir_all(&place.request.state_directory).unwrap();
    fs::write(place.request.state_directory.join("buildkit"), "").unwrap();
    let error = engine::find(&place.request).await.unwrap_err();
    let EngineError::Died { tail, status, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(!status.success());
    let tail = tail.join("\n");
    assert!(tail.contains("not a directory"), "{tail}");
    assert!(!tail.contains(".go:"), "{tail}");
    assert_eq!(error.exit_code(), launchway::exit::ENGINE_UNREACHABLE);
    assert!(!place.request.state_directory.join("daemon.json").exists());

    let (_, lines) = log::LogReader::open(&log::path(&place.request), 1000).unwrap();
    assert!(
        lines.iter().any(|line| line.contains("not a directory")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn without_a_daemon_it_says_where_it_looked() {
    let directory = tempfile::tempdir().unwrap();
    let request = Request {
        state_directory: directory.path().join("state"),
        path: Some(directory.path().into()),
        ..Request::default()
    };
    let error = engine::find(&request).await.unwrap_err();
    assert!(matches!(error, EngineError::NoDaemon { .. }), "{error:?}");
    assert!(!request.state_directory.exists());
}

/// The binary in a clean environment, with its own state directory.
fn launchway(place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_launchway"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", place.request.path.clone().unwrap_or_default())
        .env("LAUNCHWAY_STATE_DIR", &place.request.state_directory)
        .env("LAUNCHWAY_LIBEXEC", libexec())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(place: &Place, arguments: &[&str]) -> Outcome {
    Outcome::of(launchway(place, arguments).output().unwrap())
}

fn status(place: &Place) -> Value {
    let outcome = run(place, &["engine", "status", "--format", "json"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn the_verbs_do_what_they_say() {
    let place = Place::new();
    assert_eq!(status(&place)["running"], false);

    // Two processes at once, and both see one daemon.
    let starts = [(); 2].map(|()| launchway(&place, &["engine", "start"]).spawn().unwrap());
    let addresses = starts.map(|start| {
        let outcome = Outcome::of(start.wait_with_output().unwrap());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome.stdout
    });
    assert_eq!(addresses[0], addresses[1]);
    let running = status(&place);
    assert_eq!(running["running"], true);
    assert_eq!(running["pid"], place.pid());
    assert_eq!(running["address"], addresses[0].trim());

    let logs = run(&place, &["engine", "logs", "-n", "1000"]).stdout;
    assert_eq!(logs.matches("running server on").count(), 1, "{logs}");
    let last = run(&place, &["engine", "logs", "-n", "1"]).stdout;
    assert_eq!(last.lines().count(), 1, "{last}");

    let stopped = run(&place, &["engine", "stop"]);
    assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
    assert_eq!(status(&place)["running"], false);
}

#[test]
fn a_daemon_that_cannot_start_is_reported_with_its_last_words() {
    let place = Place::new();
    fs::create_dir_all(&place.request.state_directory).unwrap();
    fs::write(place.request.state_directory.join("buildkit"), "").unwrap();
    run(&place, &["engine", "start"]).assert_failed(
        launchway::exit::ENGINE_UNREACHABLE,
        &["before it was ready", "not a directory", "buildkitd.log"],
    );
}

#[test]
fn the_doctor_finds_what_is_missing_and_says_how_to_get_it() {
    let place = Place::new();
    let report = |outcome: Outcome| -> Value { serde_json::from_str(&outcome.stdout).unwrap() };
    let state = |report: &Value, name: &str| {
        let checks = report["engine"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        check["state"].as_str().unwrap().to_owned()
    };
    let platform = format!("linux/{}", std::env::consts::ARCH);
    let native = ["doctor", "--format", "json", "--platform", &platform];

    let found = run(&place, &native);
    assert_eq!(found.code, Some(0), "{}", found.stdout);
    let found = report(found);
    for name in ["engine", "buildkitd", "runc", "user", "overlay mount"] {
        assert_eq!(state(&found, name), "ok", "{found:#}");
    }

    let empty = tempfile::tempdir().unwrap();
    let mut bare = launchway(&place, &native);
    bare.env("PATH", empty.path())
        .env("LAUNCHWAY_LIBEXEC", empty.path());
    let bare = Outcome::of(bare.output().unwrap());
    assert_eq!(
        bare.code,
        Some(i32::from(launchway::exit::ENGINE_UNREACHABLE))
    );
    let bare = report(bare);
    assert_eq!(state(&bare, "runc"), "missing");
    assert!(
        bare.to_string().contains("apt-get install runc"),
        "{bare:#}"
    );
    assert!(
        !place.request.state_directory.exists(),
        "the doctor made something"
    );
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
