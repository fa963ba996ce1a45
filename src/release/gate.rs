//! The gate between an image in the registry and the tags that others follow: what is looked at,
//! and what is told meanwhile. Who looks and by which rules is the caller's to say.

use std::fmt;

use futures::future::BoxFuture;

use super::{Context, Event, ReleaseError};
use crate::scan::{Counts, Outcome, Progress, Report, ScanError, ScannerKind, Subject};

/// Told about every scan.
pub type Listener<'a> = &'a (dyn Fn(Progress<'_>) + Send + Sync);

/// Looks at the images of a release before any tag moves.
pub trait Gate: Send + Sync + fmt::Debug {
    /// Who looks.
    fn scanner(&self) -> ScannerKind;

    /// Whether the images of a target are looked at.
    fn covers(&self, target: &str) -> bool;

    /// Looks at images that are in the registry by digest.
    fn examine<'a>(
        &'a self,
        subjects: &'a [Subject],
        listener: Listener<'a>,
    ) -> BoxFuture<'a, Result<Report, ScanError>>;
}

/// Sends images through the gate, if there is one. A refusal is in the report; an error is a
/// scanner that could not work.
pub(super) async fn examine(
    context: &Context,
    subjects: Vec<Subject>,
) -> Result<Option<Report>, ReleaseError> {
    let Some(gate) = &context.gate else {
        return Ok(None);
    };
    let covered: Vec<Subject> = subjects
        .into_iter()
        .filter(|subject| gate.covers(&subject.name))
        .collect();
    if covered.is_empty() {
        return Ok(None);
    }
    let scanner = gate.scanner();
    let listener = |progress: Progress<'_>| context.tell(event(scanner, progress));
    let report = gate.examine(&covered, &listener).await;
    report.map(Some).map_err(ReleaseError::Scan)
}

/// What a scan's progress is as an event.
pub(crate) fn event(scanner: ScannerKind, progress: Progress<'_>) -> Event {
    match progress {
        Progress::Started { subject, platform } => Event::ScanStarted {
            target: subject.name.clone(),
            platform: platform.clone(),
            scanner,
        },
        Progress::Completed {
            subject,
            platform,
            outcome,
        } => {
            let (counts, no_result) = match outcome {
                Outcome::Complete(complete) => (complete.counts(), None),
                Outcome::NoResult { reason } => (Counts::new(), Some(reason.clone())),
            };
            Event::ScanCompleted {
                target: subject.name.clone(),
                platform: platform.clone(),
                counts,
                no_result,
            }
        }
    }
}
