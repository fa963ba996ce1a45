//! Writes as the daemon does them, through a server and a client of the real service.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use bytes::Bytes;
use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Code;

use super::super::{BlobWriter, ContentServer};
use super::*;
use crate::proto::content::content_client::ContentClient;

type Client = ContentClient<ContentServer<Content>>;

/// Takes everything but what it is told to refuse; writes of `full` fail.
#[derive(Debug, Default)]
struct Shelf {
    blobs: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    refused: Vec<String>,
    full: bool,
    offers: Mutex<Vec<OfferedBlob>>,
}

struct Slot {
    digest: String,
    bytes: Vec<u8>,
    full: bool,
    blobs: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl BlobReceiver for Shelf {
    fn offer<'a>(&'a self, blob: &'a OfferedBlob) -> BoxFuture<'a, Option<Box<dyn BlobWriter>>> {
        self.offers.lock().unwrap().push(blob.clone());
        let writer = (!self.refused.contains(&blob.digest)).then(|| {
            Box::new(Slot {
                digest: blob.digest.clone(),
                bytes: Vec::new(),
                full: self.full,
                blobs: Arc::clone(&self.blobs),
            }) as Box<dyn BlobWriter>
        });
        Box::pin(async { writer })
    }
}

impl BlobWriter for Slot {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, io::Result<()>> {
        self.bytes.extend_from_slice(&bytes);
        let result = if self.full {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        };
        Box::pin(async { result })
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, io::Result<()>> {
        self.blobs.lock().unwrap().insert(self.digest, self.bytes);
        Box::pin(async { Ok(()) })
    }
}

fn client(shelf: &Arc<Shelf>) -> Client {
    ContentClient::new(ContentServer::new(Content::new(
        Arc::clone(shelf) as Arc<dyn BlobReceiver>
    )))
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn for_store<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert(STORE_KEY, STORE.parse().unwrap());
    request
}

/// A write in progress: says one thing and hears one.
struct Write {
    requests: mpsc::UnboundedSender<wire::WriteContentRequest>,
    replies: Streaming<wire::WriteContentResponse>,
}

impl Write {
    async fn begin(client: &mut Client, blob: &str, total: i64) -> Result<Self, Status> {
        let (requests, stream) = mpsc::unbounded_channel();
        let stream = UnboundedReceiverStream::new(stream);
        let stat = wire::WriteContentRequest {
            r#ref: format!("layer-{blob}"),
            total,
            expected: blob.to_owned(),
            ..Default::default()
        };
        requests.send(stat).unwrap();
        let replies = client.write(for_store(stream)).await?.into_inner();
        let mut write = Self { requests, replies };
        assert_eq!(write.hear().await?.offset, 0);
        Ok(write)
    }

    async fn say(&mut self, action: wire::WriteAction, offset: i64, data: &'static [u8]) -> Reply {
        let request = wire::WriteContentRequest {
            action: action.into(),
            offset,
            data: Bytes::from_static(data),
            ..Default::default()
        };
        self.requests.send(request).unwrap();
        self.hear().await
    }

    async fn commit(&mut self, total: i64, expected: &str) -> Reply {
        let request = wire::WriteContentRequest {
            action: wire::WriteAction::Commit.into(),
            total,
            expected: expected.to_owned(),
            offset: total,
            ..Default::default()
        };
        self.requests.send(request).unwrap();
        self.hear().await
    }

