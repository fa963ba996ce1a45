//! ECR: its API on moto, and its host names on a registry of ours.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::sync::Arc;

use launchway::aws::{
    Aws, AwsErrorKind, AwsSettings, Creation, EcrHost, StaticCredentials, parse_ecr_host,
};
use launchway::registry::auth::{Keychain, KeychainConfig};
use launchway::registry::{Client, ClientConfig, Repository};
use launchway_buildkit::{CredentialSource as _, Secret};

use crate::registry::push_image;
use crate::service::Service;

const HOST: &str = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";

fn host() -> EcrHost {
    parse_ecr_host(HOST).unwrap()
}

fn aws(endpoint: &str) -> Aws {
    Aws::new(AwsSettings {
        endpoint_url: Some(format!("http://{endpoint}")),
        credentials: Some(StaticCredentials {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: Secret::new("planted-key"),
            session_token: None,
        }),
        profile: None,
        ..AwsSettings::default()
    })
}

#[tokio::test]
async fn repositories_are_made_when_asked() {
    let service = Service::aws();
    let aws = aws(&service.address);
    let exists = async || {
        aws.ecr_repository_exists(&host(), "shop/web")
            .await
            .unwrap()
    };
    let create = async || {
        aws.create_ecr_repository(&host(), "shop/web")
            .await
            .unwrap()
    };
    assert!(!exists().await);
    assert_eq!(create().await, Creation::Created);
    assert!(exists().await);
    assert_eq!(create().await, Creation::Existed);

    let error = aws
        .create_ecr_repository(&host(), "Not A Name")
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind, AwsErrorKind::Refused { .. }),
        "{error:?}"
    );
    let start = "ecr:CreateRepository in ap-northeast-1: refused (InvalidParameterException";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[tokio::test]
async fn the_keychain_logs_in_to_ecr() {
    let service = Service::aws();
    let folder = tempfile::tempdir().unwrap();
    let keychain = Keychain::new(KeychainConfig {
        docker_config: Some(folder.path().to_owned()),
        search_path: None,
        aws: Some(aws(&service.address)),
    });
    let login = keychain.credential(HOST).await.unwrap().unwrap();
    assert_eq!(login.username, "AWS");
    assert_eq!(login.secret.expose(), "123456789012-auth-token");
    assert_eq!(keychain.credential("ghcr.io").await.unwrap(), None);

    // What the Docker configuration says goes before AWS.
    let config = format!(r#"{{"auths":{{"{HOST}":{{"auth":"bWU6cA=="}}}}}}"#);
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let keychain = Keychain::new(KeychainConfig {
        docker_config: Some(folder.path().to_owned()),
        search_path: None,
        aws: Some(aws(&service.address)),
    });
    let login = keychain.credential(HOST).await.unwrap().unwrap();
    assert_eq!(login.username, "me");
}

#[tokio::test]
async fn an_ecr_reference_can_mean_a_mapped_endpoint() {
    let (moto, registry) = (Service::aws(), Service::registry());
    let keychain = Keychain::new(KeychainConfig {
        aws: Some(aws(&moto.address)),
        ..KeychainConfig::default()
    });
    let mut config = ClientConfig::new(Arc::new(keychain));
    let endpoint = format!("http://{}", registry.address);
    config.endpoints.insert(HOST.to_owned(), endpoint);
    let client = Client::new(config).unwrap();
    let repository: Repository = format!("{HOST}/shop/web").parse().unwrap();
    let image = push_image(&client, &repository, "linux/amd64").await;
    let reference = repository.with_digest(image.digest);
    assert!(client.head_manifest(&reference).await.unwrap().is_some());
}

#[tokio::test]
async fn missing_credentials_and_endpoints_say_so() {
    let nothing = Aws::new(AwsSettings {
        profile: Some("launchway-no-such-profile".to_owned()),
        endpoint_url: Some("http://127.0.0.1:1".to_owned()),
        credentials: None,
        ..AwsSettings::default()
    });
    let keychain = Keychain::new(KeychainConfig {
        aws: Some(nothing.clone()),
        ..KeychainConfig::default()
    });
    let error = keychain.credential(HOST).await.unwrap_err();
    assert_eq!(error.to_string(), format!("no credentials for {HOST}"));
    let error = nothing.ecr_login(&host()).await.unwrap_err();
    assert_eq!(error.kind, AwsErrorKind::NoCredentials, "{error:?}");
    assert!(error.hint().unwrap().contains("AWS_PROFILE"));

    let error = aws("127.0.0.1:1").ecr_login(&host()).await.unwrap_err();
    assert_eq!(error.kind, AwsErrorKind::NoEndpoint, "{error:?}");
    assert!(error.is_temporary() && !error.may_pass());
    assert!(!format!("{error:?}").contains("planted-key"));
}
