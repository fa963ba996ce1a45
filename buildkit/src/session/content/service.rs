//! `containerd.services.content.v1.Content`, as the daemon's exporter uses it.
//!
//! A write is a stream: the first message names the transfer and the blob; then every message is
//! answered with the offset. A blob that is here already ends the stream with `AlreadyExists`,
//! which the daemon takes for success. Contents cannot be read back.

use std::sync::Arc;
use std::time::SystemTime;

use futures::stream::{self, Iter};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use super::ingest::{Ingest, is_sha256};
use super::store::{Active, Committed, Store, Turn};
use super::{BlobReceiver, OfferedBlob};
use crate::proto::content as wire;
use crate::proto::content::content_server;
use crate::timestamp::timestamp;

/// The store that an export writes to.
const STORE_KEY: &str = "buildkit-attachable-store-id";
const STORE: &str = "export";

#[derive(Debug)]
pub(in crate::session) struct Content {
    receiver: Arc<dyn BlobReceiver>,
    store: Arc<Store>,
}

impl Content {
    pub(in crate::session) fn new(receiver: Arc<dyn BlobReceiver>) -> Self {
        Self {
            receiver,
            store: Arc::default(),
        }
    }
}

type Reply = Result<wire::WriteContentResponse, Status>;

#[tonic::async_trait]
impl content_server::Content for Content {
    type ListStream = Iter<std::vec::IntoIter<Result<wire::ListContentResponse, Status>>>;
    type ReadStream = stream::Empty<Result<wire::ReadContentResponse, Status>>;
    type WriteStream = ReceiverStream<Reply>;

