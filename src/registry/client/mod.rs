//! The distribution API (opencontainers/distribution-spec 1.1) as async functions.
//!
//! One concern per file: `manifest`, `blob`, `upload`, `tag` and `referrers` say what is asked;
//! `transport` sends, follows redirects and repeats; `authorize`, `challenge`, `bearer` and
//! `scope` log in; `endpoint` knows where a registry is; `error` and `hint` say what went wrong.
//! Whose credentials to use is decided by the [`CredentialSource`] that is passed in.

mod answer;
mod authorize;
mod bearer;
mod blob;
mod blob_source;
mod challenge;
mod endpoint;
mod error;
mod hint;
mod manifest;
mod redact;
mod referrers;
mod retry;
mod scope;
mod tag;
#[cfg(test)]
mod tests;
mod transport;
mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use launchway_buildkit::CredentialSource;

use authorize::Authenticator;
use endpoint::Endpoints;
pub(super) use endpoint::is_loopback;
use transport::Http;

pub use blob::BlobReader;
pub use blob_source::BlobSource;
pub use error::{Error, ErrorCode, ErrorKind};
pub use retry::RetryPolicy;
pub use upload::{PushOutcome, SMALL_BLOB};

/// How a [`Client`] is made.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Where logins come from, asked with the host as it stands in references.
    pub credentials: Arc<dyn CredentialSource>,
    /// Base URLs of registries by the host that stands in references: for VPC endpoints, and for
    /// tests that use real host names. Logins are still looked up by the host.
    pub endpoints: BTreeMap<String, String>,
    /// Hosts, with their port, that are spoken to in plain HTTP. Loopback always is.
    pub insecure: BTreeSet<String>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// How failed requests are repeated.
    pub retry: RetryPolicy,
    /// How long a registry may be silent while we wait for an answer or the next bytes.
    pub timeout: Duration,
}

impl ClientConfig {
    /// The defaults: no mapped hosts, six attempts, a minute of silence.
    pub fn new(credentials: Arc<dyn CredentialSource>) -> Self {
        Self {
            credentials,
            endpoints: BTreeMap::new(),
            insecure: BTreeSet::new(),
            user_agent: concat!("launchway/", env!("CARGO_PKG_VERSION")).to_owned(),
            retry: RetryPolicy::default(),
            timeout: Duration::from_mins(1),
        }
    }
}

/// A configuration that no client can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The endpoint of a host is no URL.
    #[error("the endpoint `{endpoint}` of the registry {host} is not an http:// or https:// URL")]
    Endpoint {
        /// The registry host.
        host: String,
        /// What was configured.
        endpoint: String,
    },
}

/// A client for any number of registries. Cheap to clone; clones share connections, what is
/// known about each registry, and tokens.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: Http,
    endpoints: Endpoints,
    authenticator: Authenticator,
    retry: RetryPolicy,
}

impl Client {
    /// Checks the configuration. Connects to nothing yet.
    pub fn new(config: ClientConfig) -> Result<Self, ConfigError> {
        let endpoints = Endpoints::new(&config.endpoints, &config.insecure)?;
        Ok(Self {
            inner: Arc::new(Inner {
                http: Http::new(config.user_agent, config.timeout),
                endpoints,
                authenticator: Authenticator::new(config.credentials),
                retry: config.retry,
            }),
        })
    }
}
