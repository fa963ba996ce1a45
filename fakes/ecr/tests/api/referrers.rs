//! Referrers of a subject, and the ids of `ListImages`.

use aws_sdk_ecr::types::{
    ArtifactStatus, ArtifactStatusFilter, ListImageReferrersFilter, ListImagesFilter,
    SubjectIdentifier, TagStatus,
};
use launchway_fake_ecr::{FakeEcr, ImageStatus};

use crate::support::{by_digest, client, image, referrer};

#[tokio::test]
async fn referrers_come_in_pages_and_by_type() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let subject = image(1);
    repository.put_all([&subject, &image(2)]);
    for number in 0..60 {
        repository.put(&referrer(
            &subject,
            &format!("application/vnd.example.{number}"),
        ));
    }
    let archived = referrer(&subject, "application/vnd.example.old");
    repository.put(&archived.status(ImageStatus::Archived));
    let client = client(&fake);
    let subject = SubjectIdentifier::builder();
    let subject = subject
        .image_digest(image(1).digest().to_string())
        .build()
        .unwrap();
    let ask = || {
        client
            .list_image_referrers()
            .repository_name("web")
            .subject_id(subject.clone())
    };
    let first = ask().send().await.unwrap();
    assert_eq!(first.referrers().len(), 20);
    let second = ask()
        .max_results(50)
        .next_token(first.next_token().unwrap())
        .send()
        .await;
    let second = second.unwrap();
    assert_eq!((second.referrers().len(), second.next_token()), (40, None));
    let entry = &second.referrers()[0];
    assert_eq!(entry.artifact_type(), Some("application/vnd.example.20"));
    assert_eq!(
        entry.annotations().unwrap()["about"],
        "application/vnd.example.20"
    );
    assert_eq!(entry.artifact_status(), Some(&ArtifactStatus::Active));
    assert_eq!(repository.digests()[22].to_string(), entry.digest());

    let filter = ListImageReferrersFilter::builder()
        .artifact_types("application/vnd.example.old")
        .artifact_status(ArtifactStatusFilter::Any);
    let found = ask().filter(filter.build()).send().await.unwrap();
    assert_eq!(
        found.referrers()[0].artifact_status(),
        Some(&ArtifactStatus::Archived)
    );
    let wrong = ask()
        .max_results(51)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(wrong.is_invalid_parameter_exception());

    repository.delete(repository.digests()[2]);
    let first = ask().max_results(1).send().await.unwrap();
    assert_eq!(
        first.referrers()[0].artifact_type(),
        Some("application/vnd.example.1")
    );
}

#[tokio::test]
async fn ids_are_listed_by_tag() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    repository.put(&image(1).tag("a").tag("b"));
    repository.put(&image(2));
    repository.put(&image(3).tag("c").status(ImageStatus::Archived));
    let client = client(&fake);
    let all = client
        .list_images()
        .repository_name("web")
        .send()
        .await
        .unwrap();
    let tags: Vec<_> = all.image_ids().iter().map(|id| id.image_tag()).collect();
    assert_eq!(tags, [Some("a"), Some("b"), None]);
    assert_eq!(all.image_ids()[2], by_digest(image(2).digest()));
    let filter = ListImagesFilter::builder()
        .tag_status(TagStatus::Untagged)
        .build();
    let untagged = client.list_images().repository_name("web").filter(filter);
    assert_eq!(untagged.send().await.unwrap().image_ids().len(), 1);
    let first = client
        .list_images()
        .repository_name("web")
        .max_results(2)
        .send()
        .await
        .unwrap();
    assert_eq!(first.image_ids().len(), 2);
    let next = client
        .list_images()
        .repository_name("web")
        .next_token(first.next_token().unwrap());
    assert_eq!(next.send().await.unwrap().image_ids().len(), 1);
}
