//! One repository of ECR, read into plain values: the list of its images, and the documents of those whose relations
//! the list does not tell.

use std::collections::{BTreeSet, HashMap};

use futures::stream::{self, StreamExt as _};

use super::Found;
use crate::aws::{AwsError, EcrImage, EcrImageStatus, EcrImages, EcrManifest};
use crate::image::Digest;
use crate::prune::{
    Content, Event, Manifest, Observer, Repository, Status, links, unread, unread_exact,
};

/// How many batches of documents of one repository are on their way at once. The session's pace is for all
/// repositories together.
const BATCHES: usize = 8;
/// How ECR says that there is no such image, at the beginning of why it cannot be read.
const NOT_FOUND: &str = "ImageNotFound";

/// Reads a repository. With `exact`, also what only real sizes need.
///
/// # Errors
/// A call failed: that of the list, or one that reads documents, which says nothing of any of them. A document that
/// ECR does not give, or whose text cannot be understood, is no error: it is [`Content::Unreadable`].
pub(in crate::prune) async fn read_repository(
    found: &Found,
    exact: bool,
    observer: &dyn Observer,
) -> Result<Repository, AwsError> {
    let mut manifests = Vec::new();
    let mut places: HashMap<Digest, usize> = HashMap::new();
    let listed = found.images.list(&found.name, |page| {
        observer.tell(&Event::Listed {
            manifests: page.len(),
        });
        for image in page {
            // An image may come again on a later page, when others were pushed meanwhile: that is the newer word.
            if let Some(&place) = places.get(&image.digest) {
                manifests[place] = manifest(image);
            } else {
                places.insert(image.digest, manifests.len());
                manifests.push(manifest(image));
            }
        }
    });
    listed.await?;
    let mut repository = Repository {
        id: found.id.clone(),
        manifests,
    };
    // What was read may name others that have to be read, too.
    loop {
        let mut wanted = if exact {
            unread_exact(&repository)
        } else {
            unread(&repository)
        };
        wanted.retain(|digest| {
            let place = places.get(digest);
            place.is_some_and(|&place| repository.manifests[place].content == Content::NotRead)
        });
        if wanted.is_empty() {
            forget_deleted(found, &mut repository).await?;
            return Ok(repository);
        }
        let batches = wanted.chunks(EcrImages::MOST);
        let mut batches =
            stream::iter(batches.map(|batch| read(found, batch))).buffer_unordered(BATCHES);
        while let Some(batch) = batches.next().await {
            for (digest, content) in batch? {
                if let Some(&place) = places.get(&digest) {
                    repository.manifests[place].content = content;
                }
            }
        }
    }
}

/// Leaves out what was deleted after it was listed: ECR does not find it to be read, and does not list it any more.
async fn forget_deleted(found: &Found, repository: &mut Repository) -> Result<(), AwsError> {
    let missing = repository.manifests.iter().filter(|one| {
        let is_missing =
            matches!(&one.content, Content::Unreadable(why) if why.starts_with(NOT_FOUND));
        is_missing && one.status == Status::Active
    });
    let missing: BTreeSet<Digest> = missing.map(|one| one.digest).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let digests: Vec<Digest> = missing.iter().copied().collect();
    let mut there = BTreeSet::new();
    for batch in digests.chunks(EcrImages::MOST) {
        let described = found.images.describe(&found.name, batch).await?;
        there.extend(described.into_keys());
    }
    let is_gone = |digest: &Digest| missing.contains(digest) && !there.contains(digest);
    repository.manifests.retain(|one| !is_gone(&one.digest));
    Ok(())
}

/// The content of a batch of manifests, each once.
async fn read(found: &Found, digests: &[Digest]) -> Result<Vec<(Digest, Content)>, AwsError> {
    let read = found.images.manifests(&found.name, digests).await?;
    let read = read.into_iter();
    Ok(read
        .map(|(digest, manifest)| (digest, content(manifest)))
        .collect())
}

fn content(manifest: EcrManifest) -> Content {
    match manifest {
        Ok(document) => match links(document.as_bytes()) {
            Ok(links) => Content::Read(links),
            Err(error) => Content::Unreadable(error.to_string()),
        },
        Err(why) => Content::Unreadable(why),
    }
}

fn manifest(image: EcrImage) -> Manifest {
    Manifest {
        digest: image.digest,
        // A manifest without a type is of a type that nobody knows.
        media_type: image.media_type.unwrap_or_else(|| "".into()),
        artifact_type: image.artifact_type,
        tags: image.tags,
        size: image.size,
        pushed_at: image.pushed_at,
        pulled_at: image.pulled_at,
        subject: image.subject,
        status: status(image.status),
        content: Content::NotRead,
    }
}

/// The status as the core has it.
pub(in crate::prune) fn status(status: EcrImageStatus) -> Status {
    match status {
        EcrImageStatus::Active => Status::Active,
        EcrImageStatus::Archived => Status::Archived,
        EcrImageStatus::Activating => Status::Activating,
        EcrImageStatus::Other(other) => Status::Other(other),
    }
}
