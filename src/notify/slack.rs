//! A message for an incoming webhook of Slack: blocks, and the same in short as fallback text.
//!
//! Slack's limits are counted here in UTF-16 units of the JSON as it is sent, which is never less
//! than what Slack counts: 150 for a header, 3000 for a section, 2000 for each of 10 fields, 50 blocks,
//! and about 13,000 over all blocks, beyond which it answers `msg_blocks_too_long`.

use serde_json::{Value, json};

use super::text::{cut, join};
use super::wording::{Fact, Wording};
use super::{Mask, Message};

/// The header, and the title in the fallback text.
const HEADER: usize = 145;
/// A fact.
const FIELD: usize = 400;
/// What is written in one section.
const IMAGES: usize = 2400;
const TEXT: usize = 1600;
const PROBLEM: usize = 1200;
const LOG: usize = 1200;
const NOTES: usize = 800;
const SERVICES: usize = 700;

/// The JSON that is posted to the webhook.
pub(super) fn render(message: &Message, mentions: &[String], mask: &Mask) -> Value {
    let words = Wording::of(message, mask);
    let title = cut(&words.title, HEADER, plain_cost);
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": title, "emoji": false },
    })];
    let mentioned = mentioned(mentions);
    if !mentioned.is_empty() {
        blocks.push(section(&mentioned));
    }
    if !words.facts.is_empty() {
        let fields: Vec<Value> = words.facts.iter().map(field).collect();
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    if let Some(text) = &words.text {
        blocks.push(section(&escape(&cut(text, TEXT, cost))));
    }
    if !words.problem.is_empty() {
        blocks.push(section(&escape(&join(&words.problem, PROBLEM, cost))));
    }
    if !words.log.is_empty() {
        // Backticks would end the block.
        let log: Vec<String> = words
            .log
            .iter()
            .map(|line| line.replace('`', "'"))
            .collect();
        let log = escape(&join(&log, LOG, cost));
        blocks.push(section(&format!("```\n{log}\n```")));
    }
    for (lines, budget) in [(&words.images, IMAGES), (&words.services, SERVICES)] {
        if !lines.is_empty() {
            let lines: Vec<String> = lines.iter().map(|line| format!("• {line}")).collect();
            blocks.push(section(&escape(&join(&lines, budget, cost))));
        }
    }
    if !words.notes.is_empty() {
        let notes = escape(&join(&words.notes, NOTES, cost));
        blocks.push(json!({
            "type": "context",
            "elements": [{ "type": "mrkdwn", "text": notes }],
        }));
    }
    if !words.links.is_empty() {
        let buttons: Vec<Value> = words
            .links
            .iter()
            .map(|link| {
                json!({
                    "type": "button",
                    "text": { "type": "plain_text", "text": link.label, "emoji": false },
                    "url": link.url,
                })
            })
            .collect();
        blocks.push(json!({ "type": "actions", "elements": buttons }));
    }
    let fallback = escape(&cut(&words.title, HEADER, cost));
    let fallback = match mentioned.as_str() {
        "" => fallback,
        mentioned => format!("{mentioned} {fallback}"),
    };
    json!({ "text": fallback, "blocks": blocks })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

fn field(fact: &Fact) -> Value {
    let text = escape(&cut(&fact.text, FIELD, cost));
    let text = match &fact.url {
        // The label leads there, so that no text can pretend to be another address.
        Some(url) => format!("*<{}|{}>*\n{text}", escape(url), fact.label),
        None => format!("*{}*\n{text}", fact.label),
    };
    json!({ "type": "mrkdwn", "text": text })
}

/// `<!here> <@U012AB3CD>`; what cannot be a mention was refused when the configuration was read.
fn mentioned(mentions: &[String]) -> String {
    let mentions = mentions
        .iter()
        .take(20)
        .map(|mention| match mention.as_str() {
            "here" | "channel" | "everyone" => format!("<!{mention}>"),
            group if group.starts_with('S') => format!("<!subteam^{group}>"),
            user => format!("<@{user}>"),
        });
    mentions.collect::<Vec<_>>().join(" ")
}

/// The three characters that mean something in every text of Slack's.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// UTF-16 units of a character, escaped for Slack and for JSON.
fn cost(character: char) -> usize {
    match character {
        '&' => 5,
        '<' | '>' => 4,
        other => plain_cost(other),
    }
}

/// The same in a text that is not escaped for Slack.
fn plain_cost(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' => 2,
        other => other.len_utf16(),
    }
}
