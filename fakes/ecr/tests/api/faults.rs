//! Failures on purpose.

use std::time::Duration;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_ecr::operation::describe_images::{DescribeImagesError, DescribeImagesOutput};
use launchway_fake_ecr::{FakeEcr, Fault, ImageStatus, Rule};

use crate::support::{by_digest, client, image};

type Described = Result<DescribeImagesOutput, SdkError<DescribeImagesError>>;

async fn describe(client: &Client, repository: &str) -> Described {
    client
        .describe_images()
        .repository_name(repository)
        .send()
        .await
}

#[tokio::test]
async fn a_refusal_has_its_code_and_status() {
    let fake = FakeEcr::start().unwrap();
    fake.repository("web").put(&image(1));
    let client = client(&fake);
    for (fault, status, code) in [
        (Fault::Throttled, 400, "ThrottlingException"),
        (Fault::AccessDenied, 400, "AccessDeniedException"),
        (Fault::Server(503), 503, "ServerException"),
        (Fault::Refused("KmsException"), 400, "KmsException"),
    ] {
        fake.fail(Rule::new(fault).operation("DescribeImages").nth(1));
        let error = describe(&client, "web").await.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), status);
        assert_eq!(error.into_service_error().code(), Some(code));
        assert_eq!(
            describe(&client, "web")
                .await
                .unwrap()
                .image_details()
                .len(),
            1
        );
    }
    assert_eq!(fake.stats().throttled, 1);
    assert_eq!(fake.count("DescribeImages"), 8);
}

#[tokio::test]
async fn a_rule_is_for_one_repository_until_healed() {
    let fake = FakeEcr::start().unwrap();
    fake.repository("web").create();
    fake.repository("api").create();
    let client = client(&fake);
    fake.fail(Rule::new(Fault::Throttled).repository("web").from(2));
    assert!(describe(&client, "web").await.is_ok());
    assert!(describe(&client, "web").await.is_err());
    assert!(describe(&client, "api").await.is_ok());
    assert!(describe(&client, "web").await.is_err());
    fake.heal();
    assert!(describe(&client, "web").await.is_ok());
}

#[tokio::test]
async fn a_connection_breaks_before_the_answer_and_in_it() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    for size in 0..100 {
        repository.put(&image(size));
    }
    let client = client(&fake);
    for fault in [Fault::Reset, Fault::ResetAfterWork, Fault::ResetInBody] {
        fake.fail(Rule::new(fault.clone()).operation("DescribeImages").nth(1));
        let error = describe(&client, "web").await.unwrap_err();
        let expected = match fault {
            Fault::ResetInBody => matches!(error, SdkError::ResponseError(_)),
            _ => matches!(error, SdkError::DispatchFailure(_)),
        };
        assert!(expected, "{fault:?}: {error:?}");
        assert_eq!(
            describe(&client, "web")
                .await
                .unwrap()
                .image_details()
                .len(),
            100
        );
    }
}

#[tokio::test]
async fn what_was_done_before_the_break_stays_done() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let client = client(&fake);
    for (fault, left) in [
        (Fault::Reset, 1),
        (Fault::Throttled, 1),
        (Fault::Server(500), 1),
        (Fault::ResetAfterWork, 0),
        (Fault::ResetInBody, 0),
    ] {
        let digest = repository.put(&image(1));
        fake.fail(
            Rule::new(fault.clone())
                .operation("BatchDeleteImage")
                .nth(1),
        );
        let ask = client
            .batch_delete_image()
            .repository_name("web")
            .image_ids(by_digest(digest));
        ask.send().await.unwrap_err();
        assert_eq!(repository.len(), left, "{fault:?}");
        fake.heal();
    }
}

