//! Registries whose API is elsewhere than their name says: `HOST=URL[,HOST=URL…]`, for VPC
//! endpoints, and for tests with real host names against a registry of their own (D12).
//!
//! References keep the registry's name everywhere: in plans, records, hand-off files and logins.
//! Only what opens connections asks here: the registry client for a base URL, and whoever writes
//! a request to a BuildKit daemon for the name that the daemon can connect to. A daemon knows no
//! such mapping of its own: its mirrors serve pulls and no pushes.

use std::collections::BTreeMap;
use std::str::FromStr;

use reqwest::Url;

use super::client::is_loopback;
use super::reference::Repository;

/// Endpoints by the host that stands in references.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointMap {
    by_host: BTreeMap<String, Endpoint>,
}

/// Where a registry's API is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    /// `http://127.0.0.1:5000/`.
    url: Url,
    /// The same as the host of a reference: `127.0.0.1:5000`.
    authority: String,
}

/// The text is not a list of hosts and endpoints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}`: {problem}")]
pub struct InvalidEndpoint {
    /// The entry between commas, without the login of a URL.
    pub entry: String,
    /// What is wrong with it.
    pub problem: EndpointProblem,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointProblem {
    /// There is no `=`.
    #[error("it is not of the form HOST=URL")]
    NoEndpoint,
    /// What stands before `=` is not a registry's host.
    #[error("the part before `=` is not a registry's host name with an optional port")]
    Host,
    /// What stands behind `=` is not a URL that a registry can be at.
    #[error("the part behind `=` is not an http:// or https:// URL")]
    Url,
    /// The URL has more than a host and a port.
    #[error("a registry's API is at the root of a host: no path, login, query or fragment")]
    NotARoot,
    /// The host stands there twice.
    #[error("this host has an endpoint already")]
    Twice,
}

impl EndpointMap {
    /// Whether every registry is where its name says.
    pub fn is_empty(&self) -> bool {
        self.by_host.is_empty()
    }

    /// Base URLs by host, as [`super::ClientConfig::endpoints`] takes them.
    pub fn urls(&self) -> BTreeMap<String, String> {
        let endpoints = self.by_host.iter();
        endpoints
            .map(|(host, endpoint)| (host.clone(), endpoint.url.to_string()))
            .collect()
    }

    /// Hosts of endpoints that speak plain HTTP although nobody would assume it of them.
    pub fn plain_http(&self) -> impl Iterator<Item = &str> {
        let endpoints = self.by_host.values();
        endpoints
            .filter(|endpoint| endpoint.url.scheme() == "http" && !is_loopback(&endpoint.authority))
            .map(|endpoint| endpoint.authority.as_str())
    }

    /// `(host, host to connect to)`, as hosts of references.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, &str)> {
        let endpoints = self.by_host.iter();
        endpoints.map(|(host, endpoint)| (host.as_str(), endpoint.authority.as_str()))
    }

    /// A reference or repository as a daemon is told it: with the host to connect to. What is no
    /// reference, or has no mapped host, stays as it is.
    pub fn to_connect_to(&self, reference: &str) -> String {
        let mapped = reference.split_once('/').and_then(|(host, rest)| {
            let endpoint = self.by_host.get(host)?;
            Some(format!("{}/{rest}", endpoint.authority))
        });
        mapped.unwrap_or_else(|| reference.to_owned())
    }

    /// The registry whose API is at `host`, as its name stands in references: whose login a daemon
    /// needs that asks for one for `host`. The first, where several have one endpoint.
    pub fn registry_at(&self, host: &str) -> Option<&str> {
        let mut endpoints = self.by_host.iter();
        endpoints
            .find(|(_, endpoint)| endpoint.authority == host)
            .map(|(name, _)| name.as_str())
    }
}

impl FromStr for EndpointMap {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut by_host = BTreeMap::new();
        for entry in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            let invalid = |problem| InvalidEndpoint {
                entry: without_login(entry),
                problem,
            };
            let (host, url) = entry
                .split_once('=')
                .ok_or_else(|| invalid(EndpointProblem::NoEndpoint))?;
            let host = host_of_references(host.trim()).map_err(invalid)?;
            let endpoint = Endpoint::parse(url.trim()).map_err(invalid)?;
            if by_host.insert(host, endpoint).is_some() {
                return Err(invalid(EndpointProblem::Twice));
            }
        }
        Ok(Self { by_host })
    }
}

