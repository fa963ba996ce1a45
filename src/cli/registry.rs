//! Registry clients with the logins of this machine, and where registries are.

use std::collections::BTreeMap;
use std::sync::Arc;

use launchway_buildkit::CredentialSource;

use crate::aws::{Aws, AwsSettings};
use crate::engine::RegistrySettings;
use crate::exit;
use crate::registry::{Client, ClientConfig, EndpointMap, InvalidEndpoint};
use crate::ui::Failure;

use super::execute::keychain;
use super::{Environment, Invocation};

/// `HOST=URL[,HOST=URL…]`: registries whose API is elsewhere than their name says.
const ENDPOINTS: &str = "LAUNCHWAY_REGISTRY_ENDPOINTS";

/// Reads [`ENDPOINTS`].
pub(super) fn endpoints(environment: &Environment) -> Result<EndpointMap, Failure> {
    let text = environment.get(ENDPOINTS).unwrap_or_default();
    text.parse().map_err(|error: InvalidEndpoint| {
        Failure::with_cause(
            exit::CONFIGURATION,
            format!("the environment variable {ENDPOINTS} cannot be used"),
            &error,
        )
        .hint("Write `HOST=URL`, and commas between several: `registry.example.com=https://vpce-1.example.com`.")
    })
}

impl Invocation {
    /// A client with the logins of this machine.
    pub(super) fn registry_client(&self) -> Result<Client, Failure> {
        let aws = Aws::new(AwsSettings::default());
        self.registry_client_with(keychain(self, &aws))
    }

    /// A client with these logins.
    pub(super) fn registry_client_with(
        &self,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Client, Failure> {
        let mut config = ClientConfig::new(credentials);
        config.endpoints = self.endpoints.urls();
        Ok(Client::new(config)?)
    }

    /// What a daemon that is started here must be told about registries.
    pub(super) fn registry_settings(&self) -> BTreeMap<String, RegistrySettings> {
        let plain = self.endpoints.plain_http().map(|host| {
            let settings = RegistrySettings {
                plain_http: true,
                ..RegistrySettings::default()
            };
            (host.to_owned(), settings)
        });
        plain.collect()
    }
}
