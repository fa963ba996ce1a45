//! Pushing a SOCI index: zTOC blobs and the empty configuration, then the manifest by digest, in
//! this order (reference: soci-snapshotter's own, so that a registry never has a manifest without
//! its blobs).
//!
//! What names the index (the image manifest's annotation, the entry of the image index) is
//! written by those who write these documents.

mod error;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use launchway_soci::index::{
    BUILD_TOOL_ANNOTATION, CONFIG, SociIndex, Subject, Version, ZtocEntry,
};
use launchway_soci::ztoc;

use super::SociOptions;
use crate::image::{Descriptor, Digest, media_type};
use crate::registry::{self, BlobSource, ErrorKind, PushOutcome, ReferenceTarget, Repository};

pub use error::PushError;

/// Blobs that are pushed at once: enough to hide round trips, and few enough that uploads of some
/// megabytes each do not fill the memory.
const AT_ONCE: usize = 4;

/// One indexed layer of an image, and where its zTOC can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SociLayer {
    /// The layer.
    pub layer: Digest,
    /// Its media type in the image manifest.
    pub media_type: String,
    /// The zTOC blob.
    pub ztoc: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Repositories that hold the zTOC. One on the same registry is mounted from, before `file` is
    /// uploaded; the others are copied from, where there is no file.
    pub repositories: Vec<Repository>,
    /// A file that holds it.
    pub file: Option<PathBuf>,
}

/// A SOCI index in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedIndex {
    /// The SOCI index manifest, with its artifact type.
    pub descriptor: Descriptor,
    /// zTOC blobs that were uploaded; the others were there or were mounted.
    pub uploaded: usize,
}

/// Pushes the SOCI index of one image: `layers` in the order of its manifest. `subject` is the
/// image manifest, for v1 only.
///
/// Every blob is asked for, also where the registry has the manifest: registries check blobs when
/// they take a manifest, but some lose them afterwards, and then the image is there and its zTOCs
/// are not. A v2 manifest that is there is not put again. A v1 manifest is, because only the answer
/// to that says whether the registry lists it among the referrers; where it does not,
/// [`registry::Client::put_referrer`] does.
///
/// # Errors
/// Of the registry; one that is about a `file` is [`registry::ErrorKind::Source`]. A zTOC that is
/// nowhere is [`PushError::Lost`].
pub async fn push_index(
    registry: &registry::Client,
    repository: &Repository,
    layers: &[SociLayer],
    subject: Option<Subject>,
    options: &SociOptions,
) -> Result<PushedIndex, PushError> {
    let about = subject.as_ref().map(|subject| subject.digest);
    let manifest = Bytes::from(soci_index(layers, subject, options).to_bytes());
    let descriptor = describe(&manifest, options.version);
    let uploaded = push_blobs(registry, repository, layers).await?;
    if let Some(subject) = about {
        // As the snapshotter's own client lists it.
        let mut listed = descriptor.clone();
        listed
            .annotations
            .insert(BUILD_TOOL_ANNOTATION.to_owned(), options.build_tool.clone());
        registry
            .put_referrer(repository, subject, &listed, manifest)
            .await?;
    } else {
        let reference = repository.with_digest(descriptor.digest);
        if registry.head_manifest(&reference).await?.is_none() {
            let target = ReferenceTarget::Digest(descriptor.digest);
            registry
                .put_manifest(repository, &target, &descriptor.media_type, manifest)
                .await?;
        }
    }
    Ok(PushedIndex {
        descriptor,
        uploaded,
    })
}

/// The SOCI index of these layers: what [`push_index`] pushes.
pub fn soci_index(
    layers: &[SociLayer],
    subject: Option<Subject>,
    options: &SociOptions,
) -> SociIndex {
    let ztocs = layers.iter().map(|layer| ZtocEntry {
        digest: layer.ztoc,
        size: layer.size,
        layer: layer.layer,
        layer_media_type: layer.media_type.clone(),
        span_size: options.span_size,
        annotations: BTreeMap::new(),
    });
    SociIndex {
        version: options.version,
        subject,
        ..SociIndex::v2(&options.build_tool, ztocs.collect())
    }
}

