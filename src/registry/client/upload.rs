//! Pushing blobs: not at all if they are there, by a mount if another repository has them, in one
//! piece if they are small, else in chunks that are continued after a break.

use bytes::Bytes;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RANGE};
use reqwest::{Method, StatusCode, Url};

use super::answer::text;
use super::blob_source::{BlobSource, Chunks};
use super::manifest::{NO_BODY, location, named_digest};
use super::scope::Access;
use super::transport::{Call, Payload, Sent};
use super::{Client, Error, ErrorKind};
use crate::image::Descriptor;
use crate::registry::Repository;

/// Blobs up to this size are uploaded in one piece.
pub const SMALL_BLOB: u64 = 16 << 20;
/// The size of chunks: above the 5 MiB that some storage wants at least, below ECR's limit of a
/// layer part.
const CHUNK: usize = 8 << 20;
/// The largest chunk that a registry may ask for.
const LARGEST_CHUNK: usize = 256 << 20;
/// What a registry wants chunks to have at least (distribution-spec 1.1).
const SMALLEST: HeaderName = HeaderName::from_static("oci-chunk-min-length");

/// How a blob came to be in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// It was there.
    Existed,
    /// It was taken over from another repository of the registry.
    Mounted,
    /// Its content was sent.
    Uploaded,
}

/// An upload that the registry waits for.
struct Session {
    location: Url,
    chunk: usize,
}

enum Begun {
    Mounted,
    Waiting(Session),
}

/// Why an upload in chunks did not work.
enum ChunkFailure {
    /// The registry takes no chunks: try in one piece.
    Unsupported,
    Error(Error),
}

