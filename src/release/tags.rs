//! Moving tags: last, and for all images together (D2).

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::index::Top;
use super::{Context, Event, FailPoint, ReleaseError, baseline};
use crate::plan::ImagePlan;
use crate::registry::{self, Reference};

/// One image and what its tags will point at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'a> {
    /// The image.
    pub(super) image: &'a ImagePlan,
    /// What its tags will point at.
    pub(super) top: &'a Top,
}

/// Moves all tags: first those that are new with every release, then those that others follow.
/// What a registry refuses for good (an immutable commit tag that names something else) is refused
/// before production has moved.
pub(super) async fn move_all(context: &Context, moves: &[Move<'_>]) -> Result<(), ReleaseError> {
    let all = moves.iter().flat_map(|one| {
        let tags = one
            .image
            .repositories()
            .flat_map(|push| push.tags.iter().map(move |tag| (push, tag)));
        tags.map(|(push, tag)| Step {
            reference: push.repository.with_tag(tag.clone()),
            top: one.top,
            followed: baseline::is_baseline_tag(one.image, tag),
        })
    });
    let (followed, fixed): (Vec<_>, Vec<_>) = all.partition(|step| step.followed);
    let waiting: Vec<String> = followed
        .iter()
        .map(|step| step.reference.to_string())
        .collect();
    let moved = volley(context, fixed, Vec::new(), &waiting).await?;
    volley(context, followed, moved, &[]).await?;
    Ok(())
}

/// One tag and what it will point at.
struct Step<'a> {
    reference: Reference,
    top: &'a Top,
    /// It is the baseline: what others pull, and what the next release is compared with.
    followed: bool,
}

/// Puts tags at once. All are tried, so that a run that cannot finish moves as much as it can and
/// says exactly what is missing. `moved` are those that are done, `waiting` those that come after.
async fn volley(
    context: &Context,
    steps: Vec<Step<'_>>,
    mut moved: Vec<String>,
    waiting: &[String],
) -> Result<Vec<String>, ReleaseError> {
    let mut running: FuturesUnordered<_> = steps
        .into_iter()
        .map(|step| async move {
            let result = one(context, &step).await;
            (step, result)
        })
        .collect();
    let (mut failed, mut first_error) = (Vec::new(), None);
    while let Some((step, result)) = running.next().await {
        let reference = step.reference.to_string();
        match result {
            Ok(unchanged) => {
                context.tell(Event::Tagged {
                    reference: reference.clone(),
                    digest: step.top.descriptor.digest,
                    unchanged,
                });
                moved.push(reference);
                context.fail_points.pass(FailPoint::FirstTag);
            }
            Err(error) => {
                failed.push(reference);
                first_error.get_or_insert(error);
            }
        }
    }
    moved.sort();
    match first_error {
        None => Ok(moved),
        Some(source) => {
            failed.extend(waiting.iter().cloned());
            failed.sort();
            Err(ReleaseError::Tags {
                moved,
                failed,
                source: Box::new(source),
            })
        }
    }
}

/// Puts one tag. Returns whether it pointed there already. A followed tag is looked at first: in
/// most runs nothing has changed, and an immutable history of pushes stays short.
async fn one(context: &Context, step: &Step<'_>) -> Result<bool, registry::Error> {
    if step.followed {
        let found = context.registry.head_manifest(&step.reference).await?;
        if found.is_some_and(|found| found.digest == step.top.descriptor.digest) {
            return Ok(true);
        }
    }
    put(context, &step.reference, step.top).await?;
    Ok(false)
}

async fn put(context: &Context, reference: &Reference, top: &Top) -> Result<(), registry::Error> {
    context
        .registry
        .put_manifest(
            reference.repository(),
            &reference.target(),
            &top.descriptor.media_type,
            top.bytes.clone(),
        )
        .await
        .map(|_| ())
}
