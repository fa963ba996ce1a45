use std::io::Write as _;
use std::path::Path;

use super::*;

/// A tar archive with one file of so many bytes, not compressed.
fn archive(name: &str, size: usize) -> Bytes {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[108..115].copy_from_slice(b"0000000");
    header[116..123].copy_from_slice(b"0000000");
    write!(&mut header[124..136], "{size:011o}").unwrap();
    header[136..147].copy_from_slice(b"00000000000");
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    write!(&mut header[148..155], "{sum:06o}\0").unwrap();
    let mut bytes = header.to_vec();
    bytes.resize(512 + size.next_multiple_of(512) + 1024, 0);
    bytes.into()
}

fn layers(folder: &Path, min_layer_size: u64, in_flight: u64) -> Layers {
    let options = SociOptions {
        min_layer_size,
        ..SociOptions::default()
    };
    let stores = vec![ZtocStore::new(folder.to_owned(), u64::MAX)];
    Layers::with_budget(&options, stores, Arc::new(|_| {}), in_flight)
}

fn blob(bytes: &Bytes) -> OfferedBlob {
    OfferedBlob {
        digest: Digest::of(bytes).to_string(),
        size: bytes.len() as u64,
    }
}

async fn send(writer: Option<Box<dyn BlobWriter>>, bytes: &Bytes) {
    let mut writer = writer.expect("the layer is wanted");
    for piece in bytes.chunks(1000) {
        let piece = Bytes::copy_from_slice(piece);
        writer.write(piece).await.unwrap();
    }
    writer.commit().await.unwrap();
}

#[tokio::test]
async fn a_layer_is_taken_once_and_a_later_run_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let layer = archive("a", 5000);
    let digest = Digest::of(&layer);
    let first = layers(folder.path(), 1, u64::MAX);
    send(first.offer(&blob(&layer)).await, &layer).await;
    assert!(first.offer(&blob(&layer)).await.is_none());
    let found = first.get(digest).unwrap();
    assert!(found.built);
    assert_eq!(found.spans, Some(1));
    // Not compressed, so it is its own content.
    assert_eq!(found.diff_id, Some(digest));

    let later = layers(folder.path(), 1, u64::MAX);
    assert!(later.offer(&blob(&layer)).await.is_none());
    let found = later.get(digest).unwrap();
    assert!(!found.built);
    assert!(matches!(found.known, KnownLayer::Indexed { .. }));
}

#[tokio::test]
async fn small_layers_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let layer = archive("a", 5000);
    let layers = layers(folder.path(), layer.len() as u64 + 1, u64::MAX);
    assert!(layers.offer(&blob(&layer)).await.is_none());
    assert!(layers.get(Digest::of(&layer)).is_none());
}

#[tokio::test]
async fn a_layer_whose_transfer_broke_off_is_taken_again() {
    let folder = tempfile::tempdir().unwrap();
    let layer = archive("a", 5000);
    let layers = layers(folder.path(), 1, u64::MAX);
    let mut writer = layers.offer(&blob(&layer)).await.unwrap();
    writer.write(layer.slice(..700)).await.unwrap();
    drop(writer);
    assert!(layers.get(Digest::of(&layer)).is_none());
    send(layers.offer(&blob(&layer)).await, &layer).await;
    assert!(layers.get(Digest::of(&layer)).unwrap().built);
}

#[tokio::test]
async fn what_cannot_be_indexed_is_left_out_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let layer = Bytes::from_static(b"\x28\xb5\x2f\xfdnot looked at");
    let layers = layers(folder.path(), 1, u64::MAX);
    send(layers.offer(&blob(&layer)).await, &layer).await;
    let KnownLayer::LeftOut { reason } = layers.get(Digest::of(&layer)).unwrap().known else {
        panic!("zstd is not indexed");
    };
    assert!(reason.contains("zstd"), "{reason}");
}

#[tokio::test]
async fn layers_beyond_the_budget_are_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two, huge] = [archive("1", 9000), archive("2", 9000), archive("3", 99_000)];
    let layers = layers(folder.path(), 1, 15_000);
    let first = layers.offer(&blob(&one)).await;
    assert!(layers.offer(&blob(&two)).await.is_none());
    send(first, &one).await;
    assert_eq!(layers.take_postponed(), BTreeSet::from([Digest::of(&two)]));
    assert_eq!(layers.take_postponed(), BTreeSet::new());
    send(layers.offer(&blob(&two)).await, &two).await;
    // One that is larger than the budget comes alone.
    send(layers.offer(&blob(&huge)).await, &huge).await;
    assert!(layers.get(Digest::of(&huge)).unwrap().built);
}

#[tokio::test]
async fn a_ztoc_that_cannot_be_kept_leaves_its_layer_out() {
    let folder = tempfile::tempdir().unwrap();
    // A file where the folder should be.
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let layer = archive("a", 5000);
    let layers = layers(&blocked, 1, u64::MAX);
    send(layers.offer(&blob(&layer)).await, &layer).await;
    let KnownLayer::LeftOut { reason } = layers.get(Digest::of(&layer)).unwrap().known else {
        panic!("there is nowhere to keep it");
    };
    assert!(reason.contains("could not be kept"), "{reason}");
}

#[tokio::test]
async fn images_that_share_a_layer_each_know_their_repository() {
    let folder = tempfile::tempdir().unwrap();
    let layers = layers(folder.path(), 1, u64::MAX);
    let layer = Digest::of("layer");
    for repository in ["registry.test/app", "registry.test/tool"] {
        let mut known = KnownLayers::default();
        let indexed = KnownLayer::Indexed {
            ztoc: Digest::of("zTOC"),
            size: 7,
            repositories: vec![repository.parse().unwrap()],
            file: None,
            diff_id: None,
        };
        known.insert(layer, indexed);
        layers.know(&known);
    }
    let KnownLayer::Indexed { repositories, .. } = layers.get(layer).unwrap().known else {
        panic!("it has a zTOC");
    };
    assert_eq!(repositories.len(), 2);
}
