//! One repository of ECR, read into plain values: the list of its images, and the documents of those whose relations
//! the list does not tell.

use std::collections::HashMap;

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

/// Reads a repository. With `exact`, also what only real sizes need.
///
/// # Errors
/// The list failed. A document that cannot be read is no error: it is [`Content::Unreadable`].
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
            return Ok(repository);
        }
        let batches = wanted.chunks(EcrImages::MOST);
        let mut batches =
            stream::iter(batches.map(|batch| read(found, batch))).buffer_unordered(BATCHES);
        while let Some(batch) = batches.next().await {
            for (digest, content) in batch {
                if let Some(&place) = places.get(&digest) {
                    repository.manifests[place].content = content;
                }
            }
        }
    }
}

/// The content of a batch of manifests, each once.
async fn read(found: &Found, digests: &[Digest]) -> Vec<(Digest, Content)> {
    match found.images.manifests(&found.name, digests).await {
        Ok(read) => {
            let read = read.into_iter();
            read.map(|(digest, manifest)| (digest, content(manifest)))
                .collect()
        }
        Err(error) => {
            let why = error.to_string();
            let each = digests.iter();
            each.map(|digest| (*digest, Content::Unreadable(why.clone())))
                .collect()
        }
    }
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
