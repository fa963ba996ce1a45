//! A message for an SNS topic: the document as its text, a subject for e-mails, and attributes that
//! subscriptions filter by.
//!
//! Limits: 256 KiB for text and attributes together; 100 printable ASCII characters for a subject; at
//! most 10 attributes, the most that reach a queue with raw delivery.

use std::collections::BTreeMap;

use super::document::document;
use super::text::{Clean, cut};
use super::wording::title;
use super::{Mask, Message};
use crate::aws::{AttributeValue, TopicMessage};

/// Bytes of text and attributes together.
pub(super) const LARGEST: usize = 256 << 10;
/// Characters of a subject.
pub(super) const SUBJECT: usize = 100;
/// Bytes of all attributes together, by which the text is kept shorter.
const ATTRIBUTES: usize = 8 << 10;
/// Bytes of the list of changed images.
const CHANGED: usize = 4 << 10;

/// What is published.
pub(super) fn render(message: &Message, mask: &Mask) -> TopicMessage {
    let clean = Clean(mask);
    let title = clean.line(&title(message), 200);
    let ascii: String = title
        .chars()
        .map(|character| match character {
            ' '..='~' => character,
            _ => '?',
        })
        .collect();
    let mut subject = ascii.trim().to_owned();
    if subject.len() > SUBJECT {
        subject.truncate(SUBJECT - 3);
        subject.push_str("...");
    }
    let mut attributes = BTreeMap::new();
    let mut put = |name: &str, text: &str| {
        let text = cut(&clean.line(text, 256), 1024, char::len_utf8);
        if !text.is_empty() {
            attributes.insert(name.to_owned(), AttributeValue::Text(text));
        }
    };
    put("event", message.event.name());
    put("status", status(message));
    put("project", &message.project);
    put(
        "environment",
        message.environment.as_deref().unwrap_or_default(),
    );
    put(
        "branch",
        message.source.branch.as_deref().unwrap_or_default(),
    );
    let mut room = CHANGED;
    let changed = message
        .images
        .iter()
        .filter(|image| image.changed == Some(true));
    let changed: Vec<String> = changed
        .map(|image| clean.line(&image.target, 256))
        .take_while(|target| {
            let size = serde_json::json!(target).to_string().len() + 1;
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        })
        .collect();
    if message.changed().is_some() {
        attributes.insert("changed".to_owned(), AttributeValue::Texts(changed));
    }
    TopicMessage {
        subject,
        message: document(message, mask, LARGEST - ATTRIBUTES).to_string(),
        attributes,
    }
}

/// The event in one word that does not change with what happened: for rules such as "everything
/// that is bad".
pub(super) fn status(message: &Message) -> &'static str {
    use crate::config::NotifyEvent as Event;
    match message.event {
        Event::Start => "running",
        Event::Success | Event::Unchanged => "ok",
        Event::Failed | Event::Refused => "error",
        Event::WaitingForApproval => "waiting",
    }
}
