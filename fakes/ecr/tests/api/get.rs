//! Manifests in batches.

use aws_sdk_ecr::types::{ImageFailureCode, ImageIdentifier};
use launchway_fake_ecr::{Digest, FakeEcr, ImageStatus};

use crate::support::{by_digest, by_tag, client, image};

#[tokio::test]
async fn manifests_come_as_they_were_put() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let active = image(1).tag("v1");
    let digest = repository.put(&active);
    let archived = repository.put(&image(2).status(ImageStatus::Archived));
    let client = client(&fake);
    let ids = [
        by_digest(digest),
        by_tag("v1"),
        by_digest(archived),
        by_tag("v2"),
        ImageIdentifier::builder().build(),
        ImageIdentifier::builder().image_digest("sha256:12").build(),
        ImageIdentifier::builder()
            .image_digest(digest.to_string())
            .image_tag("v1")
            .build(),
        ImageIdentifier::builder()
            .image_digest(archived.to_string())
            .image_tag("v1")
            .build(),
    ];
    let got = client.batch_get_image().repository_name("web");
    let got = got.set_image_ids(Some(ids.to_vec())).send().await.unwrap();
    assert_eq!(got.images().len(), 3);
    for image in got.images() {
        let manifest = image.image_manifest().unwrap();
        assert_eq!(manifest.as_bytes(), active.manifest());
        let id = image.image_id().unwrap();
        assert_eq!(
            id.image_digest(),
            Some(&*Digest::of(manifest.as_bytes()).to_string())
        );
        assert_eq!(
            image.image_manifest_media_type(),
            Some("application/vnd.oci.image.manifest.v1+json")
        );
    }
    assert_eq!(got.images()[1].image_id().unwrap().image_tag(), Some("v1"));
    let codes: Vec<_> = got
        .failures()
        .iter()
        .map(|failure| failure.failure_code().unwrap().clone())
        .collect();
    assert_eq!(
        codes,
        [
            ImageFailureCode::ImageNotFound,
            ImageFailureCode::ImageNotFound,
            ImageFailureCode::MissingDigestAndTag,
            ImageFailureCode::InvalidImageDigest,
            ImageFailureCode::ImageTagDoesNotMatchDigest,
        ]
    );
    assert_eq!(got.failures()[1].image_id(), Some(&by_tag("v2")));
}

#[tokio::test]
async fn a_batch_has_one_to_a_hundred_ids() {
    let fake = FakeEcr::start().unwrap();
    let digest = fake.repository("web").put(&image(1));
    let client = client(&fake);
    for count in [0, 101] {
        let ids = vec![by_digest(digest); count];
        let ask = client
            .batch_get_image()
            .repository_name("web")
            .set_image_ids(Some(ids));
        let error = ask.send().await.unwrap_err().into_service_error();
        assert!(error.is_invalid_parameter_exception(), "{count}: {error:?}");
    }
    let ask = client
        .batch_get_image()
        .repository_name("none")
        .image_ids(by_digest(digest));
    let error = ask.send().await.unwrap_err().into_service_error();
    assert!(error.is_repository_not_found_exception());
}
