//! Notifications: how they are sent, and what a release tells.

mod aws;
mod command;
mod http;
mod release;
mod verb;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use launchway::aws::{Aws, AwsSettings, StaticCredentials};
use launchway::config::{Channel, NotifyEvent, NotifySettings, SecretReference};
use launchway::notify::{Delivery, Mask, Message, Payload, SendError, Sender};
use launchway_buildkit::Secret;

/// The waits that a sender asked for.
type Waits = Arc<Mutex<Vec<Duration>>>;

/// A sender that does not wait, but writes down for how long it would have.
fn sender(endpoint: &str, environment: &[(&str, &str)]) -> (Sender, Waits) {
    let aws = Aws::new(AwsSettings {
        endpoint_url: Some(endpoint.to_owned()),
        credentials: Some(StaticCredentials {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: Secret::new("planted-key"),
            session_token: None,
        }),
        profile: None,
        ..AwsSettings::default()
    });
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment: BTreeMap<String, String> = environment.collect();
    let waits = Waits::default();
    let asked = Arc::clone(&waits);
    let sleep: launchway::notify::Sleep = Arc::new(move |time| {
        asked.lock().unwrap().push(time);
        Box::pin(async {})
    });
    let sender = Sender::new(aws, environment, std::env::temp_dir(), sleep);
    (sender, waits)
}

fn block(channel: Channel) -> NotifySettings {
    NotifySettings {
        name: "ops".to_owned(),
        channel,
        events: BTreeSet::from(NotifyEvent::ALL),
        targets: None,
        services: None,
        project: None,
        required: false,
        timeout: Duration::from_secs(20),
    }
}

fn reference(text: &str) -> SecretReference {
    SecretReference::parse(text).unwrap()
}

fn message() -> Message {
    let mut message = Message::new(NotifyEvent::Success, "acme/shop");
    message.source.subject = Some("Let the basket [To:all] close & <open>".to_owned());
    message
}

/// Reads the secret, and sends a message.
async fn deliver(sender: &Sender, block: &NotifySettings) -> Result<Delivery, SendError> {
    let secret = sender.secret(block).await?;
    let payload = Payload::of(&message(), block, &Mask::default());
    sender.send(block, &payload, secret.as_ref()).await
}

/// Everything that an error can be made to say.
fn everything(error: &SendError) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {:?}", error.hint());
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text.push_str(&format!(" {source} {source:?}"));
        next = source.source();
    }
    text
}

#[track_caller]
fn assert_without_secret(text: &str) {
    assert!(!text.contains("planted"), "a secret is in: {text}");
}
