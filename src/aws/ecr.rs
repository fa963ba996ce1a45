//! ECR's own API, for what its registries cannot do: logging in, and making repositories.
//!
//! The API's region and account come from the registry's host name, whatever the process is
//! configured for. ECR Public is another service; its registry is used without login.

use std::time::SystemTime;

use aws_sdk_ecr::operation::create_repository::CreateRepositoryError;
use aws_sdk_ecr::operation::describe_repositories::DescribeRepositoriesError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use launchway_buildkit::{Credential, Secret};

use super::{Aws, AwsError, EcrHost};

/// A login to all ECR registries of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcrLogin {
    /// The user `AWS` and its password.
    pub credential: Credential,
    /// When it ends, by AWS's clock; usually after twelve hours.
    pub expires: Option<SystemTime>,
}

/// What became of the wish for a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It was made, with ECR's default settings.
    Created,
    /// It was there.
    Existed,
}

const LOGIN: &str = "ecr:GetAuthorizationToken";
const DESCRIBE: &str = "ecr:DescribeRepositories";
const CREATE: &str = "ecr:CreateRepository";

impl Aws {
    /// A new login for a registry.
    pub async fn ecr_login(&self, host: &EcrHost) -> Result<EcrLogin, AwsError> {
        let region = host.region.as_str();
        let client = self.ecr(region).await;
        let answer = match client.get_authorization_token().send().await {
            Ok(answer) => answer,
            Err(error) => return Err(self.failed(LOGIN, region, error).await),
        };
        let data = answer.authorization_data().first();
        let token = data.and_then(|data| data.authorization_token());
        let credential = token
            .and_then(decode)
            .ok_or_else(|| AwsError::invalid(LOGIN, region, "there is no token in it"))?;
        let expires = data
            .and_then(|data| data.expires_at())
            .and_then(|time| SystemTime::try_from(*time).ok());
        Ok(EcrLogin {
            credential,
            expires,
        })
    }

    /// Whether a repository exists.
    pub async fn ecr_repository_exists(
        &self,
        host: &EcrHost,
        path: &str,
    ) -> Result<bool, AwsError> {
        let client = self.ecr(&host.region).await;
        let request = client
            .describe_repositories()
            .registry_id(&host.account)
            .repository_names(path);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => {
                let missing = error
                    .as_service_error()
                    .is_some_and(DescribeRepositoriesError::is_repository_not_found_exception);
                if missing {
                    return Ok(false);
                }
                Err(self.failed(DESCRIBE, &host.region, error).await)
            }
        }
    }

    /// Makes a repository with ECR's default settings (or those of the account's creation
    /// template), unless it exists.
    pub async fn create_ecr_repository(
        &self,
        host: &EcrHost,
        path: &str,
    ) -> Result<Creation, AwsError> {
        let client = self.ecr(&host.region).await;
        let request = client
            .create_repository()
            .registry_id(&host.account)
            .repository_name(path);
        match request.send().await {
            Ok(_) => Ok(Creation::Created),
            Err(error) => {
                let exists = error
                    .as_service_error()
                    .is_some_and(CreateRepositoryError::is_repository_already_exists_exception);
                if exists {
                    return Ok(Creation::Existed);
                }
                Err(self.failed(CREATE, &host.region, error).await)
            }
        }
    }
}

/// A token is `user:password` in Base64.
fn decode(token: &str) -> Option<Credential> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(Credential {
        username: username.to_owned(),
        secret: Secret::new(password),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_login() {
        let login = decode("QVdTOmEtcGFzc3dvcmQ=").unwrap();
        assert_eq!(login.username, "AWS");
        assert_eq!(login.secret.expose(), "a-password");
        assert_eq!(decode("!"), None);
        assert_eq!(decode("QVdT"), None);
    }
}
