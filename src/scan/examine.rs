//! Scanning several images, all platforms at once as far as the scanner can, and judging them.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;

use super::decide::{self, Outcomes};
use super::{Outcome, PlatformImage, Policy, Report, ScanError, Scanner, Subject, Unchanged};
use crate::image::Platform;

/// What happens meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// A scan begins.
    Started {
        /// Which image.
        subject: &'a Subject,
        /// Which of its platforms.
        platform: &'a Platform,
    },
    /// A scan ended.
    Completed {
        /// Which image.
        subject: &'a Subject,
        /// Which of its platforms.
        platform: &'a Platform,
        /// What came of it.
        outcome: &'a Outcome,
    },
}

/// Scans every platform of every image and judges them by the rules. `today` is a day in UTC.
///
/// Fails with the first scan that cannot be carried out, and drops those that run.
pub async fn examine(
    scanner: &dyn Scanner,
    policy: &Policy,
    today: Date,
    subjects: &[Subject],
    listener: &(dyn Fn(Progress<'_>) + Send + Sync),
) -> Result<Report, ScanError> {
    let wanted = |subject: &Subject| subject.changed || policy.unchanged != Unchanged::Skip;
    // A list made first: closures that borrow both would not be general enough for a stream.
    let mut scans = Vec::new();
    for (index, subject) in subjects.iter().enumerate() {
        if wanted(subject) {
            let platforms = subject.manifests.keys();
            scans.extend(platforms.map(|platform| (index, platform.clone())));
        }
    }
    let scans = scans.into_iter().map(|(index, platform)| async move {
        let subject = &subjects[index];
        let outcome = one(scanner, subject, &platform, listener).await?;
        Ok::<_, ScanError>((index, platform, outcome))
    });
    let ended: Vec<(usize, Platform, Outcome)> = stream::iter(scans)
        .buffer_unordered(scanner.at_once().max(1))
        .try_collect()
        .await?;
    let mut outcomes: Vec<Outcomes> = vec![BTreeMap::new(); subjects.len()];
    for (index, platform, outcome) in ended {
        outcomes[index].insert(platform, outcome);
    }
    let scanned: Vec<(&Subject, Outcomes)> = subjects.iter().zip(outcomes).collect();
    Ok(decide::report(scanner.kind(), policy, today, &scanned))
}

async fn one(
    scanner: &dyn Scanner,
    subject: &Subject,
    platform: &Platform,
    listener: &(dyn Fn(Progress<'_>) + Send + Sync),
) -> Result<Outcome, ScanError> {
    listener(Progress::Started { subject, platform });
    let image = PlatformImage {
        repository: subject.repository.clone(),
        platform: platform.clone(),
        manifest: subject.manifests[platform],
    };
    let outcome = scanner.scan(&image).await?;
    listener(Progress::Completed {
        subject,
        platform,
        outcome: &outcome,
    });
    Ok(outcome)
}
