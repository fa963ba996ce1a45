//! Docker's config.json, as far as it is about logins: `auths`, `credHelpers`, `credsStore`.
//!
//! Pure: from the file's text to what to do for a host. The format is docker/cli's
//! `cli/config/configfile`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use launchway_buildkit::{Credential, Secret};
use serde::Deserialize;

/// Under what name Docker Hub's login is kept.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The logins of a config.json.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Login>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default)]
    creds_store: String,
}

/// One entry of `auths`. Its `Debug` would print passwords, so there is none.
#[derive(Default, Deserialize)]
struct Login {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    identitytoken: String,
}

/// A config.json could not be used.
#[derive(Debug, thiserror::Error)]
#[error("the Docker configuration {} cannot be used", path.display())]
pub struct DockerConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub problem: DockerConfigProblem,
}

/// What is wrong with a config.json.
#[derive(Debug, thiserror::Error)]
pub enum DockerConfigProblem {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// It is no JSON, or a member has the wrong type; says line and column.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// `auth` is not what it should be. Its text is secret, so it is not shown.
    #[error("`auth` of {host} is not a user name and password, joined by `:`, in Base64")]
    Auth {
        /// The key in `auths`.
        host: String,
    },
}

/// Where a host's login is.
#[derive(Debug, PartialEq)]
pub(super) enum Lookup {
    /// In the file itself.
    Found(Credential),
    /// In a helper, which is asked for `server`; and in the file, if the helper has nothing.
    Helper {
        /// The helper's name, without `docker-credential-`.
        name: String,
        /// What to ask it for.
        server: String,
        /// What the file has.
        otherwise: Option<Credential>,
    },
    /// Nowhere.
    Nowhere,
}

impl DockerConfig {
    pub(super) fn parse(text: &[u8]) -> Result<Self, DockerConfigProblem> {
        Ok(serde_json::from_slice(text)?)
    }

    /// What to do for a registry host. A helper for the host goes before the general store, and
    /// that before the file, as in Docker.
    pub(super) fn lookup(&self, host: &str) -> Result<Lookup, DockerConfigProblem> {
        let host = canonical(host);
        let server = if host == "index.docker.io" {
            DOCKER_HUB
        } else {
            host
        };
        let stored = self.stored(host)?;
        let own = self
            .cred_helpers
            .iter()
            .find(|(key, _)| canonical(key) == host);
        let (name, server) = match own {
            Some((key, name)) => (name, key.as_str()),
            None => (&self.creds_store, server),
        };
        if !name.is_empty() {
            return Ok(Lookup::Helper {
                name: name.clone(),
                server: server.to_owned(),
                otherwise: stored,
            });
        }
        Ok(stored.map_or(Lookup::Nowhere, Lookup::Found))
    }

    fn stored(&self, host: &str) -> Result<Option<Credential>, DockerConfigProblem> {
        // Exact keys before those that only mean the same host.
        let exact = self.auths.get_key_value(host);
        let entry = exact.or_else(|| self.auths.iter().find(|(key, _)| canonical(key) == host));
        let Some((key, login)) = entry else {
            return Ok(None);
        };
        if !login.identitytoken.is_empty() {
            return Ok(Some(Credential {
                username: String::new(),
                secret: Secret::new(login.identitytoken.as_str()),
            }));
        }
        if !login.auth.is_empty() {
            let problem = || DockerConfigProblem::Auth { host: key.clone() };
            return decode(&login.auth).map(Some).ok_or_else(problem);
        }
        let found = !login.username.is_empty();
        Ok(found.then(|| Credential {
            username: login.username.clone(),
            secret: Secret::new(login.password.as_str()),
        }))
    }
}

/// The host of a key, which old versions of Docker wrote as a URL; one name for Docker Hub's.
fn canonical(key: &str) -> &str {
    let bare = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    let host = bare.split_once('/').map_or(bare, |(host, _)| host);
    match host {
        "docker.io" | "registry-1.docker.io" => "index.docker.io",
        host => host,
    }
}

