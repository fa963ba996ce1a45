//! A message for an EventBridge bus: the document as its detail.
//!
//! An entry has at most 256 KiB, its source, detail-type and bus counted with its detail.

use super::document::document;
use super::{Mask, Message};
use crate::aws::BusEvent;
use crate::config::NotifyEvent;

/// Bytes of an entry.
pub(super) const LARGEST: usize = 256 << 10;
/// Bytes of everything but the detail.
const OTHERS: usize = 2 << 10;

/// What is put on the bus.
pub(super) fn render(message: &Message, bus: &str, source: &str, mask: &Mask) -> BusEvent {
    BusEvent {
        bus: bus.to_owned(),
        source: source.to_owned(),
        detail_type: detail_type(message.event).to_owned(),
        detail: document(message, mask, LARGEST - OTHERS).to_string(),
    }
}

fn detail_type(event: NotifyEvent) -> &'static str {
    match event {
        NotifyEvent::Start => "Launchway Release Started",
        NotifyEvent::Success => "Launchway Release Succeeded",
        NotifyEvent::Unchanged => "Launchway Release Unchanged",
        NotifyEvent::Failed => "Launchway Release Failed",
        NotifyEvent::Refused => "Launchway Release Refused",
        NotifyEvent::WaitingForApproval => "Launchway Release Waiting For Approval",
    }
}
