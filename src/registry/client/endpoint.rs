//! Where a registry's API is: mapped hosts (D12), plain HTTP for loopback, HTTPS otherwise.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Url;

use super::ConfigError;
use crate::registry::Repository;

/// Base URLs by host, checked once.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoints {
    mapped: BTreeMap<String, Url>,
    insecure: BTreeSet<String>,
}

impl Endpoints {
    /// Checks the mapping: every value is an http or https URL with a host.
    pub(super) fn new(
        mapping: &BTreeMap<String, String>,
        insecure: &BTreeSet<String>,
    ) -> Result<Self, ConfigError> {
        let mut mapped = BTreeMap::new();
        for (host, endpoint) in mapping {
            let url = Url::parse(endpoint)
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
                .ok_or_else(|| ConfigError::Endpoint {
                    host: host.clone(),
                    endpoint: endpoint.clone(),
                })?;
            mapped.insert(host.clone(), url);
        }
        Ok(Self {
            mapped,
            insecure: insecure.clone(),
        })
    }

    /// The API's root, `…/v2/`, on the registry of `repository`.
    pub(super) fn root(&self, repository: &Repository) -> Result<Url, ConfigError> {
        let host = repository.host();
        if let Some(base) = self.mapped.get(host) {
            let mut url = base.clone();
            url.set_path(&format!("{}/v2/", base.path().trim_end_matches('/')));
            return Ok(url);
        }
        let scheme = if is_loopback(host) || self.insecure.contains(host) {
            "http"
        } else {
            "https"
        };
        let endpoint = format!("{scheme}://{}/v2/", repository.api_host());
        Url::parse(&endpoint).map_err(|_| ConfigError::Endpoint {
            host: host.to_owned(),
            endpoint,
        })
    }
}

/// Whether a host (with an optional port) is this machine. As with Docker, such registries are
/// spoken to in plain HTTP, and never through a proxy.
pub(in crate::registry) fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether credentials for one URL may be sent to the other.
pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_plain_and_the_rest_is_not() {
        let insecure = BTreeSet::from(["lab.example:80".to_owned()]);
        let mapping = BTreeMap::from([(
            "1.dkr.ecr.eu-west-1.amazonaws.com".to_owned(),
            "http://127.0.0.1:5000/prefix/".to_owned(),
        )]);
        let endpoints = Endpoints::new(&mapping, &insecure).unwrap();
        for (repository, expected) in [
            ("localhost:5000/x", "http://localhost:5000/v2/"),
            ("127.1.2.3/x", "http://127.1.2.3/v2/"),
            ("[::1]:5000/x", "http://[::1]:5000/v2/"),
            ("lab.example:80/x", "http://lab.example/v2/"),
            ("ghcr.io/a/b", "https://ghcr.io/v2/"),
            ("debian", "https://registry-1.docker.io/v2/"),
            (
                "1.dkr.ecr.eu-west-1.amazonaws.com/a/b",
                "http://127.0.0.1:5000/prefix/v2/",
            ),
        ] {
            let repository: Repository = repository.parse().unwrap();
            let url = endpoints.root(&repository).unwrap();
            assert_eq!(url.as_str(), expected);
        }
    }

    #[test]
    fn a_mapping_must_be_a_url() {
        for endpoint in ["127.0.0.1:5000", "ftp://x", "http://", "unix:///x"] {
            let mapping = BTreeMap::from([("a.example".to_owned(), endpoint.to_owned())]);
            let error = Endpoints::new(&mapping, &BTreeSet::new()).unwrap_err();
            assert!(error.to_string().contains(endpoint), "{error}");
        }
    }
}
