//! Pushing blobs.

use bytes::Bytes;

use super::*;
use crate::registry::fault::{Fault, Requests};
use crate::registry::{BlobSource, ErrorKind, PushOutcome, SMALL_BLOB};

/// More than two chunks.
fn large() -> (Descriptor, BlobSource, tempfile::NamedTempFile) {
    let size = usize::try_from(SMALL_BLOB).unwrap() + 1000;
    let mut content: Vec<u8> = (0..=250).collect::<Vec<u8>>().repeat(size / 251 + 1);
    content.truncate(size);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &content).unwrap();
    let descriptor = Descriptor::new("x", Digest::of(&content), size as u64);
    (descriptor, BlobSource::File(file.path().to_owned()), file)
}

fn small() -> (Descriptor, BlobSource) {
    let content = Bytes::from_static(b"a small blob");
    let descriptor = Descriptor::new("x", Digest::of(&content), content.len() as u64);
    (descriptor, BlobSource::Bytes(content))
}

fn patches() -> Requests {
    Requests::new("PATCH", "/blobs/uploads/")
}

fn puts() -> Requests {
    Requests::new("PUT", "/blobs/uploads/")
}

#[tokio::test]
async fn a_small_blob_goes_in_one_piece_and_once() {
    let registry = registry_with(bearer(300)).await;
    let repository = registry.repository("shop/web");
    let (descriptor, source) = small();
    let client = client_with(me());
    let push = || client.push_blob(&repository, &descriptor, &source, None);
    assert_eq!(push().await.unwrap(), PushOutcome::Uploaded);
    assert_eq!(push().await.unwrap(), PushOutcome::Existed);
    assert_eq!(
        registry.blob("shop/web", descriptor.digest).unwrap(),
        "a small blob"
    );
    assert_eq!(registry.count(&puts()), 1);
    assert_eq!(registry.count(&patches()), 0);
}

#[tokio::test]
async fn an_empty_blob_is_pushed() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let descriptor = Descriptor::new("x", Digest::of(""), 0);
    let source = BlobSource::Bytes(Bytes::new());
    let pushed = client()
        .push_blob(&repository, &descriptor, &source, None)
        .await;
    assert_eq!(pushed.unwrap(), PushOutcome::Uploaded);
    assert_eq!(registry.blob("shop/web", descriptor.digest).unwrap(), "");
}

#[tokio::test]
async fn mounts_before_it_uploads() {
    let registry = registry_with(bearer(300)).await;
    let repository = registry.repository("shop/web");
    let from = registry.repository("shop/base");
    let (descriptor, source) = small();
    registry.add_blob("shop/base", "a small blob");
    let client = client_with(me());
    let push = async || {
        let pushed = client.push_blob(&repository, &descriptor, &source, Some(&from));
        pushed.await.unwrap()
    };
    assert_eq!(push().await, PushOutcome::Mounted);
    assert_eq!(registry.count(&puts()), 0);

    let registry = registry_with(bearer(300)).await;
    registry.set_quirks(|quirks| quirks.no_mounts = true);
    registry.add_blob("shop/base", "a small blob");
    let repository = registry.repository("shop/web");
    let from = registry.repository("shop/base");
    let pushed = client
        .push_blob(&repository, &descriptor, &source, Some(&from))
        .await;
    assert_eq!(pushed.unwrap(), PushOutcome::Uploaded);
}

#[tokio::test]
async fn a_large_blob_goes_in_chunks_that_are_continued() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let (descriptor, source, _file) = large();
    registry.fail(patches(), Fault::unavailable(), 1);
    registry.fail(patches(), Fault::LoseAnswer, 1);
    registry.fail(patches(), Fault::Reset, 2);
    let pushed = client()
        .push_blob(&repository, &descriptor, &source, None)
        .await;
    assert_eq!(pushed.unwrap(), PushOutcome::Uploaded);
    let stored = registry.blob("shop/web", descriptor.digest).unwrap();
    assert_eq!(stored.len() as u64, descriptor.size);
    // One upload: what was lost was asked for, not sent again from the beginning.
    assert_eq!(registry.count(&Requests::new("POST", "/blobs/uploads/")), 1);
    let chunk = 8_u64 << 20;
    let ranges: Vec<String> = registry
        .requests()
        .into_iter()
        .filter(|seen| seen.method == "PATCH" && seen.status == Some(202))
        .filter_map(|seen| seen.range)
        .collect();
    // The first chunk's answer was lost, so its range is not among them.
    assert_eq!(
        ranges,
        [
            format!("{chunk}-{}", 2 * chunk - 1),
            format!("{}-{}", 2 * chunk, descriptor.size - 1),
        ]
    );
}

