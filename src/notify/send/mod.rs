//! Delivering a [`Payload`]: one place for every kind of channel, all under one timeout.
//!
//! A secret is read when it is first needed, kept as a [`Secret`], and put into a request at the last
//! moment. No error holds it: addresses are left out of them, and answers are shown only as far as they
//! are known words of the service.

mod command;
mod error;
mod http;
mod secret;
mod service;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use launchway_buildkit::Secret;

use super::Payload;
use crate::aws::Aws;
use crate::config::{Channel, NotifySettings, SecretReference};

pub use error::SendError;
pub use secret::SecretError;

/// Waits; tests pass one that only writes down how long.
pub type Sleep = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// Really waits.
pub fn sleep() -> Sleep {
    Arc::new(|time| Box::pin(tokio::time::sleep(time)))
}

/// What became of a message that was delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The message's id, where the service gives one.
    pub id: Option<String>,
}

/// Sends messages. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Sender {
    http: Arc<http::Http>,
    aws: Aws,
    environment: Arc<BTreeMap<String, String>>,
    directory: PathBuf,
    sleep: Sleep,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl Sender {
    /// A sender that reads `env:` secrets from `environment` and runs commands with it, in
    /// `directory`. Connects to nothing yet.
    pub fn new(
        aws: Aws,
        environment: BTreeMap<String, String>,
        directory: PathBuf,
        sleep: Sleep,
    ) -> Self {
        Self {
            http: Arc::default(),
            aws,
            environment: Arc::new(environment),
            directory,
            sleep,
        }
    }

    /// Reads the secret of a block, if it has one, within its timeout.
    pub async fn secret(&self, settings: &NotifySettings) -> Result<Option<Secret>, SendError> {
        let Some(reference) = settings.channel.secret() else {
            return Ok(None);
        };
        let read = secret::read(reference, &self.environment, &self.aws);
        match tokio::time::timeout(settings.timeout, read).await {
            Ok(secret) => Ok(Some(secret?)),
            Err(_) => Err(SendError::Timeout {
                what: reference.to_string(),
                seconds: settings.timeout.as_secs(),
            }),
        }
    }

    /// Whether a secret can be had without asking anybody: `Err` for a variable that is not set,
    /// `None` for a secret that is kept elsewhere.
    pub fn secret_at_hand(
        &self,
        reference: &SecretReference,
    ) -> Result<Option<Secret>, SecretError> {
        secret::at_hand(reference, &self.environment)
    }

    /// Delivers a message that was made for this block, within its timeout. `secret` is what
    /// [`Sender::secret`] gave.
    pub async fn send(
        &self,
        settings: &NotifySettings,
        payload: &Payload,
        secret: Option<&Secret>,
    ) -> Result<Delivery, SendError> {
        let delivery = self.deliver(settings, payload, secret);
        match tokio::time::timeout(settings.timeout, delivery).await {
            Ok(result) => result,
            Err(_) => Err(SendError::late(settings)),
        }
    }

    async fn deliver(
        &self,
        settings: &NotifySettings,
        payload: &Payload,
        secret: Option<&Secret>,
    ) -> Result<Delivery, SendError> {
        let needed = || {
            secret.ok_or_else(|| SendError::Mismatch {
                kind: settings.channel.kind(),
            })
        };
        match (&settings.channel, payload) {
            (Channel::Slack { base_url, .. }, Payload::Slack(body)) => {
                let request = service::slack(needed()?, base_url.as_deref(), body);
                let request = request.map_err(|form| unfit(settings, form))?;
                self.http.deliver(&request, &self.sleep).await
            }
            (Channel::ChatWork { room, base_url, .. }, Payload::ChatWork { body, self_unread }) => {
                let base = base_url.as_deref();
                let request = service::chatwork(needed()?, base, room, body, *self_unread);
                let request = request.map_err(|form| unfit(settings, form))?;
                self.http.deliver(&request, &self.sleep).await
            }
            (Channel::Sns { topic, region }, Payload::Sns(message)) => {
                let id = self.aws.publish(topic, region, message).await?;
                Ok(Delivery { id: Some(id) })
            }
            (Channel::EventBridge { region, .. }, Payload::EventBridge(event)) => {
                let id = self.aws.put_event(region.as_deref(), event).await?;
                Ok(Delivery { id: Some(id) })
            }
            (Channel::Command { command }, Payload::Command { input, variables }) => {
                let run = command::Run {
                    command,
                    input,
                    variables,
                    environment: &self.environment,
                    directory: &self.directory,
                };
                run.finish().await?;
                Ok(Delivery::default())
            }
            _ => Err(SendError::Mismatch {
                kind: settings.channel.kind(),
            }),
        }
    }
}

/// The secret of a block cannot be used: it is no `form`.
fn unfit(settings: &NotifySettings, form: &'static str) -> SendError {
    let kind = settings.channel.kind();
    match settings.channel.secret() {
        Some(reference) => SecretError::form(reference, form).into(),
        None => SendError::Mismatch { kind },
    }
}

impl SendError {
    /// The block's time is over.
    pub fn late(settings: &NotifySettings) -> Self {
        Self::Timeout {
            what: name(&settings.channel).to_owned(),
            seconds: settings.timeout.as_secs(),
        }
    }
}

/// The channel as errors name it.
fn name(channel: &Channel) -> &'static str {
    match channel {
        Channel::Slack { .. } => service::SLACK,
        Channel::ChatWork { .. } => service::CHATWORK,
        Channel::Sns { .. } => "SNS",
        Channel::EventBridge { .. } => "EventBridge",
        Channel::Command { .. } => "the command",
    }
}
