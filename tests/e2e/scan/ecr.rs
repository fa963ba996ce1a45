//! ECR's scanning, one answer after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use launchway::aws::AwsErrorKind;
use launchway::exit;
use launchway::image::{Descriptor, Digest, Index, media_type};
use launchway::registry::auth::{Keychain, KeychainConfig};
use launchway::registry::{Client, ClientConfig, ReferenceTarget, Repository};
use launchway::scan::{
    self, Fix, Policy, ResolveError, ScanError, Scanner as _, Severity, Subject, Timer as _,
};
use launchway::ui::Failure;
use serde_json::{Value, json};

use super::{HOST, complete, image, no_result, scanner};
use crate::registry::{push_image, tag};
use crate::service::Service;
use crate::support::{Answer, FakeAws};

const TYPE: &str = "GetRegistryScanningConfiguration";
const FINDINGS: &str = "DescribeImageScanFindings";
const START: &str = "StartImageScan";

/// A registry that scans in this way.
fn registry_that_scans(kind: &str) -> FakeAws {
    let aws = FakeAws::start();
    let configuration = json!({
        "registryId": "123456789012", "scanningConfiguration": { "scanType": kind, "rules": [] },
    });
    aws.answer(TYPE, [Answer::json(configuration)]);
    aws
}

fn status(name: &str) -> Answer {
    Answer::json(json!({ "imageScanStatus": { "status": name, "description": "as it is." } }))
}

fn basic(findings: &[(&str, &str)]) -> Value {
    let findings: Vec<Value> = findings
        .iter()
        .map(|(name, severity)| {
            json!({
                "name": name, "severity": severity, "uri": format!("https://cve.example/{name}"),
                "description": "A hole.\nIt is deep.",
                "attributes": [
                    { "key": "package_version", "value": "1.1.1" },
                    { "key": "package_name", "value": "openssl" },
                ],
            })
        })
        .collect();
    json!({
        "imageScanStatus": { "status": "COMPLETE", "description": "The scan was completed successfully." },
        "imageScanFindings": {
            "imageScanCompletedAt": 1_772_442_000.0, "findings": findings,
            "findingSeverityCounts": { "HIGH": findings.len() },
        },
    })
}

fn not_found() -> Answer {
    Answer::error(400, "ScanNotFoundException", "Image scan does not exist")
}

#[tokio::test]
async fn a_basic_scan_is_started_waited_for_and_read_to_its_last_page() {
    let aws = registry_that_scans("BASIC");
    aws.answer(START, [status("IN_PROGRESS")]);
    aws.respond(FINDINGS, |call, turn| {
        Some(match (turn, call.body["nextToken"].as_str()) {
            (0, None) => not_found(),
            (1 | 2, None) => status("IN_PROGRESS"),
            (_, None) => {
                let mut page = basic(&[("CVE-2026-2", "HIGH"), ("CVE-2026-1", "UNDEFINED")]);
                page["nextToken"] = json!("more");
                Answer::json(page)
            }
            (_, Some("more")) => Answer::json(basic(&[("CVE-2026-3", "CRITICAL")])),
            (_, Some(_)) => return None,
        })
    });
    let (scanner, clock) = scanner(&aws.endpoint);
    let result = complete(scanner.scan(&image()).await.unwrap());
    let found: Vec<_> = result
        .findings
        .iter()
        .map(|one| (one.id.as_str(), one.severity))
        .collect();
    assert_eq!(
        found,
        [
            ("CVE-2026-1", Severity::Undefined),
            ("CVE-2026-2", Severity::High),
            ("CVE-2026-3", Severity::Critical),
        ]
    );
    let one = &result.findings[0];
    assert_eq!(one.package.as_deref(), Some("openssl"));
    assert_eq!(one.installed_version.as_deref(), Some("1.1.1"));
    assert_eq!(one.title.as_deref(), Some("A hole."));
    assert_eq!(one.url.as_deref(), Some("https://cve.example/CVE-2026-1"));
    assert_eq!(one.fix, Fix::Unknown);
    assert_eq!(result.scanned_at.as_deref(), Some("2026-03-02T09:00:00Z"));
    assert!(!result.reused);
    assert!(clock.now() > Duration::ZERO);

    let started = aws.bodies(START);
    let wanted = json!({
        "registryId": "123456789012", "repositoryName": "shop/web",
        "imageId": { "imageDigest": Digest::of("web") },
    });
    assert_eq!(started, [wanted]);
    assert!(
        aws.bodies(FINDINGS)
            .iter()
            .all(|body| body["maxResults"] == 1000)
    );
}

