//! What the registry holds, and the rules about what may be put into it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Bytes, BytesMut};

use crate::image::{Descriptor, Digest, Document, media_type};

/// All repositories and unfinished uploads.
#[derive(Debug, Default)]
pub(super) struct Store {
    repositories: BTreeMap<String, Content>,
    uploads: BTreeMap<u64, Upload>,
    last_upload: u64,
}

#[derive(Debug, Default)]
struct Content {
    blobs: BTreeMap<Digest, Bytes>,
    manifests: BTreeMap<Digest, Stored>,
    tags: BTreeMap<String, Digest>,
}

/// A manifest as it was put.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) media_type: String,
    pub(super) content: Bytes,
}

#[derive(Debug, Default)]
struct Upload {
    repository: String,
    content: BytesMut,
}

/// A refusal: status, code and message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) u16, pub(super) &'static str, pub(super) String);

impl Store {
    pub(super) fn exists(&self, repository: &str) -> bool {
        self.repositories.contains_key(repository)
    }

    fn content(&mut self, repository: &str) -> &mut Content {
        self.repositories.entry(repository.to_owned()).or_default()
    }

    pub(super) fn blob(&self, repository: &str, digest: Digest) -> Option<Bytes> {
        self.repositories
            .get(repository)?
            .blobs
            .get(&digest)
            .cloned()
    }

    pub(super) fn add_blob(&mut self, repository: &str, digest: Digest, content: Bytes) {
        self.content(repository).blobs.insert(digest, content);
    }

    pub(super) fn mount(&mut self, from: &str, to: &str, digest: Digest) -> bool {
        let found = self.blob(from, digest);
        let mounted = found.is_some();
        if let Some(content) = found {
            self.add_blob(to, digest, content);
        }
        mounted
    }

    pub(super) fn manifest(&self, repository: &str, target: &str) -> Option<(Digest, &Stored)> {
        let content = self.repositories.get(repository)?;
        let digest = match target.parse() {
            Ok(digest) => digest,
            Err(_) => *content.tags.get(target)?,
        };
        Some((digest, content.manifests.get(&digest)?))
    }

    pub(super) fn add_manifest(
        &mut self,
        repository: &str,
        tag: Option<&str>,
        media_type: &str,
        content: Bytes,
    ) -> Descriptor {
        let digest = Digest::of(&content);
        let descriptor = Descriptor::new(media_type, digest, content.len() as u64);
        let stored = Stored {
            media_type: media_type.to_owned(),
            content,
        };
        let held = self.content(repository);
        held.manifests.insert(digest, stored);
        if let Some(tag) = tag {
            held.tags.insert(tag.to_owned(), digest);
        }
        descriptor
    }

    /// Puts a manifest under a tag or digest, if everything it refers to is there.
    pub(super) fn put_manifest(
        &mut self,
        repository: &str,
        target: &str,
        media_type: &str,
        content: Bytes,
        immutable: bool,
    ) -> Result<Descriptor, Refusal> {
        let digest = Digest::of(&content);
        let document = Document::parse(media_type, &content)
            .map_err(|error| Refusal(400, "MANIFEST_INVALID", error.problem.to_string()))?;
        let tag = match target.parse::<Digest>() {
            Ok(named) if named != digest => {
                let message = format!("the content's digest is {digest}");
                return Err(Refusal(400, "DIGEST_INVALID", message));
            }
            Ok(_) => None,
            Err(_) => Some(target),
        };
        let held = self.content(repository);
        missing(&document, held)?;
        if let Some(tag) = tag.filter(|tag| immutable && held.tags.contains_key(*tag)) {
            // ECR's words, also for an equal digest.
            let message = format!(
                "The image tag '{tag}' already exists in the '{repository}' repository and \
                 cannot be overwritten because the repository is immutable."
            );
            return Err(Refusal(400, "TAG_INVALID", message));
        }
        Ok(self.add_manifest(repository, tag, media_type, content))
    }

    /// Deletes a tag, or a manifest with its tags.
    pub(super) fn delete_manifest(&mut self, repository: &str, target: &str) -> bool {
        let held = self.content(repository);
        match target.parse::<Digest>() {
            Ok(digest) => {
                held.tags.retain(|_, pointed| *pointed != digest);
                held.manifests.remove(&digest).is_some()
            }
            Err(_) => held.tags.remove(target).is_some(),
        }
    }

