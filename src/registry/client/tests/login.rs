//! Logging in: Basic, tokens and their scopes, refusals, and where credentials must not go.

use super::*;
use crate::aws::{Aws, AwsSettings, StaticCredentials};
use crate::registry::ErrorKind;
use crate::registry::auth::{Keychain, KeychainConfig};
use crate::registry::fault::{Fault, Requests};

fn tokens() -> Requests {
    Requests::new("*", "/token")
}

#[tokio::test]
async fn basic_goes_with_every_request_after_one_question() {
    let registry = registry_with(basic()).await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    published(&registry);
    let client = client_with(me());
    for _ in 0..3 {
        assert!(client.head_manifest(&reference).await.unwrap().is_some());
    }
    let seen: Vec<_> = registry
        .requests()
        .into_iter()
        .map(|request| (request.path, request.authorization, request.status))
        .collect();
    assert_eq!(seen[0], ("/v2/".to_owned(), None, Some(401)));
    let basic = Some("Basic".to_owned());
    assert!(
        seen[1..]
            .iter()
            .all(|(_, login, status)| *login == basic && *status == Some(200))
    );
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn one_token_serves_all_requests_of_one_scope() {
    let registry = registry_with(bearer(300)).await;
    let repository = registry.repository("shop/web");
    published(&registry);
    let client = client_with(me());
    let reference = tagged(&repository, "v1");
    let heads = (0..20).map(|_| client.head_manifest(&reference));
    for found in futures::future::join_all(heads).await {
        assert!(found.unwrap().is_some());
    }
    assert_eq!(registry.count(&tokens()), 1);
    assert_eq!(registry.count(&Requests::new("GET", "/v2/")), 1);

    let text = manifest(&registry, "shop/web", "two");
    client
        .put_manifest(
            &repository,
            &tag("v2"),
            media_type::OCI_MANIFEST,
            text.into(),
        )
        .await
        .unwrap();
    assert_eq!(registry.count(&tokens()), 2);
}

#[tokio::test]
async fn a_token_that_ended_early_is_fetched_again() {
    let registry = registry_with(bearer(300)).await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    published(&registry);
    let client = client_with(me());
    assert!(client.head_manifest(&reference).await.unwrap().is_some());
    registry.revoke_tokens();
    assert!(client.head_manifest(&reference).await.unwrap().is_some());
    assert_eq!(registry.count(&tokens()), 2);
}

#[tokio::test]
async fn a_token_is_fetched_before_it_ends() {
    // A life of nothing: every request needs a new one, and none is refused first.
    let registry = registry_with(bearer(300)).await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    published(&registry);
    let client = client_with(me());
    let short = |life| registry.set_quirks(|quirks| quirks.login = bearer(life));
    short(2);
    assert!(client.head_manifest(&reference).await.unwrap().is_some());
    tokio::time::sleep(Duration::from_millis(1850)).await;
    assert!(client.head_manifest(&reference).await.unwrap().is_some());
    assert_eq!(registry.count(&tokens()), 2);
    let refused = registry.requests();
    let refused = refused.iter().filter(|seen| seen.status == Some(401));
    assert_eq!(refused.count(), 1, "only the question at the beginning");
}

#[tokio::test]
async fn anyone_may_pull_but_not_push() {
    let registry = registry_with(bearer(300)).await;
    let repository = registry.repository("shop/web");
    published(&registry);
    let found = client().head_manifest(&tagged(&repository, "v1")).await;
    assert!(found.unwrap().is_some());
    let text = manifest(&registry, "shop/web", "two");
    let error = client()
        .put_manifest(
            &repository,
            &tag("v2"),
            media_type::OCI_MANIFEST,
            text.into(),
        )
        .await
        .unwrap_err();
    let host = registry.host();
    assert_eq!(
        *error.kind(),
        ErrorKind::NoCredentials { host: host.clone() }
    );
    assert!(
        error
            .hint()
            .unwrap()
            .contains(&format!("docker login {host}"))
    );
}

#[tokio::test]
async fn identity_tokens_go_by_oauth() {
    let registry = registry_with(bearer(300)).await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    published(&registry);
    let client = client_with(login("", PASSWORD));
    assert!(client.head_manifest(&reference).await.unwrap().is_some());
    assert_eq!(registry.count(&Requests::new("POST", "/token")), 1);
}

#[tokio::test]
async fn wrong_passwords_are_refused_once_and_not_shown() {
    for kind in [basic(), bearer(300)] {
        let registry = registry_with(kind).await;
        let reference = tagged(&registry.repository("shop/web"), "v1");
        published(&registry);
        let client = client_with(login("me", "planted-wrong-password"));
        let error = client.get_manifest(&reference).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Unauthorized, "{error}");
        assert_eq!(error.status(), Some(401));
        assert!(!error.is_temporary());
        assert_no_secrets(&error);
        // The token server repeats the login in its refusal.
        let encoded = "bWU6cGxhbnRlZC13cm9uZy1wYXNzd29yZA";
        assert!(!everything(&error).contains(encoded), "{error}");
        assert!(error.hint().unwrap().contains("docker login"));
    }
}

#[tokio::test]
async fn missing_permission_says_so() {
    let registry = registry_with(basic()).await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    published(&registry);
    let denied = Fault::refuse(
        403,
        "DENIED",
        "not authorized for shop/web with planted-password",
    );
    registry.fail(Requests::new("GET", "/manifests/"), denied, 1);
    let error = client_with(me())
        .get_manifest(&reference)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Denied);
    assert!(
        error
            .to_string()
            .contains("DENIED: not authorized for shop/web with <redacted>")
    );
    assert_no_secrets(&error);
    assert!(error.hint().unwrap().contains("may not read"));
}

