use super::*;
use crate::registry::fault::{Fault, Requests};
use crate::soci::testing::{client, registry};

/// A layer whose zTOC is `content`, found nowhere yet.
fn layer(content: &str) -> SociLayer {
    SociLayer {
        layer: Digest::of(format!("layer of {content}")),
        media_type: "application/vnd.oci.image.layer.v1.tar+gzip".to_owned(),
        ztoc: Digest::of(content),
        size: content.len() as u64,
        repositories: vec![],
        file: None,
    }
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

fn uploads() -> Requests {
    Requests::new("PUT", "/blobs/uploads/")
}

#[tokio::test]
async fn pushes_blobs_before_the_manifest_and_counts_what_was_sent() {
    let registry = registry().await;
    let target = registry.repository("shop/web");
    let base = registry.repository("shop/base");
    registry.add_blob("shop/web", "there");
    registry.add_blob("shop/base", "in the base");
    let sent = file("from a file");
    let mut layers = vec![layer("there"), layer("in the base"), layer("from a file")];
    layers[1].repositories = vec![base];
    layers[2].file = Some(sent.path().to_owned());
    layers.push(layers[2].clone());
    let options = SociOptions::default();

    // The registry refuses a manifest before its blobs.
    let pushed = push_index(&client(), &target, &layers, None, &options)
        .await
        .unwrap();
    assert_eq!(pushed.uploaded, 1);
    let digest = pushed.descriptor.digest.to_string();
    let (kind, bytes) = registry.manifest("shop/web", &digest).unwrap();
    assert_eq!(kind, media_type::OCI_MANIFEST);
    assert_eq!(pushed.descriptor.media_type, kind);
    assert_eq!(pushed.descriptor.size, bytes.len() as u64);
    assert_eq!(
        pushed.descriptor.artifact_type.as_deref(),
        Some("application/vnd.amazon.soci.index.v2+json")
    );
    let index = SociIndex::parse(&bytes).unwrap();
    let ztocs: Vec<Digest> = index.ztocs.iter().map(|entry| entry.digest).collect();
    assert_eq!(ztocs, layers.iter().map(|l| l.ztoc).collect::<Vec<_>>());
    assert_eq!(index.build_tool, options.build_tool);
    assert_eq!(index.ztocs[0].span_size, options.span_size);
    // The file and the configuration.
    assert_eq!(registry.count(&uploads()), 2);
    assert_eq!(
        registry.blob("shop/web", layers[1].ztoc).unwrap(),
        "in the base"
    );

    registry.forget_requests();
    let again = push_index(&client(), &target, &layers, None, &options)
        .await
        .unwrap();
    assert_eq!(again.uploaded, 0);
    assert_eq!(again.descriptor, pushed.descriptor);
    // Three zTOCs and the configuration are asked for, and the manifest; nothing is sent.
    assert_eq!(registry.count(&Requests::new("HEAD", "/shop/")), 5);
    assert_eq!(registry.count(&Requests::new("*", "/shop/")), 5);
}

#[tokio::test]
async fn a_manifest_that_is_there_does_not_stand_for_its_blobs() {
    let registry = registry().await;
    let target = registry.repository("shop/web");
    let options = SociOptions::default();
    let content = file("content");
    let mut layer = layer("content");
    layer.file = Some(content.path().to_owned());
    let layers = [layer];
    // As a registry is after a restore that missed blobs.
    let manifest = soci_index(&layers, None, &options).to_bytes();
    let kind = media_type::OCI_MANIFEST;
    registry.add_manifest("shop/web", None, kind, manifest);

    let pushed = push_index(&client(), &target, &layers, None, &options)
        .await
        .unwrap();
    assert_eq!(pushed.uploaded, 1);
    assert_eq!(
        registry.blob("shop/web", layers[0].ztoc).unwrap(),
        "content"
    );
    assert!(registry.blob("shop/web", Digest::of(CONFIG)).is_some());
    assert_eq!(registry.count(&Requests::new("PUT", "/manifests/")), 0);
}

#[tokio::test]
async fn copies_from_another_registry_where_there_is_no_file() {
    let (here, there) = (registry().await, registry().await);
    there.add_blob("base", "content");
    let mut layer = layer("content");
    layer.repositories = vec![there.repository("base")];
    layer.file = Some("/nowhere/at/all".into());
    let target = here.repository("shop/web");
    let options = SociOptions::default();
    let pushed = push_index(&client(), &target, &[layer.clone()], None, &options)
        .await
        .unwrap();
    assert_eq!(pushed.uploaded, 1);
    assert_eq!(here.blob("shop/web", layer.ztoc).unwrap(), "content");
}

#[tokio::test]
async fn a_mount_that_the_registry_does_not_do_is_an_upload() {
    let registry = registry().await;
    registry.set_quirks(|quirks| quirks.no_mounts = true);
    registry.add_blob("base", "content");
    let mut layer = layer("content");
    layer.repositories = vec![registry.repository("base")];
    let target = registry.repository("shop/web");
    let options = SociOptions::default();
    let pushed = push_index(&client(), &target, &[layer], None, &options)
        .await
        .unwrap();
    assert_eq!(pushed.uploaded, 1);
}

#[tokio::test]
async fn a_ztoc_that_is_nowhere_is_lost_and_no_manifest_is_put() {
    let registry = registry().await;
    let target = registry.repository("shop/web");
    let base = registry.repository("shop/base");
    let options = SociOptions::default();
    let absent = Some(PathBuf::from("/nowhere/at/all"));
    let host = registry.host();
    for (repositories, file, places) in [
        (vec![], None, format!("{host}/shop/web")),
        (vec![target.clone()], None, format!("{host}/shop/web")),
        (
            vec![target.clone(), base],
            absent.clone(),
            format!("{host}/shop/web, {host}/shop/base or /nowhere/at/all"),
        ),
        (
            vec![],
            absent,
            format!("{host}/shop/web or /nowhere/at/all"),
        ),
    ] {
        let mut lost = layer("lost");
        lost.repositories = repositories;
        lost.file = file;
        let error = push_index(&client(), &target, &[lost], None, &options)
            .await
            .unwrap_err();
        assert!(matches!(error, PushError::Lost { .. }), "{error:?}");
        let message = error.to_string();
        assert!(
            message.ends_with(&format!(" is not in {places}")),
            "{message}"
        );
    }
    assert_eq!(registry.manifests("shop/web"), []);
}

#[tokio::test]
async fn a_refusal_is_not_taken_for_a_lost_ztoc() {
    let registry = registry().await;
    let target = registry.repository("shop/web");
    let options = SociOptions::default();
    registry.add_blob("base", "content");
    let mut layer = layer("content");
    layer.file = Some("/nowhere/at/all".into());
    layer.repositories = vec![registry.repository("base")];
    let unknown = Fault::refuse(404, "NAME_UNKNOWN", "repository name not known to registry");
    registry.fail(Requests::new("POST", "/blobs/uploads/"), unknown, 99);
    let error = push_index(&client(), &target, &[layer], None, &options)
        .await
        .unwrap_err();
    let error = error.registry().unwrap();
    assert_eq!(*error.kind(), ErrorKind::RepositoryNotFound, "{error}");
    assert_eq!(error.repository(), Some(&target));
}

#[tokio::test]
async fn a_file_with_other_content_does_not_become_the_blob() {
    let registry = registry().await;
    let target = registry.repository("shop/web");
    let damaged = file("cOntent");
    let mut layer = layer("content");
    layer.file = Some(damaged.path().to_owned());
    let options = SociOptions::default();
    push_index(&client(), &target, &[layer.clone()], None, &options)
        .await
        .unwrap_err();
    assert_eq!(registry.blob("shop/web", layer.ztoc), None);
    assert_eq!(registry.manifests("shop/web"), []);
}

#[tokio::test]
async fn a_failing_registry_is_not_asked_for_every_source() {
    let registry = registry().await;
    let target = registry.repository("shop/web");
    let good = file("content");
    let mut layer = layer("content");
    layer.file = Some(good.path().to_owned());
    layer.repositories = vec![registry.repository("base")];
    registry.fail(
        Requests::new("POST", "/blobs/uploads/"),
        Fault::unavailable(),
        99,
    );
    let options = SociOptions::default();
    let error = push_index(&client(), &target, &[layer], None, &options)
        .await
        .unwrap_err();
    assert!(error.registry().unwrap().is_temporary());
}

#[tokio::test]
async fn a_v1_index_names_its_subject_and_is_put_every_time() {
    let registry = registry().await;
    let target = registry.repository("shop/web");
    registry.add_blob("shop/web", "there");
    let options = SociOptions {
        version: Version::V1,
        ..SociOptions::default()
    };
    let subject = Subject {
        media_type: media_type::OCI_MANIFEST.to_owned(),
        digest: Digest::of("image"),
        size: 5,
    };
    let layers = [layer("there")];
    for _ in 0..2 {
        let subject = Some(subject.clone());
        let pushed = push_index(&client(), &target, &layers, subject, &options)
            .await
            .unwrap();
        let referrers = client()
            .referrers(
                &target,
                Digest::of("image"),
                Some(Version::V1.artifact_type()),
            )
            .await
            .unwrap();
        assert_eq!(referrers[0].digest, pushed.descriptor.digest);
    }
    assert_eq!(registry.count(&Requests::new("PUT", "/manifests/")), 2);
}
