//! What a scan came to, as release.json tells it: the decision with what led to it. The other
//! findings are counted; all of them are in the report of the scan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::image::Platform;
use crate::scan::{Counts, Decision, PlatformReport, Report, Row, ScannerKind, Verdict};

/// The scan of one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanRecord {
    /// Who looked.
    pub scanner: ScannerKind,
    /// What follows.
    pub decision: Decision,
    /// Why, as fragments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Findings by severity, each once for all platforms.
    pub counts: Counts,
    /// Every platform's result.
    pub platforms: BTreeMap<Platform, PlatformReport>,
    /// The findings that fail the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<Row>,
    /// The findings that are ignored, with their reasons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<Row>,
}

impl ScanRecord {
    /// The record of one image of a report.
    pub fn of(report: &Report, name: &str) -> Option<Self> {
        let image = report.images.iter().find(|image| image.name == name)?;
        let rows = |verdict| image.with_verdict(verdict).cloned().collect();
        Some(Self {
            scanner: report.scanner,
            decision: image.decision,
            reasons: image.reasons.clone(),
            counts: image.counts.clone(),
            platforms: image.platforms.clone(),
            failing: rows(Verdict::Fails),
            ignored: rows(Verdict::Ignored),
        })
    }
}
