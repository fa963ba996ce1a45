//! `WWW-Authenticate` headers (RFC 9110, 11.6.1), as far as registries use them.

use reqwest::Url;

/// How a registry wants to be logged in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Not at all.
    None,
    /// User name and password with every request.
    Basic,
    /// A token from another server.
    Bearer(Bearer),
}

/// Where to get a token, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bearer {
    /// The token server.
    pub(super) realm: Url,
    /// The registry's name there.
    pub(super) service: Option<String>,
    /// What the refused request needed, separated by spaces.
    pub(super) scope: Option<String>,
}

/// Chooses from the challenges in all `WWW-Authenticate` headers of an answer: Bearer before
/// Basic, others are not spoken. `None` if there is nothing that we speak.
pub(super) fn choose<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Challenge> {
    let mut chosen = None;
    for (scheme, parameters) in headers.flat_map(parse) {
        let value = |name: &str| {
            parameters
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.clone())
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            let realm = value("realm").and_then(|realm| Url::parse(&realm).ok());
            if let Some(realm) = realm {
                return Some(Challenge::Bearer(Bearer {
                    realm,
                    service: value("service"),
                    scope: value("scope"),
                }));
            }
        } else if scheme.eq_ignore_ascii_case("basic") {
            chosen = Some(Challenge::Basic);
        }
    }
    chosen
}

type Parsed = (String, Vec<(String, String)>);

/// Splits one header into challenges. A comma separates both parameters and challenges; a word
/// that is followed by a space and not by `=` begins a new challenge.
fn parse(header: &str) -> Vec<Parsed> {
    let mut challenges: Vec<Parsed> = Vec::new();
    let mut rest = header.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', '=', ',']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let spaced = after.trim_start_matches([' ', '\t']);
        if let Some(value) = spaced.strip_prefix('=') {
            let (value, after) = take_value(value.trim_start_matches([' ', '\t']));
            if let Some((_, parameters)) = challenges.last_mut() {
                parameters.push((word.to_owned(), value));
            }
            rest = after;
        } else {
            if !word.is_empty() {
                challenges.push((word.to_owned(), Vec::new()));
            }
            rest = spaced;
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    challenges
}

/// A quoted string with backslash escapes, or a token.
fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer(Bearer {
            realm: Url::parse(realm).unwrap(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        })
    }

    #[test]
    fn reads_what_registries_send() {
        let hub = "https://auth.docker.io/token";
        for (header, expected) in [
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
                Some(bearer(
                    hub,
                    Some("registry.docker.io"),
                    Some("repository:a/b:pull,push"),
                )),
            ),
            (
                r#"bearer realm = "https://auth.docker.io/token" , error="invalid_token""#,
                Some(bearer(hub, None, None)),
            ),
            (
                r#"Basic realm="https://1.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com""#,
                Some(Challenge::Basic),
            ),
            (
                r#"Basic realm="a, b", Bearer realm="https://auth.docker.io/token""#,
                Some(bearer(hub, None, None)),
            ),
            (r#"Basic realm="quo\"ted""#, Some(Challenge::Basic)),
            ("Negotiate", None),
            (r#"Bearer realm="not a url""#, None),
            (r#"Bearer service="x""#, None),
            (r#"Basic realm="unterminated"#, Some(Challenge::Basic)),
            ("", None),
            (",,=,=", None),
        ] {
            assert_eq!(choose([header].into_iter()), expected, "{header}");
        }
    }

    #[test]
    fn looks_at_all_headers() {
        let headers = ["Basic", r#"Bearer realm="http://127.0.0.1/t",service=s"#];
        let expected = bearer("http://127.0.0.1/t", Some("s"), None);
        assert_eq!(choose(headers.into_iter()), Some(expected));
    }
}