/// `host` as references show it: `index.docker.io` is `docker.io`.
fn host_of_references(host: &str) -> Result<String, EndpointProblem> {
    let repository: Repository = format!("{host}/library/x")
        .parse()
        .map_err(|_| EndpointProblem::Host)?;
    // A word without dot and port is the first part of a repository on Docker Hub.
    if repository.path() != "library/x" {
        return Err(EndpointProblem::Host);
    }
    Ok(repository.host().to_owned())
}

impl Endpoint {
    fn parse(text: &str) -> Result<Self, EndpointProblem> {
        let url = Url::parse(text).map_err(|_| EndpointProblem::Url)?;
        let (true, Some(host)) = (matches!(url.scheme(), "http" | "https"), url.host_str()) else {
            return Err(EndpointProblem::Url);
        };
        let bare = url.path() == "/"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !bare {
            return Err(EndpointProblem::NotARoot);
        }
        // Always with a port: `registry` alone would be a repository of Docker Hub.
        let port = url.port_or_known_default().ok_or(EndpointProblem::Url)?;
        let authority = format!("{host}:{port}");
        host_of_references(&authority).map_err(|_| EndpointProblem::Url)?;
        Ok(Self { url, authority })
    }
}

/// An entry that can be shown: `a.example=http://user:word@b` without what stands before the `@`.
fn without_login(entry: &str) -> String {
    match (entry.split_once("://"), entry.rsplit_once('@')) {
        (Some((before, _)), Some((_, host))) => format!("{before}://{host}"),
        _ => entry.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECR: &str = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";

    fn map(text: &str) -> EndpointMap {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_mapped_for_connections_alone() {
        let map = map(&format!(
            "{ECR}=http://127.0.0.1:5000, index.docker.io=https://hub.vpce.example/,,a.example:80=http://registry"
        ));
        for (reference, expected) in [
            (
                format!("{ECR}/shop/web:1@sha256:00"),
                "127.0.0.1:5000/shop/web:1@sha256:00",
            ),
            (
                "docker.io/library/debian".to_owned(),
                "hub.vpce.example:443/library/debian",
            ),
            ("a.example:80/x".to_owned(), "registry:80/x"),
            ("a.example/x".to_owned(), "a.example/x"),
            (ECR.to_owned(), ECR),
        ] {
            assert_eq!(map.to_connect_to(&reference), expected);
        }
        assert_eq!(map.plain_http().collect::<Vec<_>>(), ["registry:80"]);
        assert_eq!(map.registry_at("127.0.0.1:5000"), Some(ECR));
        assert_eq!(map.registry_at(ECR), None);
        assert_eq!(map.urls()[ECR], "http://127.0.0.1:5000/");
        assert!("".parse::<EndpointMap>().unwrap().is_empty());
    }

    #[test]
    fn bad_entries_say_what_is_wrong() {
        use EndpointProblem::{Host, NoEndpoint, NotARoot, Twice, Url};
        for (text, problem) in [
            ("a.example", NoEndpoint),
            ("=http://b.example", Host),
            ("word=http://b.example", Host),
            ("a.example/x=http://b.example", Host),
            ("https://a.example=http://b.example", Host),
            ("a.example=b.example:80", Url),
            ("a.example=127.0.0.1:5000", Url),
            ("a.example=ftp://b.example", Url),
            ("a.example=http://", Url),
            ("a.example=http://b.example/v2", NotARoot),
            ("a.example=http://me:planted@b.example", NotARoot),
            ("a.example=http://b.example?x=1", NotARoot),
            ("a.example=http://b,a.example=http://c", Twice),
        ] {
            let error = text.parse::<EndpointMap>().unwrap_err();
            assert_eq!(error.problem, problem, "{text}");
            assert!(!error.to_string().contains("planted"), "{error}");
        }
    }
}
