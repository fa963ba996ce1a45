//! Who is asking, and may they: Basic logins, and a token server with scopes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::Answer;
use super::quirks::Login;

/// The name under which the token server knows the registry.
const SERVICE: &str = "fault-registry";

/// Tokens that were handed out.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    last: u64,
    known: BTreeMap<String, Grant>,
}

#[derive(Debug)]
struct Grant {
    until: Instant,
    /// `<repository>:<action>`.
    allowed: BTreeSet<String>,
}

impl Tokens {
    pub(super) fn revoke(&mut self) {
        self.known.clear();
    }

    fn grant(&mut self, life: Duration, allowed: BTreeSet<String>) -> String {
        self.last += 1;
        // Looks like a secret, so that tests can search for it where it must not be.
        let token = format!("planted-token-{}", self.last);
        let until = Instant::now() + life;
        self.known.insert(token.clone(), Grant { until, allowed });
        token
    }

    fn allows(&self, token: &str, needed: &[String]) -> bool {
        self.known.get(token).is_some_and(|grant| {
            Instant::now() < grant.until && needed.iter().all(|need| grant.allowed.contains(need))
        })
    }
}

/// Whether a request with this `Authorization` may do what needs `actions` on `repository`.
pub(super) fn may(
    login: &Login,
    tokens: &Tokens,
    authorization: Option<&str>,
    repository: Option<&str>,
    actions: &[&str],
) -> bool {
    match login {
        Login::None => true,
        Login::Basic { username, password } => authorization.is_some_and(|value| {
            value
                == format!(
                    "Basic {}",
                    STANDARD.encode(format!("{username}:{password}"))
                )
        }),
        Login::Bearer { .. } => {
            let needed: Vec<String> = repository
                .into_iter()
                .flat_map(|name| actions.iter().map(move |action| format!("{name}:{action}")))
                .collect();
            authorization
                .and_then(|value| value.strip_prefix("Bearer "))
                .is_some_and(|token| tokens.allows(token, &needed))
        }
    }
}

/// 401 with the challenge for what was missing.
pub(super) fn challenge(
    login: &Login,
    host: &str,
    repository: Option<&str>,
    actions: &[&str],
) -> Answer {
    let answer = Answer::error(401, "UNAUTHORIZED", "authentication required");
    match login {
        Login::None => answer,
        Login::Basic { .. } => answer.with(
            "www-authenticate",
            format!(r#"Basic realm="http://{host}/",service="{SERVICE}""#),
        ),
        Login::Bearer { .. } => {
            let scope = repository.map_or_else(String::new, |name| {
                format!(r#",scope="repository:{name}:{}""#, actions.join(","))
            });
            answer.with(
                "www-authenticate",
                format!(r#"Bearer realm="http://{host}/token",service="{SERVICE}"{scope}"#),
            )
        }
    }
}

/// The token server: `fields` are the query's or the form's.
pub(super) fn hand_out(
    login: &Login,
    tokens: &mut Tokens,
    authorization: Option<&str>,
    fields: &[(String, String)],
) -> Answer {
    let Login::Bearer {
        username,
        password,
        anonymous_pull,
        life,
    } = login
    else {
        return Answer::error(404, "UNSUPPORTED", "there is no token server");
    };
    let field = |name: &str| {
        let found = fields.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    if field("service") != Some(SERVICE) {
        return Answer::error(400, "UNSUPPORTED", "the service is another one");
    }
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{username}:{password}"))
    );
    let known = match (authorization, field("refresh_token")) {
        (Some(value), _) => value == basic,
        (None, Some(identity)) => {
            identity == password && field("grant_type") == Some("refresh_token")
        }
        (None, None) if *anonymous_pull => {
            let allowed = scopes(fields).filter(|action| action.ends_with(":pull"));
            return token(&tokens.grant(*life, allowed.collect()), *life);
        }
        (None, None) => false,
    };
    if !known {
        // What a careless server does: it repeats what it was sent.
        let message = format!(
            "unauthorized: bad login {}",
            authorization.unwrap_or("(none)")
        );
        return Answer::error(401, "UNAUTHORIZED", &message);
    }
    token(&tokens.grant(*life, scopes(fields).collect()), *life)
}

fn token(token: &str, life: Duration) -> Answer {
    Answer::new(200).json(&serde_json::json!({"token": token, "expires_in": life.as_secs()}))
}

fn scopes(fields: &[(String, String)]) -> impl Iterator<Item = String> {
    fields
        .iter()
        .filter(|(key, _)| key == "scope")
        .flat_map(|(_, value)| value.split(' '))
        .filter_map(|scope| scope.strip_prefix("repository:")?.rsplit_once(':'))
        .flat_map(|(name, actions)| actions.split(',').map(move |one| format!("{name}:{one}")))
}
