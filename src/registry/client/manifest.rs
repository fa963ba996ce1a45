//! Manifests and indexes: asking for them, publishing and deleting them.

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::answer::{Answer, text};
use super::scope::Access;
use super::transport::{Call, Payload};
use super::{Client, Error, ErrorKind};
use crate::image::{Descriptor, Digest, Document, media_type};
use crate::registry::{Reference, ReferenceTarget, Repository};

/// The largest manifest that is read: registries need not take larger ones (distribution-spec,
/// "Pushing Manifests").
const LIMIT: u64 = 4 << 20;
/// How much of an answer is read that has nothing to say.
pub(super) const NO_BODY: u64 = 64 << 10;
/// The digest of what a registry serves or stored.
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// The subject of a manifest, in the answer of a registry that lists it as a referrer.
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

/// What became of a manifest that was put.
pub(super) struct Put {
    pub(super) digest: Digest,
    /// The registry lists it as a referrer of its subject.
    pub(super) lists_subject: bool,
}

impl Client {
    /// What a reference points at, without the document itself; `None` if there is no such
    /// manifest or no such repository.
    ///
    /// Falls back to reading the document when the answer to HEAD says too little.
    pub async fn head_manifest(&self, reference: &Reference) -> Result<Option<Descriptor>, Error> {
        let call = self.manifest_call(Method::HEAD, reference)?;
        let answer = match self.call(&call, NO_BODY).await {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) => return Ok(None),
            // An answer to HEAD has no body that could say more; GET's has.
            Err(error) if matches!(error.status(), Some(400 | 403 | 405)) => {
                return self.read_descriptor(reference).await;
            }
            Err(error) => return Err(error),
        };
        let Some(descriptor) = described(&answer.headers) else {
            return self.read_descriptor(reference).await;
        };
        if let ReferenceTarget::Digest(expected) = reference.target() {
            let actual = descriptor.digest;
            if expected != actual {
                return Err(call.error(ErrorKind::Digest { expected, actual }));
            }
        }
        Ok(Some(descriptor))
    }

    async fn read_descriptor(&self, reference: &Reference) -> Result<Option<Descriptor>, Error> {
        let found = self.get_manifest(reference).await?;
        Ok(found.map(|(descriptor, _)| descriptor))
    }

    /// The document a reference points at, byte for byte; `None` if there is no such manifest or
    /// no such repository.
    ///
    /// The bytes have the digest that was asked for, or that the registry names for the tag. The
    /// descriptor's digest and size are always those of the bytes.
    pub async fn get_manifest(
        &self,
        reference: &Reference,
    ) -> Result<Option<(Descriptor, Bytes)>, Error> {
        let call = self.manifest_call(Method::GET, reference)?;
        let Answer { headers, body } = match self.call(&call, LIMIT).await {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let actual = Digest::of(&body);
        let asked = match reference.target() {
            ReferenceTarget::Digest(digest) => Some(digest),
            ReferenceTarget::Tag(_) => None,
        };
        let named = named_digest(&headers);
        for expected in [asked, named].into_iter().flatten() {
            if expected != actual {
                return Err(call.error(ErrorKind::Digest { expected, actual }));
            }
        }
        let media_type = media_type_of(&headers, &body);
        let descriptor = Descriptor::new(media_type, actual, body.len() as u64);
        Ok(Some((descriptor, body)))
    }

    /// The same, read as a manifest or index.
    pub async fn get_document(
        &self,
        reference: &Reference,
    ) -> Result<Option<(Descriptor, Document)>, Error> {
        let Some((descriptor, bytes)) = self.get_manifest(reference).await? else {
            return Ok(None);
        };
        match Document::parse(&descriptor.media_type, &bytes) {
            Ok(document) => Ok(Some((descriptor, document))),
            Err(error) => {
                let call = self.manifest_call(Method::GET, reference)?;
                let error = Error::document(error, &call.method, &call.url);
                Err(error.with_repository(reference.repository()))
            }
        }
    }

    /// Publishes a document under a tag or its digest, and returns its digest.
    ///
    /// What it refers to must be in the repository already. Putting the same document again is no
    /// error, also where tags are immutable; a tag there that points at something else is
    /// [`ErrorKind::TagImmutable`].
    pub async fn put_manifest(
        &self,
        repository: &Repository,
        target: &ReferenceTarget,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<Digest, Error> {
        let put = self.put(repository, target, media_type, bytes).await?;
        Ok(put.digest)
    }

    pub(super) async fn put(
        &self,
        repository: &Repository,
        target: &ReferenceTarget,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<Put, Error> {
        let mut call = self.prepare(
            repository,
            Access::Push,
            Method::PUT,
            &format!("/manifests/{target}"),
        )?;
        let digest = Digest::of(&bytes);
        if let ReferenceTarget::Digest(expected) = *target
            && expected != digest
        {
            let actual = digest;
            return Err(call.error(ErrorKind::Digest { expected, actual }));
        }
        let content_type = HeaderValue::from_str(media_type).map_err(|error| {
            let problem = "the media type cannot stand in a header";
            call.error(ErrorKind::Protocol(problem)).with_source(error)
        })?;
        call.headers.insert(CONTENT_TYPE, content_type);
        call.payload = Payload::Bytes(bytes);
        let headers = match self.call(&call, NO_BODY).await {
            Ok(answer) => answer.headers,
            Err(error) if may_be_immutable(&error) => {
                let digest = self
                    .settle_immutable(repository, target, digest, error)
                    .await?;
                return Ok(Put {
                    digest,
                    lists_subject: false,
                });
            }
            Err(error) => return Err(error),
        };
        // There may be no Location (ECR); what counts is the digest, if it is there.
        match named_digest(&headers) {
            Some(actual) if actual != digest => Err(call.error(ErrorKind::Digest {
                expected: digest,
                actual,
            })),
            _ => Ok(Put {
                digest,
                lists_subject: headers.contains_key(&SUBJECT),
            }),
        }
    }

    /// A registry would not move a tag. That is fine if the tag points where it should: then an
    /// earlier run, or an attempt whose answer was lost, put it there.
    async fn settle_immutable(
        &self,
        repository: &Repository,
        target: &ReferenceTarget,
        wanted: Digest,
        refusal: Error,
    ) -> Result<Digest, Error> {
        let reference = repository.with_target(target.clone());
        let existing = match self.head_manifest(&reference).await {
            Ok(Some(descriptor)) => descriptor.digest,
            Ok(None) | Err(_) => return Err(refusal),
        };
        match target {
            _ if existing == wanted => Ok(wanted),
            ReferenceTarget::Tag(tag) if says_immutable(&refusal) => {
                Err(refusal.with_kind(ErrorKind::TagImmutable {
                    tag: tag.clone(),
                    existing,
                    wanted,
                }))
            }
            _ => Err(refusal),
        }
    }

    /// Deletes a manifest, or a tag where the registry can do that. `false` if it was not there.
    pub async fn delete_manifest(
        &self,
        repository: &Repository,
        target: &ReferenceTarget,
    ) -> Result<bool, Error> {
        let rest = format!("/manifests/{target}");
        let call = self.prepare(repository, Access::Delete, Method::DELETE, &rest)?;
        match self.call(&call, NO_BODY).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn manifest_call<'a>(
        &self,
        method: Method,
        reference: &'a Reference,
    ) -> Result<Call<'a>, Error> {
        let rest = format!("/manifests/{}", reference.target());
        let mut call = self.prepare(reference.repository(), Access::Pull, method, &rest)?;
        for accepted in media_type::MANIFESTS {
            call.headers
                .append(ACCEPT, HeaderValue::from_static(accepted));
        }
        Ok(call)
    }
}

pub(super) fn is_missing(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::RepositoryNotFound
    )
}

