//! Folders: what is sent, how often, and that it is never stale.

use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use futures::future::join_all;
use launchway_buildkit::{Client, Session, SessionConfig};

use crate::harness::{BASE, Daemon, build, build_of, config, context};

/// Builds a folder on a session of its own and returns what the steps printed.
async fn output_of(client: &Client, config: SessionConfig, folder: &Path) -> String {
    let session = Session::open(client, config).await.unwrap();
    let (response, updates) = build(client, &session, build_of(folder)).await;
    response.unwrap();
    updates.output()
}

fn prints_f() -> String {
    format!("{BASE}COPY f /f\nRUN cat /f\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_run_and_read_what_was_copied() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let folder = context(&[("Dockerfile", &prints_f()), ("f", "hello from f\n")]);
    let session = Session::open(&client, config()).await.unwrap();
    let (response, updates) = build(&client, &session, build_of(folder.path())).await;
    response.unwrap();
    assert!(
        updates.output().contains("hello from f"),
        "{:?}",
        updates.output()
    );
    let sent = session.transfers();
    assert!(
        sent.calls >= 2 && sent.requested >= 3 && sent.bytes > 100_000,
        "{sent:?}"
    );
    let sizes = client.disk_usage().await.unwrap();
    let local = sizes
        .iter()
        .find(|record| record.record_type == "source.local");
    assert!(local.is_some_and(|record| record.size > 0), "{sizes:?}");
    session.close().await;
    drop(session);
    assert!(client.prune(true).await.unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_folders_that_look_alike_are_not_mixed_up() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let time = SystemTime::now();
    let mut outputs = Vec::new();
    for text in ["content one\n", "content two\n"] {
        let folder = context(&[("Dockerfile", &prints_f()), ("f", text)]);
        set_time(&folder.path().join("f"), time);
        outputs.push(output_of(&client, config(), folder.path()).await);
    }
    assert!(outputs[0].contains("content one"), "{outputs:?}");
    assert!(outputs[1].contains("content two"), "{outputs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_behind_its_size_and_time_is_sent_again() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let records = tempfile::tempdir().unwrap();
    let config = || SessionConfig {
        sync_records: Some(records.path().into()),
        ..config()
    };
    let folder = context(&[("Dockerfile", &prints_f()), ("f", "content one\n")]);
    let file = folder.path().join("f");
    let time = SystemTime::now();
    set_time(&file, time);
    let output = output_of(&client, config(), folder.path()).await;
    assert!(output.contains("content one"), "{output:?}");
    for text in ["content two\n", "content six\n"] {
        fs::write(&file, text).unwrap();
        set_time(&file, time);
        let output = output_of(&client, config(), folder.path()).await;
        assert!(output.contains(text.trim()), "{output:?}");
    }
}

fn set_time(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_builds_of_a_session_send_a_folder_once() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let targets = ["a", "b", "c", "d", "e"];
    let mut dockerfile = format!("{BASE}COPY f /f\n").replacen("scratch", "scratch AS base", 1);
    for target in targets {
        dockerfile.extend(["FROM base AS ", target, "\nRUN echo ", target, "\n"]);
    }
    let folder = context(&[("Dockerfile", &dockerfile), ("f", "f")]);
    let request = |target: &str| {
        let mut request = build_of(folder.path());
        request
            .frontend_attributes
            .insert("target".into(), target.into());
        request
    };
    let alone = Session::open(&client, config()).await.unwrap();
    build(&client, &alone, request("a")).await.0.unwrap();
    let together = Session::open(&client, config()).await.unwrap();
    let builds = targets.map(|target| build(&client, &together, request(target)));
    for (response, _) in join_all(builds).await {
        response.unwrap();
    }
    assert_eq!(together.transfers().calls, alone.transfers().calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_context_is_a_folder_too() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let session = Session::open(&client, config()).await.unwrap();
    let dockerfile = format!("{BASE}COPY --from=extra f /f\nRUN cat /f\n");
    let folder = context(&[("Dockerfile", &dockerfile), ("f", "main\n")]);
    for text in ["extra one\n", "extra two\n"] {
        let extra = tempfile::tempdir().unwrap();
        fs::write(extra.path().join("f"), text).unwrap();
        let mut request = build_of(folder.path());
        request
            .named_local_contexts
            .insert("extra".into(), extra.path().into());
        let (response, updates) = build(&client, &session, request).await;
        response.unwrap();
        assert!(updates.output().contains(text), "{:?}", updates.output());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_ignore_file_and_names_beyond_ascii_arrive() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let mut ignore = "some/folder/with/a/long/name/*\n".repeat(1500);
    ignore += "geheim-für-alle\n";
    assert!(ignore.len() > 38_000);
    let dockerfile = format!("{BASE}COPY . /all\nRUN ls /all\n");
    let folder = context(&[
        ("Dockerfile", &dockerfile),
        (".dockerignore", &ignore),
        ("geheim-für-alle", "x"),
        ("visible-für-alle", "x"),
    ]);
    let output = output_of(&client, config(), folder.path()).await;
    assert!(output.contains("visible-f"), "{output:?}");
    assert!(!output.contains("geheim"), "{output:?}");
}
