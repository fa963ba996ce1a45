//! The gate between an image in the registry and the tags that others follow: what is looked at,
//! and what is told meanwhile. Who looks and by which rules is the caller's to say.
//!
//! For the gate an image is old only where all of its moving tags point at it already. That it did not
//! change against its baseline is not enough: the baseline may be another tag, and then this release
//! brings what is known there to those who know nothing of it yet.

use std::fmt;

use futures::future::BoxFuture;

use super::{Context, Event, ReleaseError};
use crate::config::Source;
use crate::image::Digest;
use crate::plan::{ImagePlan, names_this_source};
use crate::registry::Reference;
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

/// Whether everybody who follows a tag of this image has this digest already, as far as its registry
/// says so. `None` where no tag of it moves.
pub(super) async fn is_followed(
    context: &Context,
    source: &Source,
    image: &ImagePlan,
    digest: Digest,
) -> Option<bool> {
    let heads: Vec<_> = moving_tags(source, image)
        .into_iter()
        .map(|reference| async move {
            let found = context.registry.head_manifest(&reference).await;
            matches!(found, Ok(Some(found)) if found.digest == digest)
        })
        .collect();
    if heads.is_empty() {
        return None;
    }
    let found = futures::future::join_all(heads).await;
    Some(found.into_iter().all(|points_there| points_there))
}

/// The tags of all repositories of an image that others follow: those that do not name this commit.
fn moving_tags(source: &Source, image: &ImagePlan) -> Vec<Reference> {
    let tags = image
        .repositories()
        .flat_map(|push| push.tags.iter().map(move |tag| (push, tag)));
    tags.filter(|(_, tag)| !names_this_source(tag, source))
        .map(|(push, tag)| push.repository.with_tag(tag.clone()))
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{BaselinePlan, PushPlan};
    use crate::registry::Tag;

    #[test]
    fn tags_of_all_repositories_move_but_those_of_this_commit() {
        let source = Source {
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            tag: Some("v1.4".to_owned()),
            ..Source::default()
        };
        let push = |repository: &str, tags: &[&str]| PushPlan {
            repository: repository.parse().unwrap(),
            tags: tags.iter().map(|tag| Tag::new(*tag).unwrap()).collect(),
        };
        let image = ImagePlan {
            target: "web".to_owned(),
            primary: push("r.example/web", &["sha-0123456", "production", "v1.4"]),
            copies: vec![push("eu.example/web", &["production", "live"])],
            platforms: Vec::new(),
            baseline: BaselinePlan::Tag {
                tag: Tag::new("staging").unwrap(),
            },
            soci: None,
        };
        let moving: Vec<String> = moving_tags(&source, &image)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            moving,
            [
                "r.example/web:production",
                "eu.example/web:production",
                "eu.example/web:live"
            ]
        );
    }
}
