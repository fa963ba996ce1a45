//! What the daemon asks a session for when a registry challenges it.

use std::error::Error;
use std::fmt;

use futures::future::BoxFuture;

use crate::Secret;

/// A login for one registry host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The user name; empty when the secret is an identity token.
    pub username: String,
    /// The password or identity token.
    pub secret: Secret,
}

/// Where credentials come from. Asked again for every challenge: a source that talks to a helper
/// or to ECR keeps its own short-lived copy (at most five minutes), so that a login that ends
/// during a long build is renewed.
pub trait CredentialSource: Send + Sync + fmt::Debug {
    /// The login for `host` (for example `registry-1.docker.io` or `127.0.0.1:5000`), or `None`
    /// for anonymous access.
    fn credential<'a>(
        &'a self,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>>;
}

/// Credentials for a host could not be looked up.
#[derive(Debug, thiserror::Error)]
#[error("no credentials for {host}")]
pub struct CredentialError {
    /// The registry host that was asked for.
    pub host: String,
    /// What went wrong.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}
