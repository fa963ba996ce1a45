//! Repositories and images in pages, by name, and of the status that is asked for.

use std::collections::BTreeSet;

use aws_sdk_ecr::error::ProvideErrorMetadata as _;
use aws_sdk_ecr::types::{
    DescribeImagesFilter, ImageStatus as Told, ImageStatusFilter, ImageTagMutability, TagStatus,
};
use launchway_fake_ecr::{FakeEcr, ImageStatus};

use crate::support::{by_digest, by_tag, client, client_as, image, index, referrer};

#[tokio::test]
async fn repositories_come_in_pages_and_by_name() {
    let fake = FakeEcr::start().unwrap();
    for number in 0..7 {
        fake.repository(&format!("shop/part-{number}")).create();
    }
    fake.repository("shop/part-0").set_immutable(&["cache*"]);
    let client = client(&fake);
    let mut names = Vec::new();
    let mut pages = client
        .describe_repositories()
        .into_paginator()
        .page_size(3)
        .send();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.repositories().len() <= 3);
        names.extend(
            page.repositories()
                .iter()
                .map(|it| it.repository_name().unwrap().to_owned()),
        );
    }
    assert_eq!(names.len(), 7);
    assert!(names.is_sorted());
    assert_eq!(fake.count("DescribeRepositories"), 3);

    let named = client
        .describe_repositories()
        .repository_names("shop/part-0");
    let named = named.send().await.unwrap();
    let [repository] = named.repositories() else {
        panic!("{named:?}");
    };
    assert_eq!(
        repository.repository_uri(),
        Some("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/shop/part-0")
    );
    assert_eq!(
        repository.image_tag_mutability(),
        Some(&ImageTagMutability::ImmutableWithExclusion)
    );
    let filters = repository.image_tag_mutability_exclusion_filters();
    assert_eq!(filters[0].filter(), "cache*");
    assert!(repository.created_at().unwrap().secs() > 1_700_000_000);

    let missing = client.describe_repositories().repository_names("shop/none");
    let missing = missing.send().await.unwrap_err().into_service_error();
    assert!(missing.is_repository_not_found_exception());
    assert!(missing.message().unwrap().contains("'shop/none'"));
    let long = client
        .describe_repositories()
        .max_results(1001)
        .send()
        .await;
    assert!(
        long.unwrap_err()
            .into_service_error()
            .is_invalid_parameter_exception()
    );
}

#[tokio::test]
async fn accounts_and_regions_are_apart() {
    let fake = FakeEcr::start().unwrap();
    fake.repository_of("222222222222", "eu-west-1", "web")
        .put(&image(1));
    fake.set_account("AKIAOTHER", "222222222222");
    let there = client_as(&fake, "AKIAOTHER", "eu-west-1");
    let described = there.describe_repositories().send().await.unwrap();
    assert_eq!(
        described.repositories()[0].registry_id(),
        Some("222222222222")
    );
    let here = client_as(&fake, "AKIAEXAMPLE", "eu-west-1");
    assert!(
        here.describe_repositories()
            .send()
            .await
            .unwrap()
            .repositories()
            .is_empty()
    );
    let named = here
        .describe_images()
        .registry_id("222222222222")
        .repository_name("web");
    assert_eq!(named.send().await.unwrap().image_details().len(), 1);
    let elsewhere = client_as(&fake, "AKIAOTHER", "eu-west-2");
    let missing = elsewhere
        .describe_images()
        .repository_name("web")
        .send()
        .await
        .unwrap_err();
    assert!(
        missing
            .into_service_error()
            .is_repository_not_found_exception()
    );
    let wrong = here
        .describe_repositories()
        .registry_id("acme")
        .send()
        .await
        .unwrap_err();
    assert!(wrong.into_service_error().is_invalid_parameter_exception());
    let call = &fake.calls()[0];
    assert_eq!(
        (&*call.account, &*call.region),
        ("222222222222", "eu-west-1")
    );
}

