//! Reading blobs.

use super::*;
use crate::registry::ErrorKind;
use crate::registry::fault::{Fault, Requests};

/// Content in which every position is another, of `size` bytes.
fn content(size: usize) -> Vec<u8> {
    (0..size)
        .map(|at| u8::try_from(at * 31 % 251).unwrap())
        .collect()
}

async fn blob(size: usize) -> (FaultRegistry, Descriptor, Vec<u8>) {
    let registry = registry().await;
    let content = content(size);
    let digest = registry.add_blob("shop/web", content.clone());
    (registry, Descriptor::new("x", digest, size as u64), content)
}

fn gets() -> Requests {
    Requests::new("GET", "/blobs/")
}

#[tokio::test]
async fn knows_what_is_there() {
    let (registry, descriptor, _) = blob(10).await;
    let repository = registry.repository("shop/web");
    assert!(
        client()
            .has_blob(&repository, descriptor.digest)
            .await
            .unwrap()
    );
    assert!(
        !client()
            .has_blob(&repository, Digest::of("x"))
            .await
            .unwrap()
    );
    let nowhere = registry.repository("no/such");
    assert!(
        !client()
            .has_blob(&nowhere, descriptor.digest)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn continues_where_a_body_broke_off() {
    let (registry, descriptor, content) = blob(100_000).await;
    let repository = registry.repository("shop/web");
    for after in [0, 1, 40_000, 20_000] {
        registry.fail(gets(), Fault::CutBody(after), 1);
    }
    let read = client().read_blob(&repository, &descriptor, 1 << 20).await;
    assert_eq!(read.unwrap(), content);
    let ranges: Vec<_> = registry
        .requests()
        .into_iter()
        .filter(|seen| seen.path.contains("/blobs/"))
        .map(|seen| (seen.range, seen.status))
        .collect();
    let from = |at: u64| (Some(format!("bytes={at}-")), Some(206));
    let expected = [
        (None, Some(200)),
        (None, Some(200)),
        from(1),
        from(40_001),
        from(60_001),
    ];
    assert_eq!(ranges, expected);
}

#[tokio::test]
async fn skips_what_it_has_where_ranges_are_ignored() {
    let (registry, descriptor, content) = blob(100_000).await;
    registry.set_quirks(|quirks| quirks.no_ranges = true);
    registry.fail(gets(), Fault::CutBody(70_000), 1);
    registry.fail(gets(), Fault::CutBody(80_000), 1);
    let repository = registry.repository("shop/web");
    let read = client().read_blob(&repository, &descriptor, 1 << 20).await;
    assert_eq!(read.unwrap(), content);
    assert_eq!(registry.count(&gets()), 3);
}

#[tokio::test]
async fn a_body_that_never_comes_whole_is_given_up() {
    let (registry, descriptor, _) = blob(1000).await;
    let repository = registry.repository("shop/web");
    registry.fail(gets(), Fault::CutBody(0), 99);
    let error = client()
        .read_blob(&repository, &descriptor, 1 << 20)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Broken);
    assert!(error.is_temporary());
    assert_eq!(registry.count(&gets()), 4);
}

#[tokio::test]
async fn wrong_content_and_lengths_are_errors() {
    let (registry, descriptor, _) = blob(1000).await;
    let repository = registry.repository("shop/web");
    registry.fail(gets(), Fault::Corrupt, 1);
    let error = client()
        .read_blob(&repository, &descriptor, 1 << 20)
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Digest { .. }), "{error}");

    let short = Descriptor::new("x", descriptor.digest, 999);
    let error = client()
        .read_blob(&repository, &short, 1 << 20)
        .await
        .unwrap_err();
    let kind = ErrorKind::Length {
        expected: 999,
        actual: 1000,
    };
    assert_eq!(*error.kind(), kind);
    assert!(!error.is_temporary());

    let error = client()
        .read_blob(&repository, &descriptor, 999)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge { limit: 999 });
    let missing = Descriptor::new("x", Digest::of("missing"), 7);
    let error = client()
        .read_blob(&repository, &missing, 100)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    assert!(error.has_code("BLOB_UNKNOWN"));
}

#[tokio::test]
async fn a_body_whose_length_agrees_with_its_being_short_is_completed() {
    let (registry, descriptor, content) = blob(1000).await;
    let repository = registry.repository("shop/web");
    registry.fail(gets(), Fault::Shorten(300), 1);
    let read = client().read_blob(&repository, &descriptor, 1 << 20).await;
    assert_eq!(read.unwrap(), content);
}

#[tokio::test]
async fn an_empty_blob_is_read() {
    let (registry, descriptor, _) = blob(0).await;
    let repository = registry.repository("shop/web");
    let read = client().read_blob(&repository, &descriptor, 0).await;
    assert_eq!(read.unwrap(), "");
}
