//! Manifests, tags and referrers.

use bytes::Bytes;

use super::*;
use crate::registry::ErrorKind;
use crate::registry::fault::{Fault, Requests};

#[tokio::test]
async fn finds_manifests_by_tag_and_digest() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let descriptor = published(&registry);
    for reference in [
        tagged(&repository, "v1"),
        repository.with_digest(descriptor.digest),
    ] {
        let head = client().head_manifest(&reference).await.unwrap().unwrap();
        assert_eq!(head, descriptor);
        let (got, bytes) = client().get_manifest(&reference).await.unwrap().unwrap();
        assert_eq!(got, descriptor);
        assert_eq!(Digest::of(&bytes), descriptor.digest);
    }
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    let registry = registry().await;
    published(&registry);
    for reference in [
        tagged(&registry.repository("shop/web"), "v2"),
        tagged(&registry.repository("shop/nothing"), "v1"),
        registry.repository("shop/web").with_digest(Digest::of("x")),
    ] {
        assert_eq!(client().head_manifest(&reference).await.unwrap(), None);
        assert_eq!(client().get_manifest(&reference).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_head_that_says_too_little_becomes_a_get() {
    for fault in [
        Fault::DropHeader("docker-content-digest"),
        Fault::DropHeader("content-type"),
        Fault::refuse(405, "UNSUPPORTED", "no HEAD here"),
    ] {
        let registry = registry().await;
        let reference = tagged(&registry.repository("shop/web"), "v1");
        let descriptor = published(&registry);
        registry.fail(Requests::new("HEAD", "/manifests/"), fault, 1);
        let head = client().head_manifest(&reference).await.unwrap();
        assert_eq!(head, Some(descriptor));
        assert_eq!(registry.count(&Requests::new("GET", "/manifests/")), 1);
    }
}

#[tokio::test]
async fn content_that_is_not_what_was_asked_for_is_an_error() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let descriptor = published(&registry);
    for (target, fault) in [
        (by_digest(descriptor.digest), Fault::Corrupt),
        (by_digest(descriptor.digest), Fault::Shorten(20)),
        (by_digest(descriptor.digest), Fault::WrongDigest),
        (tag("v1"), Fault::WrongDigest),
        (tag("v1"), Fault::Corrupt),
        (tag("v1"), Fault::Shorten(20)),
    ] {
        registry.fail(Requests::new("GET", "/manifests/"), fault.clone(), 1);
        let reference = repository.with_target(target);
        let error = client().get_manifest(&reference).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Digest { .. }),
            "{fault:?}: {error}"
        );
        assert!(!error.is_temporary());
    }
    registry.fail(Requests::new("HEAD", "/manifests/"), Fault::WrongDigest, 1);
    let reference = repository.with_digest(descriptor.digest);
    let error = client().head_manifest(&reference).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Digest { .. }));
}

#[tokio::test]
async fn publishes_by_tag_and_digest_without_a_location() {
    let registry = registry().await;
    registry.set_quirks(|quirks| quirks.no_location = true);
    let repository = registry.repository("shop/web");
    let text = manifest(&registry, "shop/web", "new");
    let digest = Digest::of(&text);
    for target in [by_digest(digest), tag("v1"), tag("v1")] {
        let bytes = Bytes::from(text.clone());
        let put = client()
            .put_manifest(&repository, &target, media_type::OCI_MANIFEST, bytes)
            .await;
        assert_eq!(put.unwrap(), digest);
    }
    assert_eq!(registry.tags("shop/web"), [("v1".to_owned(), digest)]);
    let (media_type, content) = registry.manifest("shop/web", "v1").unwrap();
    assert_eq!(
        (media_type.as_str(), &content[..]),
        (media_type::OCI_MANIFEST, text.as_bytes())
    );
}

#[tokio::test]
async fn refuses_to_publish_under_another_digest_or_believe_another_one() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let text = manifest(&registry, "shop/web", "new");
    let put = async |target| {
        let bytes = Bytes::from(text.clone());
        client()
            .put_manifest(&repository, &target, media_type::OCI_MANIFEST, bytes)
            .await
            .unwrap_err()
    };
    let error = put(by_digest(Digest::of("other"))).await;
    assert!(matches!(error.kind(), ErrorKind::Digest { .. }));
    assert_eq!(registry.count(&Requests::new("PUT", "/manifests/")), 0);

    registry.fail(Requests::new("PUT", "/manifests/"), Fault::WrongDigest, 1);
    let error = put(tag("v1")).await;
    assert!(matches!(error.kind(), ErrorKind::Digest { .. }));
}

