//! What refers to a manifest: signatures, SOCI indexes v1, attestations (distribution-spec 1.1,
//! "Listing Referrers"), with the tag schema where a registry has no such API.

use std::collections::BTreeMap;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderValue};

use super::manifest::is_missing;
use super::scope::Access;
use super::tag::{PAGE, next_page};
use super::{Client, Error, ErrorKind};
use crate::image::{Descriptor, Digest, Document, Index, media_type};
use crate::registry::{ReferenceTarget, Repository, Tag};

impl Client {
    /// The manifests whose `subject` is `digest`; with an artifact type only those of that type.
    /// No referrers, and a subject that does not exist, are an empty list.
    pub async fn referrers(
        &self,
        repository: &Repository,
        digest: Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>, Error> {
        let mut found = match self.referrers_api(repository, digest, artifact_type).await {
            Err(error) if is_missing(&error) => {
                let index = self.referrers_tag(repository, digest).await?;
                index.map(|index| index.manifests).unwrap_or_default()
            }
            result => result?,
        };
        // Registries may, but need not, filter.
        if artifact_type.is_some() {
            found.retain(|entry| entry.artifact_type.as_deref() == artifact_type);
        }
        Ok(found)
    }

    async fn referrers_api(
        &self,
        repository: &Repository,
        digest: Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>, Error> {
        let rest = format!("/referrers/{digest}");
        let mut call = self.prepare(repository, Access::Pull, Method::GET, &rest)?;
        let accepted = HeaderValue::from_static(media_type::OCI_INDEX);
        call.headers.insert(ACCEPT, accepted);
        if let Some(kind) = artifact_type {
            call.url.query_pairs_mut().append_pair("artifactType", kind);
        }
        let mut all = Vec::new();
        loop {
            let answer = self.call(&call, PAGE).await?;
            let document =
                Document::parse(media_type::OCI_INDEX, &answer.body).map_err(|error| {
                    Error::document(error, &call.method, &call.url).with_repository(repository)
                })?;
            all.extend(
                document
                    .into_index()
                    .into_iter()
                    .flat_map(|index| index.manifests),
            );
            match next_page(&call, &answer)? {
                Some(next) => call.url = next,
                None => return Ok(all),
            }
        }
    }

    /// Publishes by its digest a manifest whose `subject` is `subject`, so that
    /// [`Self::referrers`] finds it. `referrer` is how it should be listed: with its artifact type
    /// and annotations.
    ///
    /// A registry without the API (its answer lacks `OCI-Subject`) gets the tag that stands for
    /// the subject's digest moved to a list with one entry more. Two clients that do this at the
    /// same time can lose one of the entries; the specification has no remedy.
    pub async fn put_referrer(
        &self,
        repository: &Repository,
        subject: Digest,
        referrer: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), Error> {
        let target = ReferenceTarget::Digest(referrer.digest);
        let put = self
            .put(repository, &target, &referrer.media_type, bytes)
            .await?;
        if put.lists_subject {
            return Ok(());
        }
        let Some(tag) = fallback_tag(subject) else {
            return Ok(());
        };
        let found = self.referrers_tag(repository, subject).await?;
        let mut index = found.unwrap_or_else(empty_index);
        if index
            .manifests
            .iter()
            .any(|entry| entry.digest == referrer.digest)
        {
            return Ok(());
        }
        index.manifests.push(referrer.clone());
        let target = ReferenceTarget::Tag(tag);
        let reference = repository.with_target(target.clone());
        let bytes = match index.to_bytes() {
            Ok(bytes) => bytes,
            Err(error) => {
                let call = self.manifest_call(Method::PUT, &reference)?;
                let problem = "the list of referrers cannot be written";
                return Err(call.error(ErrorKind::Protocol(problem)).with_source(error));
            }
        };
        self.put_manifest(repository, &target, index.media_type(), bytes.into())
            .await?;
        Ok(())
    }

    /// The index under the tag that stands for the subject's digest.
    async fn referrers_tag(
        &self,
        repository: &Repository,
        digest: Digest,
    ) -> Result<Option<Index>, Error> {
        let Some(tag) = fallback_tag(digest) else {
            return Ok(None);
        };
        let found = self.get_document(&repository.with_tag(tag)).await?;
        Ok(found.and_then(|(_, document)| document.into_index()))
    }
}

/// The tag of the list for registries without the API (distribution-spec 1.1, "Referrers Tag
/// Schema").
fn fallback_tag(subject: Digest) -> Option<Tag> {
    Tag::new(format!("sha256-{}", subject.hex())).ok()
}

fn empty_index() -> Index {
    Index {
        schema_version: 2,
        media_type: Some(media_type::OCI_INDEX.to_owned()),
        artifact_type: None,
        manifests: Vec::new(),
        subject: None,
        annotations: BTreeMap::new(),
        other: BTreeMap::new(),
    }
}
