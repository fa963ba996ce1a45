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
    /// The baseline's digest is this one, so the baseline tag points there already.
    pub(super) unchanged: bool,
}

/// Puts every tag of every image at once. All are tried, so that a run that cannot finish moves as
/// much as it can and says exactly what is missing; running it again finishes it.
pub(super) async fn move_all(context: &Context, moves: &[Move<'_>]) -> Result<(), ReleaseError> {
    let mut running: FuturesUnordered<_> = moves
        .iter()
        .flat_map(|one| {
            let pushes = one.image.repositories().enumerate();
            pushes.flat_map(move |(number, push)| {
                push.tags.iter().map(move |tag| {
                    let there =
                        number == 0 && one.unchanged && baseline::is_baseline_tag(one.image, tag);
                    (*one, push.repository.with_tag(tag.clone()), there)
                })
            })
        })
        .map(|(one, reference, there)| async move {
            let result = if there {
                Ok(())
            } else {
                put(context, &reference, one.top).await
            };
            (reference, one.top.descriptor.digest, there, result)
        })
        .collect();

    let (mut moved, mut failed, mut first_error) = (Vec::new(), Vec::new(), None);
    while let Some((reference, digest, unchanged, result)) = running.next().await {
        match result {
            Ok(()) => {
                let reference = reference.to_string();
                context.tell(Event::Tagged {
                    reference: reference.clone(),
                    digest,
                    unchanged,
                });
                moved.push(reference);
                context.fail_points.pass(FailPoint::FirstTag);
            }
            Err(error) => {
                failed.push(reference.to_string());
                first_error.get_or_insert(error);
            }
        }
    }
    moved.sort();
    failed.sort();
    match first_error {
        None => Ok(()),
        Some(source) => Err(ReleaseError::Tags {
            moved,
            failed,
            source: Box::new(source),
        }),
    }
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