#[tokio::test]
async fn a_manifest_without_its_blobs_is_refused_with_the_registrys_words() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let text = manifest(&registry, "shop/other", "new");
    let error = client()
        .put_manifest(
            &repository,
            &tag("v1"),
            media_type::OCI_MANIFEST,
            text.into(),
        )
        .await
        .unwrap_err();
    assert!(error.has_code("MANIFEST_BLOB_UNKNOWN"));
    assert_eq!(error.status(), Some(400));
    assert!(!error.is_temporary());
    let expected = format!(
        "PUT http://{}/v2/shop/web/manifests/v1: refused",
        registry.host()
    );
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert_eq!(registry.count(&Requests::new("PUT", "/manifests/")), 1);
}

#[tokio::test]
async fn on_immutable_tags_the_same_digest_is_success() {
    let registry = registry().await;
    registry.set_quirks(|quirks| quirks.immutable_tags = true);
    let repository = registry.repository("shop/web");
    let descriptor = published(&registry);
    let (media_type, bytes) = registry.manifest("shop/web", "v1").unwrap();
    let again = client()
        .put_manifest(&repository, &tag("v1"), &media_type, bytes)
        .await;
    assert_eq!(again.unwrap(), descriptor.digest);

    let other = manifest(&registry, "shop/web", "other");
    let wanted = Digest::of(&other);
    let error = client()
        .put_manifest(&repository, &tag("v1"), &media_type, other.into())
        .await
        .unwrap_err();
    assert_eq!(
        *error.kind(),
        ErrorKind::TagImmutable {
            tag: Tag::new("v1").unwrap(),
            existing: descriptor.digest,
            wanted,
        }
    );
    assert!(
        error
            .hint()
            .unwrap()
            .contains("already names another image")
    );
    assert_eq!(
        registry.tags("shop/web"),
        [("v1".to_owned(), descriptor.digest)]
    );
}

#[tokio::test]
async fn every_wording_of_an_immutable_tag_is_understood() {
    for (status, code, message) in [
        (
            400,
            "TAG_INVALID",
            "The image tag 'v1' already exists and cannot be overwritten because the repository is immutable.",
        ),
        (400, "ImageTagAlreadyExistsException", "tag exists"),
        (
            412,
            "PRECONDITION",
            "configured as immutable, cannot be updated",
        ),
        (409, "TAG_IMMUTABLE", ""),
    ] {
        let registry = registry().await;
        let repository = registry.repository("shop/web");
        let descriptor = published(&registry);
        let other = manifest(&registry, "shop/web", "other");
        let fault = Fault::refuse(status, code, message);
        registry.fail(Requests::new("PUT", "/manifests/"), fault, 2);
        let put = async |text: Bytes| {
            client()
                .put_manifest(&repository, &tag("v1"), media_type::OCI_MANIFEST, text)
                .await
        };
        let error = put(other.into()).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::TagImmutable { .. }),
            "{code}: {error}"
        );
        let same = registry.manifest("shop/web", "v1").unwrap().1;
        assert_eq!(put(same).await.unwrap(), descriptor.digest);
    }
}

#[tokio::test]
async fn deletes_by_tag_and_digest() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let descriptor = published(&registry);
    let delete = async |target| {
        client()
            .delete_manifest(&repository, &target)
            .await
            .unwrap()
    };
    assert!(delete(tag("v1")).await);
    assert!(!delete(tag("v1")).await);
    assert_eq!(registry.manifests("shop/web"), [descriptor.digest]);
    assert!(delete(by_digest(descriptor.digest)).await);
    assert_eq!(registry.manifests("shop/web"), []);
}

