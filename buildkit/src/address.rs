//! Where a daemon listens.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The address of a BuildKit daemon, as in `BUILDKIT_HOST`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// `unix:///run/buildkit/buildkitd.sock`.
    Unix(PathBuf),
    /// `tcp://host:port`, kept as `host:port`. Not encrypted.
    Tcp(String),
}

/// Text that is not an address this client can connect to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid BuildKit address {address:?}: {reason}")]
pub struct InvalidAddress {
    /// What was given.
    pub address: String,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

/// Schemes that buildx and buildctl know and this client does not.
const OTHER_SCHEMES: [(&str, &str); 6] = [
    ("docker-container", "a builder inside a Docker container"),
    ("podman-container", "a builder inside a Podman container"),
    ("nerdctl-container", "a builder inside a nerdctl container"),
    ("kube-pod", "a builder inside a Kubernetes pod"),
    ("ssh", "a builder over SSH"),
    ("npipe", "a Windows named pipe"),
];

impl Address {
    /// Reads `unix:///path` or `tcp://host:port`.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let invalid = |reason: String| InvalidAddress {
            address: text.to_owned(),
            reason,
        };
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(invalid(
                "expected unix:///path/to/socket or tcp://host:port".to_owned(),
            ));
        };
        match scheme {
            "unix" if Path::new(rest).is_absolute() => Ok(Self::Unix(PathBuf::from(rest))),
            "unix" => Err(invalid(
                "the path of a socket must be absolute: unix:///path/to/socket".to_owned(),
            )),
            "tcp" => tcp(rest).map(Self::Tcp).map_err(invalid),
            other => Err(invalid(
                match OTHER_SCHEMES.iter().find(|known| known.0 == other) {
                    Some((_, what)) => {
                        format!("{what} ({other}://) is not supported; use unix:// or tcp://")
                    }
                    None => format!("unknown scheme {other:?}; use unix:// or tcp://"),
                },
            )),
        }
    }
}

/// Checks `host:port`; IPv6 addresses stand in brackets.
fn tcp(rest: &str) -> Result<String, String> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#', '@']) || rest.contains(char::is_whitespace) {
        return Err("expected only a host and a port: tcp://host:port".to_owned());
    }
    let Some((host, port)) = rest.rsplit_once(':') else {
        return Err("the port is missing: tcp://host:port".to_owned());
    };
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if host.is_empty() || bare.is_some_and(str::is_empty) {
        return Err("the host is missing: tcp://host:port".to_owned());
    }
    if bare.is_none() && host.contains(':') {
        return Err("an IPv6 address stands in brackets: tcp://[::1]:1234".to_owned());
    }
    match port.parse::<u16>() {
        Ok(1..) => Ok(rest.to_owned()),
        _ => Err(format!("{port:?} is not a port")),
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(authority) => write!(f, "tcp://{authority}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for text in [
            "unix:///run/buildkit/buildkitd.sock",
            "tcp://127.0.0.1:1234",
            "tcp://[::1]:1234",
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, reason) in [
            ("", "expected unix:///path"),
            ("/run/buildkitd.sock", "expected unix:///path"),
            ("unix://relative/sock", "must be absolute"),
            ("tcp://host", "port is missing"),
            ("tcp://:1234", "host is missing"),
            ("tcp://[]:1234", "host is missing"),
            ("tcp://::1:1234", "in brackets"),
            ("tcp://host:0", "not a port"),
            ("tcp://host:99999", "not a port"),
            ("tcp://user@host:1234", "only a host and a port"),
            ("tcp://host:1234/path", "only a host and a port"),
            ("docker-container://builder0", "inside a Docker container"),
            ("ssh://me@host", "over SSH"),
            ("kube-pod://buildkitd-0", "Kubernetes pod"),
            ("npipe:////./pipe/buildkitd", "named pipe"),
            ("http://host:1234", "unknown scheme \"http\""),
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.reason.contains(reason), "{text}: {error}");
            assert_eq!(error.address, text);
        }
    }
}
