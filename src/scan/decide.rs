//! From results to a report: platforms joined, the rules applied. Pure: equal arguments give equal
//! reports, whatever the order in which scans ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::finding::{Fix, Outcome, count};
use super::policy::{NoResult, Policy, Unchanged};
use super::report::{Decision, ImageReport, PlatformReport, Report, Row, Rules, SCHEMA, Verdict};
use super::{Finding, ScannerKind, Subject};
use crate::image::Platform;

/// The results for an image's platforms; empty for one that was not scanned.
pub type Outcomes = BTreeMap<Platform, Outcome>;

/// Judges images by what was found in them. `today` is a day in UTC.
pub fn report(
    scanner: ScannerKind,
    policy: &Policy,
    today: Date,
    scanned: &[(&Subject, Outcomes)],
) -> Report {
    let images: Vec<ImageReport> = scanned
        .iter()
        .map(|(subject, outcomes)| image(policy, today, subject, outcomes))
        .collect();
    let everything = scanned.iter().flat_map(|(_, outcomes)| outcomes.values());
    let known = scanned.iter().all(|(_, outcomes)| !outcomes.is_empty())
        && everything
            .clone()
            .all(|one| matches!(one, Outcome::Complete(_)));
    let matched = |ignore: &super::Ignore| {
        images
            .iter()
            .flat_map(|image| &image.findings)
            .any(|row| ignore.is_about(&row.finding))
    };
    let ignores = policy.ignore.iter();
    let expired = ignores.clone().filter(|ignore| ignore.is_expired(today));
    let unused = ignores.filter(|ignore| known && !ignore.is_expired(today) && !matched(ignore));
    Report {
        schema: SCHEMA.to_owned(),
        scanner,
        passed: images
            .iter()
            .all(|image| image.decision != Decision::Refused),
        policy: Rules::from(policy),
        expired_ignores: expired.cloned().collect(),
        unused_ignores: unused.cloned().collect(),
        images,
    }
}

fn image(policy: &Policy, today: Date, subject: &Subject, outcomes: &Outcomes) -> ImageReport {
    let findings = rows(policy, today, outcomes);
    let platforms: BTreeMap<Platform, PlatformReport> = outcomes
        .iter()
        .filter_map(|(platform, outcome)| {
            let manifest = *subject.manifests.get(platform)?;
            let report = match outcome {
                Outcome::Complete(complete) => PlatformReport {
                    manifest,
                    no_result: None,
                    counts: complete.counts(),
                    scanned_at: complete.scanned_at.clone(),
                    reused: complete.reused,
                },
                Outcome::NoResult { reason } => PlatformReport {
                    manifest,
                    no_result: Some(reason.clone()),
                    counts: BTreeMap::new(),
                    scanned_at: None,
                    reused: false,
                },
            };
            Some((platform.clone(), report))
        })
        .collect();
    let (decision, reasons) = decide(policy, subject, outcomes, &findings);
    ImageReport {
        name: subject.name.clone(),
        repository: subject.repository.to_string(),
        digest: subject.digest,
        changed: subject.changed,
        decision,
        reasons,
        platforms,
        counts: count(findings.iter().map(|row| row.finding.severity)),
        findings,
    }
}

