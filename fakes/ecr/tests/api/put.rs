//! Pushing manifests and tags.

use aws_sdk_ecr::Client;
use aws_sdk_ecr::operation::put_image::{PutImageError, PutImageOutput};
use launchway_fake_ecr::{FakeEcr, ImageStatus, NewImage};

use crate::support::{client, image, index};

async fn put(
    client: &Client,
    image: &NewImage,
    tag: Option<&str>,
) -> Result<PutImageOutput, PutImageError> {
    let manifest = String::from_utf8(image.manifest().to_vec()).unwrap();
    let ask = client
        .put_image()
        .repository_name("web")
        .image_manifest(manifest);
    let answer = ask.set_image_tag(tag.map(str::to_owned)).send().await;
    answer.map_err(aws_sdk_ecr::error::SdkError::into_service_error)
}

#[tokio::test]
async fn a_push_adds_and_a_moved_tag_leaves_the_old_image() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let (old, new) = (image(1).tag("latest"), image(2));
    repository.put(&old);
    let client = client(&fake);
    let answer = put(&client, &new, Some("latest")).await.unwrap();
    let pushed = answer.image().unwrap();
    let id = pushed.image_id().unwrap();
    assert_eq!(id.image_digest(), Some(&*new.digest().to_string()));
    assert_eq!(id.image_tag(), Some("latest"));
    assert_eq!(repository.tagged("latest"), Some(new.digest()));
    assert_eq!(repository.digests(), [old.digest(), new.digest()]);
    let before = repository.images()[0].clone();
    put(&client, &old, Some("stable")).await.unwrap();
    let after = repository.images()[0].clone();
    assert_eq!(after.tags, ["stable"]);
    assert!((after.pushed - before.pushed).abs() < f64::EPSILON);
    let again = put(&client, &old, Some("stable")).await.unwrap_err();
    assert!(again.is_image_already_exists_exception());
    let untagged = put(&client, &old, None).await.unwrap_err();
    assert!(untagged.is_image_already_exists_exception());
}

#[tokio::test]
async fn fixed_tags_do_not_move() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    repository.put(&image(1).tag("v1").tag("cache-main"));
    repository.set_immutable(&["cache*"]);
    let client = client(&fake);
    let refused = put(&client, &image(2), Some("v1")).await.unwrap_err();
    assert!(refused.is_image_tag_already_exists_exception());
    put(&client, &image(2), Some("cache-main")).await.unwrap();
    put(&client, &image(2), Some("v2")).await.unwrap();
    assert_eq!(repository.tagged("v1"), Some(image(1).digest()));
    assert_eq!(repository.tagged("cache-main"), Some(image(2).digest()));
}

#[tokio::test]
async fn an_index_comes_after_its_children() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let (one, two) = (image(1), image(2));
    let list = index(&[&one, &two]);
    repository.put(&one);
    let client = client(&fake);
    let refused = put(&client, &list, Some("v1")).await.unwrap_err();
    assert!(refused.is_referenced_images_not_found_exception());
    let message = refused.to_string() + &format!("{refused:?}");
    assert!(message.contains(&two.digest().to_string()), "{message}");
    repository.put(&two);
    put(&client, &list, Some("v1")).await.unwrap();
    assert_eq!(repository.len(), 3);
}

#[tokio::test]
async fn a_push_is_checked_and_calls_back_from_the_archive() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let archived = image(1).status(ImageStatus::Archived);
    repository.put(&archived);
    let client = client(&fake);
    put(&client, &archived, None).await.unwrap();
    assert_eq!(repository.images()[0].status, ImageStatus::Active);
    let ask = client
        .put_image()
        .repository_name("web")
        .image_manifest("{}");
    let ask = ask.image_digest(archived.digest().to_string());
    let error = ask.send().await.unwrap_err().into_service_error();
    assert!(error.is_image_digest_does_not_match_exception());
    let bad = put(&client, &image(2), Some("no tag")).await.unwrap_err();
    assert!(bad.is_invalid_parameter_exception());
}