#[tokio::test]
async fn a_result_that_is_there_is_used() {
    let aws = registry_that_scans("BASIC");
    aws.answer(FINDINGS, [Answer::json(basic(&[]))]);
    let (scanner, clock) = scanner(&aws.endpoint);
    let result = complete(scanner.scan(&image()).await.unwrap());
    assert!(result.findings.is_empty() && result.reused);
    assert_eq!(clock.now(), Duration::ZERO);
    assert_eq!(aws.bodies(START), Vec::<Value>::new());
    // How the registry scans is asked once.
    complete(scanner.scan(&image()).await.unwrap());
    assert_eq!(aws.bodies(TYPE).len(), 1);
}

/// A result that was completed two days before.
fn old(findings: &[(&str, &str)]) -> Answer {
    let mut page = basic(findings);
    page["imageScanFindings"]["imageScanCompletedAt"] = json!(1_772_269_200.0);
    Answer::json(page)
}

#[tokio::test]
async fn an_old_result_is_asked_for_anew() {
    let aws = registry_that_scans("BASIC");
    aws.answer(START, [status("IN_PROGRESS")]);
    let answers = [
        old(&[]),
        old(&[]),
        status("IN_PROGRESS"),
        Answer::json(basic(&[("CVE-2026-1", "HIGH")])),
    ];
    aws.answer(FINDINGS, answers);
    let (scanner, _) = scanner(&aws.endpoint);
    let result = complete(scanner.scan(&image()).await.unwrap());
    assert_eq!(result.findings.len(), 1);
    assert!(!result.reused);
    assert_eq!(aws.bodies(START).len(), 1);
}

#[tokio::test]
async fn an_old_result_stands_where_no_scan_can_be_started() {
    for code in ["LimitExceededException", "AccessDeniedException"] {
        let aws = registry_that_scans("BASIC");
        aws.answer(START, [Answer::error(400, code, "no")]);
        aws.answer(FINDINGS, [old(&[("CVE-2026-1", "HIGH")])]);
        let (scanner, clock) = scanner(&aws.endpoint);
        let result = complete(scanner.scan(&image()).await.unwrap());
        assert_eq!(result.findings.len(), 1);
        assert!(result.reused);
        assert_eq!(result.scanned_at.as_deref(), Some("2026-02-28T09:00:00Z"));
        assert_eq!(clock.now(), Duration::ZERO);
        assert_eq!(aws.bodies(START).len(), 1);
    }
}

#[tokio::test]
async fn a_part_of_the_list_is_no_result() {
    let mut first = basic(&[("CVE-2026-1", "LOW")]);
    first["nextToken"] = json!("more");
    let mut short = first.clone();
    short["imageScanFindings"]["findingSeverityCounts"] = json!({ "LOW": 3 });
    for (first, second, reason) in [
        (
            &first,
            status("COMPLETE"),
            "ECR says COMPLETE and lists no findings, not even none",
        ),
        (
            &first,
            status("IN_PROGRESS"),
            "ECR says IN_PROGRESS in the middle of its list of findings",
        ),
        (
            &short,
            Answer::json(basic(&[("CVE-2026-2", "LOW")])),
            "ECR says COMPLETE and counts findings that it does not list",
        ),
    ] {
        let aws = registry_that_scans("BASIC");
        aws.answer(FINDINGS, [Answer::json(first.clone()), second]);
        let (scanner, _) = scanner(&aws.endpoint);
        assert_eq!(no_result(scanner.scan(&image()).await.unwrap()), reason);
    }
}