fn describe(manifest: &Bytes, version: Version) -> Descriptor {
    let digest = Digest::of(manifest);
    let mut descriptor = Descriptor::new(media_type::OCI_MANIFEST, digest, manifest.len() as u64);
    descriptor.artifact_type = Some(version.artifact_type().to_owned());
    descriptor
}

/// Makes sure that the repository has all blobs of the index. Returns how many zTOCs were sent.
async fn push_blobs(
    registry: &registry::Client,
    repository: &Repository,
    layers: &[SociLayer],
) -> Result<usize, PushError> {
    // An image may have one layer twice; two uploads of one blob at the same time would both run.
    let mut seen = BTreeSet::new();
    let mut pushes: Vec<_> = layers
        .iter()
        .filter(|layer| seen.insert(layer.ztoc))
        .map(Some)
        .collect();
    pushes.push(None);
    stream::iter(pushes)
        .map(|layer| async move {
            let Some(layer) = layer else {
                push_config(registry, repository).await?;
                return Ok(0);
            };
            let outcome = push_ztoc(registry, repository, layer).await?;
            Ok(usize::from(outcome == PushOutcome::Uploaded))
        })
        .buffer_unordered(AT_ONCE)
        .try_fold(0, |sum, sent| async move { Ok(sum + sent) })
        .await
}

async fn push_config(
    registry: &registry::Client,
    repository: &Repository,
) -> Result<(), registry::Error> {
    let blob = Descriptor::new(
        media_type::OCI_EMPTY,
        Digest::of(CONFIG),
        CONFIG.len() as u64,
    );
    let source = BlobSource::Bytes(Bytes::from_static(CONFIG));
    registry.push_blob(repository, &blob, &source, None).await?;
    Ok(())
}

/// Tries one source after the other: the store may have lost the file since it was looked up, and
/// a repository its blob.
async fn push_ztoc(
    registry: &registry::Client,
    repository: &Repository,
    layer: &SociLayer,
) -> Result<PushOutcome, PushError> {
    let blob = Descriptor::new(ztoc::MEDIA_TYPE, layer.ztoc, layer.size);
    let others = || layer.repositories.iter().filter(|from| *from != repository);
    let mount_from = others().find(|from| from.host() == repository.host());
    let file = layer.file.clone().map(BlobSource::File);
    let copies = others().map(|from| BlobSource::Repository(registry.clone(), from.clone()));
    let sources: Vec<BlobSource> = file.into_iter().chain(copies).collect();
    if sources.is_empty() && registry.has_blob(repository, layer.ztoc).await? {
        return Ok(PushOutcome::Existed);
    }
    let mut problem = None;
    for source in &sources {
        match registry
            .push_blob(repository, &blob, source, mount_from)
            .await
        {
            Ok(outcome) => return Ok(outcome),
            Err(error) if error.is_temporary() => return Err(error.into()),
            Err(error) if is_absence(&error, source, layer.ztoc) => {}
            // What is wrong may be the source, and if it is the target, the next attempt says so.
            Err(error) => problem = Some(error),
        }
    }
    Err(match problem {
        Some(error) => error.into(),
        None => PushError::Lost {
            ztoc: layer.ztoc,
            layer: layer.layer,
            repositories: std::iter::once(repository)
                .chain(others())
                .cloned()
                .collect(),
            file: layer.file.clone(),
        },
    })
}

/// Whether a push failed because its source is not there.
fn is_absence(error: &registry::Error, source: &BlobSource, ztoc: Digest) -> bool {
    match source {
        BlobSource::Bytes(_) => false,
        BlobSource::File(_) => error
            .source()
            .and_then(|cause| cause.downcast_ref::<io::Error>())
            .is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound),
        // Uploads read nothing of the repository that they go to, so this is the other one.
        BlobSource::Repository(..) => {
            matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::RepositoryNotFound
            ) && error.method() == "GET"
                && error.url().ends_with(&format!("/blobs/{ztoc}"))
        }
    }
}

#[cfg(test)]
mod tests;
