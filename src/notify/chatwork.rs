//! A message for a room of ChatWork, in its notation.
//!
//! The notation knows no escape character, and `[To:1]` anywhere in a text calls somebody. So no text
//! that is not ours keeps its square brackets: they become fullwidth ones, which look alike. A body has at
//! most 65,535 characters or bytes, whichever ChatWork counts; ours stays far below both.

use std::fmt::Write as _;

use super::text::{cut, join};
use super::wording::Wording;
use super::{Mask, Message};

const TITLE: usize = 600;
const FACT: usize = 1000;
const TEXT: usize = 6000;
const PROBLEM: usize = 4000;
const LOG: usize = 5000;
const IMAGES: usize = 8000;
const SERVICES: usize = 4000;
const NOTES: usize = 4000;

/// The text of the message.
pub(super) fn render(message: &Message, to: &[String], mask: &Mask) -> String {
    let words = Wording::of(message, mask);
    let mut body = String::new();
    for recipient in to.iter().take(50) {
        match recipient.as_str() {
            "all" => body.push_str("[toall]\n"),
            account => {
                let _ = writeln!(body, "[To:{account}]");
            }
        }
    }
    let title = plain(&cut(&words.title, TITLE, cost));
    let _ = write!(body, "[info][title]{title}[/title]");
    let mut parts: Vec<String> = Vec::new();
    let facts: Vec<String> = words
        .facts
        .iter()
        .map(|fact| {
            let text = plain(&cut(&fact.text, FACT, cost));
            match &fact.url {
                Some(url) => format!("{}: {text}\n{url}", fact.label),
                None => format!("{}: {text}", fact.label),
            }
        })
        .collect();
    if !facts.is_empty() {
        parts.push(facts.join("\n"));
    }
    parts.extend(words.text.map(|text| plain(&cut(&text, TEXT, cost))));
    for (lines, budget) in [
        (&words.problem, PROBLEM),
        (&words.images, IMAGES),
        (&words.services, SERVICES),
        (&words.notes, NOTES),
    ] {
        if !lines.is_empty() {
            parts.push(plain(&join(lines, budget, cost)));
        }
    }
    if !words.log.is_empty() {
        let log = plain(&join(&words.log, LOG, cost));
        parts.push(format!("[code]{log}[/code]"));
    }
    if !words.links.is_empty() {
        let links = words.links.iter();
        let links = links.map(|link| format!("{}: {}", plain(&link.label), link.url));
        parts.push(links.collect::<Vec<_>>().join("\n"));
    }
    body.push_str(&parts.join("\n[hr]"));
    body.push_str("[/info]");
    body
}

fn plain(text: &str) -> String {
    text.replace('[', "［").replace(']', "］")
}

/// Bytes of a character after [`plain`].
fn cost(character: char) -> usize {
    match character {
        '[' | ']' => 3,
        other => other.len_utf8(),
    }
}