fn decode(auth: &str) -> Option<Credential> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&STANDARD, lenient).decode(auth).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (username, password) = text.split_once(':')?;
    (!username.is_empty()).then(|| Credential {
        username: username.to_owned(),
        secret: Secret::new(password.trim_end_matches('\0')),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(config: &str, host: &str) -> Result<Lookup, DockerConfigProblem> {
        DockerConfig::parse(config.as_bytes())?.lookup(host)
    }

    fn login(username: &str, password: &str) -> Credential {
        Credential {
            username: username.to_owned(),
            secret: Secret::new(password),
        }
    }

    #[test]
    fn finds_logins_under_every_spelling_of_a_host() {
        // me:s3cret:with:colons
        let auth = r#"{"auth":"bWU6czNjcmV0OndpdGg6Y29sb25z"}"#;
        let expected = Lookup::Found(login("me", "s3cret:with:colons"));
        for (key, host) in [
            ("ghcr.io", "ghcr.io"),
            ("https://ghcr.io", "ghcr.io"),
            ("https://ghcr.io/v2/", "ghcr.io"),
            ("http://127.0.0.1:5000", "127.0.0.1:5000"),
            ("https://index.docker.io/v1/", "docker.io"),
            ("https://index.docker.io/v1/", "registry-1.docker.io"),
            ("docker.io", "index.docker.io"),
        ] {
            let config = format!(r#"{{"auths":{{"{key}":{auth}}},"other":1}}"#);
            assert_eq!(lookup(&config, host).unwrap(), expected, "{key}");
            let found = lookup(&config, "elsewhere.example").unwrap();
            assert_eq!(found, Lookup::Nowhere);
        }
    }

    #[test]
    fn takes_every_form_of_login() {
        for (entry, expected) in [
            (r#"{"auth":"bWU6cA"}"#, Lookup::Found(login("me", "p"))),
            (r#"{"auth":"bWU6cA=="}"#, Lookup::Found(login("me", "p"))),
            (
                r#"{"username":"me","password":"p"}"#,
                Lookup::Found(login("me", "p")),
            ),
            (
                r#"{"auth":"bWU6cA==","identitytoken":"it"}"#,
                Lookup::Found(login("", "it")),
            ),
            ("{}", Lookup::Nowhere),
        ] {
            let config = format!(r#"{{"auths":{{"a.example":{entry}}}}}"#);
            assert_eq!(lookup(&config, "a.example").unwrap(), expected, "{entry}");
        }
    }

    #[test]
    fn helpers_go_before_the_file() {
        let config = r#"{
            "auths": {"a.example": {"auth": "bWU6cA=="}},
            "credHelpers": {"a.example": "own", "https://b.example": "b", "c.example": ""},
            "credsStore": "store"
        }"#;
        let helper = |host: &str| match lookup(config, host).unwrap() {
            Lookup::Helper {
                name,
                server,
                otherwise,
            } => (name, server, otherwise),
            other => panic!("{other:?}"),
        };
        let text = str::to_owned;
        assert_eq!(
            helper("a.example"),
            (text("own"), text("a.example"), Some(login("me", "p")))
        );
        assert_eq!(
            helper("b.example"),
            (text("b"), text("https://b.example"), None)
        );
        assert_eq!(lookup(config, "c.example").unwrap(), Lookup::Nowhere);
        assert_eq!(helper("docker.io"), (text("store"), text(DOCKER_HUB), None));
    }

    #[test]
    fn says_what_is_wrong_without_the_secret() {
        for (config, expected) in [
            ("{\n  \"auths\": [", "line 2 column"),
            (r#"{"auths":{"a.example":{"auth":1}}}"#, "line 1 column"),
            (
                r#"{"auths":{"a.example":{"auth":"c2VjcmV0"}}}"#,
                "`auth` of a.example",
            ),
            (
                r#"{"auths":{"a.example":{"auth":"!secret!"}}}"#,
                "`auth` of a.example",
            ),
        ] {
            let message = lookup(config, "a.example").unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("secret"), "{message}");
            assert!(!message.contains("c2Vj"), "{message}");
        }
    }
}
