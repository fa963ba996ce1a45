//! What refers to a manifest: signatures, SOCI indexes v1, attestations (distribution-spec 1.1,
//! "Listing Referrers"), with the tag schema where a registry has no such API.

use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderValue};

use super::manifest::is_missing;
use super::scope::Access;
use super::tag::{PAGE, next_page};
use super::{Client, Error};
use crate::image::{Descriptor, Digest, Document, media_type};
use crate::registry::{Repository, Tag};

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
            Err(error) if is_missing(&error) => self.referrers_tag(repository, digest).await?,
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

    /// The index under the tag that stands for the subject's digest.
    async fn referrers_tag(
        &self,
        repository: &Repository,
        digest: Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        let Ok(tag) = Tag::new(format!("sha256-{}", digest.hex())) else {
            return Ok(Vec::new());
        };
        let found = self.get_document(&repository.with_tag(tag)).await?;
        let index = found.and_then(|(_, document)| document.into_index());
        Ok(index.map(|index| index.manifests).unwrap_or_default())
    }
}
