//! A message for a program: the document on its standard input, the most asked-for facts in its
//! environment.

use std::collections::BTreeMap;

use super::document::document;
use super::sns::status;
use super::text::Clean;
use super::wording::title;
use super::{Mask, Message};

/// Bytes of the document. Nothing limits a pipe; this is what a program may rely on.
pub(super) const LARGEST: usize = 1 << 20;

/// The standard input, one line.
pub(super) fn input(message: &Message, mask: &Mask) -> String {
    let mut text = document(message, mask, LARGEST - 1).to_string();
    text.push('\n');
    text
}

/// The variables beside those of this process. Unknown facts are empty, so that a script may ask
/// for them.
pub(super) fn variables(message: &Message, mask: &Mask) -> BTreeMap<&'static str, String> {
    let clean = Clean(mask);
    let line = |text: Option<&str>| clean.line(text.unwrap_or_default(), 300);
    let changed = match message.changed() {
        Some(true) => "true",
        Some(false) => "false",
        None => "",
    };
    let build = message.links.first().map(|link| link.url.as_str());
    BTreeMap::from([
        ("LAUNCHWAY_EVENT", message.event.name().to_owned()),
        ("LAUNCHWAY_STATUS", status(message).to_owned()),
        ("LAUNCHWAY_TITLE", line(Some(&title(message)))),
        ("LAUNCHWAY_PROJECT", line(Some(&message.project))),
        (
            "LAUNCHWAY_ENVIRONMENT",
            line(message.environment.as_deref()),
        ),
        ("LAUNCHWAY_COMMIT", line(message.source.commit.as_deref())),
        ("LAUNCHWAY_CHANGED", changed.to_owned()),
        ("LAUNCHWAY_LINK", line(build)),
    ])
}
