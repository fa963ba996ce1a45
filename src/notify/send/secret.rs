//! From a reference to the secret.

use std::collections::BTreeMap;

use launchway_buildkit::Secret;

use crate::aws::{Aws, AwsError};
use crate::config::SecretReference;

/// A secret cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the secret {reference}: {kind}")]
pub struct SecretError {
    /// What was to be read.
    pub reference: SecretReference,
    /// Why not.
    #[source]
    pub kind: SecretErrorKind,
}

/// Why a secret cannot be had, or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretErrorKind {
    /// The variable is not there.
    #[error("the variable is not set")]
    NotSet,
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// A member was asked for, and the secret is no JSON object.
    #[error("it is no JSON object, and #{key} names a member of one")]
    NotJson {
        /// The member.
        key: String,
    },
    /// The JSON object has no such member, or it is no text.
    #[error("its JSON has no text under {key:?}")]
    NoMember {
        /// The member.
        key: String,
    },
    /// It is not what the service gives out.
    #[error("it is no {0}")]
    Form(&'static str),
    /// AWS refused or failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

impl SecretError {
    /// Whether it may be read later.
    pub fn is_temporary(&self) -> bool {
        matches!(&self.kind, SecretErrorKind::Aws(error) if error.is_temporary())
    }

    /// What the user can do about it, as full sentences, if we know.
    pub fn hint(&self) -> Option<String> {
        match &self.kind {
            SecretErrorKind::Aws(error) => error.hint(),
            SecretErrorKind::NotSet => Some(
                "In CodeBuild, `env: { secrets-manager: … }` or `env: { parameter-store: … }` sets \
                 it; `ssm:` and `secretsmanager:` references need no variable."
                    .to_owned(),
            ),
            _ => None,
        }
    }

    pub(super) fn form(reference: &SecretReference, form: &'static str) -> Self {
        Self {
            reference: reference.clone(),
            kind: SecretErrorKind::Form(form),
        }
    }
}

/// The secret, when it is in the environment; `None` when it is elsewhere.
pub(super) fn at_hand(
    reference: &SecretReference,
    environment: &BTreeMap<String, String>,
) -> Result<Option<Secret>, SecretError> {
    let SecretReference::Environment { name } = reference else {
        return Ok(None);
    };
    let value = environment.get(name).map(Secret::new);
    value
        .ok_or(SecretErrorKind::NotSet)
        .and_then(|value| whole(&value))
        .map(Some)
        .map_err(|kind| SecretError {
            reference: reference.clone(),
            kind,
        })
}

/// Reads the secret, wherever it is.
pub(super) async fn read(
    reference: &SecretReference,
    environment: &BTreeMap<String, String>,
    aws: &Aws,
) -> Result<Secret, SecretError> {
    if let Some(secret) = at_hand(reference, environment)? {
        return Ok(secret);
    }
    stored(reference, aws).await.map_err(|kind| SecretError {
        reference: reference.clone(),
        kind,
    })
}

async fn stored(reference: &SecretReference, aws: &Aws) -> Result<Secret, SecretErrorKind> {
    let region = reference.region();
    match reference {
        SecretReference::Environment { .. } => Err(SecretErrorKind::NotSet),
        SecretReference::Parameter { name } => whole(&aws.secret_parameter(name, region).await?),
        SecretReference::SecretsManager { id, key } => {
            let text = aws.secret_value(id, region).await?;
            match key {
                None => whole(&text),
                Some(key) => member(&text, key),
            }
        }
    }
}

/// The text without the newline that `echo` and editors leave.
fn whole(secret: &Secret) -> Result<Secret, SecretErrorKind> {
    match secret.expose().trim() {
        "" => Err(SecretErrorKind::Empty),
        text => Ok(Secret::new(text)),
    }
}

/// A member of a JSON object. The parser's own error could show parts of the secret.
fn member(secret: &Secret, key: &str) -> Result<Secret, SecretErrorKind> {
    let parsed = serde_json::from_str(secret.expose()).ok();
    let Some(serde_json::Value::Object(members)) = parsed else {
        return Err(SecretErrorKind::NotJson {
            key: key.to_owned(),
        });
    };
    let text = members.get(key).and_then(serde_json::Value::as_str);
    let text = text.ok_or_else(|| SecretErrorKind::NoMember {
        key: key.to_owned(),
    })?;
    whole(&Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, value: &str) -> Result<Option<Secret>, SecretError> {
        let environment = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let reference = SecretReference::parse("env:TOKEN").unwrap();
        at_hand(&reference, &environment)
    }

    #[test]
    fn variables_are_read_without_their_newline() {
        assert_eq!(
            variable("TOKEN", "abc\n").unwrap(),
            Some(Secret::new("abc"))
        );
        let empty = variable("TOKEN", " \n").unwrap_err().to_string();
        assert_eq!(empty, "cannot read the secret env:TOKEN: it is empty");
        let missing = variable("OTHER", "abc").unwrap_err();
        assert_eq!(
            missing.to_string(),
            "cannot read the secret env:TOKEN: the variable is not set"
        );
        assert!(missing.hint().unwrap().contains("CodeBuild"));
    }

    #[test]
    fn a_member_of_a_json_object() {
        let secret = Secret::new(r#"{"webhook":"planted","port":1}"#);
        assert_eq!(member(&secret, "webhook").unwrap(), Secret::new("planted"));
        for (text, key) in [
            (secret.expose(), "token"),
            (secret.expose(), "port"),
            ("planted", "webhook"),
            ("[\"planted\"]", "webhook"),
        ] {
            let error = member(&Secret::new(text), key).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("planted"), "{shown}");
        }
    }
}
