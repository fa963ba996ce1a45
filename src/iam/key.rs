//! KMS keys of secrets: used through the service that keeps them, for that secret, and for nothing
//! else.

use std::collections::BTreeSet;

use super::arn::{Place, partition_of};
use super::needs::{ParameterNeed, SecretNeed};
use super::policy::Statement;
use crate::config::ParameterTier;

const VIA: &str = "kms:ViaService";
const PARAMETER_CONTEXT: &str = "kms:EncryptionContext:PARAMETER_ARN";
const SECRET_CONTEXT: &str = "kms:EncryptionContext:SecretARN";

/// What a parameter is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Read alone.
    Read,
    /// Read, compared and written.
    Write,
}

/// The keys of our own `SecureString`s. The account's `aws/ssm` lets everybody in who may use the
/// parameter, so only keys of one's own are named.
pub(super) fn of_parameters(sid: &str, parameters: &[ParameterNeed], how: Use) -> Vec<Statement> {
    let keyed = parameters
        .iter()
        .filter_map(|one| Some((one, one.key.as_deref()?)))
        .filter(|(one, key)| one.secure && *key != "alias/aws/ssm");
    let statements = keyed.map(|(parameter, key)| {
        let mut actions = vec!["kms:Decrypt"];
        if how == Use::Write {
            // Standard parameters are encrypted by KMS itself, advanced ones with a data key.
            if parameter.tier != Some(ParameterTier::Advanced) {
                actions.push("kms:Encrypt");
            }
            if parameter.tier != Some(ParameterTier::Standard) {
                actions.push("kms:GenerateDataKey");
            }
        }
        on_key(Statement::new(sid, &actions, []), key, &parameter.place)
            .when("StringLike", VIA, [via("ssm", &parameter.place)])
            .when("StringLike", PARAMETER_CONTEXT, [parameter.arn()])
    });
    numbered(statements)
}

/// The keys of secrets whose key nobody has told us.
pub(super) fn of_secrets(sid: &str, secrets: &BTreeSet<SecretNeed>) -> Vec<Statement> {
    let statements = secrets.iter().map(|secret| {
        let place = secret.place();
        let any = [place.arn("kms", "key/*")];
        let (service, context) = match secret {
            SecretNeed::Parameter { .. } => ("ssm", PARAMETER_CONTEXT),
            SecretNeed::Secret { .. } => ("secretsmanager", SECRET_CONTEXT),
        };
        Statement::new(sid, &["kms:Decrypt"], any)
            .when("StringLike", VIA, [via(service, place)])
            .when("StringLike", context, [secret.arn()])
    });
    numbered(statements)
}

/// A key by id or ARN is a resource; by alias it is any key that has this alias.
fn on_key(mut statement: Statement, key: &str, place: &Place) -> Statement {
    if key.starts_with("arn:") && key.contains(":key/") {
        statement.resources = [key.to_owned()].into();
        return statement;
    }
    let alias = match key.split_once(":alias/") {
        Some((_, name)) => Some(format!("alias/{name}")),
        None => key.starts_with("alias/").then(|| key.to_owned()),
    };
    let Some(alias) = alias else {
        statement.resources = [place.arn("kms", &format!("key/{key}"))].into();
        return statement;
    };
    statement.resources = [place.arn("kms", "key/*")].into();
    statement.when("ForAnyValue:StringEquals", "kms:ResourceAliases", [alias])
}

/// The service's name as KMS sees it: `ssm.ap-northeast-1.amazonaws.com`.
fn via(service: &str, place: &Place) -> String {
    let domain = match partition_of(&place.region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        _ => "amazonaws.com",
    };
    format!("{service}.{}.{domain}", place.region)
}

/// Ids are unique: the second statement of a kind is `…2`.
fn numbered(statements: impl Iterator<Item = Statement>) -> Vec<Statement> {
    let mut all: Vec<Statement> = Vec::new();
    for mut statement in statements {
        if !all.is_empty() {
            statement.sid = format!("{}{}", statement.sid, all.len() + 1);
        }
        all.push(statement);
    }
    all
}
