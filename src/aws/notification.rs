//! Messages to other systems: SNS topics and EventBridge buses.
//!
//! What a message says and how long it may be is decided by the caller.

use std::collections::BTreeMap;

use aws_sdk_sns::types::MessageAttributeValue;

use super::{Aws, AwsError};

/// A message for an SNS topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicMessage {
    /// The subject of an e-mail: at most 100 printable ASCII characters.
    pub subject: String,
    /// The message: with all attributes at most 256 KiB.
    pub message: String,
    /// What subscriptions can filter by. None is empty.
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// The value of a message attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// Data type `String`.
    Text(String),
    /// Data type `String.Array`: sent as a JSON array.
    Texts(Vec<String>),
}

/// An event for a bus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BusEvent {
    /// The bus's name or ARN.
    pub bus: String,
    /// `source`.
    pub source: String,
    /// `detail-type`.
    pub detail_type: String,
    /// `detail`: a JSON object.
    pub detail: String,
}

const PUBLISH: &str = "sns:Publish";
const PUT_EVENTS: &str = "events:PutEvents";

impl Aws {
    /// Publishes to a topic, and returns the message's id.
    pub async fn publish(
        &self,
        topic: &str,
        region: &str,
        message: &TopicMessage,
    ) -> Result<String, AwsError> {
        let client = aws_sdk_sns::Client::new(&self.in_region(region).await);
        let mut request = client
            .publish()
            .topic_arn(topic)
            .subject(&message.subject)
            .message(&message.message);
        for (name, value) in &message.attributes {
            let (data_type, text) = match value {
                AttributeValue::Text(text) => ("String", text.clone()),
                AttributeValue::Texts(texts) => {
                    ("String.Array", serde_json::json!(texts).to_string())
                }
            };
            let value = MessageAttributeValue::builder()
                .data_type(data_type)
                .string_value(text)
                .build()
                .map_err(|error| AwsError::invalid(PUBLISH, region, error))?;
            request = request.message_attributes(name, value);
        }
        match request.send().await {
            Ok(answer) => Ok(answer.message_id.unwrap_or_default()),
            Err(error) => Err(self.failed(PUBLISH, region, error).await),
        }
    }

    /// Puts one event on a bus, and returns its id. The call as a whole succeeds also when the
    /// entry was refused; that is an error here. `region` is the process's own by default.
    pub async fn put_event(
        &self,
        region: Option<&str>,
        event: &BusEvent,
    ) -> Result<String, AwsError> {
        let region = self.region_for(PUT_EVENTS, region).await?;
        let client = aws_sdk_eventbridge::Client::new(&self.in_region(&region).await);
        let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
            .event_bus_name(&event.bus)
            .source(&event.source)
            .detail_type(&event.detail_type)
            .detail(&event.detail)
            .build();
        let answer = match client.put_events().entries(entry).send().await {
            Ok(answer) => answer,
            Err(error) => return Err(self.failed(PUT_EVENTS, &region, error).await),
        };
        let entry = answer.entries().first();
        let code = entry.and_then(|entry| entry.error_code());
        if answer.failed_entry_count() > 0 || code.is_some() {
            let code = code.unwrap_or("unknown");
            let message = entry.and_then(|entry| entry.error_message());
            let message = message.unwrap_or("no message");
            return Err(AwsError::entry(PUT_EVENTS, &region, code, message));
        }
        let id = entry.and_then(|entry| entry.event_id());
        Ok(id.unwrap_or_default().to_owned())
    }
}
