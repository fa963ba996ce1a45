//! Where the content of a blob that is pushed comes from. Every source can be opened again,
//! because an upload may have to start over.

use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use tokio_util::io::ReaderStream;

use super::transport::Call;
use super::{Client, Error, ErrorKind};
use crate::image::Descriptor;
use crate::registry::Repository;

/// How much of a file is read at a time.
const READ: usize = 256 << 10;

/// The content of a blob to push.
#[derive(Clone, Debug)]
pub enum BlobSource {
    /// In memory.
    Bytes(Bytes),
    /// In a file, all of it.
    File(PathBuf),
    /// In another repository, on this registry or another one.
    Repository(Client, Repository),
}

pub(super) type Content = BoxStream<'static, Result<Bytes, Error>>;

impl BlobSource {
    /// The content from its beginning. Errors are about `call`, which it is for.
    pub(super) async fn open(
        &self,
        descriptor: &Descriptor,
        call: &Call<'_>,
    ) -> Result<Content, Error> {
        match self {
            Self::Bytes(bytes) => Ok(stream::iter([Ok(bytes.clone())]).boxed()),
            Self::File(path) => {
                let (method, url) = (call.method.clone(), call.url.clone());
                let failed = move |error: std::io::Error| {
                    Error::new(ErrorKind::Source, &method, &url).with_source(error)
                };
                let file = tokio::fs::File::open(path).await.map_err(&failed)?;
                let parts = ReaderStream::with_capacity(file, READ);
                Ok(parts.map_err(failed).boxed())
            }
            Self::Repository(client, repository) => {
                let reader = client.get_blob(repository, descriptor).await?;
                Ok(reader.into_stream())
            }
        }
    }
}

/// A stream cut into pieces of one size.
pub(super) struct Chunks {
    content: Content,
    carried: BytesMut,
}

impl Chunks {
    pub(super) fn new(content: Content) -> Self {
        Self {
            content,
            carried: BytesMut::new(),
        }
    }

    /// The next `size` bytes; fewer at the end, none after it.
    pub(super) async fn next(&mut self, size: usize) -> Result<Bytes, Error> {
        while self.carried.len() < size {
            match self.content.next().await {
                Some(part) => self.carried.extend_from_slice(&part?),
                None => break,
            }
        }
        let size = size.min(self.carried.len());
        Ok(self.carried.split_to(size).freeze())
    }
}
