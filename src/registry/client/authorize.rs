//! Which `Authorization` header a request needs. What a registry wants is learned once per host,
//! and a token is fetched once per set of scopes, however many requests wait for it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use launchway_buildkit::{Credential, CredentialSource, Secret};
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode, Url};

use super::bearer::{self, Token};
use super::challenge::{self, Challenge};
use super::scope::ScopeSet;
use super::transport::{Http, Payload};
use super::{Error, ErrorKind};
use crate::registry::Repository;
use crate::registry::once::OnceMap;

/// What is known about logging in, for all registries.
#[derive(Debug)]
pub(super) struct Authenticator {
    credentials: Arc<dyn CredentialSource>,
    challenges: OnceMap<String, Challenge, Error>,
    tokens: OnceMap<(String, ScopeSet), Token, Error>,
}

/// For whom and for what a header is needed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose<'a> {
    pub(super) repository: &'a Repository,
    pub(super) scopes: &'a ScopeSet,
    /// The registry's `/v2/`.
    pub(super) root: &'a Url,
}

/// A header, and what went into it.
#[derive(Clone, Debug, Default)]
pub(super) struct Authorization {
    pub(super) header: Option<HeaderValue>,
    secrets: Vec<Secret>,
    token: Option<Secret>,
    anonymous: bool,
}

impl Authorization {
    /// What must not be repeated in an error.
    pub(super) fn secrets(&self) -> Vec<&str> {
        self.secrets.iter().map(Secret::expose).collect()
    }
}

impl Authenticator {
    pub(super) fn new(credentials: Arc<dyn CredentialSource>) -> Self {
        Self {
            credentials,
            challenges: OnceMap::default(),
            tokens: OnceMap::default(),
        }
    }

    /// The header for a request, after asking the registry how it wants it, if need be.
    pub(super) async fn authorize(
        &self,
        http: &Http,
        purpose: Purpose<'_>,
    ) -> Result<Authorization, Error> {
        let host = purpose.repository.host().to_owned();
        let challenge = self
            .challenges
            .get(host, |_| true, ping(http, purpose.root))
            .await?;
        self.meet(http, purpose, &challenge, None).await
    }

    /// A header to answer a 401 with, or `None` if there is nothing that was not tried. `used` is
    /// what the refused request carried.
    pub(super) async fn again(
        &self,
        http: &Http,
        purpose: Purpose<'_>,
        headers: &HeaderMap,
        used: &Authorization,
    ) -> Result<Option<Authorization>, Error> {
        let Some(challenge) = chosen(headers) else {
            return Ok(None);
        };
        let host = purpose.repository.host().to_owned();
        let known = self
            .challenges
            .get(host, |known| known == &challenge, async {
                Ok(challenge.clone())
            })
            .await?;
        let next = self
            .meet(http, purpose, &known, used.token.as_ref())
            .await?;
        Ok((next.header.is_some() && next.header != used.header).then_some(next))
    }

    /// Why a request was refused that carried `used`.
    pub(super) fn refused(repository: &Repository, used: &Authorization, error: Error) -> Error {
        if used.anonymous {
            let host = repository.host().to_owned();
            return error.with_kind(ErrorKind::NoCredentials { host });
        }
        error
    }

    async fn meet(
        &self,
        http: &Http,
        purpose: Purpose<'_>,
        challenge: &Challenge,
        refused: Option<&Secret>,
    ) -> Result<Authorization, Error> {
        let bearer = match challenge {
            Challenge::None => {
                return Ok(Authorization {
                    anonymous: true,
                    ..Authorization::default()
                });
            }
            Challenge::Basic => {
                let login = self.credential(purpose).await?;
                return Ok(Authorization {
                    header: login.as_ref().and_then(basic),
                    anonymous: login.is_none(),
                    secrets: login.iter().flat_map(shown_forms).collect(),
                    token: None,
                });
            }
            Challenge::Bearer(bearer) => bearer,
        };
        let login = self.credential(purpose).await?;
        let key = (purpose.repository.host().to_owned(), purpose.scopes.clone());
        let mut scopes = purpose.scopes.clone();
        if let Some(asked) = &bearer.scope {
            scopes.add_text(asked);
        }
        let fresh = |token: &Token| token.is_fresh() && Some(&token.secret) != refused;
        let fetch = bearer::fetch(http, bearer, &scopes, login.as_ref(), purpose.root);
        let token = self.tokens.get(key, fresh, fetch).await?;
        let anonymous = login.is_none();
        let mut secrets: Vec<Secret> = login.iter().flat_map(shown_forms).collect();
        secrets.push(token.secret.clone());
        Ok(Authorization {
            header: sensitive(&format!("Bearer {}", token.secret.expose())),
            secrets,
            token: Some(token.secret),
            anonymous,
        })
    }

    async fn credential(&self, purpose: Purpose<'_>) -> Result<Option<Credential>, Error> {
        let host = purpose.repository.host();
        self.credentials.credential(host).await.map_err(|error| {
            Error::new(ErrorKind::Credentials, &Method::GET, purpose.root).with_source(error)
        })
    }
}

/// Asks the API's root how to log in.
async fn ping(http: &Http, root: &Url) -> Result<Challenge, Error> {
    let sent = http
        .send(&Method::GET, root, HeaderMap::new(), Payload::Empty)
        .await?;
    let status = sent.response.status();
    if status == StatusCode::UNAUTHORIZED {
        return chosen(sent.response.headers()).ok_or_else(|| {
            let problem = "the registry wants a login of a kind that is neither Basic nor Bearer";
            Error::new(ErrorKind::Protocol(problem), &Method::GET, root)
        });
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(http.refusal(sent, &[]).await);
    }
    // Some registries serve no root. The request itself will tell whether it needs a login.
    Ok(Challenge::None)
}

fn chosen(headers: &HeaderMap) -> Option<Challenge> {
    let values = headers.get_all(WWW_AUTHENTICATE);
    challenge::choose(values.iter().filter_map(|value| value.to_str().ok()))
}

/// `Basic` and the login; `None` if it cannot stand in a header, or is an identity token.
pub(super) fn basic(login: &Credential) -> Option<HeaderValue> {
    (!login.username.is_empty())
        .then(|| sensitive(&format!("Basic {}", encoded(login))))
        .flatten()
}

fn encoded(login: &Credential) -> String {
    STANDARD.encode(format!("{}:{}", login.username, login.secret.expose()))
}

/// A login's secret as it is and as it travels.
pub(super) fn shown_forms(login: &Credential) -> [Secret; 2] {
    [Secret::new(encoded(login)), login.secret.clone()]
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
