//! What an image may have: the rules of a `scan` block, as plain values.
//!
//! Applying them is `decide`'s work.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Severity;

/// The rules that findings are judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Findings of this severity and above fail.
    pub severity: Severity,
    /// Findings that no version mends do not fail. Where a scanner does not say, they do.
    pub only_fixable: bool,
    /// Findings that do not fail for a while.
    pub ignore: Vec<Ignore>,
    /// What happens where a scanner has no result.
    pub no_result: NoResult,
    /// What happens to images that did not change.
    pub unchanged: Unchanged,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            severity: Severity::High,
            only_fixable: false,
            ignore: Vec::new(),
            no_result: NoResult::Fail,
            unchanged: Unchanged::Report,
        }
    }
}

/// A finding that is known and does not fail until a day is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ignore {
    /// The finding's id, in any case.
    pub id: String,
    /// The package; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Why, for whoever reads the report.
    pub reason: String,
    /// The last day (in UTC) on which it counts.
    pub until: Date,
}

impl Ignore {
    /// Whether it is over on this day.
    pub fn is_expired(&self, today: Date) -> bool {
        today > self.until
    }

    /// Whether it is about this finding.
    pub fn is_about(&self, finding: &super::Finding) -> bool {
        self.id.eq_ignore_ascii_case(&finding.id)
            && self
                .package
                .as_ref()
                .is_none_or(|package| finding.package.as_ref() == Some(package))
    }
}

/// What happens where a scanner has no result: a scan failed or ran into the time limit, or the
/// scanner does not know such images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoResult {
    /// The image is refused.
    #[default]
    Fail,
    /// The image passes with a warning.
    Warn,
}

/// What happens to an image that did not change against the baseline: what it holds is deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unchanged {
    /// It is scanned and shown, and fails nothing.
    #[default]
    Report,
    /// It is judged like all others.
    Fail,
    /// It is not scanned.
    Skip,
}
