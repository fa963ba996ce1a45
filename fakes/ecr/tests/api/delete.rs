//! Deleting: by tag and by digest, and only what no index lists.

use std::sync::{Arc, Mutex};

use aws_sdk_ecr::Client;
use aws_sdk_ecr::operation::batch_delete_image::BatchDeleteImageOutput;
use aws_sdk_ecr::types::{ImageFailureCode, ImageIdentifier};
use launchway_fake_ecr::{Consistency, Delay, Deletion, FakeEcr, ImageStatus};

use crate::support::{by_digest, by_tag, client, image, index};

async fn delete(client: &Client, ids: &[ImageIdentifier]) -> BatchDeleteImageOutput {
    let ask = client.batch_delete_image().repository_name("web");
    ask.set_image_ids(Some(ids.to_vec())).send().await.unwrap()
}

/// The codes of the failures, and what was removed.
fn told(answer: &BatchDeleteImageOutput) -> (Vec<ImageFailureCode>, Vec<ImageIdentifier>) {
    let codes = answer.failures().iter();
    let codes = codes
        .map(|failure| failure.failure_code().unwrap().clone())
        .collect();
    (codes, answer.image_ids().to_vec())
}

#[tokio::test]
async fn a_tag_goes_alone_and_the_last_one_takes_the_image() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let digest = repository.put(&image(1).tag("a").tag("b"));
    let client = client(&fake);
    let both = |tag: &str| {
        let id = ImageIdentifier::builder().image_tag(tag);
        id.image_digest(digest.to_string()).build()
    };
    let answer = delete(&client, &[by_tag("a"), by_tag("a")]).await;
    assert_eq!(
        told(&answer),
        (vec![ImageFailureCode::ImageNotFound], vec![both("a")])
    );
    assert_eq!(repository.images()[0].tags, ["b"]);
    let answer = delete(&client, &[both("b")]).await;
    assert_eq!(told(&answer), (Vec::new(), vec![both("b")]));
    assert!(repository.is_empty());
}

#[tokio::test]
async fn a_digest_goes_with_all_its_tags() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let digest = repository.put(&image(1).tag("a").tag("b"));
    let archived = repository.put(&image(2).status(ImageStatus::Archived));
    let deleted = Arc::new(Mutex::new(Vec::new()));
    let told_of = Arc::clone(&deleted);
    fake.set_backing(move |deletion: &Deletion| told_of.lock().unwrap().push(deletion.clone()));
    let client = client(&fake);
    let answer = delete(&client, &[by_digest(digest), by_digest(archived)]).await;
    assert_eq!(answer.image_ids().len(), 3);
    assert_eq!(answer.image_ids()[2], by_digest(archived));
    assert!(repository.is_empty());
    let deleted = deleted.lock().unwrap();
    let digests: Vec<_> = deleted.iter().map(|deletion| deletion.digest).collect();
    assert_eq!(digests, [digest, archived]);
    assert_eq!(deleted[0].repository, "web");
}

#[tokio::test]
async fn an_index_holds_its_children() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let (one, two) = (image(1).tag("one"), image(2));
    let list = index(&[&one, &two]);
    repository.put_all([&one, &two, &list]);
    let ids = [&one, &two, &list].map(|image| by_digest(image.digest()));
    let [child, other, parent] = ids;
    let client = client(&fake);
    let held = vec![ImageFailureCode::ImageReferencedByManifestList];
    let answer = delete(&client, &[by_tag("one")]).await;
    assert_eq!(told(&answer).0, held);
    let reason = answer.failures()[0].failure_reason().unwrap();
    assert!(reason.contains(&list.digest().to_string()), "{reason}");
    let answer = delete(&client, &[child.clone(), parent, other.clone()]).await;
    assert_eq!(told(&answer).0, held);
    assert_eq!(repository.digests(), [one.digest()]);
    assert!(told(&delete(&client, &[child]).await).0.is_empty());
    assert!(repository.is_empty());
}

#[tokio::test]
async fn ids_are_checked_one_by_one() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let (one, two) = (image(1).tag("one"), image(2));
    repository.put_all([&one, &two]);
    let client = client(&fake);
    let mixed = ImageIdentifier::builder().image_tag("one");
    let answer = delete(
        &client,
        &[
            ImageIdentifier::builder().build(),
            ImageIdentifier::builder().image_digest("sha512:1").build(),
            by_tag("-"),
            mixed.image_digest(two.digest().to_string()).build(),
            by_digest(image(3).digest()),
        ],
    )
    .await;
    let codes = told(&answer).0;
    assert_eq!(
        codes,
        [
            ImageFailureCode::MissingDigestAndTag,
            ImageFailureCode::InvalidImageDigest,
            ImageFailureCode::InvalidImageTag,
            ImageFailureCode::ImageTagDoesNotMatchDigest,
            ImageFailureCode::ImageNotFound,
        ]
    );
    assert_eq!(repository.len(), 2);
    for ids in [Vec::new(), vec![by_tag("one"); 101]] {
        let ask = client
            .batch_delete_image()
            .repository_name("web")
            .set_image_ids(Some(ids));
        let error = ask.send().await.unwrap_err().into_service_error();
        assert!(error.is_invalid_parameter_exception());
    }
    assert_eq!(repository.len(), 2);
}

#[tokio::test]
async fn a_deleted_index_may_hold_its_children_some_calls_longer() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    fake.set_consistency(Consistency {
        manifest_lists: Delay::Calls(2),
        lists: Delay::Calls(1),
        ..Consistency::default()
    });
    let child = image(1);
    let list = index(&[&child]);
    repository.put_all([&child, &list]);
    let ids = [by_digest(list.digest()), by_digest(child.digest())];
    let client = client(&fake);
    assert_eq!(delete(&client, &ids).await.failures().len(), 1);
    let listed = || client.describe_images().repository_name("web").send();
    assert_eq!(listed().await.unwrap().image_details().len(), 2);
    assert_eq!(repository.len(), 1);
    let failures = delete(&client, &ids).await;
    let held = ImageFailureCode::ImageReferencedByManifestList;
    assert_eq!(told(&failures).0, [ImageFailureCode::ImageNotFound, held]);
    assert_eq!(listed().await.unwrap().image_details().len(), 1);
    assert!(told(&delete(&client, &ids[1..]).await).0.is_empty());
}
