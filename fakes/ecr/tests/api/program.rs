//! The fake as a program of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::support::client_at;

/// Ended with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn it_says_its_url_serves_and_counts() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_launchway-fake-ecr"))
        .args([
            "--repositories",
            "2",
            "--manifests",
            "120",
            "--delay-ms",
            "1",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let _program = Program(child);
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let endpoint = line.trim_end();
    let address = endpoint.strip_prefix("http://").unwrap();

    let client = client_at(endpoint, "AKIAEXAMPLE", "ap-northeast-1");
    let repositories = client.describe_repositories().send().await.unwrap();
    assert_eq!(repositories.repositories().len(), 2);
    let images = client
        .describe_images()
        .repository_name("bench/service-001")
        .into_paginator();
    let images = images
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .unwrap();
    assert_eq!(images.len(), 120);

    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /stats HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let stats: serde_json::Value = serde_json::from_str(body).unwrap();
    let expected = serde_json::json!({
        "calls": { "DescribeImages": 2, "DescribeRepositories": 1 },
        "total": 3,
        "throttled": 0,
        "peakConcurrency": 1,
    });
    assert_eq!(stats, expected);
}

#[test]
fn a_wrong_option_is_told() {
    let output = Command::new(env!("CARGO_BIN_EXE_launchway-fake-ecr"))
        .args(["--port", "x"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.starts_with("--port: x") && told.contains("usage:"),
        "{told}"
    );
}
