//! Deciding what changed: every evaluated image beside its baseline (D3).
//!
//! Two questions, mostly with one answer: does it differ from what the baseline holds, so that it
//! must be published, and is it new to whoever deploys?

use std::collections::BTreeMap;
use std::path::Path;

use futures::future::try_join_all;
use launchway_soci::index::Version;

use super::baseline::{self, Baseline, Found};
use super::evaluate::Evaluations;
use super::record::{Record, SCHEMA, State};
use super::soci::SociIndexes;
use super::{Context, Event, ReleaseError};
use crate::image::{Digest, ImageContent, compare};
use crate::plan::{ImagePlan, Plan};
use crate::soci::annotate::annotated_like_buildkit;

/// What comparing found out about an image.
pub(super) struct Compared {
    /// The baseline, or why there is none.
    pub(super) found: Found,
    /// It is not what the baseline holds, and is published.
    pub(super) differs: bool,
    /// It is new to whoever deploys: it differs, or a run that died has already moved the baseline
    /// to it.
    pub(super) changed: bool,
    /// Why, for people.
    pub(super) reason: String,
    /// The digest under the baseline before this release.
    pub(super) before: Option<Digest>,
}

impl Compared {
    /// For `bake` and `build`, which push what they are told to push.
    pub(super) fn nothing() -> Self {
        Self {
            found: Err(String::new()),
            differs: true,
            changed: true,
            reason: "nothing was compared".to_owned(),
            before: None,
        }
    }
}

/// The record of a run that died after it was written: its tags may have moved, and nobody has
/// deployed what they point at. A run that was refused has moved none, but one before it may have,
/// and its record says so. Anything else in that file is no such record.
pub(super) fn unfinished(path: &Path) -> Option<Record> {
    let text = std::fs::read_to_string(path).ok()?;
    let record: Record = serde_json::from_str(&text).ok()?;
    let unfinished = matches!(record.state, State::Published | State::Refused);
    (record.schema == SCHEMA && unfinished).then_some(record)
}

/// Compares all images at once, in the order of the plan.
pub(super) async fn all(
    context: &Context,
    plan: &Plan,
    evaluations: &Evaluations,
    baselines: &[Found],
    unfinished: Option<&Record>,
    soci: &SociIndexes,
) -> Result<Vec<Compared>, ReleaseError> {
    let images = plan.images.iter().zip(baselines);
    try_join_all(images.map(|(image, found)| async move {
        let (differs, reason) = match found {
            Err(reason) => (true, reason.clone()),
            Ok(baseline) => match difference(context, evaluations, image, baseline).await? {
                (false, reason) => match soci_difference(image, baseline, soci) {
                    Some(reason) => (true, reason),
                    None => (false, reason),
                },
                differs => differs,
            },
        };
        let mut compared = Compared {
            found: found.clone(),
            differs,
            changed: differs,
            reason,
            before: found
                .as_ref()
                .ok()
                .map(|baseline| baseline.descriptor.digest),
        };
        let earlier = unfinished.and_then(|record| record.images.get(&image.target));
        if let (false, Some(earlier)) = (differs, earlier)
            && earlier.changed
            && Some(earlier.digest) == compared.before
        {
            compared.changed = true;
            compared.before = earlier.baseline;
            "tagged by a run that did not finish".clone_into(&mut compared.reason);
        }
        context.tell(Event::Compared {
            target: image.target.clone(),
            changed: compared.changed,
            reason: compared.reason.clone(),
        });
        Ok(compared)
    }))
    .await
}

/// How an equal image's SOCI indexes differ from those of its baseline. An index v1 is found through
/// the registry and is no part of the image. A baseline that has one although none is asked for was
/// given it by somebody else, who may have reasons.
fn soci_difference(image: &ImagePlan, baseline: &Baseline, soci: &SociIndexes) -> Option<String> {
    let options = image.soci.as_ref()?;
    if options.version != Version::V2 {
        return None;
    }
    soci.get(&image.target)?
        .iter()
        .find_map(|(platform, soci)| {
            let before = baseline
                .manifests
                .get(platform)
                .and_then(|entry| baseline.soci.get(&entry.digest))
                .map(|entry| entry.digest);
            match (before, soci.index) {
                (before, wanted) if before == wanted => None,
                (None, _) => Some(format!("{platform} has no SOCI index yet")),
                (Some(_), _) => Some(format!("the SOCI index differs on {platform}")),
            }
        })
}

/// Whether an image differs from its baseline, and how. A baseline that cannot be read whole (a
/// child was deleted, or is of a kind we do not know) is replaced, and blocks nothing.
async fn difference(
    context: &Context,
    evaluations: &Evaluations,
    image: &ImagePlan,
    baseline: &Baseline,
) -> Result<(bool, String), ReleaseError> {
    let platforms = evaluations.get(&image.target);
    let content: BTreeMap<_, _> = platforms
        .into_iter()
        .flatten()
        .map(|(platform, evaluated)| (platform.clone(), evaluated.content()))
        .collect();
    let mut known: BTreeMap<Digest, ImageContent> = content
        .values()
        .map(|image| (image.manifest, image.clone()))
        .collect();
    // The same image with the baseline's SOCI index needs no look at its manifest.
    for (platform, evaluated) in platforms.into_iter().flatten() {
        let annotated = baseline
            .manifests
            .get(platform)
            .and_then(|entry| baseline.soci.get(&entry.digest))
            .and_then(|soci| annotated_like_buildkit(&evaluated.bytes, soci.digest).ok());
        if let Some(bytes) = annotated {
            known.insert(Digest::of(&bytes), evaluated.content());
        }
    }
    let before = match baseline::content(context, image, baseline, &known).await {
        Ok(before) => before,
        Err(error @ ReleaseError::Document { .. }) => return Ok((true, error.to_string())),
        Err(error) => return Err(error),
    };
    Ok(match compare(&content, &before) {
        Some(difference) => (true, difference.to_string()),
        None => (false, format!("same as {}", image.baseline)),
    })
}
