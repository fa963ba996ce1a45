//! The rules, one by one.

use jiff::civil::date;

use super::*;
use crate::image::Digest;
use crate::scan::{Complete, Ignore, Severity};

const TODAY: Date = date(2026, 3, 2);

fn finding(id: &str, severity: Severity, fix: Fix) -> Finding {
    Finding {
        id: id.to_owned(),
        severity,
        package: Some("libssl3".to_owned()),
        installed_version: Some("3.0.1".to_owned()),
        fix,
        fixed_version: None,
        title: None,
        url: None,
    }
}

fn subject(changed: bool) -> Subject {
    let manifests = ["linux/amd64", "linux/arm64"];
    Subject {
        name: "web".to_owned(),
        repository: "r.example/shop/web".parse().unwrap(),
        digest: Digest::of("web"),
        manifests: manifests
            .map(|platform| (platform.parse().unwrap(), Digest::of(platform)))
            .into(),
        changed,
    }
}

/// An outcome for amd64 and one for arm64.
fn outcomes(amd64: Outcome, arm64: Outcome) -> Outcomes {
    [("linux/amd64", amd64), ("linux/arm64", arm64)]
        .map(|(platform, outcome)| (platform.parse().unwrap(), outcome))
        .into()
}

fn complete(findings: &[Finding]) -> Outcome {
    Outcome::Complete(Complete::of(findings.to_vec()))
}

fn no_result() -> Outcome {
    Outcome::NoResult {
        reason: "ECR says FAILED".to_owned(),
    }
}

fn ignore(id: &str, until: Date) -> Ignore {
    Ignore {
        id: id.to_owned(),
        package: None,
        reason: "not reachable".to_owned(),
        until,
    }
}

fn judge_one(policy: &Policy, changed: bool, outcomes: Outcomes) -> Report {
    let subject = subject(changed);
    report(ScannerKind::Ecr, policy, TODAY, &[(&subject, outcomes)])
}

/// The report of an image with the same findings on both platforms.
fn judged(policy: &Policy, findings: &[Finding]) -> Report {
    judge_one(
        policy,
        true,
        outcomes(complete(findings), complete(findings)),
    )
}

#[test]
fn the_severity_and_above_fail() {
    for threshold in Severity::ALL {
        for severity in Severity::ALL {
            let policy = Policy {
                severity: threshold,
                ..Policy::default()
            };
            let report = judged(&policy, &[finding("CVE-1", severity, Fix::None)]);
            assert_eq!(
                report.passed,
                severity < threshold,
                "{severity} at {threshold}"
            );
        }
    }
}

#[test]
fn only_fixable_lets_pass_what_nothing_mends_but_not_what_nobody_knows() {
    let policy = Policy {
        only_fixable: true,
        ..Policy::default()
    };
    for (fix, passes) in [
        (Fix::Available, false),
        (Fix::Unknown, false),
        (Fix::None, true),
    ] {
        let report = judged(&policy, &[finding("CVE-1", Severity::High, fix)]);
        assert_eq!(report.passed, passes, "{fix:?}");
    }
    let report = judged(&policy, &[finding("CVE-1", Severity::High, Fix::None)]);
    assert_eq!(report.images[0].findings[0].verdict, Verdict::NoFix);
}

#[test]
fn an_ignore_holds_through_its_last_day() {
    let one = [finding("CVE-2026-1", Severity::High, Fix::Available)];
    for (until, passes) in [
        (date(2026, 3, 1), false),
        (date(2026, 3, 2), true),
        (date(2026, 3, 3), true),
    ] {
        let policy = Policy {
            ignore: vec![ignore("cve-2026-1", until)],
            ..Policy::default()
        };
        let report = judged(&policy, &one);
        assert_eq!(report.passed, passes, "{until}");
        let row = &report.images[0].findings[0];
        if passes {
            assert_eq!(row.ignored.as_ref().unwrap().reason, "not reachable");
            assert_eq!(report.expired_ignores, []);
        } else {
            assert_eq!(row.ignored, None);
            assert_eq!(row.ignored_until, Some(until));
            assert_eq!(report.expired_ignores, policy.ignore);
        }
        assert_eq!(report.unused_ignores, []);
    }
}

#[test]
fn an_ignore_of_a_package_is_about_that_package() {
    let one = [finding("CVE-1", Severity::High, Fix::Available)];
    for (package, passes) in [("libssl3", true), ("openssl", false)] {
        let mut entry = ignore("CVE-1", TODAY);
        entry.package = Some(package.to_owned());
        let policy = Policy {
            ignore: vec![entry.clone()],
            ..Policy::default()
        };
        let report = judged(&policy, &one);
        assert_eq!(report.passed, passes, "{package}");
        let unused = if passes { vec![] } else { vec![entry] };
        assert_eq!(report.unused_ignores, unused);
    }
}