    pub(super) fn tags(&self, repository: &str) -> Vec<(String, Digest)> {
        let content = self.repositories.get(repository);
        let tags = content.into_iter().flat_map(|content| &content.tags);
        tags.map(|(tag, digest)| (tag.clone(), *digest)).collect()
    }

    pub(super) fn manifests(&self, repository: &str) -> Vec<Digest> {
        let content = self.repositories.get(repository);
        content
            .into_iter()
            .flat_map(|content| content.manifests.keys().copied())
            .collect()
    }

    /// What a manifest is about.
    pub(super) fn subject(&self, repository: &str, digest: Digest) -> Option<Digest> {
        let stored = self.repositories.get(repository)?.manifests.get(&digest)?;
        let document = Document::parse(&stored.media_type, &stored.content).ok()?;
        Some(document.into_manifest()?.subject?.digest)
    }

    /// The manifests whose subject is `subject`, as they stand in a referrers list.
    pub(super) fn referrers(&self, repository: &str, subject: Digest) -> Vec<Descriptor> {
        let content = self.repositories.get(repository);
        let manifests = content.into_iter().flat_map(|content| &content.manifests);
        manifests
            .filter_map(|(digest, stored)| {
                let document = Document::parse(&stored.media_type, &stored.content).ok()?;
                let manifest = document.into_manifest()?;
                (manifest.subject?.digest == subject).then(|| {
                    let size = stored.content.len() as u64;
                    let mut entry = Descriptor::new(stored.media_type.clone(), *digest, size);
                    entry.artifact_type =
                        manifest.artifact_type.or(Some(manifest.config.media_type));
                    entry.annotations = manifest.annotations;
                    entry
                })
            })
            .collect()
    }

    pub(super) fn start_upload(&mut self, repository: &str) -> u64 {
        self.last_upload += 1;
        self.content(repository);
        let upload = Upload {
            repository: repository.to_owned(),
            ..Upload::default()
        };
        self.uploads.insert(self.last_upload, upload);
        self.last_upload
    }

    /// How many bytes an upload has.
    pub(super) fn uploaded(&self, repository: &str, upload: u64) -> Option<u64> {
        let upload = self.uploads.get(&upload)?;
        (upload.repository == repository).then_some(upload.content.len() as u64)
    }

    pub(super) fn append(&mut self, upload: u64, part: &[u8]) {
        if let Some(upload) = self.uploads.get_mut(&upload) {
            upload.content.extend_from_slice(part);
        }
    }

    /// Ends an upload. Its content must have the digest.
    pub(super) fn finish_upload(&mut self, upload: u64, digest: Digest) -> Result<(), Refusal> {
        let Some(Upload {
            repository,
            content,
        }) = self.uploads.remove(&upload)
        else {
            return Err(unknown_upload());
        };
        let actual = Digest::of(&content);
        if actual != digest {
            let message = format!("the content's digest is {actual}");
            return Err(Refusal(400, "DIGEST_INVALID", message));
        }
        self.add_blob(&repository, digest, content.freeze());
        Ok(())
    }
}

pub(super) fn unknown_upload() -> Refusal {
    Refusal(404, "BLOB_UPLOAD_UNKNOWN", "no such upload".to_owned())
}

/// Refuses a document that refers to something that is not there.
fn missing(document: &Document, held: &Content) -> Result<(), Refusal> {
    let (needed, there): (Vec<&Descriptor>, BTreeSet<&Digest>) = match document {
        Document::Manifest(manifest) => (
            std::iter::once(&manifest.config)
                .chain(&manifest.layers)
                .filter(|blob| !blob.other.contains_key("urls"))
                .collect(),
            held.blobs.keys().collect(),
        ),
        Document::Index(index) => (
            index.manifests.iter().collect(),
            held.manifests.keys().collect(),
        ),
    };
    match needed
        .into_iter()
        .find(|entry| !there.contains(&entry.digest))
    {
        None => Ok(()),
        Some(entry) => {
            let message = format!("{} {} is unknown", entry.media_type, entry.digest);
            Err(Refusal(400, "MANIFEST_BLOB_UNKNOWN", message))
        }
    }
}

/// An index of these entries, as the referrers API answers.
pub(super) fn referrers_index(manifests: &[Descriptor]) -> serde_json::Value {
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": manifests,
    })
}
