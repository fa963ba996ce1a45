//! The result of scanning images and judging what was found; the JSON form is the format
//! `launchway.scan/v1`, documented in docs/scan.md. Members are only ever added within a version.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::finding::{Counts, Finding, count};
use super::policy::{Ignore, NoResult, Policy, Unchanged};
use super::{ScannerKind, Severity};
use crate::image::{Digest, Platform};

/// The `schema` of the reports that this version writes.
pub const SCHEMA: &str = "launchway.scan/v1";

/// Some images, scanned and judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// Who looked.
    pub scanner: ScannerKind,
    /// No image may be refused.
    pub passed: bool,
    /// The rules.
    pub policy: Rules,
    /// The images, in the order that they were asked for.
    pub images: Vec<ImageReport>,
    /// Entries of `ignore` that are over, and ignore nothing any more.
    pub expired_ignores: Vec<Ignore>,
    /// Entries of `ignore` that no image has a finding for; empty where not all images were
    /// scanned, for then nobody knows.
    pub unused_ignores: Vec<Ignore>,
}

/// The rules, without the list of what is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// Findings of this severity and above fail.
    pub severity: Severity,
    /// Those that no version mends do not.
    pub only_fixable: bool,
    /// What happens without a result.
    pub no_result: NoResult,
    /// What happens to images that did not change.
    pub unchanged: Unchanged,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageReport {
    /// A target, or the reference that was asked for.
    pub name: String,
    /// `registry/repository`.
    pub repository: String,
    /// What tags point at.
    pub digest: Digest,
    /// It is new, compared with the baseline.
    pub changed: bool,
    /// What follows.
    pub decision: Decision,
    /// Why, as fragments: `2 findings of HIGH or above`.
    pub reasons: Vec<String>,
    /// Every platform's result.
    pub platforms: BTreeMap<Platform, PlatformReport>,
    /// Findings by severity, each once for all platforms.
    pub counts: Counts,
    /// Findings, those that fail first, then by severity.
    pub findings: Vec<Row>,
}

/// What follows for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Nothing stands against it.
    Passed,
    /// Some platform has no result, and that is only a warning.
    Warned,
    /// It would be refused, and is deployed already.
    Reported,
    /// It did not change and was not scanned.
    Skipped,
    /// It is refused.
    Refused,
}

/// The result for one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlatformReport {
    /// The image manifest that was scanned.
    pub manifest: Digest,
    /// Why there is no result; absent where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_result: Option<String>,
    /// Findings by severity.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub counts: Counts,
    /// When the scanner looked, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<String>,
    /// The result was there before this run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reused: bool,
}

/// A finding with the platforms that it is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Where it is.
    pub platforms: BTreeSet<Platform>,
    /// What the rules say.
    pub verdict: Verdict,
    /// Why it is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<Ignore>,
    /// The last day on which it was ignored; it is not any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored_until: Option<Date>,
}

/// What the rules say about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It fails the image.
    Fails,
    /// It is known, and ignored for now.
    Ignored,
    /// No version mends it, and only what can be mended fails.
    NoFix,
    /// It is below the severity that fails.
    Below,
}

impl From<&Policy> for Rules {
    fn from(policy: &Policy) -> Self {
        Self {
            severity: policy.severity,
            only_fixable: policy.only_fixable,
            no_result: policy.no_result,
            unchanged: policy.unchanged,
        }
    }
}

impl Report {
    /// The images that are refused.
    pub fn refused(&self) -> impl Iterator<Item = &ImageReport> {
        let images = self.images.iter();
        images.filter(|image| image.decision == Decision::Refused)
    }

    /// The JSON form: two spaces of indentation and a newline at the end.
    pub fn to_json(&self) -> String {
        // Maps with text keys and plain values always serialize.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl ImageReport {
    /// `repository@digest`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }

    /// The findings with this verdict.
    pub fn with_verdict(&self, verdict: Verdict) -> impl Iterator<Item = &Row> {
        self.findings
            .iter()
            .filter(move |row| row.verdict == verdict)
    }

    /// How many findings have this verdict, by severity.
    pub fn counts_of(&self, verdict: Verdict) -> Counts {
        count(self.with_verdict(verdict).map(|row| row.finding.severity))
    }
}