#[tokio::test]
async fn images_come_in_pages_whatever_goes_meanwhile() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let put: Vec<_> = (0..250).map(|size| repository.put(&image(size))).collect();
    let client = client(&fake);
    let ask = || client.describe_images().repository_name("web");
    let first = ask().send().await.unwrap();
    assert_eq!(first.image_details().len(), 100);
    for gone in [put[3], put[99], put[100]] {
        repository.delete(gone);
    }
    let token = first.next_token().unwrap();
    let second = ask()
        .next_token(token)
        .max_results(1000)
        .send()
        .await
        .unwrap();
    assert_eq!(second.image_details().len(), 149);
    assert_eq!(second.next_token(), None);
    let digests = second
        .image_details()
        .iter()
        .map(|it| it.image_digest().unwrap());
    let digests: BTreeSet<_> = digests.collect();
    assert!(digests.contains(&*put[101].to_string()));

    for wrong in [
        ask().max_results(0),
        ask().max_results(1001),
        ask().next_token("MTAw"),
        ask().next_token(token).image_ids(by_digest(put[0])),
        ask().max_results(5).image_ids(by_digest(put[0])),
        ask().set_image_ids(Some(Vec::new())),
        ask().set_image_ids(Some(put[..101].iter().copied().map(by_digest).collect())),
    ] {
        let error = wrong.send().await.unwrap_err().into_service_error();
        assert!(error.is_invalid_parameter_exception(), "{error:?}");
    }
    fake.repository("api").create();
    let other = client
        .describe_images()
        .repository_name("api")
        .next_token(token)
        .send()
        .await;
    assert!(
        other
            .unwrap_err()
            .into_service_error()
            .is_invalid_parameter_exception()
    );
}

#[tokio::test]
async fn details_say_what_an_image_is() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let (small, large) = (image(10), image(1000));
    let list = index(&[&small, &large])
        .tag("v1")
        .tag("latest")
        .pulled(1_700_000_009.5);
    let signature = referrer(&list, "application/vnd.example.signature");
    repository.put_all([&small, &large, &list, &signature]);
    let client = client(&fake);
    let described = client
        .describe_images()
        .repository_name("web")
        .send()
        .await
        .unwrap();
    let [small, large, list, signature] = described.image_details() else {
        panic!("{described:?}");
    };
    assert_eq!(small.image_size_in_bytes(), Some(17));
    assert_eq!(
        small.artifact_media_type(),
        Some("application/vnd.oci.image.config.v1+json")
    );
    assert_eq!(large.image_size_in_bytes(), Some(1007));
    assert_eq!(list.image_size_in_bytes(), Some(1007));
    assert_eq!(list.artifact_media_type(), None);
    assert_eq!(
        list.image_manifest_media_type(),
        Some("application/vnd.oci.image.index.v1+json")
    );
    assert_eq!(list.image_tags(), ["v1", "latest"]);
    assert_eq!(list.image_pushed_at().unwrap().secs(), 1_700_000_001);
    assert_eq!(
        list.last_recorded_pull_time().unwrap().subsec_nanos(),
        500_000_000
    );
    assert_eq!(list.registry_id(), Some("123456789012"));
    assert_eq!(list.repository_name(), Some("web"));
    assert_eq!(list.image_status(), Some(&Told::Active));
    assert_eq!(
        signature.artifact_media_type(),
        Some("application/vnd.example.signature")
    );
    assert_eq!(signature.subject_manifest_digest(), list.image_digest());
    assert_eq!(small.last_recorded_pull_time(), None);

    let latest = client
        .describe_images()
        .repository_name("web")
        .image_ids(by_tag("latest"));
    let latest = latest.send().await.unwrap();
    assert_eq!(latest.image_details(), std::slice::from_ref(list));
    let missing = client
        .describe_images()
        .repository_name("web")
        .image_ids(by_tag("v2"));
    let missing = missing.send().await.unwrap_err().into_service_error();
    assert!(missing.is_image_not_found_exception());
}

#[tokio::test]
async fn only_active_images_come_unasked() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    repository.put(&image(1).tag("v1"));
    repository.put(&image(2).status(ImageStatus::Archived));
    repository.put(&image(3).tag("v3").status(ImageStatus::Archived));
    repository.put(&image(4).status(ImageStatus::Activating));
    let client = client(&fake);
    let count = async |status: Option<ImageStatusFilter>, tags: Option<TagStatus>| {
        let filter = DescribeImagesFilter::builder()
            .set_image_status(status)
            .set_tag_status(tags)
            .build();
        let ask = client
            .describe_images()
            .repository_name("web")
            .filter(filter);
        ask.send().await.unwrap().image_details().len()
    };
    assert_eq!(count(None, None).await, 1);
    assert_eq!(count(Some(ImageStatusFilter::Archived), None).await, 2);
    assert_eq!(count(Some(ImageStatusFilter::Activating), None).await, 1);
    assert_eq!(count(Some(ImageStatusFilter::Any), None).await, 4);
    let untagged = Some(TagStatus::Untagged);
    assert_eq!(
        count(Some(ImageStatusFilter::Any), untagged.clone()).await,
        2
    );
    assert_eq!(count(None, untagged).await, 0);
    assert_eq!(
        count(Some(ImageStatusFilter::Any), Some(TagStatus::Tagged)).await,
        2
    );
    let plain = client
        .describe_images()
        .repository_name("web")
        .send()
        .await
        .unwrap();
    assert_eq!(plain.image_details().len(), 1);
}
