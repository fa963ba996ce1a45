//! A report as SARIF 2.1.0 (OASIS), for code scanning of GitHub and others.
//!
//! One run, one rule per vulnerability, one result per finding and image. What is ignored is a
//! result with a suppression, so that the list of what is known stays complete; an image without a
//! result is a notification of the run, which then did not succeed. Images have no lines: the
//! location is the repository's path, as other scanners of images write it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::report::{ImageReport, Report, Row};
use super::{Finding, Severity};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const HOME: &str = "https://github.com/launchway/launchway";

/// The document, with two spaces of indentation and a newline at the end.
pub fn to_text(report: &Report) -> String {
    // Maps with text keys and plain values always serialize.
    let mut text = serde_json::to_string_pretty(&document(report)).unwrap_or_default();
    text.push('\n');
    text
}

/// The document.
pub fn document(report: &Report) -> Value {
    // One rule for all findings of an id, with the worst of their ratings.
    let mut worst: BTreeMap<&str, &Finding> = BTreeMap::new();
    for row in report.images.iter().flat_map(|image| &image.findings) {
        let known = worst.entry(&row.finding.id).or_insert(&row.finding);
        if row.finding.severity > known.severity {
            *known = &row.finding;
        }
    }
    let order: BTreeMap<&str, usize> = worst.keys().copied().zip(0..).collect();
    let rules: Vec<Value> = worst.values().map(|finding| rule(finding)).collect();
    let results: Vec<Value> = report
        .images
        .iter()
        .flat_map(|image| image.findings.iter().map(move |row| (image, row)))
        .map(|(image, row)| result(image, row, order[row.finding.id.as_str()]))
        .collect();
    let notifications: Vec<Value> = report.images.iter().flat_map(notifications).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Launchway",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": HOME,
                "properties": { "scanner": report.scanner },
                "rules": rules,
            } },
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    })
}

fn rule(finding: &Finding) -> Value {
    let text = finding.title.as_deref().unwrap_or(&finding.id);
    let mut rule = json!({
        "id": finding.id,
        "shortDescription": { "text": text },
        "defaultConfiguration": { "level": level(finding.severity) },
        "properties": {
            "security-severity": score(finding.severity),
            "tags": ["security", "vulnerability", finding.severity.name()],
        },
    });
    if let Some(url) = &finding.url {
        rule["helpUri"] = json!(url);
    }
    rule
}

fn result(image: &ImageReport, row: &Row, rule: usize) -> Value {
    let Row { finding, .. } = row;
    let platforms: Vec<String> = row.platforms.iter().map(ToString::to_string).collect();
    let package = finding.package.as_deref().unwrap_or("unnamed package");
    let version = finding.installed_version.as_deref().unwrap_or_default();
    let mut text = format!("{} in {package} {version}", finding.id)
        .trim_end()
        .to_owned();
    if let Some(fixed) = &finding.fixed_version {
        text.push_str(&format!(", mended in {fixed}"));
    }
    text.push_str(&format!(
        " ({}, {} on {})",
        finding.severity,
        image.reference(),
        platforms.join(", ")
    ));
    // The path alone: a host with a port is no relative URI.
    let (_, path) = image
        .repository
        .split_once('/')
        .unwrap_or(("", &image.repository));
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(finding.id));
    result.insert("ruleIndex".to_owned(), json!(rule));
    result.insert("level".to_owned(), json!(level(finding.severity)));
    result.insert("message".to_owned(), json!({ "text": text }));
    let location = json!([{
        "physicalLocation": {
            "artifactLocation": { "uri": path },
            "region": { "startLine": 1 },
        },
        "logicalLocations": [{
            "fullyQualifiedName": format!("{}#{package}", image.reference()),
            "kind": "module",
        }],
    }]);
    result.insert("locations".to_owned(), location);
    // What makes the same finding in the next image the same for whoever tracks them.
    let fingerprint = format!("{}:{}:{package}", image.repository, finding.id);
    let fingerprint = json!({ "finding/v1": fingerprint });
    result.insert("partialFingerprints".to_owned(), fingerprint);
    if let Some(ignored) = &row.ignored {
        let justification = format!("{} (until {})", ignored.reason, ignored.until);
        let suppression = json!([{
            "kind": "external", "status": "accepted", "justification": justification,
        }]);
        result.insert("suppressions".to_owned(), suppression);
    }
    let properties = json!({
        "verdict": row.verdict, "severity": finding.severity, "platforms": platforms,
        "package": finding.package, "installedVersion": finding.installed_version,
        "fixedVersion": finding.fixed_version,
    });
    result.insert("properties".to_owned(), properties);
    Value::Object(result)
}

/// What was not scanned, and why.
fn notifications(image: &ImageReport) -> Vec<Value> {
    let platforms = image.platforms.iter();
    platforms
        .filter_map(|(platform, report)| {
            let reason = report.no_result.as_ref()?;
            let text = format!(
                "{} has no result for {platform}: {reason}",
                image.reference()
            );
            Some(json!({ "level": "error", "message": { "text": text } }))
        })
        .collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Informational | Severity::Undefined => "note",
    }
}

/// A number inside of the range that GitHub gives the severity (docs.github.com, "SARIF support for
/// code scanning"): critical from 9.0, high from 7.0, medium from 4.0.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Informational | Severity::Undefined => "0.0",
    }
}