#[tokio::test]
async fn lists_all_pages_of_tags() {
    let registry = registry().await;
    registry.set_quirks(|quirks| quirks.page = 2);
    let repository = registry.repository("shop/web");
    let text = manifest(&registry, "shop/web", "one");
    for tag in ["a", "b", "c", "d", "e"] {
        registry.add_manifest(
            "shop/web",
            Some(tag),
            media_type::OCI_MANIFEST,
            text.clone(),
        );
    }
    let tags = client().list_tags(&repository).await.unwrap();
    assert_eq!(tags, ["a", "b", "c", "d", "e"]);
    assert_eq!(registry.count(&Requests::new("GET", "/tags/list")), 3);

    let error = client()
        .list_tags(&registry.repository("no/such"))
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::RepositoryNotFound);
}

#[tokio::test]
async fn finds_referrers_with_and_without_the_api() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let subject = published(&registry);
    let config = Descriptor::new(
        media_type::OCI_EMPTY,
        registry.add_blob("shop/web", "{}"),
        2,
    );
    let about = |kind: &str| {
        let text = serde_json::json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": kind,
            "config": config, "layers": [], "subject": subject,
        });
        registry.add_manifest("shop/web", None, media_type::OCI_MANIFEST, text.to_string())
    };
    let (mut soci, mut signature) = (about("application/soci"), about("application/signature"));
    soci.artifact_type = Some("application/soci".to_owned());
    signature.artifact_type = Some("application/signature".to_owned());

    let list = async |kind: Option<&str>| {
        let mut found = client()
            .referrers(&repository, subject.digest, kind)
            .await
            .unwrap();
        found.sort_by_key(|entry| entry.artifact_type.clone());
        found
    };
    assert_eq!(list(None).await, [signature.clone(), soci.clone()]);
    assert_eq!(list(Some("application/soci")).await, [soci.clone()]);

    registry.set_quirks(|quirks| quirks.no_referrers = true);
    assert_eq!(list(None).await, []);
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [soci, signature],
    });
    let fallback = format!("sha256-{}", subject.digest.hex());
    registry.add_manifest(
        "shop/web",
        Some(&fallback),
        media_type::OCI_INDEX,
        index.to_string(),
    );
    assert_eq!(list(None).await.len(), 2);
    assert_eq!(list(Some("application/signature")).await, [signature]);
}

#[tokio::test]
async fn a_referrer_is_listed_by_the_registry_or_under_the_tag_of_its_subject() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    let subject = published(&registry);
    let config = Descriptor::new(
        media_type::OCI_EMPTY,
        registry.add_blob("shop/web", "{}"),
        2,
    );
    let put = async |kind: &str| {
        let text = serde_json::json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": kind,
            "config": config, "layers": [], "subject": subject,
        });
        let bytes = Bytes::from(text.to_string());
        let mut entry = Descriptor::new(
            media_type::OCI_MANIFEST,
            Digest::of(&bytes),
            bytes.len() as u64,
        );
        entry.artifact_type = Some(kind.to_owned());
        client()
            .put_referrer(&repository, subject.digest, &entry, bytes)
            .await
            .unwrap();
        entry
    };
    let list = async || {
        client()
            .referrers(&repository, subject.digest, None)
            .await
            .unwrap()
    };
    let tags = registry.tags("shop/web");
    let first = put("application/a").await;
    assert_eq!(list().await, [first]);
    assert_eq!(registry.tags("shop/web"), tags);

    registry.set_quirks(|quirks| quirks.no_referrers = true);
    let second = put("application/b").await;
    let third = put("application/c").await;
    assert_eq!(list().await, [second.clone(), third]);
    let with_list = registry.tags("shop/web");
    assert_eq!(with_list.len(), tags.len() + 1);
    // What is listed already is not listed twice, and the tag stays where it is.
    assert_eq!(put("application/b").await, second);
    assert_eq!(registry.tags("shop/web"), with_list);
}

#[tokio::test]
async fn a_document_that_is_none_is_an_error_of_its_url() {
    let registry = registry().await;
    let repository = registry.repository("shop/web");
    registry.add_manifest(
        "shop/web",
        Some("bad"),
        media_type::OCI_INDEX,
        "{\"schemaVersion\":1}",
    );
    let error = client()
        .get_document(&tagged(&repository, "bad"))
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Document);
    assert!(everything(&error).contains("schemaVersion is 1"));
}
