//! Builds that end before they are done.

use std::fs;
use std::time::{Duration, Instant};

use bollard_buildkit_proto::moby::buildkit::v1 as control;
use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use launchway_buildkit::{Error, Session};
use tonic::transport::Endpoint;

use crate::harness::{BASE, Daemon, Updates, build, build_of, config, context, inline};

const PATIENCE: Duration = Duration::from_mins(1);

/// A step that says that it runs, and then does so for longer than any test. The number makes its
/// process easy to find.
fn long(number: u32) -> String {
    format!("{BASE}RUN echo it runs; sleep {number}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_build_stops_it_in_the_daemon() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let session = Session::open(&client, config()).await.unwrap();
    let number = 700_000_000 + std::process::id();
    let folder = context(&[("Dockerfile", &long(number))]);
    let updates = Updates::default();
    let solve = client.solve(&session, build_of(folder.path()), updates.collector());
    let solve = tokio::spawn(solve);
    updates.wait_for("it runs").await;
    let begun = Instant::now();
    while !sleeps(number) {
        assert!(begun.elapsed() < PATIENCE, "it does not run");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(active_builds(&daemon).await, 1);

    solve.abort();
    assert!(solve.await.unwrap_err().is_cancelled());
    let begun = Instant::now();
    while sleeps(number) || active_builds(&daemon).await > 0 {
        assert!(
            begun.elapsed() < PATIENCE,
            "it still runs:\n{}",
            daemon.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The session and the connection are as good as before.
    let (response, _) = build(&client, &session, inline("FROM scratch\nLABEL a=b\n")).await;
    response.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_dies_during_a_build_is_lost() {
    let mut daemon = Daemon::start().await;
    let client = daemon.client().await;
    let session = Session::open(&client, config()).await.unwrap();
    let number = 800_000_000 + std::process::id();
    let folder = context(&[("Dockerfile", &long(number))]);
    let updates = Updates::default();
    let solve = client.solve(&session, build_of(folder.path()), updates.collector());
    let solve = tokio::spawn(solve);
    updates.wait_for("it runs").await;

    daemon.kill();
    let error = solve.await.unwrap().unwrap_err();
    assert!(
        matches!(
            error,
            Error::Lost {
                method: "Solve",
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.is_temporary());
    let begun = Instant::now();
    while !session.is_closed() {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = client.info().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    end_sleep(number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_session_fails_builds_that_need_it() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let session = Session::open(&client, config()).await.unwrap();
    let folder = context(&[("Dockerfile", BASE)]);
    session.close().await;
    let (response, _) = build(&client, &session, build_of(folder.path())).await;
    assert!(
        matches!(response, Err(Error::BuildFailed(_))),
        "{response:?}"
    );
}

/// Builds that the daemon is working on.
async fn active_builds(daemon: &Daemon) -> usize {
    let endpoint = Endpoint::try_from(daemon.address().to_string()).unwrap();
    let mut control = ControlClient::new(endpoint.connect().await.unwrap());
    let request = control::BuildHistoryRequest {
        active_only: true,
        early_exit: true,
        ..Default::default()
    };
    let mut events = control
        .listen_build_history(request)
        .await
        .unwrap()
        .into_inner();
    let mut count = 0;
    while events.message().await.unwrap().is_some() {
        count += 1;
    }
    count
}

/// The processes `sleep number`, by id.
fn sleepers(number: u32) -> Vec<i32> {
    let wanted = format!("sleep\0{number}\0");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| {
        fs::read(format!("/proc/{id}/cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&wanted))
    })
    .collect()
}

fn sleeps(number: u32) -> bool {
    !sleepers(number).is_empty()
}

/// A killed daemon may leave its containers running.
fn end_sleep(number: u32) {
    for id in sleepers(number) {
        if let Some(id) = rustix::process::Pid::from_raw(id) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
    }
}
