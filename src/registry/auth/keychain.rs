//! The logins of this process: Docker's configuration first, then AWS for ECR hosts, else none.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use launchway_buildkit::{Credential, CredentialError, CredentialSource};

use super::docker_config::{DockerConfig, DockerConfigError, DockerConfigProblem, Lookup};
use super::helper::{self, HelperError};
use crate::aws::{Aws, AwsError, EcrHost, EcrLogin, parse_ecr_host};
use crate::registry::once::OnceMap;

/// How long a login is kept whose end is not known. Docker keeps helpers' answers as long; a
/// login that was renewed outside is seen then.
const KEEP: Duration = Duration::from_secs(290);
/// How long before its end an ECR login is renewed: whoever gets it may upload for a while.
const MARGIN: Duration = Duration::from_mins(30);

/// Where a [`Keychain`] looks.
#[derive(Clone, Debug, Default)]
pub struct KeychainConfig {
    /// The folder of Docker's config.json: `DOCKER_CONFIG`, or `.docker` at home. A file that
    /// does not exist is no error.
    pub docker_config: Option<PathBuf>,
    /// Where helper programs are, as a value of PATH; by default where this process finds its.
    pub search_path: Option<OsString>,
    /// Logs in to ECR, where the Docker configuration has nothing. Without it nobody does.
    pub aws: Option<Aws>,
}

/// Looks logins up and keeps them. One look-up per host at a time, however many ask.
///
/// A Docker configuration that cannot be used is an error, and so are missing AWS credentials for
/// an ECR host; no login anywhere is none.
#[derive(Debug)]
pub struct Keychain {
    config: KeychainConfig,
    /// What the Docker configuration says, by host.
    docker: OnceMap<String, Kept, LoginError>,
    /// Logins to ECR, by region: one is good for all accounts.
    ecr: OnceMap<String, Kept, LoginError>,
}

#[derive(Clone, Debug)]
struct Kept {
    login: Option<Credential>,
    until: Instant,
}

impl Kept {
    fn is_fresh(&self) -> bool {
        Instant::now() < self.until
    }
}

