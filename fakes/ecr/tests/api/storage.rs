//! The archive.

use aws_sdk_ecr::operation::update_image_storage_class::UpdateImageStorageClassError;
use aws_sdk_ecr::types::{ImageStatus as Told, TargetStorageClass};
use launchway_fake_ecr::{Consistency, Delay, FakeEcr, ImageStatus};

use crate::support::{by_digest, by_tag, client, image};

#[tokio::test]
async fn an_image_goes_to_the_archive_and_comes_back() {
    let fake = FakeEcr::start().unwrap();
    fake.set_consistency(Consistency {
        restores: Delay::Calls(1),
        ..Consistency::default()
    });
    let repository = fake.repository("web");
    let digest = repository.put(&image(1).tag("v1"));
    let client = client(&fake);
    let update = async |class: TargetStorageClass| {
        let ask = client.update_image_storage_class().repository_name("web");
        let answer = ask
            .image_id(by_tag("v1"))
            .target_storage_class(class)
            .send()
            .await;
        let answer = answer.map_err(aws_sdk_ecr::error::SdkError::into_service_error)?;
        Ok::<_, UpdateImageStorageClassError>(answer.image_status().unwrap().clone())
    };
    let pulled = async || {
        let ask = client
            .batch_get_image()
            .repository_name("web")
            .image_ids(by_digest(digest));
        ask.send().await.unwrap().images().len()
    };
    assert_eq!(
        update(TargetStorageClass::Archive).await.unwrap(),
        Told::Archived
    );
    assert_eq!(repository.images()[0].status, ImageStatus::Archived);
    assert_eq!(pulled().await, 0);
    let again = update(TargetStorageClass::Archive).await.unwrap_err();
    assert!(again.is_image_storage_class_update_not_supported_exception());
    assert_eq!(
        update(TargetStorageClass::Standard).await.unwrap(),
        Told::Activating
    );
    assert_eq!(pulled().await, 0);
    assert_eq!(pulled().await, 1);
    assert_eq!(repository.images()[0].status, ImageStatus::Active);
}

#[tokio::test]
async fn it_takes_one_image_that_exists() {
    let fake = FakeEcr::start().unwrap();
    fake.repository("web").create();
    let client = client(&fake);
    let ask = client.update_image_storage_class().repository_name("web");
    let ask = ask
        .image_id(by_tag("v1"))
        .target_storage_class(TargetStorageClass::Archive);
    let error = ask.send().await.unwrap_err().into_service_error();
    assert!(error.is_image_not_found_exception());
    let ask = client.update_image_storage_class().repository_name("web");
    let ask = ask
        .image_id(by_tag("v1"))
        .target_storage_class("COLD".into());
    let error = ask.send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_parameter_exception());
}