fn enhanced() -> Answer {
    let finding = |id: &str, severity: &str, fix: &str, packages: Value| {
        json!({
            "severity": severity, "status": "ACTIVE", "fixAvailable": fix, "title": format!("{id} - x"),
            "packageVulnerabilityDetails": {
                "vulnerabilityId": id, "sourceUrl": format!("https://nvd.example/{id}"),
                "vulnerablePackages": packages,
            },
        })
    };
    let mut closed = finding("CVE-2026-9", "CRITICAL", "YES", json!([]));
    closed["status"] = json!("CLOSED");
    let packages = json!([
        { "name": "libssl3", "version": "3.0.1", "fixedInVersion": "0:3.0.2" },
        { "name": "openssl", "version": "3.0.1", "fixedInVersion": "NotAvailable" },
    ]);
    Answer::json(json!({
        "imageScanStatus": { "status": "ACTIVE", "description": "Continuous scan is selected for image." },
        "imageScanFindings": {
            "enhancedFindings": [
                finding("CVE-2026-1", "HIGH", "PARTIAL", packages),
                finding("CVE-2026-2", "UNTRIAGED", "NO", json!([{ "name": "zlib1g", "version": "1.2" }])),
                closed,
            ],
            "findingSeverityCounts": { "HIGH": 1, "UNTRIAGED": 1 },
        },
    }))
}

#[tokio::test]
async fn an_enhanced_scan_starts_by_itself_and_ends_as_active() {
    let aws = registry_that_scans("ENHANCED");
    let answers = [
        not_found(),
        status("PENDING"),
        status("PENDING"),
        enhanced(),
    ];
    aws.answer(FINDINGS, answers);
    let (scanner, _) = scanner(&aws.endpoint);
    let result = complete(scanner.scan(&image()).await.unwrap());
    let found: Vec<_> = result
        .findings
        .iter()
        .map(|one| {
            let package = one.package.as_deref().unwrap();
            (package, one.severity, one.fix, one.fixed_version.as_deref())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("libssl3", Severity::High, Fix::Available, Some("0:3.0.2")),
            ("openssl", Severity::High, Fix::None, None),
            ("zlib1g", Severity::Undefined, Fix::None, None),
        ]
    );
    assert_eq!(aws.bodies(START), Vec::<Value>::new());
}

#[tokio::test]
async fn a_role_that_may_not_ask_how_the_registry_scans_finds_out() {
    let aws = FakeAws::start();
    let denied = Answer::error(400, "AccessDeniedException", "no");
    aws.answer(TYPE, [denied]);
    aws.answer(FINDINGS, [not_found(), status("PENDING"), enhanced()]);
    let disabled = Answer::error(400, "ValidationException", "This feature is disabled");
    aws.answer(START, [disabled]);
    let (scanner, _) = scanner(&aws.endpoint);
    assert_eq!(
        complete(scanner.scan(&image()).await.unwrap())
            .findings
            .len(),
        3
    );
    assert_eq!(aws.bodies(START).len(), 1);
}

#[tokio::test]
async fn another_accounts_configuration_says_nothing() {
    let aws = FakeAws::start();
    let other = json!({
        "registryId": "999999999999", "scanningConfiguration": { "scanType": "ENHANCED" },
    });
    aws.answer(TYPE, [Answer::json(other)]);
    aws.answer(FINDINGS, [not_found(), Answer::json(basic(&[]))]);
    aws.answer(START, [status("IN_PROGRESS")]);
    let (scanner, _) = scanner(&aws.endpoint);
    complete(scanner.scan(&image()).await.unwrap());
    assert_eq!(aws.bodies(START).len(), 1);
}

