//! Looking at an image as a snapshotter does: which images there are, and the SOCI index that it
//! would find for each.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use launchway_soci::index::{IMAGE_ANNOTATION, SociIndex, Version};

use super::source_image::{self, PlatformImage, SourceError, SourceImage};
use crate::image::{Digest, Platform, media_type};
use crate::registry::{Client, Error, ErrorKind, Reference, Repository};

/// SOCI indexes that are looked up at once.
const AT_ONCE: usize = 8;

/// An image could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// It could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It has no image for a platform that was asked for.
    #[error("{reference} has no image for {platform}")]
    NoSuchPlatform {
        /// The image.
        reference: Reference,
        /// What was asked for.
        platform: Platform,
        /// What there is.
        there: Vec<Platform>,
    },
    /// The registry failed.
    #[error("cannot read the SOCI indexes of {reference}")]
    Registry {
        /// The image.
        reference: Reference,
        /// What the registry said.
        #[source]
        source: Box<Error>,
    },
}

/// The SOCI index of an image, or why a snapshotter would have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The image names none, and nothing refers to it.
    Nothing,
    /// It is here.
    Index {
        /// The SOCI index manifest.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
        /// What it says.
        index: SociIndex,
    },
    /// The image has one that a snapshotter would not take: it would pull the whole image.
    Unusable {
        /// Which one, where that can be said.
        digest: Option<Digest>,
        /// Why; a sentence without a full stop.
        problem: String,
    },
}

/// Reads an image and looks up the SOCI index of each platform: of `platforms`, or of all if none
/// are named.
pub(super) async fn look(
    registry: &Client,
    reference: &Reference,
    platforms: &[Platform],
) -> Result<(SourceImage, Vec<(PlatformImage, Found)>), LookError> {
    let mut source = source_image::read(registry, reference).await?;
    let images = std::mem::take(&mut source.images);
    let chosen = chosen(reference, &images, platforms)?;
    let wanted = images.into_iter().zip(chosen);
    let wanted = wanted.filter_map(|(image, chosen)| chosen.then_some(image));
    let repository = &source.repository;
    let looked = stream::iter(wanted)
        .map(|image| async {
            let found = find_index(registry, repository, &image).await?;
            Ok((image, found))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
        .map_err(|error| failed(reference, error))?;
    Ok((source, looked))
}

/// Which of the images were asked for, in their order: those for `platforms`, or all if none are
/// named. A platform that there is no image for is an error.
pub(super) fn chosen(
    reference: &Reference,
    images: &[PlatformImage],
    platforms: &[Platform],
) -> Result<Vec<bool>, LookError> {
    let there = || images.iter().map(|image| &image.platform);
    if let Some(missing) = platforms
        .iter()
        .find(|&wanted| there().all(|one| one != wanted))
    {
        return Err(LookError::NoSuchPlatform {
            reference: reference.clone(),
            platform: missing.clone(),
            there: there().cloned().collect(),
        });
    }
    Ok(there()
        .map(|platform| platforms.is_empty() || platforms.contains(platform))
        .collect())
}

/// A failure of the registry beside the image.
pub(super) fn failed(reference: &Reference, source: Error) -> LookError {
    LookError::Registry {
        reference: reference.clone(),
        source: Box::new(source),
    }
}

/// Looks up the SOCI index of an image as a snapshotter does: the one that the manifest's
/// annotation names, in the same repository (v2); else the first v1 index that refers to it.
///
/// # Errors
/// Only where the registry fails: what is wrong with the index is in the result.
async fn find_index(
    registry: &Client,
    repository: &Repository,
    image: &PlatformImage,
) -> Result<Found, Error> {
    let named = image.manifest.annotations.get(IMAGE_ANNOTATION);
    let (digest, version) = if let Some(named) = named {
        match named.parse::<Digest>() {
            Ok(digest) => (digest, Version::V2),
            Err(error) => {
                let problem = format!("the annotation {IMAGE_ANNOTATION} names no index: {error}");
                return Ok(unusable(None, problem));
            }
        }
    } else {
        let kind = Some(Version::V1.artifact_type());
        let image = image.descriptor.digest;
        match registry.referrers(repository, image, kind).await?.first() {
            Some(first) => (first.digest, Version::V1),
            None => return Ok(Found::Nothing),
        }
    };
    let source = match version {
        Version::V1 => "the list of referrers",
        Version::V2 => "the image's annotation",
    };
    let document = registry.get_manifest(&repository.with_digest(digest)).await;
    let (descriptor, bytes) = match document {
        Ok(Some(document)) => document,
        Ok(None) => {
            let problem = format!("{source} names {digest}, which is not in {repository}");
            return Ok(unusable(Some(digest), problem));
        }
        Err(error) => match about_content(&error) {
            Some(problem) => {
                let problem = format!("the SOCI index {digest} {problem}");
                return Ok(unusable(Some(digest), problem));
            }
            None => return Err(error),
        },
    };
    let index = match SociIndex::parse(&bytes) {
        Ok(index) => index,
        Err(error) => return Ok(unusable(Some(digest), format!("{digest} is {error}"))),
    };
    let problem = if index.version != version {
        Some(format!(
            "{source} names {digest}, which is of another version"
        ))
    } else if descriptor.media_type != media_type::OCI_MANIFEST {
        Some(format!("{digest} is stored as {}", descriptor.media_type))
    } else {
        index
            .subject
            .as_ref()
            .filter(|subject| subject.digest != image.descriptor.digest)
            .map(|subject| format!("{digest} is about {}, not this image", subject.digest))
    };
    Ok(match problem {
        Some(problem) => unusable(Some(digest), problem),
        None => Found::Index {
            digest,
            size: descriptor.size,
            index,
        },
    })
}

fn unusable(digest: Option<Digest>, problem: String) -> Found {
    Found::Unusable { digest, problem }
}

/// What is wrong with a document or blob, as the end of a sentence that begins with it; `None` if
/// the error is about the way to it.
pub(super) fn about_content(error: &Error) -> Option<String> {
    Some(match error.kind() {
        ErrorKind::NotFound | ErrorKind::RepositoryNotFound => "is not in the registry".to_owned(),
        ErrorKind::Digest { actual, .. } => format!("is damaged: its content is {actual}"),
        ErrorKind::Length { expected, actual } if actual > expected => {
            format!("has more than the {expected} bytes of its descriptor")
        }
        ErrorKind::Length { expected, actual } => {
            format!("has {actual} bytes, not the {expected} of its descriptor")
        }
        ErrorKind::TooLarge { limit } => format!("is larger than {limit} bytes"),
        _ => return None,
    })
}
