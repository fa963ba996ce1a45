//! What the summary says of an image's scan: one line, and one more for each reason that somebody
//! should look.

use crate::release::record::{ImageRecord, ScanRecord};
use crate::scan::Decision;
use crate::scan::finding::describe;

/// The line about an image; none where it was not scanned.
pub(super) fn line(image: &ImageRecord) -> Option<String> {
    let scan = image.scan.as_ref()?;
    let mut text = match scan.decision {
        Decision::Skipped => return Some("not scanned: it did not change".to_owned()),
        Decision::Passed => "passed".to_owned(),
        Decision::Warned => "passed with a warning".to_owned(),
        Decision::Reported => "not refused: it did not change".to_owned(),
        Decision::Refused => "refused".to_owned(),
    };
    text.push_str(&format!("; {}", describe(&scan.counts)));
    if !scan.ignored.is_empty() {
        text.push_str(&format!(", of these {} ignored", scan.ignored.len()));
    }
    Some(text)
}

/// What deserves a look.
pub(super) fn reasons(image: &ImageRecord) -> &[String] {
    match &image.scan {
        Some(ScanRecord {
            decision: Decision::Warned | Decision::Reported | Decision::Refused,
            reasons,
            ..
        }) => reasons,
        _ => &[],
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::scan::{Counts, ScannerKind, Severity};

    /// The scan of an image with these numbers.
    pub(in crate::ui::summary) fn record(decision: Decision, reasons: &[&str]) -> ScanRecord {
        ScanRecord {
            scanner: ScannerKind::Ecr,
            decision,
            reasons: reasons.iter().map(|&text| text.to_owned()).collect(),
            counts: Counts::from([(Severity::Critical, 1), (Severity::Low, 12)]),
            platforms: std::collections::BTreeMap::new(),
            failing: Vec::new(),
            ignored: Vec::new(),
        }
    }
}
