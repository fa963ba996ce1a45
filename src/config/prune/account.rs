//! `account "NAME" { … }`: credentials and regions.

use super::PruneAccount;
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;
use crate::config::read::Reader;
use crate::config::region::is_region;

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] =
    &["profile", "role", "external_id", "regions", "repositories"];

/// Evaluates the blocks; `regions` are those of the `prune` block.
pub(super) fn read(
    reader: &Reader<'_>,
    regions: &[String],
    faults: &mut Vec<Fault>,
) -> Vec<PruneAccount> {
    let mut accounts: Vec<PruneAccount> = Vec::new();
    for inner in reader.nested("account") {
        match account(&inner) {
            Ok(account) => {
                if let Some(other) = accounts.iter().find(|other| same(other, &account, regions)) {
                    let message = format!(
                        "it has the credentials and a region of the account {:?}",
                        other.name
                    );
                    let help = "join the two: nothing must be looked at twice";
                    faults.push(inner.block_fault(message).help(help));
                }
                accounts.push(account);
            }
            Err(fault) => faults.push(fault),
        }
    }
    accounts
}

fn account(reader: &Reader<'_>) -> Result<PruneAccount, Fault> {
    let name = reader.name();
    if name.trim().is_empty() {
        return Err(reader
            .block_fault("the account has no name")
            .help("write account \"prod\" { … }"));
    }
    let role = named(reader, "role")?;
    if let Some(role) = &role
        && let Some(problem) = role_problem(role)
    {
        return Err(reader
            .fault("role", &format!("{role:?} is no role's ARN: {problem}"))
            .help("write it as in \"arn:aws:iam::123456789012:role/prune\""));
    }
    let external_id = named(reader, "external_id")?;
    if external_id.is_some() && role.is_none() {
        return Err(reader
            .fault("external_id", "it is for a role, and there is none")
            .help("add role = \"arn:aws:iam::…:role/…\", or leave it out"));
    }
    Ok(PruneAccount {
        name,
        profile: named(reader, "profile")?,
        role,
        external_id,
        regions: regions(reader)?,
        repositories: reader.flag("repositories")?.unwrap_or(true),
    })
}

/// A text that is there and not empty: an empty profile or role would mean other credentials than
/// the file says.
fn named(reader: &Reader<'_>, name: &str) -> Result<Option<String>, Fault> {
    match reader.text(name)? {
        Some(text) if text.trim().is_empty() => Err(reader
            .fault(name, "it is empty")
            .help("leave it out, or set the variable that it comes from")),
        text => Ok(text),
    }
}

/// `regions`, of the block or an account; empty where there is none.
pub(super) fn regions(reader: &Reader<'_>) -> Result<Vec<String>, Fault> {
    let Some(regions) = reader.texts("regions")? else {
        return Ok(Vec::new());
    };
    if regions.is_empty() {
        return Err(reader
            .fault("regions", "it names no region")
            .help("leave it out for the region that the process is configured for"));
    }
    for (index, region) in regions.iter().enumerate() {
        let fault = |message: String| reader.element_fault("regions", index, &message);
        if !is_region(region) {
            return Err(fault(format!("{region:?} is no AWS region"))
                .help("write it as in \"ap-northeast-1\""));
        }
        if regions[..index].contains(region) {
            return Err(fault(format!("{region:?} is there twice")));
        }
    }
    Ok(regions)
}

/// Whether two accounts would look at the same place.
fn same(one: &PruneAccount, other: &PruneAccount, regions: &[String]) -> bool {
    let of = |account: &PruneAccount| {
        let own = &account.regions;
        if own.is_empty() {
            regions
        } else {
            own.as_slice()
        }
        .to_vec()
    };
    let (ours, theirs) = (of(one), of(other));
    let meet =
        (ours.is_empty() && theirs.is_empty()) || ours.iter().any(|region| theirs.contains(region));
    one.profile == other.profile && one.role == other.role && meet
}

/// What is wrong with `arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME`.
fn role_problem(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [scheme, partition, service, region, account, resource] = parts[..] else {
        return Some("it has not six parts".to_owned());
    };
    if scheme != "arn" || !partition.starts_with("aws") {
        return Some("it does not begin with arn:aws".to_owned());
    }
    if service != "iam" {
        let help = match service {
            "sts" => "an assumed role's session cannot be assumed again".to_owned(),
            _ => format!("it is of {service:?}, not of iam"),
        };
        return Some(help);
    }
    if !region.is_empty() {
        return Some("iam has no regions: nothing stands between iam: and the account".to_owned());
    }
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("{account:?} is no account: it has twelve digits"));
    }
    let Some((kind, name)) = resource.split_once('/') else {
        return Some("no name stands after role/".to_owned());
    };
    if kind != "role" {
        return Some(
            did_you_mean(kind, ["role"]).unwrap_or_else(|| format!("it is a {kind}, not a role")),
        );
    }
    // IAM's alphabet for names, and the slashes of paths.
    let plain = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c);
    if name.is_empty() || name.ends_with('/') || !name.chars().all(plain) {
        return Some(format!("{name:?} is no role's name"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_named_by_their_arn() {
        for arn in [
            "arn:aws:iam::123456789012:role/prune",
            "arn:aws-cn:iam::123456789012:role/path/to/prune",
            "arn:aws-us-gov:iam::123456789012:role/a+=,.@_-b",
        ] {
            assert_eq!(role_problem(arn), None, "{arn}");
        }
        for (arn, says) in [
            ("prune", "six parts"),
            ("arn:gcp:iam::123456789012:role/x", "arn:aws"),
            ("arn:aws:sts::123456789012:assumed-role/x/y", "session"),
            ("arn:aws:s3::123456789012:role/x", "\"s3\""),
            ("arn:aws:iam:us-east-1:123456789012:role/x", "no regions"),
            ("arn:aws:iam::12345678901:role/x", "twelve digits"),
            ("arn:aws:iam::12345678901x:role/x", "twelve digits"),
            ("arn:aws:iam::123456789012:user/x", "not a role"),
            ("arn:aws:iam::123456789012:rolle/x", "did you mean"),
            ("arn:aws:iam::123456789012:role", "after role/"),
            ("arn:aws:iam::123456789012:role/", "no role's name"),
            ("arn:aws:iam::123456789012:role/a b", "no role's name"),
        ] {
            let problem = role_problem(arn).unwrap();
            assert!(problem.contains(says), "{arn}: {problem}");
        }
    }
}