impl From<Error> for ChunkFailure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Client {
    /// Makes sure that a repository has a blob. `mount_from` is another repository of the same
    /// registry that may have it; a registry that does not mount gets an upload.
    pub async fn push_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        source: &BlobSource,
        mount_from: Option<&Repository>,
    ) -> Result<PushOutcome, Error> {
        if self.has_blob(repository, descriptor.digest).await? {
            return Ok(PushOutcome::Existed);
        }
        let mount_from = mount_from.filter(|from| from.host() == repository.host());
        let mut chunked = descriptor.size > SMALL_BLOB;
        let mut retries = self.inner.retry.start();
        loop {
            let result = self
                .push_once(repository, descriptor, source, mount_from, &mut chunked)
                .await;
            let error = match result {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            retries.pause_if(is_lost(&error), error).await?;
            // The answer may have been lost, not the upload.
            if self.has_blob(repository, descriptor.digest).await? {
                return Ok(PushOutcome::Uploaded);
            }
        }
    }

    /// One attempt from the beginning. Learns in `chunked` if the registry takes no chunks.
    async fn push_once(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        source: &BlobSource,
        mount_from: Option<&Repository>,
        chunked: &mut bool,
    ) -> Result<PushOutcome, Error> {
        let mut call = self.prepare(repository, Access::Push, Method::POST, "/blobs/uploads/")?;
        let begun = self.begin(&mut call, descriptor, mount_from).await?;
        let mut session = match begun {
            Begun::Mounted => return Ok(PushOutcome::Mounted),
            Begun::Waiting(session) => session,
        };
        if *chunked {
            match self.upload_chunks(&call, descriptor, source, session).await {
                Ok(()) => return Ok(PushOutcome::Uploaded),
                Err(ChunkFailure::Error(error)) => return Err(error),
                Err(ChunkFailure::Unsupported) => *chunked = false,
            }
            session = match self.begin(&mut call, descriptor, None).await? {
                Begun::Mounted => return Ok(PushOutcome::Mounted),
                Begun::Waiting(session) => session,
            };
        }
        self.upload_whole(&call, descriptor, source, session)
            .await?;
        Ok(PushOutcome::Uploaded)
    }

    async fn begin(
        &self,
        call: &mut Call<'_>,
        descriptor: &Descriptor,
        mount_from: Option<&Repository>,
    ) -> Result<Begun, Error> {
        if let Some(from) = mount_from {
            call.scopes.add(from, Access::Pull);
            call.url
                .query_pairs_mut()
                .clear()
                .append_pair("mount", &descriptor.digest.to_string())
                .append_pair("from", from.path());
        } else {
            call.url.set_query(None);
        }
        let sent = self.attempt(call).await?;
        let mounted = mount_from.is_some() && sent.response.status() == StatusCode::CREATED;
        let answer = self.inner.http.read(sent, NO_BODY).await?;
        if mounted {
            return Ok(Begun::Mounted);
        }
        let Some(location) = location(call, &answer.headers) else {
            let problem = "the registry does not say where to upload to";
            return Err(call.error(ErrorKind::Protocol(problem)));
        };
        let smallest = text(&answer.headers, SMALLEST).and_then(|size| size.parse().ok());
        let chunk = smallest.unwrap_or(CHUNK).clamp(CHUNK, LARGEST_CHUNK);
        Ok(Begun::Waiting(Session { location, chunk }))
    }

    /// One PUT with everything.
    async fn upload_whole(
        &self,
        base: &Call<'_>,
        descriptor: &Descriptor,
        source: &BlobSource,
        session: Session,
    ) -> Result<(), Error> {
        let mut call = base.to(Method::PUT, with_digest(session.location, descriptor));
        call.headers.insert(CONTENT_TYPE, octets());
        let sent = if let BlobSource::Bytes(bytes) = source {
            call.payload = Payload::Bytes(bytes.clone());
            self.attempt(&call).await?
        } else {
            let call = &call;
            self.authorized(call, |authorization| async move {
                let headers = call.headers_for(&call.url, authorization.as_ref());
                let content = source.open(descriptor, call).await?;
                let http = &self.inner.http;
                let size = descriptor.size;
                http.send_stream(&call.method, &call.url, headers, content, size)
                    .await
            })
            .await?
        };
        self.check_stored(&call, descriptor, sent).await
    }

    /// A PATCH for every chunk, then an empty PUT.
    async fn upload_chunks(
        &self,
        base: &Call<'_>,
        descriptor: &Descriptor,
        source: &BlobSource,
        session: Session,
    ) -> Result<(), ChunkFailure> {
        let Session {
            mut location,
            chunk: size,
        } = session;
        let mut chunks = Chunks::new(source.open(descriptor, base).await?);
        let mut offset = 0;
        loop {
            let chunk = chunks.next(size).await?;
            if chunk.is_empty() {
                break;
            }
            let length = chunk.len() as u64;
            location = match self.upload_chunk(base, location, offset, chunk).await {
                Ok(next) => next,
                Err(error) if offset == 0 && refuses_chunks(&error) => {
                    return Err(ChunkFailure::Unsupported);
                }
                Err(error) => return Err(error.into()),
            };
            offset += length;
        }
        if offset != descriptor.size {
            return Err(base
                .error(ErrorKind::Length {
                    expected: descriptor.size,
                    actual: offset,
                })
                .into());
        }
        let call = base.to(Method::PUT, with_digest(location, descriptor));
        let sent = self.attempt(&call).await?;
        Ok(self.check_stored(&call, descriptor, sent).await?)
    }

    /// Sends one chunk that begins at `offset`, after a break only what the registry lacks of it.
    /// Returns where to go on.
    async fn upload_chunk(
        &self,
        base: &Call<'_>,
        mut location: Url,
        offset: u64,
        chunk: Bytes,
    ) -> Result<Url, Error> {
        let end = offset + chunk.len() as u64;
        let mut start = offset;
        let mut retries = self.inner.retry.start();
        while start < end {
            let kept = usize::try_from(start - offset).unwrap_or(usize::MAX);
            let mut call = base.to(Method::PATCH, location.clone());
            call.headers.insert(CONTENT_TYPE, octets());
            if let Ok(range) = HeaderValue::from_str(&format!("{start}-{}", end - 1)) {
                call.headers.insert(CONTENT_RANGE, range);
            }
            call.payload = Payload::Bytes(chunk.slice(kept..));
            let error = match self.attempt(&call).await {
                Ok(sent) => {
                    let answer = self.inner.http.read(sent, NO_BODY).await?;
                    return Ok(next_location(&call, &answer.headers));
                }
                Err(error) => error,
            };
            let moved = error.status() == Some(StatusCode::RANGE_NOT_SATISFIABLE.as_u16());
            retries.pause_if(moved, error).await?;
            let (has, next) = self.upload_status(base, &location).await?;
            if !(start..=end).contains(&has) {
                let problem = "the registry lost a part of the upload";
                return Err(call.error(ErrorKind::Protocol(problem)).into_lost_upload());
            }
            location = next;
            start = has;
        }
        Ok(location)
    }

    /// How many bytes of an upload the registry has, and where to go on.
    async fn upload_status(&self, base: &Call<'_>, location: &Url) -> Result<(u64, Url), Error> {
        let call = base.to(Method::GET, location.clone());
        let answer = self.call(&call, NO_BODY).await?;
        // `0-9` means ten bytes; `0-0` none, since no chunk has one byte alone.
        let last: u64 = text(&answer.headers, RANGE)
            .and_then(|range| range.trim_start_matches("bytes=").split_once('-'))
            .and_then(|(_, last)| last.parse().ok())
            .unwrap_or(0);
        let has = if last == 0 { 0 } else { last + 1 };
        Ok((has, next_location(&call, &answer.headers)))
    }

    async fn check_stored(
        &self,
        call: &Call<'_>,
        descriptor: &Descriptor,
        sent: Sent,
    ) -> Result<(), Error> {
        let answer = self.inner.http.read(sent, NO_BODY).await?;
        let expected = descriptor.digest;
        match named_digest(&answer.headers) {
            Some(actual) if actual != expected => {
                Err(call.error(ErrorKind::Digest { expected, actual }))
            }
            _ => Ok(()),
        }
    }
}

fn octets() -> HeaderValue {
    HeaderValue::from_static("application/octet-stream")
}

/// The upload's URL with the digest that ends it. What the registry put into the query stays.
fn with_digest(mut location: Url, descriptor: &Descriptor) -> Url {
    let digest = descriptor.digest.to_string();
    location.query_pairs_mut().append_pair("digest", &digest);
    location
}

fn next_location(call: &Call<'_>, headers: &HeaderMap) -> Url {
    location(call, headers).unwrap_or_else(|| call.url.clone())
}

/// Whether a new upload may succeed where this one was lost.
fn is_lost(error: &Error) -> bool {
    error.is_lost_upload()
        || error.has_code("BLOB_UPLOAD_UNKNOWN")
        || error.has_code("BLOB_UPLOAD_INVALID")
}

/// Whether the refusal of a first chunk may be about chunks.
fn refuses_chunks(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 405 | 411 | 413 | 415 | 416))
}
