//! The client's behaviour on the wire, against the in-process registry.

mod blobs;
mod login;
mod manifests;
mod retries;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use launchway_buildkit::{Credential, CredentialError, CredentialSource, Secret};

use super::{Client, ClientConfig, Error, RetryPolicy};
use crate::image::{Descriptor, Digest, media_type};
use crate::registry::fault::{FaultRegistry, Login, Quirks};
use crate::registry::{Reference, ReferenceTarget, Repository, Tag};

/// What must never be seen in an error.
const PASSWORD: &str = "planted-password";

/// One login for every host.
#[derive(Debug)]
struct Fixed(Option<Credential>);

impl CredentialSource for Fixed {
    fn credential<'a>(
        &'a self,
        _host: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        async { Ok(self.0.clone()) }.boxed()
    }
}

fn login(username: &str, password: &str) -> Credential {
    Credential {
        username: username.to_owned(),
        secret: Secret::new(password),
    }
}

fn me() -> Credential {
    login("me", PASSWORD)
}

/// A client that waits only milliseconds between its four attempts.
fn config(credential: Option<Credential>) -> ClientConfig {
    ClientConfig {
        retry: RetryPolicy {
            attempts: 4,
            first_delay: Duration::from_millis(1),
            longest_delay: Duration::from_millis(5),
            longest_retry_after: Duration::from_millis(20),
        },
        ..ClientConfig::new(Arc::new(Fixed(credential)))
    }
}

fn client_with(credential: Credential) -> Client {
    Client::new(config(Some(credential))).unwrap()
}

fn client() -> Client {
    Client::new(config(None)).unwrap()
}

async fn registry() -> FaultRegistry {
    FaultRegistry::start(Quirks::default()).await.unwrap()
}

fn basic() -> Login {
    Login::Basic {
        username: "me".to_owned(),
        password: PASSWORD.to_owned(),
    }
}

fn bearer(life: u64) -> Login {
    Login::Bearer {
        username: "me".to_owned(),
        password: PASSWORD.to_owned(),
        anonymous_pull: true,
        life: Duration::from_secs(life),
    }
}

async fn registry_with(login: Login) -> FaultRegistry {
    let quirks = Quirks {
        login,
        ..Quirks::default()
    };
    FaultRegistry::start(quirks).await.unwrap()
}

fn tag(text: &str) -> ReferenceTarget {
    ReferenceTarget::Tag(Tag::new(text).unwrap())
}

fn tagged(repository: &Repository, text: &str) -> Reference {
    repository.with_target(tag(text))
}

/// An artifact manifest whose only difference to others is `name`, with its config in place.
fn manifest(registry: &FaultRegistry, repository: &str, name: &str) -> String {
    let config = registry.add_blob(repository, "{}");
    let config = Descriptor::new(media_type::OCI_EMPTY, config, 2);
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": config,
        "layers": [],
        "annotations": {"name": name},
    })
    .to_string()
}

/// A manifest under `shop/web:v1`.
fn published(registry: &FaultRegistry) -> Descriptor {
    let text = manifest(registry, "shop/web", "one");
    registry.add_manifest("shop/web", Some("v1"), media_type::OCI_MANIFEST, text)
}

fn by_digest(digest: Digest) -> ReferenceTarget {
    ReferenceTarget::Digest(digest)
}

/// Everything that a user or a log could see of an error.
fn everything(error: &Error) -> String {
    use std::error::Error as _;
    use std::fmt::Write as _;
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{:?}", error.hint());
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, "\n{cause}\n{cause:?}").unwrap();
        source = cause.source();
    }
    text
}

/// No secret that the tests plant is in an error: passwords, their Base64, tokens, signatures,
/// upload states.
#[track_caller]
fn assert_no_secrets(error: &Error) {
    let text = everything(error);
    let encoded = "bWU6cGxhbnRlZC1wYXNzd29yZA";
    for secret in ["planted-", encoded] {
        assert!(!text.contains(secret), "{secret} in: {text}");
    }
}
