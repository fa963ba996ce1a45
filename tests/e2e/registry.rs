//! The registry client on the distribution registry.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use launchway::image::{Descriptor, Digest, Index, media_type};
use launchway::registry::auth::{Keychain, KeychainConfig};
use launchway::registry::{
    BlobSource, Client, ClientConfig, ErrorKind, PushOutcome, ReferenceTarget, Repository,
    SMALL_BLOB, Tag,
};

use crate::service::Service;

pub(crate) fn client() -> Client {
    let keychain = Keychain::new(KeychainConfig::default());
    Client::new(ClientConfig::new(Arc::new(keychain))).unwrap()
}

pub(crate) fn tag(text: &str) -> ReferenceTarget {
    ReferenceTarget::Tag(Tag::new(text).unwrap())
}

fn repository(service: &Service, path: &str) -> Repository {
    format!("{}/{path}", service.address).parse().unwrap()
}

fn content(text: &str) -> (Descriptor, BlobSource) {
    let bytes = Bytes::from(text.to_owned());
    let digest = Digest::of(&bytes);
    let descriptor = Descriptor::new(media_type::OCI_CONFIG, digest, bytes.len() as u64);
    (descriptor, BlobSource::Bytes(bytes))
}

/// Pushes an image without layers, and returns its manifest's descriptor.
pub(crate) async fn push_image(
    client: &Client,
    repository: &Repository,
    platform: &str,
) -> Descriptor {
    let (config, source) = content(&format!(r#"{{"platform":"{platform}"}}"#));
    client
        .push_blob(repository, &config, &source, None)
        .await
        .unwrap();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [],
    });
    let bytes = Bytes::from(manifest.to_string());
    let size = bytes.len() as u64;
    let target = ReferenceTarget::Digest(Digest::of(&bytes));
    let digest = client
        .put_manifest(repository, &target, media_type::OCI_MANIFEST, bytes)
        .await
        .unwrap();
    let mut descriptor = Descriptor::new(media_type::OCI_MANIFEST, digest, size);
    descriptor.platform = Some(platform.parse().unwrap());
    descriptor
}

#[tokio::test]
async fn an_index_is_published_by_digest_then_tagged_and_read_again() {
    let service = Service::registry();
    let client = client();
    let repository = repository(&service, "shop/web");
    let v1 = repository.with_target(tag("v1"));
    assert_eq!(client.head_manifest(&v1).await.unwrap(), None);

    let images = vec![
        push_image(&client, &repository, "linux/amd64").await,
        push_image(&client, &repository, "linux/arm64").await,
    ];
    let index = Index::assemble(images.clone(), BTreeMap::new()).unwrap();
    let bytes = Bytes::from(index.to_bytes().unwrap());
    let digest = Digest::of(&bytes);
    for target in [ReferenceTarget::Digest(digest), tag("v1"), tag("v2")] {
        let put = client
            .put_manifest(&repository, &target, index.media_type(), bytes.clone())
            .await;
        assert_eq!(put.unwrap(), digest);
    }
    let head = client.head_manifest(&v1).await.unwrap().unwrap();
    assert_eq!(
        head,
        Descriptor::new(media_type::OCI_INDEX, digest, bytes.len() as u64)
    );
    let (_, document) = client.get_document(&v1).await.unwrap().unwrap();
    assert_eq!(document.into_index().unwrap(), index);
    let mut tags = client.list_tags(&repository).await.unwrap();
    tags.sort();
    assert_eq!(tags, ["v1", "v2"]);

    assert!(
        client
            .delete_manifest(&repository, &tag("v2"))
            .await
            .unwrap()
    );
    assert_eq!(client.list_tags(&repository).await.unwrap(), ["v1"]);
    let by_digest = ReferenceTarget::Digest(images[0].digest);
    assert!(
        client
            .delete_manifest(&repository, &by_digest)
            .await
            .unwrap()
    );
    assert!(
        !client
            .delete_manifest(&repository, &by_digest)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn blobs_are_uploaded_in_chunks_mounted_and_copied() {
    let service = Service::registry();
    let client = client();
    let (web, rp) = (
        repository(&service, "shop/web"),
        repository(&service, "shop/rp"),
    );
    let size = usize::try_from(SMALL_BLOB).unwrap() + 4321;
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut bytes: Vec<u8> = (0..=250).collect::<Vec<u8>>().repeat(size / 251 + 1);
    bytes.truncate(size);
    std::fs::write(file.path(), &bytes).unwrap();
    let descriptor = Descriptor::new("application/x", Digest::of(&bytes), size as u64);
    let source = BlobSource::File(file.path().to_owned());

    let push = async |to: &Repository, source: &BlobSource, from: Option<&Repository>| {
        let pushed = client.push_blob(to, &descriptor, source, from).await;
        pushed.unwrap()
    };
    assert_eq!(push(&web, &source, None).await, PushOutcome::Uploaded);
    assert_eq!(push(&web, &source, None).await, PushOutcome::Existed);
    assert_eq!(push(&rp, &source, Some(&web)).await, PushOutcome::Mounted);
    let read = client.read_blob(&rp, &descriptor, u64::MAX).await.unwrap();
    assert!(read == bytes, "the blob came back with other content");

    let other = Service::registry();
    let copy = repository(&other, "shop/web");
    let source = BlobSource::Repository(client.clone(), web);
    assert_eq!(push(&copy, &source, None).await, PushOutcome::Uploaded);
    assert!(client.has_blob(&copy, descriptor.digest).await.unwrap());
}

#[tokio::test]
async fn refusals_carry_the_registrys_codes() {
    let service = Service::registry();
    let client = client();
    let repository = repository(&service, "shop/web");
    let (config, _) = content("nowhere");
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [],
    });
    let error = client
        .put_manifest(
            &repository,
            &tag("v1"),
            media_type::OCI_MANIFEST,
            manifest.to_string().into(),
        )
        .await
        .unwrap_err();
    assert!(error.has_code("MANIFEST_BLOB_UNKNOWN"), "{error}");

    let error = client.list_tags(&repository).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::RepositoryNotFound, "{error}");
}

#[tokio::test]
async fn referrers_are_found_by_their_tag() {
    let service = Service::registry();
    let client = client();
    let repository = repository(&service, "shop/web");
    let subject = push_image(&client, &repository, "linux/amd64").await;
    let list = async || {
        client
            .referrers(&repository, subject.digest, None)
            .await
            .unwrap()
    };
    assert_eq!(list().await, []);

    let mut about = push_image(&client, &repository, "linux/arm64").await;
    about.platform = None;
    about.artifact_type = Some("application/x".to_owned());
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [about],
    });
    let fallback = tag(&format!("sha256-{}", subject.digest.hex()));
    let bytes = Bytes::from(index.to_string());
    client
        .put_manifest(&repository, &fallback, media_type::OCI_INDEX, bytes)
        .await
        .unwrap();
    assert_eq!(list().await, [about]);
}
