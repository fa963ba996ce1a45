//! Builds that fail, and what is said about them.

use std::sync::Arc;

use futures::future::BoxFuture;
use launchway_buildkit::{
    Credential, CredentialError, CredentialSource, Error, FailureKind, Secret, Session,
    SessionConfig,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::harness::{BASE, Daemon, build, build_of, config, context, inline};

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_step_has_its_exit_code_line_name_and_output() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let dockerfile = format!("{BASE}RUN echo so far so good\nRUN echo oh no >&2; exit 7\n");
    let folder = context(&[("Dockerfile", &dockerfile)]);
    let session = Session::open(&client, config()).await.unwrap();
    let (response, updates) = build(&client, &session, build_of(folder.path())).await;
    let Err(Error::BuildFailed(failure)) = response else {
        panic!("{response:?}")
    };
    assert_eq!(failure.kind, FailureKind::Step { exit_code: Some(7) });
    assert_eq!(failure.source.as_ref().unwrap().ranges[0].start_line, 4);
    let steps = updates.steps();
    let name = &steps[failure.vertex.as_ref().unwrap()];
    assert!(name.contains("exit 7"), "{name}");
    assert!(updates.output().contains("oh no"), "{:?}", updates.output());
    assert!(!failure.is_temporary());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_file_a_missing_dockerfile_and_a_missing_stage_are_told_apart() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let session = Session::open(&client, config()).await.unwrap();
    let folder = context(&[("Dockerfile", "FROM scratch\nCOPY nope /nope\n")]);

    let (response, _) = build(&client, &session, build_of(folder.path())).await;
    let Err(Error::BuildFailed(failure)) = response else {
        panic!("{response:?}")
    };
    assert_eq!(
        failure.kind,
        FailureKind::Step { exit_code: None },
        "{failure:?}"
    );
    assert_eq!(failure.source.unwrap().ranges[0].start_line, 2);

    for (attribute, value) in [("filename", "Dockerfile.web"), ("target", "web")] {
        let mut request = build_of(folder.path());
        request
            .frontend_attributes
            .insert(attribute.into(), value.into());
        let (response, _) = build(&client, &session, request).await;
        let Err(Error::BuildFailed(failure)) = response else {
            panic!("{response:?}")
        };
        assert_eq!(failure.kind, FailureKind::Dockerfile, "{failure:?}");
        assert!(failure.message.contains(value), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_a_large_dockerfile_keeps_its_message() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let session = Session::open(&client, config()).await.unwrap();
    let mut dockerfile = "FROM scratch\n".to_owned();
    while dockerfile.len() < 90_000 {
        dockerfile += "# one of many lines of comments in a file that is much too long\n";
    }
    dockerfile += "RUNN x\n";
    let (response, _) = build(&client, &session, inline(&dockerfile)).await;
    let Err(Error::BuildFailed(failure)) = response else {
        panic!("{response:?}")
    };
    assert!(failure.message.contains("RUNN"), "{failure}");
    assert_eq!(failure.source.unwrap().data.len(), dockerfile.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_never_reaches_the_daemon() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let session = Session::open(&client, config()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let (response, updates) = build(&client, &session, build_of(&missing)).await;
    let Err(Error::Context { path, .. }) = response else {
        panic!("{response:?}")
    };
    assert_eq!(path, missing);
    assert!(updates.steps().is_empty());
}

/// A login that is always the same, or cannot be had.
#[derive(Debug)]
enum Login {
    Wrong,
    Broken,
}

impl CredentialSource for Login {
    fn credential<'a>(
        &'a self,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        Box::pin(async move {
            match self {
                Self::Wrong => Ok(Some(Credential {
                    username: "me".into(),
                    secret: Secret::new("hunter2"),
                })),
                Self::Broken => Err(CredentialError {
                    host: host.to_owned(),
                    source: "the helper is not installed".into(),
                }),
            }
        })
    }
}

/// A registry that lets nobody in. Returns its `host:port`.
async fn closed_registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while socket.read(&mut request).await.is_ok_and(|n| n > 0) {
                    let refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\
                        WWW-Authenticate: Basic realm=\"closed\"\r\n\r\n";
                    if socket.write_all(refusal.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    host
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_is_a_registry_failure_and_a_failed_lookup_its_own() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let registry = closed_registry().await;
    let dockerfile = format!("FROM {registry}/a:1\n");
    let open = async |login: Login| {
        let credentials = Arc::new(login);
        let config = SessionConfig {
            credentials,
            ..config()
        };
        Session::open(&client, config).await.unwrap()
    };

    let session = open(Login::Wrong).await;
    let (response, _) = build(&client, &session, inline(&dockerfile)).await;
    let Err(Error::BuildFailed(failure)) = response else {
        panic!("{response:?}")
    };
    assert_eq!(failure.kind, FailureKind::Registry, "{failure:?}");
    assert!(!failure.is_temporary());
    assert!(!format!("{failure:?}").contains("hunter2"));

    let session = open(Login::Broken).await;
    let (response, _) = build(&client, &session, inline(&dockerfile)).await;
    let Err(Error::Credentials { host, source }) = response else {
        panic!("{response:?}")
    };
    assert_eq!(host, registry);
    assert_eq!(source.source.to_string(), "the helper is not installed");
}
