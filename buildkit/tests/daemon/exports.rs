//! An export into the session's content store.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use launchway_buildkit::{
    BlobReceiver, BlobWriter, Client, Exporter, OfferedBlob, Session, SolveRequest, SolveResponse,
};
use sha2::{Digest as _, Sha256};

use crate::harness::{BASE, Daemon, build, build_of, config_with, context};

/// Keeps the blobs that it does not have, and does not want some.
#[derive(Debug, Default)]
struct Shelf {
    blobs: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    unwanted: Mutex<Vec<String>>,
    offers: Mutex<Vec<String>>,
}

impl Shelf {
    fn take_offers(&self) -> Vec<String> {
        std::mem::take(&mut self.offers.lock().unwrap())
    }

    fn digests(&self) -> Vec<String> {
        self.blobs.lock().unwrap().keys().cloned().collect()
    }

    fn manifest(&self, digest: &str) -> serde_json::Value {
        serde_json::from_slice(&self.blobs.lock().unwrap()[digest]).unwrap()
    }
}

impl BlobReceiver for Shelf {
    fn offer<'a>(&'a self, blob: &'a OfferedBlob) -> BoxFuture<'a, Option<Box<dyn BlobWriter>>> {
        self.offers.lock().unwrap().push(blob.digest.clone());
        let known = self.unwanted.lock().unwrap().contains(&blob.digest)
            || self.blobs.lock().unwrap().contains_key(&blob.digest);
        let writer = (!known).then(|| {
            Box::new(Slot {
                digest: blob.digest.clone(),
                size: blob.size,
                bytes: Vec::new(),
                blobs: Arc::clone(&self.blobs),
            }) as Box<dyn BlobWriter>
        });
        Box::pin(async { writer })
    }
}

struct Slot {
    digest: String,
    size: u64,
    bytes: Vec<u8>,
    blobs: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl BlobWriter for Slot {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, io::Result<()>> {
        self.bytes.extend_from_slice(&bytes);
        Box::pin(async { Ok(()) })
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, io::Result<()>> {
        assert_eq!(self.bytes.len() as u64, self.size);
        self.blobs.lock().unwrap().insert(self.digest, self.bytes);
        Box::pin(async { Ok(()) })
    }
}

fn export_of(folder: &std::path::Path) -> SolveRequest {
    let attributes = [
        ("tar", "false"),
        ("oci-mediatypes", "true"),
        ("compression", "gzip"),
    ];
    let attributes = attributes.map(|(key, value)| (key.to_owned(), value.to_owned()));
    SolveRequest {
        exporter: Some(Exporter {
            kind: "oci".into(),
            attributes: attributes.into(),
        }),
        ..build_of(folder)
    }
}

async fn export(client: &Client, session: &Session, folder: &std::path::Path) -> SolveResponse {
    build(client, session, export_of(folder)).await.0.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_arrive_whole_once_and_only_if_wanted() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let dockerfile = format!("{BASE}RUN head -c 3000000 /dev/urandom > /noise\n");
    let folder = context(&[("Dockerfile", &dockerfile)]);
    let shelf = Arc::new(Shelf::default());
    let session = Session::open(&client, config_with(shelf.clone()))
        .await
        .unwrap();

    let first = export(&client, &session, folder.path()).await;
    let digest = first.digest().unwrap();
    let manifest = shelf.manifest(digest);
    let config = manifest["config"]["digest"].as_str().unwrap();
    assert_eq!(first.config_digest().unwrap(), config);
    let layers = manifest["layers"].as_array().unwrap();
    let layers: Vec<_> = layers
        .iter()
        .map(|l| l["digest"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(layers.len(), 2);
    let mut expected = [digest.to_owned(), config.to_owned()].to_vec();
    expected.extend(layers.iter().cloned());
    expected.sort();
    assert_eq!(shelf.digests(), expected);
    for (digest, bytes) in shelf.blobs.lock().unwrap().iter() {
        assert_eq!(
            *digest,
            format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
        );
    }

    // The session remembers what it has: nothing is offered again.
    shelf.take_offers();
    let second = export(&client, &session, folder.path()).await;
    assert_eq!(second.digest(), first.digest());
    assert_eq!(shelf.take_offers(), [""; 0]);

    // A new session asks, and is told that everything is here.
    let session = Session::open(&client, config_with(shelf.clone()))
        .await
        .unwrap();
    let third = export(&client, &session, folder.path()).await;
    assert_eq!(third.digest(), first.digest());
    let mut offers = shelf.take_offers();
    offers.sort();
    assert_eq!(offers, expected);

    // Layers that nobody wants are not sent; manifest and config are.
    let fresh = Arc::new(Shelf::default());
    *fresh.unwanted.lock().unwrap() = layers;
    let session = Session::open(&client, config_with(fresh.clone()))
        .await
        .unwrap();
    export(&client, &session, folder.path()).await;
    let mut wanted = [digest.to_owned(), config.to_owned()];
    wanted.sort();
    assert_eq!(fresh.digests(), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_that_run_at_once_send_a_shared_blob_once() {
    let daemon = Daemon::start().await;
    let client = daemon.client().await;
    let dockerfile = format!("{BASE}RUN head -c 3000000 /dev/urandom > /noise\n");
    let folder = context(&[("Dockerfile", &dockerfile)]);
    let shelf = Arc::new(Shelf::default());
    let session = Session::open(&client, config_with(shelf.clone()))
        .await
        .unwrap();
    let exports = (0..4).map(|_| export(&client, &session, folder.path()));
    let responses = futures::future::join_all(exports).await;
    assert!(
        responses
            .iter()
            .all(|response| response.digest() == responses[0].digest())
    );
    let mut offers = shelf.take_offers();
    offers.sort();
    assert_eq!(offers, shelf.digests());
}