#[tokio::test]
async fn an_upload_that_the_registry_forgot_begins_again() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let (descriptor, source, _file) = large();
    let forgotten = Fault::refuse(404, "BLOB_UPLOAD_UNKNOWN", "unknown");
    registry.fail(
        Requests::new("PATCH", "/uploads/1"),
        Fault::Delay(Duration::ZERO),
        1,
    );
    registry.fail(Requests::new("PATCH", "/uploads/1"), forgotten, 99);
    let pushed = client()
        .push_blob(&repository, &descriptor, &source, None)
        .await;
    assert_eq!(pushed.unwrap(), PushOutcome::Uploaded);
    assert_eq!(registry.count(&Requests::new("POST", "/blobs/uploads/")), 2);
}

#[tokio::test]
async fn where_chunks_are_refused_it_goes_in_one_piece() {
    let registry = registry_with(basic()).await;
    registry.set_quirks(|quirks| quirks.no_chunks = true);
    let repository = registry.repository("shop/web");
    let (descriptor, source, _file) = large();
    registry.fail(puts(), Fault::Reset, 1);
    let client = client_with(me());
    let pushed = client
        .push_blob(&repository, &descriptor, &source, None)
        .await;
    assert_eq!(pushed.unwrap(), PushOutcome::Uploaded);
    assert!(registry.blob("shop/web", descriptor.digest).is_some());
    assert_eq!(registry.count(&patches()), 1, "learned once");
}

#[tokio::test]
async fn chunks_are_as_large_as_the_registry_wants() {
    let registry = registry().await;
    registry.set_quirks(|quirks| quirks.smallest_chunk = Some(12 << 20));
    let repository = registry.repository("shop/web");
    let (descriptor, source, _file) = large();
    client()
        .push_blob(&repository, &descriptor, &source, None)
        .await
        .unwrap();
    assert_eq!(registry.count(&patches()), 2);
}

#[tokio::test]
async fn an_upload_whose_answer_was_lost_is_not_sent_again() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let (descriptor, source) = small();
    registry.fail(puts(), Fault::LoseAnswer, 1);
    let pushed = client()
        .push_blob(&repository, &descriptor, &source, None)
        .await;
    assert_eq!(pushed.unwrap(), PushOutcome::Uploaded);
    assert_eq!(registry.count(&puts()), 1);
}

#[tokio::test]
async fn copies_from_another_registry() {
    let source = registry().await;
    let target = registry().await;
    let (descriptor, _, file) = large();
    source.add_blob("shop/web", std::fs::read(file.path()).unwrap());
    source.fail(Requests::new("GET", "/blobs/"), Fault::CutBody(9 << 20), 1);
    let from = BlobSource::Repository(client(), source.repository("shop/web"));
    let repository = target.repository("copy/web");
    let pushed = client()
        .push_blob(&repository, &descriptor, &from, None)
        .await;
    assert_eq!(pushed.unwrap(), PushOutcome::Uploaded);
    assert!(target.blob("copy/web", descriptor.digest).is_some());
}

#[tokio::test]
async fn content_that_is_not_what_it_should_be_is_refused() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let (mut descriptor, source) = small();
    descriptor.digest = Digest::of("something else");
    let error = client()
        .push_blob(&repository, &descriptor, &source, None)
        .await
        .unwrap_err();
    assert!(error.has_code("DIGEST_INVALID"), "{error}");
    assert!(!error.is_temporary());
    assert_no_secrets(&error);

    let (mut descriptor, source, _file) = large();
    descriptor.size += 1;
    let error = client()
        .push_blob(&repository, &descriptor, &source, None)
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Length { .. }), "{error}");

    let missing = BlobSource::File("/no/such/file".into());
    let error = client()
        .push_blob(&repository, &descriptor, &missing, None)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Source);
    assert!(everything(&error).contains("No such file"), "{error:?}");
}
