//! Image references: `[host/]repository[:tag][@digest]`, read with Docker's rules for short
//! names (distribution/reference): no host means docker.io, and one word there `library/…`.
//!
//! Displayed in full always, so that two spellings of one image compare and print equal.

use std::fmt;
use std::str::FromStr;

use super::tag::{InvalidTag, Tag};
use crate::image::{Digest, InvalidDigest};

/// The host that short names mean.
const DOCKER_HUB: &str = "docker.io";
/// Where docker.io's distribution API is.
const DOCKER_HUB_API: &str = "registry-1.docker.io";
/// The longest `host/repository`.
const MAX_NAME: usize = 255;

/// A repository on a registry: `host/path`, without tag and digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    host: String,
    path: String,
}

/// An image in a repository, by tag, digest, both, or neither (which means `latest`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

/// What the distribution API is asked for: a tag or a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceTarget {
    /// Whatever the tag points at.
    Tag(Tag),
    /// The document with this digest.
    Digest(Digest),
}

/// The text is not an image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an image reference")]
pub struct InvalidReference {
    /// What was read.
    pub text: String,
    /// What is wrong with it.
    #[source]
    pub problem: ReferenceProblem,
}

/// What is wrong with a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceProblem {
    /// There is no repository name.
    #[error("the repository name is missing")]
    NoRepository,
    /// A URL was given.
    #[error("leave `{scheme}://` out; a reference begins with the registry's host name")]
    HasScheme {
        /// The scheme that was found.
        scheme: String,
    },
    /// The host has characters that no host has.
    #[error("`{host}` is not a host name with an optional port")]
    BadHost {
        /// What stands before the first slash.
        host: String,
    },
    /// Repository names are lower-case.
    #[error("repository names are lower-case, so write `{suggestion}`")]
    UpperCase {
        /// The same in lower case.
        suggestion: String,
    },
    /// A part of the path is malformed.
    #[error(
        "`{component}` is not a repository name; its parts are lower-case letters and digits, \
         separated by `.`, `_`, `__` or `-`"
    )]
    BadComponent {
        /// The part between slashes, possibly empty.
        component: String,
    },
    /// The name has more than 255 characters.
    #[error("the name has {length} characters; at most {MAX_NAME} are allowed")]
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// The name reads as an image ID.
    #[error("64 hex digits name an image ID, not a repository")]
    ImageId,
    /// A repository was expected, without tag and digest.
    #[error("a repository without `{found}` is expected here")]
    NotBare {
        /// The tag or digest with its separator.
        found: String,
    },
    /// The tag is malformed.
    #[error(transparent)]
    Tag(#[from] InvalidTag),
    /// The digest is malformed.
    #[error(transparent)]
    Digest(#[from] InvalidDigest),
}

impl Repository {
    /// The registry as it stands in references: `docker.io`, `127.0.0.1:5000`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The repository on that registry: `library/debian`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where the distribution API is, which differs from [`Self::host`] for Docker Hub alone.
    pub fn api_host(&self) -> &str {
        if self.host == DOCKER_HUB {
            DOCKER_HUB_API
        } else {
            &self.host
        }
    }

    /// This repository's image with a tag.
    pub fn with_tag(&self, tag: Tag) -> Reference {
        Reference {
            repository: self.clone(),
            tag: Some(tag),
            digest: None,
        }
    }

    /// This repository's image with a digest.
    pub fn with_digest(&self, digest: Digest) -> Reference {
        Reference {
            repository: self.clone(),
            tag: None,
            digest: Some(digest),
        }
    }

    /// This repository's image with a tag or digest.
    pub fn with_target(&self, target: ReferenceTarget) -> Reference {
        match target {
            ReferenceTarget::Tag(tag) => self.with_tag(tag),
            ReferenceTarget::Digest(digest) => self.with_digest(digest),
        }
    }
}

impl Reference {
    /// The repository, without tag and digest.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag as written.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest as written.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// What to ask a registry for: the digest if there is one, else the tag, else `latest`.
    pub fn target(&self) -> ReferenceTarget {
        match (self.digest, &self.tag) {
            (Some(digest), _) => ReferenceTarget::Digest(digest),
            (None, Some(tag)) => ReferenceTarget::Tag(tag.clone()),
            (None, None) => ReferenceTarget::Tag(Tag::latest()),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.repository.fmt(f)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ReferenceTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl FromStr for Repository {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let reference: Reference = text.parse()?;
        let found = match (&reference.tag, reference.digest) {
            (None, None) => return Ok(reference.repository),
            (Some(tag), _) => format!(":{tag}"),
            (None, Some(digest)) => format!("@{digest}"),
        };
        Err(InvalidReference {
            text: text.to_owned(),
            problem: ReferenceProblem::NotBare { found },
        })
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|problem| InvalidReference {
            text: text.to_owned(),
            problem,
        })
    }
}

fn parse(text: &str) -> Result<Reference, ReferenceProblem> {
    if let Some((scheme, _)) = text.split_once("://") {
        let scheme = scheme.to_owned();
        return Err(ReferenceProblem::HasScheme { scheme });
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.parse()?)),
        None => (text, None),
    };
    let (host, rest) = split_host(rest);
    let (path, tag) = match rest.rsplit_once(':') {
        Some((path, tag)) => (path, Some(Tag::new(tag)?)),
        None => (rest, None),
    };
    let repository = repository(host, path)?;
    Ok(Reference {
        repository,
        tag,
        digest,
    })
}

/// Docker's rule: what stands before the first slash is a host if it has a dot, a colon or an
/// upper-case letter, or is `localhost`.
fn split_host(text: &str) -> (Option<&str>, &str) {
    match text.split_once('/') {
        Some((first, rest))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.contains(|c: char| c.is_ascii_uppercase()) =>
        {
            (Some(first), rest)
        }
        _ => (None, text),
    }
}