    async fn hear(&mut self) -> Reply {
        Ok(self
            .replies
            .message()
            .await?
            .expect("the store ended the write without a word"))
    }
}

const WRITE: wire::WriteAction = wire::WriteAction::Write;
const STAT: wire::WriteAction = wire::WriteAction::Stat;

#[tokio::test]
async fn takes_a_blob_in_pieces_and_has_it_then() {
    let shelf = Arc::new(Shelf::default());
    let mut client = client(&shelf);
    let blob = digest(b"hello world");
    let mut write = Write::begin(&mut client, &blob, 11).await.unwrap();
    assert_eq!(write.say(STAT, 0, b"").await.unwrap().total, 11);
    assert_eq!(write.say(WRITE, 0, b"hello ").await.unwrap().offset, 6);
    let status = client.status(for_store(wire::StatusRequest {
        r#ref: format!("layer-{blob}"),
    }));
    assert_eq!(status.await.unwrap().into_inner().status.unwrap().offset, 6);
    assert_eq!(write.say(WRITE, 6, b"world").await.unwrap().offset, 11);
    let done = write.commit(11, &blob).await.unwrap();
    assert_eq!((done.offset, done.digest.as_str()), (11, blob.as_str()));
    assert_eq!(shelf.blobs.lock().unwrap()[&blob], b"hello world");

    let info = client
        .info(for_store(wire::InfoRequest {
            digest: blob.clone(),
        }))
        .await
        .unwrap();
    assert_eq!(info.into_inner().info.unwrap().size, 11);
    let again = Write::begin(&mut client, &blob, 11).await.err().unwrap();
    assert_eq!(again.code(), Code::AlreadyExists);
    assert_eq!(shelf.offers.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_blob_that_nobody_wants_exists_already() {
    let blob = digest(b"a");
    let shelf = Arc::new(Shelf {
        refused: vec![blob.clone()],
        ..Shelf::default()
    });
    let mut client = client(&shelf);
    for _ in 0..2 {
        let status = Write::begin(&mut client, &blob, 1).await.err().unwrap();
        assert_eq!(status.code(), Code::AlreadyExists);
    }
    assert_eq!(shelf.offers.lock().unwrap().len(), 2);
    let info = client
        .info(for_store(wire::InfoRequest { digest: blob }))
        .await
        .unwrap_err();
    assert_eq!(info.code(), Code::NotFound);
}

#[tokio::test]
async fn refuses_wrong_bytes_and_offers_the_blob_again() {
    let shelf = Arc::new(Shelf::default());
    let mut client = client(&shelf);
    let blob = digest(b"hello world");

    // Too few, too many, not at the end, and just others.
    let mut write = Write::begin(&mut client, &blob, 11).await.unwrap();
    write.say(WRITE, 0, b"hello").await.unwrap();
    let status = write.commit(11, &blob).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(
        status
            .message()
            .contains("has 11 bytes and was committed with 5"),
        "{status}"
    );

    let mut write = Write::begin(&mut client, &blob, 11).await.unwrap();
    let status = write.say(WRITE, 0, b"hello world!").await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);

    let mut write = Write::begin(&mut client, &blob, 11).await.unwrap();
    write.say(WRITE, 0, b"hello").await.unwrap();
    let status = write.say(WRITE, 4, b"o world").await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);

    let mut write = Write::begin(&mut client, &blob, 11).await.unwrap();
    write.say(WRITE, 0, b"hello w0rld").await.unwrap();
    let status = write.commit(11, &blob).await.unwrap_err();
    assert!(
        status.message().contains("whose digest is sha256:"),
        "{status}"
    );

    let mut write = Write::begin(&mut client, &blob, 11).await.unwrap();
    write.say(WRITE, 0, b"hello world").await.unwrap();
    let status = write.commit(11, &digest(b"other")).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);

    assert!(shelf.blobs.lock().unwrap().is_empty());
    let mut write = Write::begin(&mut client, &blob, 11).await.unwrap();
    write.say(WRITE, 0, b"hello world").await.unwrap();
    write.commit(11, &blob).await.unwrap();
    assert_eq!(shelf.offers.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn a_write_that_stops_leaves_nothing_and_blocks_nobody() {
    let shelf = Arc::new(Shelf::default());
    let mut client = client(&shelf);
    let blob = digest(b"hello");
    let mut write = Write::begin(&mut client, &blob, 5).await.unwrap();
    write.say(WRITE, 0, b"hell").await.unwrap();
    drop(write);
    let mut write = Write::begin(&mut client, &blob, 5).await.unwrap();
    write.say(WRITE, 0, b"hello").await.unwrap();
    // A second build sends the same blob: it waits, and then need not.
    let mut other = client.clone();
    let name = blob.clone();
    let second = tokio::spawn(async move { Write::begin(&mut other, &name, 5).await.err() });
    tokio::task::yield_now().await;
    write.commit(5, &blob).await.unwrap();
    assert_eq!(second.await.unwrap().unwrap().code(), Code::AlreadyExists);
}

#[tokio::test]
async fn an_aborted_write_ends() {
    let shelf = Arc::new(Shelf::default());
    let mut client = client(&shelf);
    let blob = digest(b"hello");
    let mut write = Write::begin(&mut client, &blob, 5).await.unwrap();
    let reference = format!("layer-{blob}");
    let abort = || {
        for_store(wire::AbortRequest {
            r#ref: reference.clone(),
        })
    };
    client.abort(abort()).await.unwrap();
    assert_eq!(write.hear().await.unwrap_err().code(), Code::Aborted);
    let statuses = client
        .list_statuses(for_store(wire::ListStatusesRequest::default()))
        .await;
    assert!(statuses.unwrap().into_inner().statuses.is_empty());
    assert_eq!(
        client.abort(abort()).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_receiver_that_fails_fails_the_write() {
    let shelf = Arc::new(Shelf {
        full: true,
        ..Shelf::default()
    });
    let mut client = client(&shelf);
    let blob = digest(b"hello");
    let mut write = Write::begin(&mut client, &blob, 5).await.unwrap();
    let status = write.say(WRITE, 0, b"hello").await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains(&blob), "{status}");
}

#[tokio::test]
async fn refuses_writes_that_do_not_say_what_they_are() {
    let shelf = Arc::new(Shelf::default());
    let mut client = client(&shelf);
    for name in ["", "sha256:12", "sha512:ab", &digest(b"a").to_uppercase()] {
        let status = Write::begin(&mut client, name, 1).await.err().unwrap();
        assert_eq!(status.code(), Code::InvalidArgument, "{name}");
    }
    let status = client.info(wire::InfoRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert!(shelf.offers.lock().unwrap().is_empty());
}