#[tokio::test]
async fn the_daily_limit_means_that_a_result_comes() {
    let aws = registry_that_scans("BASIC");
    let limit = Answer::error(
        400,
        "LimitExceededException",
        "The scan quota per image has been exceeded",
    );
    aws.answer(START, [limit]);
    let answers = [
        not_found(),
        not_found(),
        status("IN_PROGRESS"),
        Answer::json(basic(&[])),
    ];
    aws.answer(FINDINGS, answers);
    let (scanner, _) = scanner(&aws.endpoint);
    complete(scanner.scan(&image()).await.unwrap());
    assert_eq!(aws.bodies(START).len(), 1);
}

#[tokio::test]
async fn states_without_a_result_are_no_result() {
    for state in [
        "UNSUPPORTED_IMAGE",
        "FINDINGS_UNAVAILABLE",
        "LIMIT_EXCEEDED",
        "SCAN_ELIGIBILITY_EXPIRED",
        "IMAGE_ARCHIVED",
        "IMAGE_SIZE_EXCEEDED",
    ] {
        let aws = registry_that_scans("BASIC");
        aws.answer(FINDINGS, [status(state)]);
        let (scanner, _) = scanner(&aws.endpoint);
        let reason = no_result(scanner.scan(&image()).await.unwrap());
        assert_eq!(reason, format!("ECR says {state}: as it is"));
        assert_eq!(aws.bodies(START), Vec::<Value>::new());
    }
}

#[tokio::test]
async fn a_scan_that_failed_is_tried_once_more() {
    let aws = registry_that_scans("BASIC");
    aws.answer(FINDINGS, [status("FAILED")]);
    aws.answer(START, [status("IN_PROGRESS")]);
    let (scanner, _) = scanner(&aws.endpoint);
    let reason = no_result(scanner.scan(&image()).await.unwrap());
    assert_eq!(reason, "ECR says FAILED: as it is");
    assert_eq!(aws.bodies(START).len(), 1);
}

#[tokio::test]
async fn a_type_that_cannot_be_scanned_is_no_result() {
    let aws = registry_that_scans("BASIC");
    aws.answer(FINDINGS, [not_found()]);
    let unsupported = Answer::error(400, "UnsupportedImageTypeException", "no");
    aws.answer(START, [unsupported]);
    let (scanner, _) = scanner(&aws.endpoint);
    let reason = no_result(scanner.scan(&image()).await.unwrap());
    assert_eq!(reason, "ECR cannot scan this type of image");
}

#[tokio::test]
async fn a_status_nobody_knows_is_waited_for_until_patience_ends() {
    let aws = registry_that_scans("ENHANCED");
    aws.answer(FINDINGS, [status("WAITING_FOR_MOON")]);
    let (scanner, clock) = scanner(&aws.endpoint);
    let reason = no_result(scanner.scan(&image()).await.unwrap());
    assert_eq!(reason, "no result within 600 s; ECR says WAITING_FOR_MOON");
    assert_eq!(clock.now(), Duration::from_mins(10));
    // Pauses grow.
    assert!(aws.bodies(FINDINGS).len() < 60);
}

#[tokio::test]
async fn a_result_without_a_list_is_not_clean() {
    let aws = registry_that_scans("BASIC");
    aws.answer(FINDINGS, [status("COMPLETE")]);
    let (first, _) = scanner(&aws.endpoint);
    let reason = no_result(first.scan(&image()).await.unwrap());
    assert_eq!(
        reason,
        "ECR says COMPLETE and lists no findings, not even none"
    );

    let mut page = basic(&[]);
    page["imageScanFindings"]["findingSeverityCounts"] = json!({ "HIGH": 3 });
    aws.answer(FINDINGS, [Answer::json(page.clone())]);
    let (second, _) = scanner(&aws.endpoint);
    let reason = no_result(second.scan(&image()).await.unwrap());
    assert_eq!(
        reason,
        "ECR says COMPLETE and counts findings that it does not list"
    );

    page["nextToken"] = json!("again");
    aws.answer(FINDINGS, [Answer::json(page)]);
    let (third, _) = scanner(&aws.endpoint);
    let reason = no_result(third.scan(&image()).await.unwrap());
    assert_eq!(
        reason,
        "ECR says COMPLETE and its list of findings does not end"
    );
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let aws = registry_that_scans("BASIC");
    // The SDK tries three times by itself.
    let mut answers = vec![Answer::throttled(); 4];
    answers.push(Answer::json(basic(&[("CVE-2026-1", "LOW")])));
    aws.answer(FINDINGS, answers);
    let (scanner, clock) = scanner(&aws.endpoint);
    complete(scanner.scan(&image()).await.unwrap());
    assert!(clock.now() > Duration::ZERO);
}