fn repository(host: Option<&str>, path: &str) -> Result<Repository, ReferenceProblem> {
    if path.is_empty() {
        return Err(ReferenceProblem::NoRepository);
    }
    let host = match host {
        None | Some("index.docker.io") => DOCKER_HUB,
        Some(host) if is_host(host) => host,
        Some(host) => {
            let host = host.to_owned();
            return Err(ReferenceProblem::BadHost { host });
        }
    };
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let suggestion = path.to_ascii_lowercase();
        return Err(ReferenceProblem::UpperCase { suggestion });
    }
    if let Some(component) = path.split('/').find(|part| !is_component(part)) {
        let component = component.to_owned();
        return Err(ReferenceProblem::BadComponent { component });
    }
    if path.len() == 64 && path.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ReferenceProblem::ImageId);
    }
    let path = if host == DOCKER_HUB && !path.contains('/') {
        format!("library/{path}")
    } else {
        path.to_owned()
    };
    let length = host.len() + 1 + path.len();
    if length > MAX_NAME {
        return Err(ReferenceProblem::TooLong { length });
    }
    Ok(Repository {
        host: host.to_owned(),
        path,
    })
}

/// A host name, IPv4 address or bracketed IPv6 address, with an optional port.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            ("", port)
        }
        None => match text.split_once(':') {
            Some((name, _)) => (name, &text[name.len()..]),
            None => (text, ""),
        },
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let name_fits = name.is_empty() && text.starts_with('[') || name.split('.').all(label);
    let port_fits = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok());
    name_fits && port_fits
}

/// `[a-z0-9]+` joined by `.`, `_`, `__` or any number of `-`.
fn is_component(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    if !alphanumeric(*first) || !alphanumeric(*last) {
        return false;
    }
    bytes
        .split(|byte| alphanumeric(*byte))
        .all(|separator| match separator {
            [] | [b'.' | b'_'] | [b'_', b'_'] => true,
            dashes => dashes.iter().all(|byte| *byte == b'-'),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn completes_short_names_as_docker_does() {
        for (text, expected) in [
            ("debian", "docker.io/library/debian"),
            ("debian:12", "docker.io/library/debian:12"),
            ("docker.io/debian", "docker.io/library/debian"),
            ("index.docker.io/debian", "docker.io/library/debian"),
            ("acme/web", "docker.io/acme/web"),
            ("localhost/web", "localhost/web"),
            ("localhost:5000", "docker.io/library/localhost:5000"),
            ("localhost:5000/web:1", "localhost:5000/web:1"),
            ("[::1]:5000/web", "[::1]:5000/web"),
            ("ghcr.io/acme/web/api", "ghcr.io/acme/web/api"),
            ("x/a__b.c---d/e_f", "docker.io/x/a__b.c---d/e_f"),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string(), expected, "{text}");
            assert_eq!(expected.parse::<Reference>().unwrap(), reference);
        }
    }

    #[test]
    fn keeps_tag_and_digest_and_prefers_the_digest() {
        let text = format!("127.0.0.1:5000/shop/web:v1@{DIGEST}");
        let reference: Reference = text.parse().unwrap();
        assert_eq!(reference.to_string(), text);
        assert_eq!(reference.tag().unwrap().as_str(), "v1");
        assert_eq!(reference.target().to_string(), DIGEST);
        assert_eq!(reference.repository().host(), "127.0.0.1:5000");
        assert_eq!(reference.repository().path(), "shop/web");

        let bare: Reference = "acme/web".parse().unwrap();
        assert_eq!(bare.target().to_string(), "latest");
        assert_eq!(bare.repository().api_host(), "registry-1.docker.io");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, expected) in [
            ("", "repository name is missing"),
            ("ghcr.io/", "repository name is missing"),
            ("https://ghcr.io/x", "leave `https://` out"),
            ("ghcr.io/Acme/Web", "write `acme/web`"),
            ("Web", "write `web`"),
            ("ghcr.io//web", "`` is not a repository name"),
            ("acme/-web", "`-web` is not a repository name"),
            ("acme/we..b", "`we..b` is not a repository name"),
            ("acme/web_", "`web_` is not a repository name"),
            ("acme/we b", "`we b` is not a repository name"),
            ("bad_host.io/web", "`bad_host.io` is not a host name"),
            ("host:99999/web", "`host:99999` is not a host name"),
            ("[::zz]:1/web", "`[::zz]:1` is not a host name"),
            ("acme/web:", "tag cannot be empty"),
            ("acme/web:a+b", "contains `+`"),
            ("acme/web@sha256:12", "is not a digest"),
            ("acme/web@", "is not a digest"),
            (&DIGEST[7..], "64 hex digits"),
        ] {
            let error = text.parse::<Reference>().unwrap_err();
            let message = error.problem.to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
        let long = format!("ghcr.io/{}", "x".repeat(300));
        let error = long.parse::<Reference>().unwrap_err();
        assert_eq!(error.problem, ReferenceProblem::TooLong { length: 308 });
    }

    #[test]
    fn a_repository_has_neither_tag_nor_digest() {
        let error = "ghcr.io/x:1".parse::<Repository>().unwrap_err();
        assert!(error.problem.to_string().contains("`:1`"));
        let error = format!("ghcr.io/x@{DIGEST}")
            .parse::<Repository>()
            .unwrap_err();
        assert!(error.problem.to_string().contains("@sha256:"));
        let repository: Repository = "ghcr.io/x".parse().unwrap();
        let reference = repository.with_tag(Tag::latest());
        assert_eq!(reference.to_string(), "ghcr.io/x:latest");
    }
}
