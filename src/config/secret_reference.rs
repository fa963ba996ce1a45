//! Where a secret is kept: what stands in a configuration file instead of the secret.
//!
//! A reference is no secret itself; it may be printed, recorded and put into policies. Reading what it
//! refers to is `notify`'s and `aws`'s work.

use std::fmt;

/// A reference to a secret: `env:NAME`, `ssm:/name` or `secretsmanager:id#key`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretReference {
    /// `env:NAME`: an environment variable of this process.
    Environment {
        /// The variable.
        name: String,
    },
    /// `ssm:/name` or `ssm:arn:…`: a parameter of the Systems Manager, decrypted when it is a
    /// SecureString.
    Parameter {
        /// The parameter's name, or its ARN.
        name: String,
    },
    /// `secretsmanager:id` or `secretsmanager:arn:…`, with `#key` for one member of a JSON object.
    SecretsManager {
        /// The secret's name or ARN.
        id: String,
        /// The member of the JSON object that the secret holds; the whole text without it.
        key: Option<String>,
    },
}

impl SecretReference {
    /// Reads a reference; `None` for anything else, among it secrets themselves.
    pub fn parse(text: &str) -> Option<Self> {
        let (store, rest) = text.split_once(':')?;
        match store {
            "env" => is_variable(rest).then(|| Self::Environment {
                name: rest.to_owned(),
            }),
            "ssm" => is_name(rest, "ssm").then(|| Self::Parameter {
                name: rest.to_owned(),
            }),
            "secretsmanager" => {
                let (id, key) = match rest.split_once('#') {
                    Some((_, "")) => return None,
                    Some((id, key)) => (id, Some(key.to_owned())),
                    None => (rest, None),
                };
                is_name(id, "secretsmanager").then(|| Self::SecretsManager {
                    id: id.to_owned(),
                    key,
                })
            }
            _ => None,
        }
    }

    /// The region that an ARN names; `None` for a name, which is looked up in the region of the
    /// process.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Environment { .. } => None,
            Self::Parameter { name } => arn_region(name),
            Self::SecretsManager { id, .. } => arn_region(id),
        }
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment { name } => write!(f, "env:{name}"),
            Self::Parameter { name } => write!(f, "ssm:{name}"),
            Self::SecretsManager { id, key: None } => write!(f, "secretsmanager:{id}"),
            Self::SecretsManager { id, key: Some(key) } => write!(f, "secretsmanager:{id}#{key}"),
        }
    }
}

/// The fourth field of `arn:PARTITION:SERVICE:REGION:ACCOUNT:…`, when there is one.
pub(crate) fn arn_region(arn: &str) -> Option<&str> {
    let mut fields = arn.split(':');
    (fields.next() == Some("arn")).then_some(())?;
    fields.nth(2).filter(|region| !region.is_empty())
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A name as the services allow it, or an ARN of the service. What no name can hold is often a
/// secret that was written down: `https://…`.
fn is_name(text: &str, service: &str) -> bool {
    let characters = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte))
    };
    if !text.starts_with("arn:") {
        return characters(text);
    }
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let [_, partition, named, region, account, resource] = fields[..] else {
        return false;
    };
    partition.starts_with("aws")
        && named == service
        && !region.is_empty()
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && resource.split(':').all(characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_as_they_were_written() {
        for (text, region) in [
            ("env:SLACK_WEBHOOK", None),
            ("env:_a1", None),
            ("ssm:/shop/chatwork-token", None),
            ("ssm:token", None),
            (
                "ssm:arn:aws:ssm:eu-west-1:123456789012:parameter/shop/token",
                Some("eu-west-1"),
            ),
            ("secretsmanager:shop/slack", None),
            ("secretsmanager:shop/slack#webhook", None),
            (
                "secretsmanager:arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:s-AbCdEf#k",
                Some("cn-north-1"),
            ),
        ] {
            let reference = SecretReference::parse(text).expect(text);
            assert_eq!(reference.to_string(), text);
            assert_eq!(reference.region(), region, "{text}");
        }
    }

    #[test]
    fn secrets_themselves_are_no_references() {
        for text in [
            "",
            "env:",
            "env:1A",
            "env:xoxb-1234",
            "env:https://hooks.slack.com/services/T/B/X",
            "https://hooks.slack.com/services/T/B/X",
            "0123456789abcdef0123456789abcdef",
            "ssm:",
            "ssm:/a b",
            "ssm:arn:aws:ssm:eu-west-1:12345:parameter/x",
            "ssm:arn:aws:secretsmanager:eu-west-1:123456789012:secret:x",
            "ssm:arn:aws:ssm",
            "secretsmanager:shop#",
            "secretsmanager:#key",
            "vault:secret/x",
        ] {
            assert_eq!(SecretReference::parse(text), None, "{text}");
        }
    }
}
