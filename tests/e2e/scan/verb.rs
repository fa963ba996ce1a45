//! `launchway scan`: an image in a registry, with and without a configuration.

use std::process::Command;

use launchway::exit;
use serde_json::{Value, json};

use super::release::Trivy;
use crate::registry::{client, push_image, tag};
use crate::service::Service;
use crate::support::Outcome;

/// `shop/web:v1` for two platforms.
async fn push(service: &Service) -> String {
    use bytes::Bytes;
    use launchway::image::Index;
    let client = client();
    let repository = format!("{}/shop/web", service.address).parse().unwrap();
    let images = vec![
        push_image(&client, &repository, "linux/amd64").await,
        push_image(&client, &repository, "linux/arm64").await,
    ];
    let index = Index::assemble(images, std::collections::BTreeMap::new()).unwrap();
    let bytes = Bytes::from(index.to_bytes().unwrap());
    client
        .put_manifest(&repository, &tag("v1"), index.media_type(), bytes)
        .await
        .unwrap();
    format!("{}/shop/web:v1", service.address)
}

fn scan(folder: &tempfile::TempDir, trivy: &Trivy, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_launchway"));
    command
        .arg("scan")
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("PATH", trivy.path());
    Outcome::of(command.output().unwrap())
}

#[tokio::test]
async fn an_image_is_judged_by_flags_and_by_the_block() {
    let service = Service::registry();
    let reference = push(&service).await;
    let reference = reference.as_str();
    let trivy = Trivy::new();
    trivy.finds(
        "web",
        &[("CVE-2026-1", "HIGH", ""), ("CVE-2026-2", "LOW", "3.0.16")],
    );
    let folder = tempfile::tempdir().unwrap();

    // Without any file.
    let with = |more: &[&str]| {
        let arguments: Vec<&str> = [reference, "--scanner", "trivy"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        scan(&folder, &trivy, &arguments)
    };
    let outcome = with(&[]);
    outcome.assert_failed(
        exit::SCAN_GATE,
        &[&format!("{reference} is refused"), "ignored for a while"],
    );
    assert!(outcome.stdout.contains("CVE-2026-1"), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("web:v1/arm64"),
        "{}",
        outcome.stderr
    );
    assert_eq!(trivy.calls().len(), 2);
    for passes in [
        &["--severity", "critical"][..],
        &["--only-fixable"],
        &["--only-fixable", "--timeout", "30s"],
    ] {
        let outcome = with(passes);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(outcome.stdout.contains("passed"), "{}", outcome.stdout);
    }
    assert!(trivy.calls().last().unwrap().ends_with(" 30s"));
    let outcome = with(&["--severity", "LOW", "--only-fixable", "--format", "json"]);
    assert_eq!(outcome.code, Some(13), "{}", outcome.stderr);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["schema"], "launchway.scan/v1");
    assert_eq!(report["images"][0]["name"], reference);
    assert_eq!(report["images"][0]["findings"][0]["id"], "CVE-2026-2");
    assert_eq!(
        report["images"][0]["findings"][0]["platforms"],
        json!(["linux/amd64", "linux/arm64"])
    );
    let outcome = with(&[
        "--format",
        "sarif",
        "--output",
        "out.sarif",
        "--severity",
        "CRITICAL",
    ]);
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (Some(0), ""),
        "{}",
        outcome.stderr
    );
    let sarif = std::fs::read_to_string(folder.path().join("out.sarif")).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "CVE-2026-1");

    // With a block and no target; flags win.
    let block = "scan {\n  scanner = \"trivy\"\n  severity = \"CRITICAL\"\n}\n";
    std::fs::write(folder.path().join("launchway.hcl"), block).unwrap();
    let outcome = scan(&folder, &trivy, &[reference]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let outcome = scan(&folder, &trivy, &[reference, "--severity", "HIGH"]);
    assert_eq!(outcome.code, Some(13), "{}", outcome.stderr);
    // Beside a bake file whose other blocks need what is not there.
    let bake = "variable \"TAG\" {}\ntarget \"web\" { tags = [\"web:${TAG}\"] }\nrelease { tags = [source.commit] }\n";
    std::fs::write(folder.path().join("docker-bake.hcl"), bake).unwrap();
    let outcome = scan(&folder, &trivy, &[reference]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

#[tokio::test]
async fn what_cannot_be_scanned_says_why() {
    let service = Service::registry();
    let reference = push(&service).await;
    let trivy = Trivy::new();
    let folder = tempfile::tempdir().unwrap();
    let missing = reference.replace(":v1", ":v9");
    for (arguments, code, says) in [
        (
            &[reference.as_str()][..],
            exit::CONFIGURATION,
            "is not in ECR",
        ),
        (
            &[&missing, "--scanner", "trivy"],
            exit::REGISTRY,
            "does not exist",
        ),
        (
            &[&reference, "--scanner", "clair"],
            exit::USAGE,
            "expected ecr, trivy or command",
        ),
        (
            &[&reference, "--severity", "SEVERE"],
            exit::USAGE,
            "expected one of CRITICAL",
        ),
        (
            &[&reference, "--timeout", "10"],
            exit::USAGE,
            "expected for example 10m",
        ),
        (
            &[&reference, "--scanner", "command"],
            exit::USAGE,
            "names the command",
        ),
        (&[], exit::USAGE, "REF"),
    ] {
        scan(&folder, &trivy, arguments).assert_failed(code, &[says]);
    }
    assert_eq!(trivy.calls(), Vec::<String>::new());
}
