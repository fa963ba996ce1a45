//! Tokens from a token server (distribution's "Token Authentication" and its OAuth 2 form).

use std::time::{Duration, Instant};

use launchway_buildkit::{Credential, Secret};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;

use super::authorize::{basic, shown_forms};
use super::challenge::Bearer;
use super::endpoint::is_loopback;
use super::scope::ScopeSet;
use super::transport::Http;
use super::{Error, ErrorKind};

/// How long a token lives whose server does not say (distribution's token specification).
const DEFAULT_LIFE: Duration = Duration::from_mins(1);
/// How much of a token server's answer is read.
const LIMIT: u64 = 1 << 20;
/// The name that token servers log us under.
const CLIENT_ID: &str = "launchway";

/// A token and the moment from which a new one should be fetched.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) secret: Secret,
    renew: Instant,
}

impl Token {
    /// Keeps a tenth of the token's life, at most half a minute, as a margin for requests that
    /// are on their way when it ends.
    fn new(secret: Secret, life: Duration, asked: Instant) -> Self {
        let margin = (life / 10).min(Duration::from_secs(30));
        Self {
            secret,
            renew: asked + life.saturating_sub(margin),
        }
    }

    pub(super) fn is_fresh(&self) -> bool {
        Instant::now() < self.renew
    }
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// Fetches one token, without repeating: whoever needs it repeats.
pub(super) async fn fetch(
    http: &Http,
    bearer: &Bearer,
    scopes: &ScopeSet,
    credential: Option<&Credential>,
    registry: &Url,
) -> Result<Token, Error> {
    let asked = Instant::now();
    let request = request(bearer, scopes, credential);
    let Request {
        method,
        url,
        headers,
        body,
    } = request;
    if credential.is_some() && !may_carry_credentials(&url, registry) {
        let problem = "the token server's address is not encrypted, so no credentials were sent";
        return Err(Error::new(ErrorKind::Protocol(problem), &method, &url));
    }
    let sent = http.send(&method, &url, headers, body.into()).await?;
    if !sent.response.status().is_success() {
        let secrets: Vec<_> = credential.into_iter().flat_map(shown_forms).collect();
        let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        return Err(http.refusal(sent, &secrets).await);
    }
    let answer = http.read(sent, LIMIT).await?;
    // A parser's message could quote the token, so it is not kept.
    let answer: Answer = serde_json::from_slice(&answer.body).map_err(|_| {
        let problem = "the token server's answer is not a token document";
        Error::new(ErrorKind::Protocol(problem), &method, &url)
    })?;
    let secret = answer
        .token
        .or(answer.access_token)
        .filter(|token| !token.is_empty())
        .ok_or_else(|| {
            let problem = "the token server's answer has no token";
            Error::new(ErrorKind::Protocol(problem), &method, &url)
        })?;
    let life = answer.expires_in.map_or(DEFAULT_LIFE, Duration::from_secs);
    Ok(Token::new(Secret::new(secret), life, asked))
}

/// A registry that is spoken to in the clear may have such a token server too; an encrypted one
/// may not, or anyone on the way could take the credentials.
fn may_carry_credentials(realm: &Url, registry: &Url) -> bool {
    realm.scheme() == "https"
        || registry.scheme() == "http"
        || realm.host_str().is_some_and(is_loopback)
}

struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: String,
}

/// A GET, with the login as Basic if there is one; for an identity token the OAuth 2 POST.
fn request(bearer: &Bearer, scopes: &ScopeSet, credential: Option<&Credential>) -> Request {
    let mut headers = HeaderMap::new();
    let service = bearer.service.as_deref();
    if let Some(identity) = credential.filter(|login| login.username.is_empty()) {
        let scopes: Vec<String> = scopes.iter().collect();
        let mut fields = vec![
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT_ID),
            ("refresh_token", identity.secret.expose()),
        ];
        fields.extend(service.map(|service| ("service", service)));
        let scopes = scopes.join(" ");
        fields.push(("scope", &scopes));
        // The encoding of forms is that of queries, which `Url` knows.
        let mut form = bearer.realm.clone();
        form.query_pairs_mut().clear().extend_pairs(fields);
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form_type);
        return Request {
            method: Method::POST,
            url: bearer.realm.clone(),
            headers,
            body: form.query().unwrap_or_default().to_owned(),
        };
    }
    let mut url = bearer.realm.clone();
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(service.map(|service| ("service", service)));
        for scope in scopes.iter() {
            query.append_pair("scope", &scope);
        }
        if let Some(login) = credential {
            query.append_pair("account", &login.username);
        }
    }
    headers.extend(
        credential
            .and_then(basic)
            .map(|value| (AUTHORIZATION, value)),
    );
    Request {
        method: Method::GET,
        url,
        headers,
        body: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scope::Access;
    use super::*;

    fn bearer() -> Bearer {
        Bearer {
            realm: Url::parse("https://auth.example/token?x=1").unwrap(),
            service: Some("registry".to_owned()),
            scope: None,
        }
    }

    fn scopes() -> ScopeSet {
        ScopeSet::of(&"ghcr.io/a/b".parse().unwrap(), Access::Push)
    }

    fn login(username: &str) -> Credential {
        Credential {
            username: username.to_owned(),
            secret: Secret::new("a+b&c"),
        }
    }

    #[test]
    fn asks_with_a_query_or_a_form() {
        let get = request(&bearer(), &scopes(), Some(&login("me")));
        assert_eq!(
            get.url.as_str(),
            "https://auth.example/token?x=1&service=registry&scope=repository%3Aa%2Fb%3Apull%2Cpush&account=me"
        );
        assert!(get.headers[AUTHORIZATION].is_sensitive());

        let anonymous = request(&bearer(), &scopes(), None);
        assert!(anonymous.headers.is_empty());

        let post = request(&bearer(), &scopes(), Some(&login("")));
        assert_eq!(post.method, Method::POST);
        assert_eq!(post.url, bearer().realm);
        assert_eq!(
            post.body,
            "grant_type=refresh_token&client_id=launchway&refresh_token=a%2Bb%26c&service=registry&scope=repository%3Aa%2Fb%3Apull%2Cpush"
        );
    }

    #[test]
    fn credentials_travel_encrypted() {
        let url = |text: &str| Url::parse(text).unwrap();
        for (realm, registry, expected) in [
            ("https://auth.example", "https://ghcr.io", true),
            ("http://auth.example", "https://ghcr.io", false),
            ("http://127.0.0.1:1", "https://ghcr.io", true),
            ("http://auth.lab", "http://registry.lab", true),
        ] {
            assert_eq!(
                may_carry_credentials(&url(realm), &url(registry)),
                expected,
                "{realm} for {registry}"
            );
        }
    }

    #[test]
    fn a_token_is_renewed_before_it_ends() {
        let secret = Secret::new("t");
        let asked = Instant::now();
        let renew = |life| Token::new(secret.clone(), Duration::from_secs(life), asked).renew;
        assert_eq!(renew(300) - asked, Duration::from_secs(270));
        assert_eq!(renew(3600) - asked, Duration::from_secs(3570));
        assert!(!Token::new(secret.clone(), Duration::ZERO, asked).is_fresh());
    }
}