#[tokio::test]
async fn a_registry_that_asks_late_is_answered() {
    // Its root needs no login, its manifests do.
    let registry = registry_with(basic()).await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    published(&registry);
    let no_root = Fault::refuse(404, "UNSUPPORTED", "no root");
    registry.fail(Requests::new("GET", "/v2/"), no_root, 1);
    let client = client_with(me());
    assert!(client.head_manifest(&reference).await.unwrap().is_some());
    assert!(client.head_manifest(&reference).await.unwrap().is_some());
    let refused = registry.requests();
    let refused = refused.iter().filter(|seen| seen.status == Some(401));
    assert_eq!(refused.count(), 1);
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect() {
    let registry = registry_with(basic()).await;
    registry.set_quirks(|quirks| quirks.redirect_blobs = true);
    let repository = registry.repository("shop/web");
    let digest = registry.add_blob("shop/web", "content");
    let descriptor = Descriptor::new("x", digest, 7);
    let client = client_with(me());
    let read = client.read_blob(&repository, &descriptor, 100).await;
    assert_eq!(read.unwrap(), "content");
    let storage: Vec<_> = registry
        .requests()
        .into_iter()
        .filter(|seen| seen.storage)
        .collect();
    assert_eq!(storage.len(), 1);
    assert_eq!(storage[0].authorization, None);

    // What the storage server says is about its URL, without the signature.
    let gone = Fault::refuse(403, "AccessDenied", "Request has expired");
    registry.fail(
        Requests::new("GET", "/v2/shop"),
        Fault::Delay(Duration::ZERO),
        1,
    );
    registry.fail(Requests::new("GET", "/v2/shop"), gone, 1);
    let error = client
        .read_blob(&repository, &descriptor, 100)
        .await
        .unwrap_err();
    assert!(!error.url().contains(&registry.host()), "{error}");
    assert_no_secrets(&error);
}

#[tokio::test]
async fn a_password_that_cannot_be_looked_up_is_an_error_with_its_cause() {
    #[derive(Debug)]
    struct Broken;
    impl CredentialSource for Broken {
        fn credential<'a>(
            &'a self,
            host: &'a str,
        ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
            let error = CredentialError {
                host: host.to_owned(),
                source: "the keychain is locked".into(),
            };
            async { Err(error) }.boxed()
        }
    }
    let registry = registry_with(basic()).await;
    let reference = tagged(&registry.repository("shop/web"), "v1");
    let client = Client::new(ClientConfig::new(Arc::new(Broken))).unwrap();
    let error = client.head_manifest(&reference).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Credentials);
    let text = everything(&error);
    assert!(text.contains("the keychain is locked"), "{text}");
    assert!(text.contains(&registry.host()), "{text}");
}

#[tokio::test]
async fn logins_are_looked_up_by_the_host_in_the_reference() {
    let registry = FaultRegistry::start(Quirks::ecr(PASSWORD, &["shop/web"]))
        .await
        .unwrap();
    published(&registry);
    let host = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";
    let mut config = config(Some(login("AWS", PASSWORD)));
    let endpoint = format!("http://{}", registry.host());
    config.endpoints.insert(host.to_owned(), endpoint);
    let client = Client::new(config).unwrap();
    let reference: Reference = format!("{host}/shop/web:v1").parse().unwrap();
    assert!(client.head_manifest(&reference).await.unwrap().is_some());

    let missing: Repository = format!("{host}/shop/new").parse().unwrap();
    let text = manifest(&registry, "shop/new", "x");
    let error = client
        .put_manifest(&missing, &tag("v1"), media_type::OCI_MANIFEST, text.into())
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::RepositoryNotFound);
    let hint = error.hint().unwrap();
    assert!(hint.contains("create_repositories = true"), "{hint}");
    assert!(
        hint.contains("account 123456789012, region ap-northeast-1"),
        "{hint}"
    );

    let expired = "Your authorization token has expired. Reauthenticate and try again.";
    registry.fail(
        Requests::new("HEAD", ""),
        Fault::refuse(403, "DENIED", expired),
        1,
    );
    registry.fail(
        Requests::new("GET", ""),
        Fault::refuse(403, "DENIED", expired),
        1,
    );
    let error = client.head_manifest(&reference).await.unwrap_err();
    assert!(error.hint().unwrap().contains("ecr:GetAuthorizationToken"));
}

#[tokio::test]
async fn what_aws_said_about_a_login_is_passed_on() {
    let registry = FaultRegistry::start(Quirks::ecr(PASSWORD, &["shop/web"]))
        .await
        .unwrap();
    let aws = Aws::new(AwsSettings {
        endpoint_url: Some("http://127.0.0.1:1".to_owned()),
        credentials: Some(StaticCredentials {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: Secret::new("planted-key"),
            session_token: None,
        }),
        profile: None,
        ..AwsSettings::default()
    });
    let keychain = Keychain::new(KeychainConfig {
        aws: Some(aws),
        ..KeychainConfig::default()
    });
    let host = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";
    let mut config = ClientConfig {
        credentials: Arc::new(keychain),
        ..config(None)
    };
    let endpoint = format!("http://{}", registry.host());
    config.endpoints.insert(host.to_owned(), endpoint);
    let reference: Reference = format!("{host}/shop/web:v1").parse().unwrap();
    let client = Client::new(config).unwrap();
    let error = client.head_manifest(&reference).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Credentials);
    assert!(error.is_temporary(), "{error:?}");
    assert!(
        error.hint().unwrap().contains("AWS_ENDPOINT_URL"),
        "{error:?}"
    );
    assert_no_secrets(&error);
    assert_eq!(registry.count(&Requests::new("HEAD", "")), 0);
}
