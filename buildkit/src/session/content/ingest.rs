//! One blob on its way in: the rules of a write, without a network.

use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;
use tonic::Status;

use super::{BlobWriter, OfferedBlob};

/// Pieces larger than this are hashed on a thread that may be busy for a while: the runtime's own
/// threads also answer the daemon's health checks.
const HASH_ELSEWHERE: usize = 256 << 10;

/// Counts, hashes and passes on.
pub(super) struct Ingest {
    pub(super) blob: OfferedBlob,
    pub(super) offset: u64,
    pub(super) started: SystemTime,
    pub(super) updated: SystemTime,
    hash: Sha256,
    writer: Box<dyn BlobWriter>,
}

impl Ingest {
    pub(super) fn new(blob: OfferedBlob, writer: Box<dyn BlobWriter>) -> Self {
        let now = SystemTime::now();
        Self {
            blob,
            offset: 0,
            started: now,
            updated: now,
            hash: Sha256::new(),
            writer,
        }
    }

    /// Appends. `at` is where the sender believes to be; writes go forward only.
    pub(super) async fn write(&mut self, at: i64, bytes: Bytes) -> Result<(), Status> {
        if u64::try_from(at) != Ok(self.offset) {
            return Err(Status::out_of_range(format!(
                "write at {at} of {}, which is at {}",
                self.blob.digest, self.offset
            )));
        }
        let offset = self.offset + bytes.len() as u64;
        if self.blob.size > 0 && offset > self.blob.size {
            return Err(Status::failed_precondition(format!(
                "{} has {} bytes and was sent at least {offset}",
                self.blob.digest, self.blob.size
            )));
        }
        if bytes.len() > HASH_ELSEWHERE {
            let (mut hash, data) = (std::mem::take(&mut self.hash), bytes.clone());
            self.hash = spawn_blocking(move || {
                hash.update(&data);
                hash
            })
            .await
            .map_err(|error| Status::internal(error.to_string()))?;
        } else {
            self.hash.update(&bytes);
        }
        self.writer
            .write(bytes)
            .await
            .map_err(|error| self.failed("storing", &error))?;
        self.offset = offset;
        self.updated = SystemTime::now();
        Ok(())
    }

    /// Checks the whole and hands it over. `total` (0 if unknown) and `digest` (empty if unchanged)
    /// are what the sender says at the end.
    pub(super) async fn commit(mut self, total: i64, digest: &str) -> Result<OfferedBlob, Status> {
        if let Ok(total @ 1..) = u64::try_from(total) {
            self.blob.size = total;
        }
        if self.blob.size > 0 && self.offset != self.blob.size {
            return Err(Status::failed_precondition(format!(
                "{} has {} bytes and was committed with {}",
                self.blob.digest, self.blob.size, self.offset
            )));
        }
        if !digest.is_empty() && digest != self.blob.digest {
            return Err(Status::failed_precondition(format!(
                "{} was committed as {digest}",
                self.blob.digest
            )));
        }
        let found = format!(
            "sha256:{}",
            hex::encode(std::mem::take(&mut self.hash).finalize())
        );
        if found != self.blob.digest {
            return Err(Status::failed_precondition(format!(
                "{} was committed with bytes whose digest is {found}",
                self.blob.digest
            )));
        }
        self.blob.size = self.offset;
        match self.writer.commit().await {
            Ok(()) => Ok(self.blob),
            Err(error) => Err(failed(&self.blob, "committing", &error)),
        }
    }

    fn failed(&self, what: &str, error: &std::io::Error) -> Status {
        failed(&self.blob, what, error)
    }
}

fn failed(blob: &OfferedBlob, what: &str, error: &std::io::Error) -> Status {
    Status::internal(format!("{what} {}: {error}", blob.digest))
}

/// Whether this is `sha256:` and 64 lower-case hexadecimal digits.
pub(super) fn is_sha256(digest: &str) -> bool {
    digest.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64
            && digits
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}
