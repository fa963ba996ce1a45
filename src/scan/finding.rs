//! What scanners report, in one shape: findings, and the result for one platform's image.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Severity;

/// A vulnerability in a package of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `CVE-2026-1234`, or the name that the scanner's source gives it.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// The package, where the scanner names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The version that is in the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_version: Option<String>,
    /// Whether another version mends it.
    #[serde(default)]
    pub fix: Fix,
    /// The version that mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_version: Option<String>,
    /// One line about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Whether there is a version of the package without the vulnerability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fix {
    /// There is.
    Available,
    /// There is none yet.
    None,
    /// The scanner does not say; ECR's basic scanning never does.
    #[default]
    Unknown,
}

/// What a scanner found out about one platform's image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It looked at the image.
    Complete(Complete),
    /// It cannot say anything about the image, which is not the same as finding nothing.
    NoResult {
        /// Why: a fragment, for example `ECR says UNSUPPORTED_IMAGE`.
        reason: String,
    },
}

/// A result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complete {
    /// Everything that was found, sorted, each thing once.
    pub findings: Vec<Finding>,
    /// When the scanner looked, where it says so: RFC 3339 in UTC.
    pub scanned_at: Option<String>,
    /// The result was there before this run.
    pub reused: bool,
}

/// Numbers of findings by severity; severities without any are left out.
pub type Counts = BTreeMap<Severity, usize>;

impl Complete {
    /// A result of findings in any order, some maybe twice.
    pub fn of(mut findings: Vec<Finding>) -> Self {
        findings.sort();
        findings.dedup();
        Self {
            findings,
            ..Self::default()
        }
    }

    /// How many findings there are of each severity.
    pub fn counts(&self) -> Counts {
        count(self.findings.iter().map(|finding| finding.severity))
    }
}

/// Counts severities.
pub fn count(severities: impl IntoIterator<Item = Severity>) -> Counts {
    let mut counts = Counts::new();
    for severity in severities {
        *counts.entry(severity).or_default() += 1;
    }
    counts
}

/// `2 critical, 5 high`, the highest first; `no findings`.
pub fn describe(counts: &Counts) -> String {
    let parts: Vec<String> = counts
        .iter()
        .rev()
        .map(|(severity, count)| format!("{count} {}", severity.name().to_ascii_lowercase()))
        .collect();
    if parts.is_empty() {
        "no findings".to_owned()
    } else {
        parts.join(", ")
    }
}
