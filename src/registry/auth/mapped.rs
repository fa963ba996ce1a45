//! Logins for a daemon that is told where to connect to instead of a registry's name.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use launchway_buildkit::{Credential, CredentialError, CredentialSource};

use crate::registry::EndpointMap;

/// Answers for an endpoint's host with the login of the registry whose endpoint it is.
#[derive(Clone, Debug)]
pub struct MappedCredentials {
    /// Where the logins come from.
    pub source: Arc<dyn CredentialSource>,
    /// Which registry is where.
    pub endpoints: EndpointMap,
}

impl CredentialSource for MappedCredentials {
    fn credential<'a>(
        &'a self,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        let Some(registry) = self.endpoints.registry_at(host) else {
            return self.source.credential(host);
        };
        async move {
            match self.source.credential(registry).await? {
                Some(login) => Ok(Some(login)),
                None => self.source.credential(host).await,
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use launchway_buildkit::Secret;

    use super::*;

    /// Gives every host but one its own name as the password.
    #[derive(Debug)]
    struct Names;

    impl CredentialSource for Names {
        fn credential<'a>(
            &'a self,
            host: &'a str,
        ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
            let login = (host != "none.example").then(|| Credential {
                username: "me".to_owned(),
                secret: Secret::new(host),
            });
            async move { Ok(login) }.boxed()
        }
    }

    #[tokio::test]
    async fn the_login_is_that_of_the_registry() {
        let credentials = MappedCredentials {
            source: Arc::new(Names),
            endpoints: "a.example=http://127.0.0.1:5000,none.example=http://127.0.0.1:6000"
                .parse()
                .unwrap(),
        };
        for (host, expected) in [
            ("127.0.0.1:5000", "a.example"),
            ("127.0.0.1:6000", "127.0.0.1:6000"),
            ("b.example", "b.example"),
        ] {
            let login = credentials.credential(host).await.unwrap().unwrap();
            assert_eq!(login.secret.expose(), expected);
        }
    }
}