#[tokio::test]
async fn an_empty_page_leads_on() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    for size in 0..250 {
        repository.put(&image(size));
    }
    fake.fail(Rule::new(Fault::EmptyPage).nth(1));
    fake.fail(Rule::new(Fault::EmptyPage).nth(3));
    let client = client(&fake);
    let pages = client
        .describe_images()
        .repository_name("web")
        .into_paginator();
    let mut pages = pages.send();
    let mut lengths = Vec::new();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().image_details().len());
    }
    assert_eq!(lengths, [0, 100, 0, 100, 50]);

    // Several in a row, at the beginning and later.
    fake.heal();
    for number in [1, 2, 4, 5, 6] {
        fake.fail(Rule::new(Fault::EmptyPage).nth(number));
    }
    let pages = client
        .describe_images()
        .repository_name("web")
        .into_paginator();
    let mut pages = pages.send();
    let mut lengths = Vec::new();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().image_details().len());
    }
    assert_eq!(lengths, [0, 0, 100, 0, 0, 0, 100, 50]);
    fake.heal();
    fake.fail(
        Rule::new(Fault::EmptyPage)
            .operation("DescribeRepositories")
            .nth(1),
    );
    let repositories = client
        .describe_repositories()
        .into_paginator()
        .items()
        .send();
    assert_eq!(
        repositories
            .collect::<Result<Vec<_>, _>>()
            .await
            .unwrap()
            .len(),
        1
    );
    fake.fail(Rule::new(Fault::EmptyPage));
    let ids = by_digest(repository.digests()[0]);
    let asked = client
        .describe_images()
        .repository_name("web")
        .image_ids(ids)
        .send()
        .await;
    assert_eq!(asked.unwrap().image_details().len(), 1);
}

#[tokio::test]
async fn above_its_rate_an_operation_is_throttled() {
    let fake = FakeEcr::start().unwrap();
    fake.repository("web").create();
    fake.limit_rate("DescribeImages", Some(0.001));
    let client = client(&fake);
    assert!(describe(&client, "web").await.is_ok());
    let error = describe(&client, "web")
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(error.code(), Some("ThrottlingException"));
    assert!(client.describe_repositories().send().await.is_ok());
    assert_eq!((fake.stats().throttled, fake.stats().total), (1, 3));
}

#[tokio::test]
async fn a_hook_changes_the_world_before_the_call() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let digest = repository.put(&image(1).tag("old"));
    let (place, moved) = (repository.clone(), image(2));
    fake.before_nth("DescribeImages", 2, move |ecr, call| {
        assert_eq!(call.repository.as_deref(), Some("web"));
        assert_eq!(ecr.repository("web").len(), 1);
        place.put(&moved.clone().tag("old"));
        place.pull(digest, 1_800_000_000.0);
        place.set_status(digest, ImageStatus::Archived);
    });
    let client = client(&fake);
    assert_eq!(
        describe(&client, "web").await.unwrap().image_details()[0].image_tags(),
        ["old"]
    );
    let changed = describe(&client, "web").await.unwrap();
    let [image] = changed.image_details() else {
        panic!("{changed:?}");
    };
    assert_ne!(image.image_digest(), Some(&*digest.to_string()));
    assert_eq!(repository.images()[0].pulled, Some(1_800_000_000.0));
    assert_eq!(describe(&client, "web").await.unwrap(), changed);
}

#[tokio::test]
async fn a_panic_of_a_hook_is_an_error_of_the_server() {
    let fake = FakeEcr::start().unwrap();
    fake.before_nth("DescribeImages", 1, |_, _| panic!("on purpose"));
    let error = describe(&client(&fake), "web")
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_server_exception());
    assert!(error.message().unwrap().contains("panicked"));
}

#[tokio::test]
async fn an_unknown_operation_is_refused() {
    let fake = FakeEcr::start().unwrap();
    let error = client(&fake).describe_registry().send().await.unwrap_err();
    let error = error.into_service_error();
    assert_eq!(error.code(), Some("UnknownOperationException"));
    assert!(error.message().unwrap().contains("DescribeRegistry"));
}

#[tokio::test]
async fn calls_are_counted_logged_and_told_over_http() {
    let fake = FakeEcr::start().unwrap();
    fake.set_delay(Some(Duration::from_millis(50)));
    fake.repository("web").create();
    let client = client(&fake);
    let calls = [0; 3].map(|_| {
        let client = client.clone();
        tokio::spawn(async move { describe(&client, "web").await.map(drop) })
    });
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let stats = fake.stats();
    assert_eq!((stats.total, stats.calls["DescribeImages"]), (3, 3));
    assert_eq!(stats.peak_concurrency, 3);
    let calls = fake.calls_of("DescribeImages");
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[0].body["repositoryName"], "web");
    fake.reset_stats();
    assert_eq!((fake.stats().total, fake.calls().len()), (0, 0));
}