#[tokio::test]
async fn expired_credentials_are_an_error_of_the_login() {
    let aws = registry_that_scans("BASIC");
    aws.answer(FINDINGS, [status("IN_PROGRESS"), Answer::expired()]);
    let (scanner, _) = scanner(&aws.endpoint);
    let error = scanner.scan(&image()).await.unwrap_err();
    let ScanError::Ecr { source, reference } = &error else {
        panic!("{error:?}")
    };
    assert!(reference.starts_with(HOST));
    assert!(
        matches!(source.kind, AwsErrorKind::BadCredentials { .. }),
        "{source:?}"
    );
    assert!(!format!("{error:?}").contains("planted-key"));
    let failure = Failure::from(error);
    assert_eq!(failure.exit_code(), exit::REGISTRY);
    assert!(failure.hints[0].starts_with("Log in again"), "{failure:?}");
}

#[tokio::test]
async fn an_image_that_was_just_pushed_may_be_unknown_for_a_moment() {
    let unknown = || Answer::error(400, "ImageNotFoundException", "The image does not exist");
    let aws = registry_that_scans("BASIC");
    aws.answer(FINDINGS, [unknown(), unknown(), Answer::json(basic(&[]))]);
    let (first, _) = scanner(&aws.endpoint);
    complete(first.scan(&image()).await.unwrap());

    aws.answer(FINDINGS, [unknown()]);
    let (second, clock) = scanner(&aws.endpoint);
    let error = second.scan(&image()).await.unwrap_err();
    assert!(matches!(error, ScanError::Ecr { .. }), "{error:?}");
    assert!(clock.now() < Duration::from_mins(1));
}

#[tokio::test]
async fn what_is_not_in_ecr_is_not_asked_for() {
    let aws = FakeAws::start();
    let (scanner, _) = scanner(&aws.endpoint);
    let mut elsewhere = image();
    elsewhere.repository = "ghcr.io/shop/web".parse().unwrap();
    let error = scanner.scan(&elsewhere).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "ghcr.io/shop/web is not in ECR, so ECR cannot scan it"
    );
    assert!(aws.calls().is_empty());
}

/// A manifest about an image: no image itself.
async fn push_artifact(client: &Client, repository: &Repository, text: &str) -> Descriptor {
    let descriptor = push_image(client, repository, text).await;
    let mut descriptor =
        Descriptor::new(media_type::OCI_MANIFEST, descriptor.digest, descriptor.size);
    descriptor.platform = Some("unknown/unknown".parse().unwrap());
    descriptor
}

