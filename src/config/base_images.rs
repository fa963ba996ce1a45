//! `base_images { … }`: where base images are pulled from instead of the registries that Dockerfiles
//! name: pull-through caches and mirrors.

use std::collections::BTreeMap;

use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;
use crate::registry::{InvalidReference, Repository};

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &["mirrors"];

/// `base_images { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseImages {
    /// `mirrors = { "docker.io" = "HOST/PREFIX" }`: by the registry's host as references show it,
    /// what stands instead of it. `HOST` alone is a mirror with the same repositories.
    pub mirrors: BTreeMap<String, String>,
}

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, _: &Names<'_>) -> Result<BaseImages, Fault> {
    let fault = |message: String| reader.fault("mirrors", &message);
    let mut mirrors = BTreeMap::new();
    for (registry, mirror) in reader.map("mirrors")? {
        let host = registry_host(&registry).ok_or_else(|| {
            fault(format!("{registry:?} is no registry's host name"))
                .help("write the host alone, for example \"docker.io\" or \"quay.io\"")
        })?;
        let prefix = prefix(&mirror).map_err(|problem| fault(problem).help(PREFIX_HELP))?;
        if mirrors.insert(host.clone(), prefix).is_some() {
            return Err(fault(format!("{host} has a mirror already")));
        }
    }
    // BuildKit would rewrite what it has rewritten, until it gives up.
    for (registry, mirror) in &mirrors {
        let (host, _) = mirror.split_once('/').unwrap_or((mirror, ""));
        if mirrors.contains_key(host) {
            let message = format!("the mirror of {registry} is on {host}, which has a mirror too");
            return Err(fault(message).help("mirrors do not follow one another"));
        }
    }
    Ok(BaseImages { mirrors })
}

const PREFIX_HELP: &str = "write HOST/PREFIX, for example \
                           \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub\"";

/// A path that every registry takes, to read a host or a prefix as part of a name.
const ANY: &str = "library/any";

/// A host as references show it: Docker Hub has several names.
fn registry_host(text: &str) -> Option<String> {
    if text == "registry-1.docker.io" {
        return Some("docker.io".to_owned());
    }
    let repository: Repository = format!("{text}/{ANY}").parse().ok()?;
    // A word without dot and port is the first part of a repository of Docker Hub.
    (repository.path() == ANY).then(|| repository.host().to_owned())
}

/// `HOST[/PREFIX]`, without a slash at its end.
fn prefix(text: &str) -> Result<String, String> {
    let trimmed = text.strip_suffix('/').unwrap_or(text);
    let read = format!("{trimmed}/{ANY}").parse();
    let repository: Repository = read.map_err(|error: InvalidReference| {
        let problem = error.problem.to_string();
        let problem = problem.replace(&format!("/{ANY}"), "");
        format!("{text:?} is no repository prefix: {problem}")
    })?;
    let host = repository.host();
    if !trimmed.starts_with(host) && host == "docker.io" {
        return Err(format!("{text:?} does not begin with a registry's host"));
    }
    let path = repository.path().strip_suffix(ANY).unwrap_or_default();
    Ok(format!("{host}/{path}").trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_hosts() {
        for (text, expected) in [
            ("docker.io", Some("docker.io")),
            ("index.docker.io", Some("docker.io")),
            ("registry-1.docker.io", Some("docker.io")),
            ("localhost", Some("localhost")),
            ("localhost:5000", Some("localhost:5000")),
            ("[::1]:5000", Some("[::1]:5000")),
            ("hub", None),
            ("docker.io/library", None),
            ("https://docker.io", None),
            ("docker.io:x", None),
            ("*.io", None),
            ("", None),
        ] {
            assert_eq!(registry_host(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn mirrors_begin_with_a_host() {
        for (text, expected) in [
            ("a.example/docker-hub", Some("a.example/docker-hub")),
            ("a.example/docker-hub/", Some("a.example/docker-hub")),
            ("a.example:5000", Some("a.example:5000")),
            ("localhost/a/b", Some("localhost/a/b")),
            ("docker-hub", None),
            ("a.example/Docker", None),
            ("a.example/docker-hub:1", None),
            ("a.example/a//b", None),
            ("a.example//", None),
            ("https://a.example/x", None),
            ("a.example/${1}", None),
            ("", None),
        ] {
            assert_eq!(prefix(text).ok().as_deref(), expected, "{text}");
        }
    }
}
