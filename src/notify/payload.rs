//! What each kind of channel is sent.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Mask, Message, chatwork, command, eventbridge, slack, sns};
use crate::aws::{AttributeValue, BusEvent, TopicMessage};
use crate::config::{Channel, NotifySettings};

/// A message in the form of one channel, without the channel's secret.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// The JSON for an incoming webhook.
    Slack(Value),
    /// A message for a room.
    ChatWork {
        /// The message in ChatWork's notation.
        body: String,
        /// Unread for the posting user too.
        self_unread: bool,
    },
    /// A message for a topic.
    Sns(TopicMessage),
    /// An event for a bus.
    EventBridge(BusEvent),
    /// A run of a program.
    Command {
        /// Its standard input: one line of JSON.
        input: String,
        /// Variables beside those of this process.
        variables: BTreeMap<&'static str, String>,
    },
}

impl Payload {
    /// The message for the channel of a block. Secrets that the mask knows are not in it.
    pub fn of(message: &Message, settings: &NotifySettings, mask: &Mask) -> Self {
        match &settings.channel {
            Channel::Slack { mentions, .. } => Self::Slack(slack::render(message, mentions, mask)),
            Channel::ChatWork {
                to, self_unread, ..
            } => Self::ChatWork {
                body: chatwork::render(message, to, mask),
                self_unread: *self_unread,
            },
            Channel::Sns { .. } => Self::Sns(sns::render(message, mask)),
            Channel::EventBridge { bus, source, .. } => {
                Self::EventBridge(eventbridge::render(message, bus, source, mask))
            }
            Channel::Command { .. } => Self::Command {
                input: command::input(message, mask),
                variables: command::variables(message, mask),
            },
        }
    }

    /// What would be sent, to be looked at. Documents stand in it as JSON, not as text.
    pub fn preview(&self) -> Value {
        let document = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        match self {
            Self::Slack(body) => body.clone(),
            Self::ChatWork { body, self_unread } => {
                json!({ "body": body, "self_unread": u8::from(*self_unread) })
            }
            Self::Sns(message) => {
                let attributes = message.attributes.iter();
                let attributes: BTreeMap<_, _> = attributes
                    .map(|(name, value)| match value {
                        AttributeValue::Text(text) => (name, json!(text)),
                        AttributeValue::Texts(texts) => (name, json!(texts)),
                    })
                    .collect();
                json!({
                    "Subject": message.subject,
                    "Message": document(&message.message),
                    "MessageAttributes": attributes,
                })
            }
            Self::EventBridge(event) => json!({
                "EventBusName": event.bus,
                "Source": event.source,
                "DetailType": event.detail_type,
                "Detail": document(&event.detail),
            }),
            Self::Command { input, variables } => {
                json!({ "input": document(input), "environment": variables })
            }
        }
    }
}
