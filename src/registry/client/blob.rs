//! Blobs: whether they are there, and reading them. A body that breaks off is continued where it
//! broke; what arrives has the length and digest that were asked for, or is an error.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use reqwest::header::{CONTENT_RANGE, HeaderValue, RANGE};
use reqwest::{Method, StatusCode};
use sha2::{Digest as _, Sha256};

use super::answer::text;
use super::manifest::{NO_BODY, is_missing};
use super::retry::Retries;
use super::scope::Access;
use super::transport::{Call, Sent};
use super::{Client, Error, ErrorKind};
use crate::image::{Descriptor, Digest};
use crate::registry::Repository;

impl Client {
    /// Whether a repository has a blob. `false` also if there is no such repository.
    pub async fn has_blob(&self, repository: &Repository, digest: Digest) -> Result<bool, Error> {
        let call = self.blob_call(repository, digest, Method::HEAD)?;
        match self.call(&call, NO_BODY).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Begins to read a blob. The descriptor's digest and size are what is expected.
    pub async fn get_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<BlobReader, Error> {
        let mut reader = BlobReader {
            client: self.clone(),
            repository: repository.clone(),
            digest: descriptor.digest,
            size: descriptor.size,
            sent: None,
            skip: 0,
            received: 0,
            hash: Sha256::new(),
            retries: self.inner.retry.start(),
        };
        reader.ensure_open().await?;
        Ok(reader)
    }

    /// Reads a small blob, for example an image configuration. One that is larger than `limit`
    /// bytes is not read at all.
    pub async fn read_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: u64,
    ) -> Result<Bytes, Error> {
        if descriptor.size > limit {
            let call = self.blob_call(repository, descriptor.digest, Method::GET)?;
            return Err(call.error(ErrorKind::TooLarge { limit }));
        }
        let mut reader = self.get_blob(repository, descriptor).await?;
        let mut content = BytesMut::new();
        while let Some(part) = reader.chunk().await? {
            content.extend_from_slice(&part);
        }
        Ok(content.freeze())
    }

    fn blob_call<'a>(
        &self,
        repository: &'a Repository,
        digest: Digest,
        method: Method,
    ) -> Result<Call<'a>, Error> {
        self.prepare(
            repository,
            Access::Pull,
            method,
            &format!("/blobs/{digest}"),
        )
    }
}

/// A blob on its way. What [`Self::chunk`] gave is only known to be right when it has returned
/// `None`: until then the digest is not complete.
#[derive(Debug)]
pub struct BlobReader {
    client: Client,
    repository: Repository,
    digest: Digest,
    size: u64,
    sent: Option<Sent>,
    /// Bytes of the current answer that we have already: the registry ignored our `Range`.
    skip: u64,
    received: u64,
    hash: Sha256,
    retries: Retries,
}

impl BlobReader {
    /// The next bytes, or `None` at the end of a blob that was received completely and has the
    /// right digest. Cancel safe.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            self.ensure_open().await?;
            let Some(sent) = &mut self.sent else { continue };
            let http = &self.client.inner.http;
            let mut part = match http.part(&sent.method, &mut sent.response).await {
                Ok(Some(part)) => part,
                Ok(None) if self.received == self.size => {
                    return self.verify().map(|()| None);
                }
                Ok(None) => {
                    self.sent = None;
                    self.retries.pause(self.wrong_length()?).await?;
                    continue;
                }
                Err(error) => {
                    self.sent = None;
                    self.retries.pause(error).await?;
                    continue;
                }
            };
            let known = usize::try_from(self.skip)
                .unwrap_or(usize::MAX)
                .min(part.len());
            let fresh = part.split_off(known);
            self.skip -= known as u64;
            if fresh.is_empty() {
                continue;
            }
            self.received += fresh.len() as u64;
            if self.received > self.size {
                return Err(self.wrong_length()?);
            }
            self.hash.update(&fresh);
            self.retries.reset();
            return Ok(Some(fresh));
        }
    }

    /// The rest of the blob as a stream, which ends after its first error.
    pub fn into_stream(self) -> BoxStream<'static, Result<Bytes, Error>> {
        stream::try_unfold(self, |mut reader| async move {
            Ok(reader.chunk().await?.map(|part| (part, reader)))
        })
        .boxed()
    }

    async fn ensure_open(&mut self) -> Result<(), Error> {
        while self.sent.is_none() {
            match self.open().await {
                Ok(()) => {}
                Err(error) => self.retries.pause(error).await?,
            }
        }
        Ok(())
    }

    /// Asks for what is missing.
    async fn open(&mut self) -> Result<(), Error> {
        let mut call = self
            .client
            .blob_call(&self.repository, self.digest, Method::GET)?;
        if self.received > 0
            && let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", self.received))
        {
            call.headers.insert(RANGE, range);
        }
        let sent = self.client.attempt(&call).await?;
        self.skip = if sent.response.status() == StatusCode::PARTIAL_CONTENT {
            let expected = format!("bytes {}-", self.received);
            let range = text(sent.response.headers(), CONTENT_RANGE);
            if !range.is_some_and(|range| range.starts_with(&expected)) {
                let problem = "the registry sent another part of the blob than was asked for";
                return Err(call.error(ErrorKind::Protocol(problem)));
            }
            0
        } else {
            self.received
        };
        self.sent = Some(sent);
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Error> {
        let actual = Digest::from_sha256(self.hash.finalize_reset().into());
        let expected = self.digest;
        if actual == expected {
            return Ok(());
        }
        let call = self
            .client
            .blob_call(&self.repository, self.digest, Method::GET)?;
        Err(call.error(ErrorKind::Digest { expected, actual }))
    }

    fn wrong_length(&self) -> Result<Error, Error> {
        let call = self
            .client
            .blob_call(&self.repository, self.digest, Method::GET)?;
        Ok(call.error(ErrorKind::Length {
            expected: self.size,
            actual: self.received,
        }))
    }
}