/// A login could not be looked up. The source of the keychain's [`CredentialError`]s; shared by
/// all who asked at the same time.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoginError {
    /// The Docker configuration cannot be used.
    #[error("looking for a login in the Docker configuration")]
    DockerConfig(#[source] Arc<DockerConfigError>),
    /// A credential helper that the Docker configuration names failed.
    #[error("asking a credential helper of the Docker configuration")]
    Helper(#[source] Arc<HelperError>),
    /// AWS gave no login to ECR.
    #[error("logging in to ECR with AWS credentials")]
    Aws(#[source] Arc<AwsError>),
}

impl Keychain {
    /// A keychain that has looked at nothing yet.
    pub fn new(config: KeychainConfig) -> Self {
        Self {
            config,
            docker: OnceMap::default(),
            ecr: OnceMap::default(),
        }
    }

    async fn look_up(&self, host: &str) -> Result<Option<Credential>, LoginError> {
        let docker = self.docker_login(host);
        let kept = self
            .docker
            .get(host.to_owned(), Kept::is_fresh, docker)
            .await?;
        if kept.login.is_some() {
            return Ok(kept.login);
        }
        let (Some(aws), Some(ecr)) = (&self.config.aws, parse_ecr_host(host)) else {
            return Ok(None);
        };
        // Boxed, for the SDK's futures are large and this one is rarely needed.
        let login = Box::pin(ecr_login(aws, &ecr));
        let kept = self
            .ecr
            .get(ecr.region.clone(), Kept::is_fresh, login)
            .await?;
        Ok(kept.login)
    }

    async fn docker_login(&self, host: &str) -> Result<Kept, LoginError> {
        Ok(Kept {
            login: self.read_docker_config(host).await?,
            until: Instant::now() + KEEP,
        })
    }

    async fn read_docker_config(&self, host: &str) -> Result<Option<Credential>, LoginError> {
        let Some(folder) = &self.config.docker_config else {
            return Ok(None);
        };
        let path = folder.join("config.json");
        let text = match tokio::fs::read(&path).await {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(path, error.into())),
        };
        let lookup = DockerConfig::parse(&text).and_then(|config| config.lookup(host));
        match lookup.map_err(|problem| unusable(path, problem))? {
            Lookup::Found(login) => Ok(Some(login)),
            Lookup::Nowhere => Ok(None),
            Lookup::Helper {
                name,
                server,
                otherwise,
            } => {
                let path = self.config.search_path.as_deref();
                match helper::ask(&name, &server, path, helper::PATIENCE).await {
                    Ok(login) => Ok(login.or(otherwise)),
                    Err(error) => Err(LoginError::Helper(Arc::new(error))),
                }
            }
        }
    }
}

async fn ecr_login(aws: &Aws, host: &EcrHost) -> Result<Kept, LoginError> {
    let EcrLogin {
        credential,
        expires,
    } = aws
        .ecr_login(host)
        .await
        .map_err(|error| LoginError::Aws(Arc::new(error)))?;
    Ok(Kept {
        login: Some(credential),
        until: Instant::now() + life(expires, SystemTime::now()),
    })
}

/// How long to keep an ECR login. A clock that is wrong, here or there, must not make every
/// request log in again.
fn life(expires: Option<SystemTime>, now: SystemTime) -> Duration {
    expires
        .and_then(|end| end.duration_since(now).ok())
        .and_then(|left| left.checked_sub(MARGIN))
        .map_or(KEEP, |left| left.max(KEEP))
}

fn unusable(path: PathBuf, problem: DockerConfigProblem) -> LoginError {
    LoginError::DockerConfig(Arc::new(DockerConfigError { path, problem }))
}

impl CredentialSource for Keychain {
    fn credential<'a>(
        &'a self,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        let login = self.look_up(host);
        login
            .map(|found| {
                found.map_err(|source| CredentialError {
                    host: host.to_owned(),
                    source: source.into(),
                })
            })
            .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;

    fn keychain(folder: &Path) -> Keychain {
        Keychain::new(KeychainConfig {
            docker_config: Some(folder.to_owned()),
            search_path: Some(folder.as_os_str().to_owned()),
            aws: None,
        })
    }

    #[tokio::test]
    async fn asks_a_helper_once_and_keeps_its_answer() {
        let folder = tempfile::tempdir().unwrap();
        let calls = folder.path().join("calls");
        let script = format!(
            "#!/bin/sh\necho call >> {}\necho '{{\"Username\":\"me\",\"Secret\":\"s\"}}'\n",
            calls.display()
        );
        let helper = folder.path().join("docker-credential-it");
        std::fs::write(&helper, script).unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
        let config = r#"{"credHelpers":{"a.example":"it"}}"#;
        std::fs::write(folder.path().join("config.json"), config).unwrap();

        let keychain = keychain(folder.path());
        let asked = (0..10).map(|_| keychain.credential("a.example"));
        for login in futures::future::join_all(asked).await {
            assert_eq!(login.unwrap().unwrap().username, "me");
        }
        assert_eq!(std::fs::read_to_string(calls).unwrap(), "call\n");
        assert_eq!(keychain.credential("b.example").await.unwrap(), None);
    }

    #[tokio::test]
    async fn no_configuration_is_no_login() {
        let folder = tempfile::tempdir().unwrap();
        let keychain = keychain(folder.path());
        assert_eq!(keychain.credential("a.example").await.unwrap(), None);
        let ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        assert_eq!(keychain.credential(ecr).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_broken_configuration_names_file_and_place() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), "{\n  \"auths\": 1\n}").unwrap();
        let error = keychain(folder.path())
            .credential("a.example")
            .await
            .unwrap_err();
        let Some(LoginError::DockerConfig(error)) = error.source.downcast_ref() else {
            panic!("{error:?}");
        };
        let DockerConfigError { path, problem } = &**error;
        assert!(path.ends_with("config.json"));
        assert!(
            problem.to_string().contains("line 2 column 12"),
            "{problem}"
        );
    }

    #[test]
    fn ecr_logins_are_kept_until_shortly_before_they_end() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(100);
        let hours = |hours| Some(SystemTime::UNIX_EPOCH + Duration::from_hours(hours));
        assert_eq!(life(hours(112), now), Duration::from_mins(12 * 60 - 30));
        assert_eq!(life(hours(100), now), KEEP);
        assert_eq!(life(hours(99), now), KEEP);
        assert_eq!(life(None, now), KEEP);
    }
}
