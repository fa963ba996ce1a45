//! A registry client for verbs that need no BuildKit.

use crate::aws::{Aws, AwsSettings};
use crate::registry::{Client, ClientConfig};
use crate::ui::Failure;

use super::Invocation;
use super::execute::keychain;

impl Invocation {
    /// A client with the logins of this machine.
    pub(super) fn registry_client(&self) -> Result<Client, Failure> {
        let aws = Aws::new(AwsSettings::default());
        Ok(Client::new(ClientConfig::new(keychain(self, &aws)))?)
    }
}