    async fn write(
        &self,
        request: Request<Streaming<wire::WriteContentRequest>>,
    ) -> Result<Response<Self::WriteStream>, Status> {
        check_store(request.metadata())?;
        let (replies, stream) = mpsc::channel(1);
        let (receiver, store) = (Arc::clone(&self.receiver), Arc::clone(&self.store));
        let requests = request.into_inner();
        tokio::spawn(async move {
            let gone = replies.clone();
            let result = tokio::select! {
                result = write(&*receiver, &store, requests, &replies) => result,
                // The daemon has cancelled: whoever waits for this blob can go on.
                () = gone.closed() => return,
            };
            if let Err(status) = result {
                let _ = replies.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn info(
        &self,
        request: Request<wire::InfoRequest>,
    ) -> Result<Response<wire::InfoResponse>, Status> {
        check_store(request.metadata())?;
        let digest = request.into_inner().digest;
        let blob = self
            .store
            .committed(&digest)
            .ok_or_else(|| no_content(&digest))?;
        Ok(Response::new(wire::InfoResponse {
            info: Some(info(digest, &blob)),
        }))
    }

    async fn list(
        &self,
        request: Request<wire::ListContentRequest>,
    ) -> Result<Response<Self::ListStream>, Status> {
        check_store(request.metadata())?;
        let blobs = self.store.all_committed();
        let info: Vec<_> = blobs
            .into_iter()
            .map(|(digest, blob)| info(digest, &blob))
            .collect();
        let messages = vec![Ok(wire::ListContentResponse { info })];
        Ok(Response::new(stream::iter(messages)))
    }

    async fn status(
        &self,
        request: Request<wire::StatusRequest>,
    ) -> Result<Response<wire::StatusResponse>, Status> {
        check_store(request.metadata())?;
        let reference = request.into_inner().r#ref;
        let active = self
            .store
            .active(&reference)
            .ok_or_else(|| no_transfer(&reference))?;
        Ok(Response::new(wire::StatusResponse {
            status: Some(progress(reference, active)),
        }))
    }

    async fn list_statuses(
        &self,
        request: Request<wire::ListStatusesRequest>,
    ) -> Result<Response<wire::ListStatusesResponse>, Status> {
        check_store(request.metadata())?;
        let active = self.store.all_active().into_iter();
        let statuses = active
            .map(|(reference, active)| progress(reference, active))
            .collect();
        Ok(Response::new(wire::ListStatusesResponse { statuses }))
    }

    async fn abort(&self, request: Request<wire::AbortRequest>) -> Result<Response<()>, Status> {
        check_store(request.metadata())?;
        let reference = request.into_inner().r#ref;
        let active = self
            .store
            .active(&reference)
            .ok_or_else(|| no_transfer(&reference))?;
        active.abort.cancel();
        Ok(Response::new(()))
    }

    async fn read(
        &self,
        _: Request<wire::ReadContentRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        Err(Status::unimplemented(
            "this store takes blobs and does not give them back",
        ))
    }

    async fn update(
        &self,
        _: Request<wire::UpdateRequest>,
    ) -> Result<Response<wire::UpdateResponse>, Status> {
        Err(Status::unimplemented("this store keeps no labels"))
    }

    async fn delete(&self, _: Request<wire::DeleteContentRequest>) -> Result<Response<()>, Status> {
        Err(Status::unimplemented("this store deletes nothing"))
    }
}

/// Takes one blob. Whatever ends it early drops the ingest, and with it the receiver's writer.
async fn write(
    receiver: &dyn BlobReceiver,
    store: &Store,
    mut requests: Streaming<wire::WriteContentRequest>,
    replies: &mpsc::Sender<Reply>,
) -> Result<(), Status> {
    let Some(mut request) = requests.message().await? else {
        return Ok(());
    };
    let (reference, blob) = announced(&request)?;
    // Held to the end, so that another transfer of this blob decides after this one is over.
    let _turn: Turn = store.turn(&blob.digest).await;
    if store.committed(&blob.digest).is_some() {
        return Err(exists(&blob));
    }
    let writer = receiver.offer(&blob).await.ok_or_else(|| exists(&blob))?;
    let mut ingest = Ingest::new(blob, writer);
    let transfer = Transfer::begin(store, &reference, &ingest);
    loop {
        if !request.expected.is_empty() && request.expected != ingest.blob.digest {
            return Err(Status::failed_precondition(format!(
                "{} became {}",
                ingest.blob.digest, request.expected
            )));
        }
        let action = request.action();
        if !request.data.is_empty() {
            if action == wire::WriteAction::Stat {
                return Err(Status::invalid_argument("a STAT has no data"));
            }
            let data = std::mem::take(&mut request.data);
            transfer
                .unless_aborted(ingest.write(request.offset, data))
                .await?;
            store.advance(&reference, ingest.offset);
        }
        let mut reply = wire::WriteContentResponse {
            action: action.into(),
            started_at: Some(timestamp(ingest.started)),
            updated_at: Some(timestamp(ingest.updated)),
            offset: wire_size(ingest.offset),
            total: wire_size(ingest.blob.size),
            digest: String::new(),
        };
        if action == wire::WriteAction::Commit {
            let commit = ingest.commit(request.total, &request.expected);
            let blob = transfer.unless_aborted(commit).await?;
            store.commit(&blob.digest, blob.size);
            reply.total = wire_size(blob.size);
            reply.digest = blob.digest;
            let _ = replies.send(Ok(reply)).await;
            return Ok(());
        }
        if replies.send(Ok(reply)).await.is_err() {
            return Ok(());
        }
        request = match transfer.unless_aborted(requests.message()).await? {
            Some(request) => request,
            None => return Ok(()),
        };
    }
}

/// What the first message says: the transfer's name and the blob.
fn announced(request: &wire::WriteContentRequest) -> Result<(String, OfferedBlob), Status> {
    if request.r#ref.is_empty() {
        return Err(Status::invalid_argument(
            "the first message of a write must name it",
        ));
    }
    if !is_sha256(&request.expected) {
        return Err(Status::invalid_argument(format!(
            "the first message of a write must have a sha256 digest, not {:?}",
            request.expected
        )));
    }
    let size = u64::try_from(request.total)
        .map_err(|_| Status::invalid_argument("a blob cannot have less than no bytes"))?;
    Ok((
        request.r#ref.clone(),
        OfferedBlob {
            digest: request.expected.clone(),
            size,
        },
    ))
}

/// A transfer in the store's list; leaves it when dropped.
struct Transfer<'a> {
    store: &'a Store,
    reference: &'a str,
    abort: CancellationToken,
}

impl<'a> Transfer<'a> {
    fn begin(store: &'a Store, reference: &'a str, ingest: &Ingest) -> Self {
        let abort = CancellationToken::new();
        store.begin(
            reference,
            Active {
                digest: ingest.blob.digest.clone(),
                total: ingest.blob.size,
                offset: 0,
                started: ingest.started,
                updated: ingest.updated,
                abort: abort.clone(),
            },
        );
        Self {
            store,
            reference,
            abort,
        }
    }

    async fn unless_aborted<T>(
        &self,
        work: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Status> {
        tokio::select! {
            result = work => result,
            () = self.abort.cancelled() => Err(Status::aborted("the write was aborted")),
        }
    }
}

impl Drop for Transfer<'_> {
    fn drop(&mut self) {
        self.store.end(self.reference);
    }
}

fn check_store(metadata: &MetadataMap) -> Result<(), Status> {
    match metadata.get(STORE_KEY) {
        Some(store) if store == STORE => Ok(()),
        store => Err(Status::not_found(format!(
            "this session has no content store {store:?}"
        ))),
    }
}

fn exists(blob: &OfferedBlob) -> Status {
    Status::already_exists(format!("{} is here already", blob.digest))
}

fn no_content(digest: &str) -> Status {
    Status::not_found(format!("no content {digest}"))
}

fn no_transfer(reference: &str) -> Status {
    Status::not_found(format!("no write {reference:?}"))
}

fn info(digest: String, blob: &Committed) -> wire::Info {
    let at: SystemTime = blob.at;
    wire::Info {
        digest,
        size: wire_size(blob.size),
        created_at: Some(timestamp(at)),
        updated_at: Some(timestamp(at)),
        ..Default::default()
    }
}

fn progress(reference: String, active: Active) -> wire::Status {
    wire::Status {
        started_at: Some(timestamp(active.started)),
        updated_at: Some(timestamp(active.updated)),
        r#ref: reference,
        offset: wire_size(active.offset),
        total: wire_size(active.total),
        expected: active.digest,
    }
}

fn wire_size(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