#[test]
fn nobody_knows_what_is_unused_where_a_result_is_missing() {
    let policy = Policy {
        ignore: vec![ignore("CVE-9", TODAY)],
        no_result: NoResult::Warn,
        ..Policy::default()
    };
    let report = judge_one(&policy, true, outcomes(complete(&[]), no_result()));
    assert_eq!(report.images[0].decision, Decision::Warned);
    assert_eq!(report.unused_ignores, []);
    let report = judge_one(&policy, true, outcomes(complete(&[]), complete(&[])));
    assert_eq!(report.unused_ignores, policy.ignore);
}

#[test]
fn a_platform_without_result_refuses_unless_it_may_not() {
    let one = || outcomes(complete(&[]), no_result());
    let report = judge_one(&Policy::default(), true, one());
    let image = &report.images[0];
    assert_eq!(image.decision, Decision::Refused);
    assert_eq!(
        image.reasons,
        ["no result for linux/arm64: ECR says FAILED"]
    );
    // What was found counts all the same.
    let policy = Policy {
        no_result: NoResult::Warn,
        ..Policy::default()
    };
    let found = complete(&[finding("CVE-1", Severity::Critical, Fix::None)]);
    let report = judge_one(&policy, true, outcomes(found, no_result()));
    assert_eq!(report.images[0].decision, Decision::Refused);
    assert_eq!(report.images[0].reasons.len(), 2);
    // No platform at all is no result either.
    let report = judge_one(&Policy::default(), true, Outcomes::new());
    assert!(!report.passed);
}

#[test]
fn an_image_that_did_not_change_is_deployed_already() {
    let found = || {
        let found = complete(&[finding("CVE-1", Severity::High, Fix::None)]);
        outcomes(found.clone(), found)
    };
    for (unchanged, decision) in [
        (Unchanged::Report, Decision::Reported),
        (Unchanged::Fail, Decision::Refused),
        (Unchanged::Skip, Decision::Skipped),
    ] {
        let policy = Policy {
            unchanged,
            ..Policy::default()
        };
        let outcomes = if unchanged == Unchanged::Skip {
            Outcomes::new()
        } else {
            found()
        };
        let report = judge_one(&policy, false, outcomes);
        assert_eq!(report.images[0].decision, decision);
        assert_eq!(report.passed, decision != Decision::Refused);
        // A changed one is judged whatever that says.
        assert!(!judge_one(&policy, true, found()).passed);
    }
}

#[test]
fn platforms_are_joined_and_versions_are_not() {
    let same = finding("CVE-1", Severity::High, Fix::Available);
    let mut worse = same.clone();
    worse.severity = Severity::Critical;
    worse.fixed_version = Some("3.0.2".to_owned());
    let mut other = same.clone();
    other.installed_version = Some("3.0.0".to_owned());
    let report = judge_one(
        &Policy::default(),
        true,
        outcomes(
            complete(std::slice::from_ref(&same)),
            complete(&[worse, other]),
        ),
    );
    let image = &report.images[0];
    let rows: Vec<_> = image
        .findings
        .iter()
        .map(|row| {
            let version = row.finding.installed_version.as_deref().unwrap();
            (row.finding.severity, version, row.platforms.len())
        })
        .collect();
    assert_eq!(
        rows,
        [
            (Severity::Critical, "3.0.1", 2),
            (Severity::High, "3.0.0", 1)
        ]
    );
    assert_eq!(
        image.findings[0].finding.fixed_version.as_deref(),
        Some("3.0.2")
    );
    assert_eq!(image.counts[&Severity::Critical], 1);
    // Each platform counts its own.
    let arm64 = &image.platforms[&"linux/arm64".parse().unwrap()];
    assert_eq!(arm64.counts[&Severity::High], 1);
}

#[test]
fn a_report_reads_back() {
    let policy = Policy {
        ignore: vec![ignore("CVE-2", TODAY), ignore("CVE-3", date(2026, 1, 31))],
        ..Policy::default()
    };
    let report = judged(
        &policy,
        &[
            finding("CVE-1", Severity::High, Fix::Available),
            finding("CVE-2", Severity::Critical, Fix::None),
            finding("CVE-3", Severity::Low, Fix::Unknown),
        ],
    );
    let read: Report = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(read, report);
    let verdicts: Vec<_> = report.images[0]
        .findings
        .iter()
        .map(|row| row.verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::Fails, Verdict::Ignored, Verdict::Below]);
}
