//! Small shell scripts as scanners.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use launchway_buildkit::{Credential, CredentialError, Secret};

use super::*;
use crate::image::Digest;
use crate::scan::Severity;

/// One login for every host.
#[derive(Debug)]
struct Login(&'static str);

impl CredentialSource for Login {
    fn credential<'a>(
        &'a self,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        let credential = Credential {
            username: self.0.to_owned(),
            secret: Secret::new("planted-password"),
        };
        Box::pin(async { Ok(Some(credential)) })
    }
}

fn write(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn image() -> PlatformImage {
    PlatformImage {
        repository: "r.example/shop/web".parse().unwrap(),
        platform: "linux/arm64".parse().unwrap(),
        manifest: Digest::of("web"),
    }
}

/// A scanner whose program is `scan`, in a folder that is PATH.
fn scanner(folder: &Path, kind: ScannerKind, arguments: &[&str]) -> ProgramScanner {
    ProgramScanner {
        kind,
        command: arguments.iter().map(|&text| text.to_owned()).collect(),
        directory: folder.to_owned(),
        search_path: Some(folder.as_os_str().to_owned()),
        credentials: None,
        variables: Vec::new(),
        timeout: Duration::from_mins(1),
    }
}

const CLEAN: &str = r#"echo '{"schema":"launchway.findings/v1","findings":[]}'"#;

#[tokio::test]
async fn the_image_stands_in_the_place_of_placeholders() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"echo "{\"schema\":\"launchway.findings/v1\",\"findings\":[{\"id\":\"$*\",\"severity\":\"LOW\"}]}""#;
    write(folder.path(), "scan", script);
    let arguments = [
        "scan",
        "--of={reference}",
        "{platform}",
        "{repository}",
        "{digest}",
        "{x}",
    ];
    let scanner = scanner(folder.path(), ScannerKind::Command, &arguments);
    scanner.check().unwrap();
    let Outcome::Complete(complete) = scanner.scan(&image()).await.unwrap() else {
        panic!("there is a result")
    };
    let digest = Digest::of("web");
    assert_eq!(
        complete.findings[0].id,
        format!("--of=r.example/shop/web@{digest} linux/arm64 r.example/shop/web {digest} {{x}}")
    );
    assert_eq!(complete.findings[0].severity, Severity::Low);
}

#[tokio::test]
async fn trivy_gets_the_login_of_the_registry_alone_in_a_file_that_goes() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"case "$*$(env)" in *planted*) exit 4;; esac
[ -z "$TRIVY_USERNAME$TRIVY_PASSWORD" ] || exit 5
[ -e "$DOCKER_CONFIG/config.json" ] || { echo "there is no login" >&2; exit 3; }
echo "$DOCKER_CONFIG" > used
cat "$DOCKER_CONFIG/config.json" > login
echo "$*" > arguments
echo '{"SchemaVersion":2,"ArtifactName":"x","Results":[{"Class":"os-pkgs"}]}'"#;
    write(folder.path(), "trivy", script);
    let mut scanner = scanner(folder.path(), ScannerKind::Trivy, &TRIVY);
    scanner.credentials = Some(Arc::new(Login("AWS")));
    let outcome = scanner.scan(&image()).await.unwrap();
    assert!(matches!(outcome, Outcome::Complete(_)), "{outcome:?}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    // AWS:planted-password
    assert_eq!(
        read("login"),
        r#"{"auths":{"r.example":{"auth":"QVdTOnBsYW50ZWQtcGFzc3dvcmQ="}}}"#
    );
    assert!(!Path::new(read("used").trim()).exists());
    let wanted = format!(
        "image --quiet --format json --list-all-pkgs --scanners vuln \
         --severity UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL {}\n",
        image().reference()
    );
    assert_eq!(read("arguments"), wanted);
    // A token is no password, and leaves Trivy its own configuration.
    scanner.credentials = Some(Arc::new(Login("")));
    scanner.variables = vec![("DOCKER_CONFIG".to_owned(), "/nowhere".to_owned())];
    let error = scanner.scan(&image()).await.unwrap_err();
    let ScanError::Program { problem, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(problem.to_string(), "exit status: 3: there is no login");
}

#[test]
fn variables_that_would_hide_findings_are_withheld_from_trivy_alone() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "trivy", CLEAN);
    let removed = |kind| {
        let scanner = scanner(folder.path(), kind, &TRIVY);
        let (command, _) = scanner.command(&image(), None).unwrap();
        let variables = command.as_std().get_envs();
        let removed = variables.filter(|(_, value)| value.is_none());
        removed
            .map(|(name, _)| name.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(removed(ScannerKind::Trivy), WITHHELD);
    assert!(removed(ScannerKind::Command).is_empty());
}

#[tokio::test]
async fn failures_show_the_last_lines_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let script = "for i in 1 2 3 4 5 6; do echo line $i >&2; done; cut -d'\"' -f8 $DOCKER_CONFIG/config.json >&2; exit 2";
    write(folder.path(), "trivy", script);
    let mut scanner = scanner(folder.path(), ScannerKind::Trivy, &TRIVY);
    scanner.credentials = Some(Arc::new(Login("me")));
    let error = scanner.scan(&image()).await.unwrap_err();
    let reference = image().reference();
    assert_eq!(
        error.to_string(),
        format!("cannot scan {reference} with trivy")
    );
    let source = std::error::Error::source(&error).unwrap().to_string();
    let lines = "line 3\nline 4\nline 5\nline 6\n<redacted>";
    assert_eq!(source, format!("exit status: 2: {lines}"));
}

#[tokio::test]
async fn what_is_not_there_or_not_json_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = scanner(
        folder.path(),
        ScannerKind::Command,
        &["grype", "{reference}"],
    );
    let error = nothing.check().unwrap_err();
    assert_eq!(error.to_string(), "cannot scan with grype");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "there is no program grype in PATH");
    // Not executable.
    std::fs::write(folder.path().join("grype"), "").unwrap();
    assert!(nothing.check().is_err());
    let beside = scanner(
        folder.path(),
        ScannerKind::Command,
        &["./no/such", "{reference}"],
    );
    assert!(beside.check().is_err());

    write(folder.path(), "scan", "echo all is well");
    let scanner = scanner(
        folder.path(),
        ScannerKind::Command,
        &["./scan", "{reference}"],
    );
    scanner.check().unwrap();
    let ScanError::Program { problem, .. } = scanner.scan(&image()).await.unwrap_err() else {
        panic!("it ran")
    };
    assert!(matches!(problem, ProgramProblem::Output(_)), "{problem:?}");
}

#[tokio::test]
async fn a_program_that_does_not_end_has_no_result() {
    let folder = tempfile::tempdir().unwrap();
    // Not the program itself waits, but one that it started.
    write(folder.path(), "scan", &format!("sleep 60\n{CLEAN}"));
    let mut scanner = scanner(
        folder.path(),
        ScannerKind::Command,
        &["scan", "{reference}"],
    );
    scanner.timeout = Duration::from_millis(100);
    let outcome = scanner.scan(&image()).await.unwrap();
    let reason = "scan did not end within 0 s".to_owned();
    assert_eq!(outcome, Outcome::NoResult { reason });
}
