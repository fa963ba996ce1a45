//! The logins of this process: Docker's configuration first, then AWS for ECR hosts, else none.

use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use launchway_buildkit::{Credential, CredentialError, CredentialSource};

use super::docker_config::{DockerConfig, DockerConfigError, DockerConfigProblem, Lookup};
use super::helper;
use crate::registry::once::OnceMap;

/// How long a login is kept. Docker keeps helpers' answers as long; a login that was renewed
/// outside is seen then.
const KEEP: Duration = Duration::from_secs(290);

/// Where a [`Keychain`] looks.
#[derive(Clone, Debug, Default)]
pub struct KeychainConfig {
    /// The folder of Docker's config.json: `DOCKER_CONFIG`, or `.docker` at home. A file that
    /// does not exist is no error.
    pub docker_config: Option<PathBuf>,
    /// Where helper programs are, as a value of PATH; by default where this process finds its.
    pub search_path: Option<OsString>,
}

/// Looks logins up and keeps them for a few minutes. One look-up per host at a time, however many
/// ask.
#[derive(Debug)]
pub struct Keychain {
    config: KeychainConfig,
    kept: OnceMap<String, Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    login: Option<Credential>,
    until: Instant,
}

type Failure = Box<dyn Error + Send + Sync>;

impl Keychain {
    /// A keychain that has looked at nothing yet.
    pub fn new(config: KeychainConfig) -> Self {
        Self {
            config,
            kept: OnceMap::default(),
        }
    }

    async fn look_up(&self, host: &str) -> Result<Kept, Failure> {
        let login = self.docker_login(host).await?;
        Ok(Kept {
            login,
            until: Instant::now() + KEEP,
        })
    }

    async fn docker_login(&self, host: &str) -> Result<Option<Credential>, Failure> {
        let Some(folder) = &self.config.docker_config else {
            return Ok(None);
        };
        let path = folder.join("config.json");
        let text = match tokio::fs::read(&path).await {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(path, error.into()).into()),
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
                let login = helper::ask(&name, &server, path, helper::PATIENCE).await?;
                Ok(login.or(otherwise))
            }
        }
    }
}

fn unusable(path: PathBuf, problem: DockerConfigProblem) -> DockerConfigError {
    DockerConfigError { path, problem }
}

impl CredentialSource for Keychain {
    fn credential<'a>(
        &'a self,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        async move {
            let fresh = |kept: &Kept| Instant::now() < kept.until;
            let found = self
                .kept
                .get(host.to_owned(), fresh, self.look_up(host))
                .await;
            match found {
                Ok(kept) => Ok(kept.login),
                Err(source) => Err(CredentialError {
                    host: host.to_owned(),
                    source,
                }),
            }
        }
        .boxed()
    }
}
