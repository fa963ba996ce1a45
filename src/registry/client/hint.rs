//! What a user can do about a registry's refusal.

use super::{Error, ErrorKind};
use crate::aws::{EcrHost, parse_ecr_host};
use crate::registry::Repository;

/// Advice for an error, as full sentences, or `None` when there is nothing to say that the error
/// does not say itself.
pub(super) fn hint(error: &Error) -> Option<String> {
    let repository = error.repository()?;
    let ecr = parse_ecr_host(repository.host());
    match error.kind() {
        ErrorKind::Credentials => error.aws()?.hint(),
        ErrorKind::Unauthorized | ErrorKind::NoCredentials { .. } => {
            Some(login(repository, ecr.as_ref()))
        }
        ErrorKind::Denied if is_expired(error) => Some(login(repository, ecr.as_ref())),
        ErrorKind::Denied => Some(permission(error.method(), repository, ecr.as_ref())),
        ErrorKind::RepositoryNotFound => Some(missing(repository, ecr.as_ref())),
        ErrorKind::TagImmutable { tag, .. } => Some(format!(
            "The tag {tag} in {repository} already names another image. Use a tag that is new \
             for every release (the commit), or allow tags to be overwritten in the repository."
        )),
        ErrorKind::Connect if is_loopback(repository.host()) => {
            Some(format!("Is a registry listening on {}?", repository.host()))
        }
        _ => None,
    }
}

/// Whether a refusal is about the login's age. ECR answers 403 then, not 401.
pub(super) fn is_expired(error: &Error) -> bool {
    error.codes().iter().any(|code| {
        let message = code.message.to_ascii_lowercase();
        message.contains("token has expired") || message.contains("reauthenticate")
    })
}

fn login(repository: &Repository, ecr: Option<&EcrHost>) -> String {
    match ecr {
        Some(host) => format!(
            "Launchway logs in to {} with the AWS credentials of this process, unless the Docker \
             configuration has a login for that host; check both (`aws sts get-caller-identity`), \
             and that the identity may call ecr:GetAuthorizationToken in {}.",
            repository.host(),
            host.region
        ),
        None => format!(
            "Log in with `docker login {}`, or set DOCKER_CONFIG to a folder whose config.json \
             has a login for it.",
            repository.host()
        ),
    }
}

fn permission(method: &str, repository: &Repository, ecr: Option<&EcrHost>) -> String {
    let reads = matches!(method, "GET" | "HEAD");
    match ecr {
        Some(EcrHost {
            account, region, ..
        }) => {
            let actions = if reads {
                "ecr:BatchGetImage, ecr:GetDownloadUrlForLayer and ecr:BatchCheckLayerAvailability"
            } else {
                "ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, \
                 ecr:BatchCheckLayerAvailability and ecr:PutImage"
            };
            format!(
                "The identity needs {actions} on the repository {} of account {account} in \
                 {region}, by its own policy and, from another account, by the repository's.",
                repository.path()
            )
        }
        None if reads => format!("The login may not read {repository}, or it does not exist."),
        None => format!("The login may not push to {repository}."),
    }
}

fn missing(repository: &Repository, ecr: Option<&EcrHost>) -> String {
    match ecr {
        Some(EcrHost {
            account, region, ..
        }) => format!(
            "ECR makes no repositories by itself. Create {path} in account {account}, region \
             {region} (`aws ecr create-repository --region {region} --repository-name {path}`), \
             or set `create_repositories = true` in the release block.",
            path = repository.path()
        ),
        None => format!("Create {repository} first, or check its name."),
    }
}

fn is_loopback(host: &str) -> bool {
    super::endpoint::is_loopback(host)
}