/// The digest that an answer names, if it names one that we can read.
pub(super) fn named_digest(headers: &HeaderMap) -> Option<Digest> {
    text(headers, CONTENT_DIGEST)?.parse().ok()
}

/// Everything about a document that an answer's head can say; `None` if something is missing.
fn described(headers: &HeaderMap) -> Option<Descriptor> {
    let media_type = content_type(headers)?;
    let size = text(headers, CONTENT_LENGTH)?.parse().ok()?;
    let known = media_type::is_index(media_type) || media_type::is_manifest(media_type);
    (known && size > 0)
        .then(|| named_digest(headers))
        .flatten()
        .map(|digest| Descriptor::new(media_type, digest, size))
}

/// `Content-Type` without parameters.
fn content_type(headers: &HeaderMap) -> Option<&str> {
    let value = text(headers, CONTENT_TYPE)?;
    Some(value.split_once(';').map_or(value, |(kind, _)| kind).trim())
}

/// What a document is: what the registry calls it, or what it calls itself if the registry's
/// word is a general one.
fn media_type_of(headers: &HeaderMap, body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Kind {
        media_type: String,
    }
    let served = content_type(headers).unwrap_or_default();
    if media_type::is_index(served) || media_type::is_manifest(served) {
        return served.to_owned();
    }
    serde_json::from_slice(body).map_or_else(|_| served.to_owned(), |kind: Kind| kind.media_type)
}

/// Whether a refusal may come from a tag that cannot be moved: worth a look at where it points.
fn may_be_immutable(error: &Error) -> bool {
    says_immutable(error) || matches!(error.status(), Some(409 | 412))
}

/// ECR says `TAG_INVALID` and "immutable" (its API: `ImageTagAlreadyExistsException`), Harbor
/// `PRECONDITION` and "immutable", others `TAG_IMMUTABLE` or `MANIFEST_INVALID` and such words.
fn says_immutable(error: &Error) -> bool {
    error.codes().iter().any(|code| {
        let message = code.message.to_ascii_lowercase();
        code.code == "ImageTagAlreadyExistsException"
            || code.code == "TAG_IMMUTABLE"
            || message.contains("immutable")
            || message.contains("imagetagalreadyexists")
    })
}

/// An absolute URL from a `Location` header.
pub(super) fn location(call: &Call<'_>, headers: &HeaderMap) -> Option<Url> {
    let location = text(headers, reqwest::header::LOCATION)?;
    let url = call.url.join(location).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}
