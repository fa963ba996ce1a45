//! Connecting, asking, building, failing.

use launchway_buildkit::{Address, Client, Error, Exporter, FailureKind, Session};

use crate::harness::{Daemon, build, config, inline};

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_says_what_it_is_and_what_it_can_build() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let info = client.info().await.unwrap();
    assert_eq!(info.package, "github.com/moby/buildkit");
    assert!(
        !info.version.is_empty() && !info.dockerfile_version.is_empty(),
        "{info:?}"
    );
    let workers = client.workers().await.unwrap();
    assert!(!workers[0].id.is_empty());
    assert!(workers[0].platforms[0].starts_with("linux/"), "{workers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_address_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let socket = Address::Unix(folder.path().join("sock"));
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    for address in [socket, Address::Tcp(port.to_string())] {
        let error = Client::connect(&address).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("cannot reach BuildKit at {address}")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_without_a_context_makes_an_image_in_the_cache() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let session = Session::open(&client, config()).await.unwrap();
    let mut request = inline("FROM scratch\nLABEL a=b\n");
    request.exporter = Some(Exporter {
        kind: "image".into(),
        attributes: [].into(),
    });
    let (response, updates) = build(&client, &session, request).await;
    let response = response.unwrap();
    assert!(response.digest().unwrap().starts_with("sha256:"));
    assert!(response.config_digest().unwrap().starts_with("sha256:"));
    let descriptor = response.descriptor().unwrap().unwrap();
    assert_eq!(descriptor["digest"], response.digest().unwrap());
    let steps = updates.steps();
    assert!(
        steps.values().any(|name| name == "exporting to image"),
        "{steps:?}"
    );
    session.close().await;
    assert!(session.is_closed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_dockerfile_is_shown_at_its_line() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let session = Session::open(&client, config()).await.unwrap();
    let (response, _) = build(&client, &session, inline("FROM scratch\nRUNN x\n")).await;
    let Err(Error::BuildFailed(failure)) = response else {
        panic!("{response:?}")
    };
    assert_eq!(failure.kind, FailureKind::Dockerfile);
    assert!(failure.message.contains("RUNN"), "{failure}");
    let source = failure.source.unwrap();
    assert_eq!(
        (source.filename.as_str(), source.ranges[0].start_line),
        ("Dockerfile", 2)
    );
    assert_eq!(source.data, b"FROM scratch\nRUNN x\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_syntax_line_can_be_served_without_pulling_anything() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let session = Session::open(&client, config()).await.unwrap();
    // Nobody listens on port 1: pulling the frontend fails.
    let dockerfile = "# syntax=127.0.0.1:1/docker/dockerfile:1\nFROM scratch\nLABEL a=b\n";
    let (response, _) = build(&client, &session, inline(dockerfile)).await;
    assert!(
        matches!(response, Err(Error::BuildFailed(_))),
        "{response:?}"
    );
    let mut request = inline(dockerfile);
    request.builtin_frontend = true;
    let (response, _) = build(&client, &session, request).await;
    response.unwrap();
}
