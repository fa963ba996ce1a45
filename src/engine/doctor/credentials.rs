//! Where logins for registries would come from. Only whether they are there is looked at; nothing
//! is decoded, no helper is run, no registry is asked.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::Check;
use crate::engine::Request;
use crate::engine::programs::program;

/// The parts of Docker's `config.json` that name logins. Source: docker/cli's `configfile`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DockerConfig {
    #[expect(
        clippy::zero_sized_map_values,
        reason = "the logins are not to be read"
    )]
    auths: BTreeMap<String, serde::de::IgnoredAny>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

/// The login file and its helpers, and an AWS identity.
pub(super) fn checks(request: &Request, home: Option<&Path>) -> Vec<Check> {
    let mut checks = docker(request, home);
    checks.push(aws(request, home));
    checks
}

fn docker(request: &Request, home: Option<&Path>) -> Vec<Check> {
    const NAME: &str = "registry logins";
    let folder = request
        .environment
        .get("DOCKER_CONFIG")
        .filter(|folder| !folder.is_empty())
        .map(Into::into)
        .or_else(|| home.map(|home| home.join(".docker")));
    let Some(folder) = folder else {
        return vec![Check::warning(
            NAME,
            "neither HOME nor DOCKER_CONFIG is set",
        )];
    };
    let path = folder.join("config.json");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return vec![Check::warning(NAME, format!("no {}", path.display())).hint(
                "Fine for Amazon ECR, which takes the AWS identity; for others: docker login \
                     REGISTRY.",
            )];
        }
        Err(error) => return vec![Check::missing(NAME, format!("{}: {error}", path.display()))],
    };
    let config: DockerConfig = match serde_json::from_str(&text) {
        Ok(config) => config,
        Err(error) => {
            // The message may quote the file, and the file holds passwords.
            return vec![Check::missing(
                NAME,
                format!(
                    "{}:{}:{}: not a Docker configuration",
                    path.display(),
                    error.line(),
                    error.column()
                ),
            )];
        }
    };
    let hosts: Vec<&str> = config
        .auths
        .keys()
        .chain(config.cred_helpers.keys())
        .map(String::as_str)
        .collect();
    let mut checks = vec![if hosts.is_empty() && config.creds_store.is_none() {
        Check::warning(NAME, format!("{} has none", path.display())).hint(
            "Fine for Amazon ECR, which takes the AWS identity; for others: docker login REGISTRY.",
        )
    } else if hosts.is_empty() {
        Check::ok(NAME, path.display().to_string())
    } else {
        Check::ok(NAME, format!("{}: {}", path.display(), hosts.join(", ")))
    }];
    let mut helpers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    if let Some(store) = config
        .creds_store
        .as_deref()
        .filter(|name| !name.is_empty())
    {
        helpers.entry(store).or_default().push("all registries");
    }
    for (host, helper) in &config.cred_helpers {
        helpers.entry(helper).or_default().push(host);
    }
    checks.extend(helpers.into_iter().map(|(helper, hosts)| {
        let name = format!("docker-credential-{helper}");
        if let Some(found) = program(request, &name) {
            return Check::ok(name, found.display().to_string());
        }
        let detail = format!("not in PATH, and {} need it", hosts.join(", "));
        Check::missing(name, detail).hint(format!(
            "Install it, or take `{helper}` out of {}.",
            path.display()
        ))
    }));
    checks
}

