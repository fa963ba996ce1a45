//! Which values are secrets, judged by their names: these are compared, and never shown.
//!
//! A name holds one of the words below, or ends in `key` or `pass`: `DB_PASSWORD`, `apiToken`,
//! `APP_KEY`, `webhook`. What a `valueFrom` says is no secret but where one is. A secret's value
//! is hidden wherever else it turns up, for example inside of a URL that was made with it; and so
//! is every URL with a password of its own.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::path::{Path, Step};

/// Parts of names, in lower case without `_` and `-`.
const WORDS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "accesskey",
    "apikey",
    "webhook",
];

/// Last words of names.
const ENDINGS: [&str; 4] = ["key", "pass", "pwd", "keys"];

/// Shorter values than this are not looked for elsewhere: they would be found by chance.
const DISTINCT: usize = 6;

/// What stands for a secret that is part of a larger value.
const HIDDEN: &str = "<redacted>";

/// The member of a reference to a secret.
const REFERENCE: &str = "valueFrom";

/// The values of secrets, gathered from everything that is compared.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeSet<String>);

/// How many there are, and none of them.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} <redacted>)", self.0.len())
    }
}

/// Whether a value of this name is not to be shown.
pub(super) fn is_secret(name: &str) -> bool {
    // `build-arg:TOKEN` and `label:x` say what they are before the name.
    let name = name.rsplit_once(':').map_or(name, |(_, name)| name);
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    if WORDS.iter().any(|word| plain.contains(word)) {
        return true;
    }
    let last = last_word(name).to_ascii_lowercase();
    ENDINGS.contains(&last.as_str())
}

/// The last word of `snake_case`, `kebab-case`, `dotted.names` and `camelCase`.
fn last_word(name: &str) -> &str {
    let name = name.rsplit(['_', '-', '.', '/']).next().unwrap_or(name);
    let upper = name.char_indices().rev().find(|(index, c)| {
        c.is_ascii_uppercase()
            && name[..*index]
                .chars()
                .next_back()
                .is_some_and(|before| before.is_ascii_lowercase())
    });
    upper.map_or(name, |(index, _)| &name[index..])
}

impl Secrets {
    /// Gathers the secrets in a value.
    pub fn gather(&mut self, value: &Value) {
        self.gather_in(value, false);
    }

    fn gather_in(&mut self, value: &Value, secret: bool) {
        match value {
            Value::String(text) if secret && text.chars().count() >= DISTINCT => {
                self.0.insert(text.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| self.gather_in(item, secret)),
            Value::Object(members) => {
                for (name, value) in members {
                    self.gather_in(value, member_is_secret(members, name, secret));
                }
            }
            _ => {}
        }
    }

    /// Whether what lies at the end of the path is a secret because of the names on its way.
    pub(super) fn at(path: &Path) -> bool {
        let reference = matches!(path.0.last(), Some(Step::Member(name)) if name == REFERENCE);
        !reference && path.0.iter().filter_map(Step::name).any(is_secret)
    }

    /// The value with its secrets hidden; `secret` when it is one as a whole, by its path.
    pub(super) fn hide(&self, value: &Value, secret: bool) -> Value {
        match value {
            Value::Null => Value::Null,
            Value::Array(items) => {
                let items = items.iter().map(|item| self.hide(item, secret));
                Value::Array(items.collect())
            }
            Value::Object(members) => {
                let hidden = members.iter().map(|(name, value)| {
                    let secret = member_is_secret(members, name, secret);
                    (name.clone(), self.hide(value, secret))
                });
                Value::Object(hidden.collect())
            }
            _ if secret => HIDDEN.into(),
            Value::String(text) if self.is_in(text) || has_password(text) => HIDDEN.into(),
            other => other.clone(),
        }
    }

    fn is_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret))
    }
}

/// Whether a URL in the text has a password: `mysql://user:password@host`.
fn has_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ', '"']).next().unwrap_or(rest);
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        user.is_some_and(|user| user.contains(':'))
    })
}

/// Whether a member of an object is a secret: by its own name, because the whole is, or because
/// the object is an entry `{"name": "PASSWORD", "value": …}`.
fn member_is_secret(members: &Map<String, Value>, name: &str, whole: bool) -> bool {
    let entry = members.get("name").and_then(Value::as_str);
    match name {
        "name" | REFERENCE if entry.is_some() => false,
        REFERENCE => false,
        name => whole || is_secret(name) || entry.is_some_and(is_secret),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in [
            "DB_PASSWORD",
            "dbPasswd",
            "api-token",
            "GITHUB_TOKEN",
            "secrets",
            "APP_KEY",
            "signingKey",
            "AWS_ACCESS_KEY_ID",
            "aws_secret_access_key",
            "webhook",
            "build-arg:NPM_TOKEN",
            "smtp_pass",
            "DB_PWD",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "account",
            "cpu",
            "monkey",
            "keyboard",
            "compass",
            "kms_key_id",
            "REGION",
            "TAG",
            "build-arg:BASE",
            "hotkeys_on",
            "name",
            "KEYSPACE",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn secrets_are_hidden_wherever_they_are() {
        let value = json!({
            "password": "hunter2x",
            "pin": {"token": 1234},
            "url": "https://user:hunter2x@example.com",
            "environment": [
                {"name": "APP_KEY", "value": "base64:abc"},
                {"name": "LEVEL", "value": "debug"},
            ],
            "secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:x"}],
            "list": ["hunter2x", "plain"],
            "nothing": null,
        });
        let mut secrets = Secrets::default();
        secrets.gather(&value);
        assert_eq!(
            secrets.hide(&value, false),
            json!({
                "password": "<redacted>",
                "pin": {"token": "<redacted>"},
                "url": "<redacted>",
                "environment": [
                    {"name": "APP_KEY", "value": "<redacted>"},
                    {"name": "LEVEL", "value": "debug"},
                ],
                "secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:x"}],
                "list": ["<redacted>", "plain"],
                "nothing": null,
            })
        );
        assert_eq!(format!("{secrets:?}"), "Secrets(2 <redacted>)");
    }

    #[test]
    fn urls_with_passwords_are_secrets() {
        for (text, expected) in [
            ("mysql://app:hunter2x@db:3306/shop", true),
            ("see https://x/ and redis://:pw@cache", true),
            ("https://user@example.com/a:b@c", false),
            ("https://example.com:8443/a?x=y:z@w", false),
            ("user:pw@host", false),
        ] {
            assert_eq!(has_password(text), expected, "{text}");
        }
    }

    #[test]
    fn the_names_on_the_way_make_a_secret() {
        let member = |name: &str| Step::Member(name.to_owned());
        let item = |name: &str| Step::Item(vec![name.to_owned()]);
        assert!(Secrets::at(&Path(vec![
            item("DB_PASSWORD"),
            member("value")
        ])));
        assert!(Secrets::at(&Path(vec![member("tokens"), Step::Index(0)])));
        assert!(!Secrets::at(&Path(vec![
            member("secrets"),
            item("DB_PASSWORD"),
            member("valueFrom")
        ])));
        assert!(!Secrets::at(&Path(vec![item("LEVEL"), member("value")])));
    }
}
