//! The same image in a further repository: blobs are mounted where the registry can, copied where
//! not.

use bytes::Bytes;
use futures::future::{BoxFuture, try_join_all};

use super::index::{self, Top};
use super::{Context, ReleaseError, baseline};
use crate::image::{Descriptor, Document};
use crate::registry::{BlobSource, Repository};

/// Blobs of one image that are copied at once. Each may hold some megabytes on its way.
const AT_ONCE: usize = 3;

/// Copies an image or index by digest, children first.
pub(super) async fn image(
    context: &Context,
    from: &Repository,
    to: &Repository,
    top: &Top,
) -> Result<(), ReleaseError> {
    document(context, from, to, &top.descriptor, &top.bytes).await
}

fn document<'a>(
    context: &'a Context,
    from: &'a Repository,
    to: &'a Repository,
    descriptor: &'a Descriptor,
    bytes: &'a Bytes,
) -> BoxFuture<'a, Result<(), ReleaseError>> {
    Box::pin(async move {
        let reference = from.with_digest(descriptor.digest);
        let parsed = Document::parse(&descriptor.media_type, bytes).map_err(|error| {
            ReleaseError::Document {
                reference: reference.to_string(),
                detail: error.to_string(),
            }
        })?;
        match parsed {
            Document::Index(parsed) => {
                let children = parsed.manifests.iter().map(|child| async move {
                    let bytes = baseline::fetch(context, &from.with_digest(child.digest)).await?;
                    document(context, from, to, child, &bytes).await
                });
                try_join_all(children).await?;
            }
            Document::Manifest(parsed) => {
                let blobs: Vec<&Descriptor> =
                    parsed.layers.iter().chain([&parsed.config]).collect();
                let source = BlobSource::Repository(context.registry.clone(), from.clone());
                for some in blobs.chunks(AT_ONCE) {
                    let source = &source;
                    try_join_all(some.iter().map(|blob| async move {
                        let push = context.registry.push_blob(to, blob, source, Some(from));
                        push.await.map_err(|source| {
                            let blob = from.with_digest(blob.digest);
                            ReleaseError::registry(format!("cannot copy {blob} to {to}"), source)
                        })
                    }))
                    .await?;
                }
            }
        }
        index::put(context, to, descriptor, bytes).await
    })
}