/// Sources of an AWS identity, in the order in which the SDK asks them. Source: the SDK's default
/// credential chain.
fn aws(request: &Request, home: Option<&Path>) -> Check {
    const NAME: &str = "AWS identity";
    let set = |name: &str| {
        request
            .environment
            .get(name)
            .is_some_and(|value| !value.is_empty())
    };
    let file = |variable: &str, name: &str| {
        request
            .environment
            .get(variable)
            .map(Into::into)
            .or_else(|| home.map(|home| home.join(".aws").join(name)))
            .is_some_and(|path| path.exists())
    };
    let source = if set("AWS_ACCESS_KEY_ID") && set("AWS_SECRET_ACCESS_KEY") {
        "keys in the environment"
    } else if set("AWS_ACCESS_KEY_ID") || set("AWS_SECRET_ACCESS_KEY") {
        return Check::missing(
            NAME,
            "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set",
        );
    } else if set("AWS_WEB_IDENTITY_TOKEN_FILE") {
        "a web identity token (AWS_WEB_IDENTITY_TOKEN_FILE)"
    } else if set("AWS_PROFILE") {
        "a profile (AWS_PROFILE)"
    } else if set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        || set("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    {
        "the container's role"
    } else if file("AWS_SHARED_CREDENTIALS_FILE", "credentials")
        || file("AWS_CONFIG_FILE", "config")
    {
        "the default profile"
    } else {
        return Check::warning(
            NAME,
            "nothing names one; on EC2 the instance's role is tried",
        )
        .hint("Needed for Amazon ECR only: set AWS_PROFILE, or run where a role is given.");
    };
    Check::ok(NAME, source)
}

#[cfg(test)]
mod tests {
    use super::super::CheckState;
    use super::*;

    fn request(variables: &[(&str, &str)]) -> Request {
        Request {
            environment: variables
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Request::default()
        }
    }

    fn docker_checks(config: &str) -> Vec<Check> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".docker")).unwrap();
        fs::write(dir.path().join(".docker/config.json"), config).unwrap();
        docker(&request(&[]), Some(dir.path()))
    }

    #[test]
    fn shows_hosts_and_never_logins() {
        let checks =
            docker_checks(r#"{"auths": {"registry.example": {"auth": "aHVudGVyMjpzZWNyZXQ="}}}"#);
        assert_eq!(checks.len(), 1);
        assert_eq!(checks[0].state, CheckState::Ok);
        assert!(checks[0].detail.ends_with("registry.example"), "{checks:?}");
        assert!(!format!("{checks:?}").contains("aHVu"));
    }

    #[test]
    fn a_helper_that_is_not_there_is_missing() {
        let checks = docker_checks(
            r#"{"credsStore": "desktop", "credHelpers": {"public.ecr.aws": "ecr-login"}}"#,
        );
        let missing: Vec<_> = checks
            .iter()
            .filter(|check| check.state == CheckState::Missing)
            .map(|check| check.name.as_str())
            .collect();
        assert_eq!(
            missing,
            ["docker-credential-desktop", "docker-credential-ecr-login"]
        );
    }

    #[test]
    fn a_broken_file_gives_its_place_and_not_its_content() {
        let checks = docker_checks("{\"auths\": \"hunter2\"}");
        assert_eq!(checks[0].state, CheckState::Missing);
        assert!(checks[0].detail.contains("config.json:1:"), "{checks:?}");
        assert!(!checks[0].detail.contains("hunter2"), "{checks:?}");
    }

    #[test]
    fn no_file_is_fine_for_ecr() {
        let dir = tempfile::tempdir().unwrap();
        let checks = docker(&request(&[]), Some(dir.path()));
        assert_eq!(checks[0].state, CheckState::Warning);
    }

    #[test]
    fn finds_an_identity() {
        let state = |variables: &[(&str, &str)]| aws(&request(variables), None).state;
        assert_eq!(state(&[]), CheckState::Warning);
        assert_eq!(state(&[("AWS_PROFILE", "")]), CheckState::Warning);
        assert_eq!(state(&[("AWS_PROFILE", "x")]), CheckState::Ok);
        assert_eq!(state(&[("AWS_ACCESS_KEY_ID", "x")]), CheckState::Missing);
        let role = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
        assert_eq!(state(&[(role, "/x")]), CheckState::Ok);
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".aws")).unwrap();
        fs::write(dir.path().join(".aws/config"), "").unwrap();
        let check = aws(&request(&[]), Some(dir.path()));
        assert_eq!(check.state, CheckState::Ok);
    }
}
