//! The local engine with a real `buildkitd`: found, started, crashed, started again, stopped.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use launchway::engine::{
    self, Engine, EngineError, EngineKind, RegistrySettings, Request, Stopped, log,
};
use serde_json::Value;

/// The folder with `buildkitd`. Without it these tests fail: see `make engine`.
fn libexec() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "where the parts under test are")]
    let folder = std::env::var_os("LAUNCHWAY_LIBEXEC").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("dist/libexec/launchway"),
        PathBuf::from,
    );
    let daemon = folder.join("buildkitd");
    assert!(
        daemon.exists(),
        "{} is missing; `make engine` builds it, LAUNCHWAY_LIBEXEC names another folder",
        daemon.display()
    );
    folder
}

/// A state directory of its own, whose daemon ends with the test.
struct Place {
    request: Request,
    _directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        #[expect(clippy::disallowed_methods, reason = "runc is found there")]
        let path = std::env::var_os("PATH");
        let request = Request {
            state_directory: directory.path().join("state"),
            runtime_directory: directory.path().join("run"),
            libexec: vec![libexec()],
            path,
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

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
