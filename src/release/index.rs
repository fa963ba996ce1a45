//! Joining the platforms of an image under one digest, in every repository that it goes to.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::publish::Published;
use super::{Context, Event, ReleaseError, baseline, copy};
use crate::image::{Descriptor, Digest, Index};
use crate::plan::ImagePlan;
use crate::registry::ReferenceTarget;

/// What tags will point at.
#[derive(Clone, Debug)]
pub(super) struct Top {
    /// The index, or the manifest of an image for one platform without attestations.
    pub(super) descriptor: Descriptor,
    /// Its bytes.
    pub(super) bytes: Bytes,
}

/// Assembles the index and puts it by digest. One platform without attestations needs none: Lambda
/// and others refuse an index where a manifest would do.
pub(super) async fn assemble(
    context: &Context,
    image: &ImagePlan,
    parts: &[Published],
) -> Result<Top, ReleaseError> {
    let repository = &image.primary.repository;
    // In the order of the plan, whichever came first: equal images have equal indexes.
    let parts: Vec<&Published> = image
        .platforms
        .iter()
        .filter_map(|platform| parts.iter().find(|part| part.platform == *platform))
        .collect();
    let images = parts.iter().map(|part| part.descriptor.clone());
    let companions = parts.iter().flat_map(|part| part.companions.clone());
    // SOCI indexes carry a platform as images do: clients that take the first match must not meet
    // them before.
    let soci = parts.iter().filter_map(|part| part.soci.clone());
    let entries: Vec<Descriptor> = images.chain(companions).chain(soci).collect();
    let top = if let [only] = entries.as_slice() {
        let reference = repository.with_digest(only.digest);
        let bytes = baseline::fetch(context, &reference).await?;
        let mut descriptor = only.clone();
        descriptor.platform = None;
        Top { descriptor, bytes }
    } else {
        let unreadable = |detail: String| ReleaseError::Document {
            reference: repository.to_string(),
            detail,
        };
        let index = Index::assemble(entries, BTreeMap::new())
            .map_err(|error| unreadable(error.to_string()))?;
        let bytes = Bytes::from(
            index
                .to_bytes()
                .map_err(|error| unreadable(error.to_string()))?,
        );
        let digest = Digest::of(&bytes);
        let descriptor = Descriptor::new(index.media_type(), digest, bytes.len() as u64);
        put(context, repository, &descriptor, &bytes).await?;
        Top { descriptor, bytes }
    };
    for copy in &image.copies {
        copy::image(context, repository, &copy.repository, &top).await?;
    }
    for push in image.repositories() {
        context.tell(Event::ImagePublished {
            target: image.target.clone(),
            repository: push.repository.to_string(),
            digest: top.descriptor.digest,
        });
    }
    Ok(top)
}

/// Puts a document by its digest.
pub(super) async fn put(
    context: &Context,
    repository: &crate::registry::Repository,
    descriptor: &Descriptor,
    bytes: &Bytes,
) -> Result<(), ReleaseError> {
    let target = ReferenceTarget::Digest(descriptor.digest);
    context
        .registry
        .put_manifest(repository, &target, &descriptor.media_type, bytes.clone())
        .await
        .map_err(|source| {
            let reference = repository.with_digest(descriptor.digest);
            ReleaseError::registry(format!("cannot push {reference}"), source)
        })?;
    Ok(())
}
