//! A registry and a client for this module's tests.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use launchway_buildkit::{Credential, CredentialError, CredentialSource};

use crate::registry::fault::{FaultRegistry, Quirks};
use crate::registry::{Client, ClientConfig, RetryPolicy};

#[derive(Debug)]
struct NoLogin;

impl CredentialSource for NoLogin {
    fn credential<'a>(
        &'a self,
        _host: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        async { Ok(None) }.boxed()
    }
}

/// A client that repeats nothing.
pub(super) fn client() -> Client {
    let retry = RetryPolicy {
        attempts: 1,
        ..RetryPolicy::default()
    };
    let config = ClientConfig {
        retry,
        ..ClientConfig::new(Arc::new(NoLogin))
    };
    Client::new(config).unwrap()
}

pub(super) async fn registry() -> FaultRegistry {
    FaultRegistry::start(Quirks::default()).await.unwrap()
}