/// What follows for an image, and why.
fn decide(
    policy: &Policy,
    subject: &Subject,
    outcomes: &Outcomes,
    rows: &[Row],
) -> (Decision, Vec<String>) {
    if !subject.changed && policy.unchanged == Unchanged::Skip {
        return (Decision::Skipped, vec!["it did not change".to_owned()]);
    }
    let mut reasons = Vec::new();
    let fails = rows.iter().filter(|row| row.verdict == Verdict::Fails);
    let fails = fails.count();
    if fails > 0 {
        let ending = if fails == 1 { "" } else { "s" };
        let above = match policy.severity {
            super::Severity::Critical => "",
            _ => " or above",
        };
        let fixable = if policy.only_fixable {
            " with a fix"
        } else {
            ""
        };
        let severity = policy.severity;
        reasons.push(format!(
            "{fails} finding{ending} of {severity}{above}{fixable}"
        ));
    }
    let missing: Vec<String> = outcomes
        .iter()
        .filter_map(|(platform, outcome)| match outcome {
            Outcome::NoResult { reason } => Some(format!("no result for {platform}: {reason}")),
            Outcome::Complete(_) => None,
        })
        .collect();
    // An image of no platform was not looked at either.
    let unknown = !missing.is_empty() || outcomes.is_empty();
    reasons.extend(missing);
    if outcomes.is_empty() {
        reasons.push("there is nothing in it that can be scanned".to_owned());
    }
    let refused = fails > 0 || (unknown && policy.no_result == NoResult::Fail);
    let decision = match (refused, unknown) {
        (true, _) if !subject.changed && policy.unchanged == Unchanged::Report => {
            Decision::Reported
        }
        (true, _) => Decision::Refused,
        (false, true) => Decision::Warned,
        (false, false) => Decision::Passed,
    };
    (decision, reasons)
}

/// What makes two platforms' findings one row.
type Key<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// One row per finding, with all the platforms that have it.
fn rows(policy: &Policy, today: Date, outcomes: &Outcomes) -> Vec<Row> {
    let mut joined: BTreeMap<Key<'_>, (Finding, BTreeSet<Platform>)> = BTreeMap::new();
    for (platform, outcome) in outcomes {
        let Outcome::Complete(complete) = outcome else {
            continue;
        };
        for finding in &complete.findings {
            let key = (
                finding.id.as_str(),
                finding.package.as_deref(),
                finding.installed_version.as_deref(),
            );
            let (known, platforms) = joined
                .entry(key)
                .or_insert_with(|| (finding.clone(), BTreeSet::new()));
            join(known, finding);
            platforms.insert(platform.clone());
        }
    }
    let joined = joined.into_values();
    let mut rows: Vec<Row> = joined
        .map(|(finding, platforms)| judge(policy, today, finding, platforms))
        .collect();
    rows.sort_by(|a, b| {
        let order = |row: &Row| (row.verdict, std::cmp::Reverse(row.finding.severity));
        order(a)
            .cmp(&order(b))
            .then_with(|| a.finding.id.cmp(&b.finding.id))
            .then_with(|| a.finding.package.cmp(&b.finding.package))
            .then_with(|| {
                a.finding
                    .installed_version
                    .cmp(&b.finding.installed_version)
            })
    });
    rows
}

/// The worse of two ratings of the same thing, and what either says beyond the other.
fn join(known: &mut Finding, other: &Finding) {
    known.severity = known.severity.max(other.severity);
    if other.fix < known.fix {
        known.fix = other.fix;
    }
    let Finding {
        fixed_version,
        title,
        url,
        ..
    } = other;
    known.fixed_version = known.fixed_version.take().or_else(|| fixed_version.clone());
    known.title = known.title.take().or_else(|| title.clone());
    known.url = known.url.take().or_else(|| url.clone());
}

fn judge(policy: &Policy, today: Date, finding: Finding, platforms: BTreeSet<Platform>) -> Row {
    let about = || policy.ignore.iter().filter(|one| one.is_about(&finding));
    let ignored = about().find(|ignore| !ignore.is_expired(today));
    let verdict = if finding.severity < policy.severity {
        Verdict::Below
    } else if ignored.is_some() {
        Verdict::Ignored
    } else if policy.only_fixable && finding.fix == Fix::None {
        Verdict::NoFix
    } else {
        Verdict::Fails
    };
    let ignored = ignored.filter(|_| verdict == Verdict::Ignored).cloned();
    let until = about().map(|ignore| ignore.until).max();
    Row {
        ignored_until: until.filter(|_| verdict == Verdict::Fails),
        ignored,
        verdict,
        platforms,
        finding,
    }
}

#[cfg(test)]
mod tests;