#[tokio::test]
async fn an_index_is_never_scanned_its_images_are() {
    let registry = Service::registry();
    let mut config = ClientConfig::new(Arc::new(Keychain::new(KeychainConfig::default())));
    let endpoint = format!("http://{}", registry.address);
    config.endpoints.insert(HOST.to_owned(), endpoint);
    let client = Client::new(config).unwrap();
    let repository: Repository = format!("{HOST}/shop/web").parse().unwrap();
    let images = [
        push_image(&client, &repository, "linux/amd64").await,
        push_image(&client, &repository, "linux/arm64").await,
    ];
    let attestation = push_artifact(&client, &repository, "linux/s390x").await;
    let mut soci = push_artifact(&client, &repository, "linux/riscv64").await;
    soci.platform = Some("linux/amd64".parse().unwrap());
    soci.artifact_type = Some("application/vnd.amazon.soci.index.v2+json".to_owned());
    let entries = images.iter().cloned().chain([attestation, soci]).collect();
    let index = Index::assemble(entries, BTreeMap::new()).unwrap();
    let bytes = Bytes::from(index.to_bytes().unwrap());
    let top = Digest::of(&bytes);
    client
        .put_manifest(&repository, &tag("v1"), index.media_type(), bytes)
        .await
        .unwrap();

    let aws = registry_that_scans("BASIC");
    aws.answer(START, [status("IN_PROGRESS")]);
    aws.respond(FINDINGS, |_, turn| {
        Some(if turn < 2 {
            not_found()
        } else {
            Answer::json(basic(&[("CVE-2026-1", "MEDIUM")]))
        })
    });
    let (scanner, _) = scanner(&aws.endpoint);
    let by_tag = format!("{HOST}/shop/web:v1").parse().unwrap();
    let by_digest = repository.with_digest(top);
    for reference in [by_tag, by_digest] {
        let subject = scan::resolve(&client, &reference).await.unwrap();
        assert_eq!(subject.digest, top);
        let report = examine(&scanner, &subject).await;
        assert!(report.passed);
        let [image] = report.images.as_slice() else {
            panic!("{report:?}")
        };
        assert_eq!(image.findings.len(), 1);
        assert_eq!(image.findings[0].platforms.len(), 2);
    }
    let asked: BTreeSet<String> = aws
        .calls()
        .iter()
        .filter_map(|call| Some(call.body["imageId"]["imageDigest"].as_str()?.to_owned()))
        .collect();
    let manifests = images.iter().map(|image| image.digest.to_string());
    assert_eq!(asked, manifests.collect());
    for body in aws.calls() {
        assert_eq!(body.body["imageId"].get("imageTag"), None);
    }

    // A manifest by its digest is scanned as it is.
    let one = repository.with_digest(images[1].digest);
    let subject = scan::resolve(&client, &one).await.unwrap();
    assert_eq!(subject.digest, images[1].digest);
    assert_eq!(subject.manifests.len(), 1);
    // Nothing there, and no image.
    let nothing = format!("{HOST}/shop/web:v9").parse().unwrap();
    let error = scan::resolve(&client, &nothing).await.unwrap_err();
    assert!(matches!(error, ResolveError::NotFound { .. }), "{error:?}");
}

async fn examine(scanner: &scan::EcrScanner, subject: &Subject) -> scan::Report {
    let subjects = [subject.clone()];
    let today = jiff::civil::date(2026, 3, 2);
    scan::examine(scanner, &Policy::default(), today, &subjects, &|_| {})
        .await
        .unwrap()
}

#[tokio::test]
async fn a_nested_index_is_not_passed_over() {
    let registry = Service::registry();
    let client = crate::registry::client();
    let repository: Repository = format!("{}/shop/web", registry.address).parse().unwrap();
    let image = push_image(&client, &repository, "linux/amd64").await;
    let inner = Index::assemble(vec![image.clone()], BTreeMap::new()).unwrap();
    let bytes = Bytes::from(inner.to_bytes().unwrap());
    let mut entry = Descriptor::new(
        media_type::OCI_INDEX,
        Digest::of(&bytes),
        bytes.len() as u64,
    );
    entry.platform = Some("linux/arm64".parse().unwrap());
    let target = ReferenceTarget::Digest(entry.digest);
    client
        .put_manifest(&repository, &target, media_type::OCI_INDEX, bytes)
        .await
        .unwrap();
    let outer = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [image, entry],
    });
    let bytes = Bytes::from(outer.to_string());
    client
        .put_manifest(&repository, &tag("v1"), media_type::OCI_INDEX, bytes)
        .await
        .unwrap();
    let reference = format!("{}/shop/web:v1", registry.address).parse().unwrap();
    let error = scan::resolve(&client, &reference).await.unwrap_err();
    assert!(matches!(error, ResolveError::Nested { .. }), "{error:?}");
    assert_eq!(Failure::from(error).exit_code(), exit::SCAN_GATE);
}
