//! Logging in, making repositories, and their lifecycle policies.

use aws_sdk_ecr::types::{
    ImageTagMutability, ImageTagMutabilityExclusionFilter, ImageTagMutabilityExclusionFilterType,
};
use launchway_fake_ecr::FakeEcr;

use crate::support::client;

#[tokio::test]
async fn a_login_is_of_the_registry() {
    let fake = FakeEcr::start().unwrap();
    let login = client(&fake)
        .get_authorization_token()
        .send()
        .await
        .unwrap();
    let [data] = login.authorization_data() else {
        panic!("{login:?}");
    };
    assert_eq!(
        data.authorization_token(),
        Some("QVdTOjEyMzQ1Njc4OTAxMi1wYXNzd29yZA==")
    );
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let left = data.expires_at().unwrap().as_secs_f64() - now.as_secs_f64();
    assert!((11.0 * 3600.0..=12.0 * 3600.0).contains(&left), "{left}");
    let host = "https://123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";
    assert_eq!(data.proxy_endpoint(), Some(host));
}

#[tokio::test]
async fn a_repository_is_made_once() {
    let fake = FakeEcr::start().unwrap();
    let client = client(&fake);
    let filter = ImageTagMutabilityExclusionFilter::builder()
        .filter("cache*")
        .filter_type(ImageTagMutabilityExclusionFilterType::Wildcard)
        .build()
        .unwrap();
    let ask = || client.create_repository().repository_name("shop/web");
    let strict = ask().image_tag_mutability(ImageTagMutability::ImmutableWithExclusion);
    let bare = strict
        .clone()
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(bare.is_invalid_parameter_exception());
    let made = strict
        .image_tag_mutability_exclusion_filters(filter)
        .send()
        .await
        .unwrap();
    let made = made.repository().unwrap();
    let arn = "arn:aws:ecr:ap-northeast-1:123456789012:repository/shop/web";
    assert_eq!(made.repository_arn(), Some(arn));
    let again = ask().send().await.unwrap_err().into_service_error();
    assert!(again.is_repository_already_exists_exception());
    for name in ["x", "Shop", "shop//web", "-web"] {
        let ask = client.create_repository().repository_name(name);
        let error = ask.send().await.unwrap_err().into_service_error();
        assert!(error.is_invalid_parameter_exception(), "{name}");
    }
    let listed = client.describe_repositories().send().await.unwrap();
    assert_eq!(listed.repositories(), std::slice::from_ref(made));
}

#[tokio::test]
async fn a_lifecycle_policy_is_there_when_it_was_set() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    repository.create();
    let client = client(&fake);
    let ask = || client.get_lifecycle_policy().repository_name("web").send();
    let missing = ask().await.unwrap_err().into_service_error();
    assert!(missing.is_lifecycle_policy_not_found_exception());
    repository.set_lifecycle_policy(Some(r#"{"rules":[]}"#));
    let found = ask().await.unwrap();
    assert_eq!(found.lifecycle_policy_text(), Some(r#"{"rules":[]}"#));
    let none = client
        .get_lifecycle_policy()
        .repository_name("none")
        .send()
        .await;
    assert!(
        none.unwrap_err()
            .into_service_error()
            .is_repository_not_found_exception()
    );
}
