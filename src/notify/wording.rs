//! What a message says to people, in words: the same for every chat. Clean, masked and short; how it
//! is laid out and escaped is the services' own matter.

use std::time::Duration;

use super::text::Clean;
use super::{Image, Link, Mask, Message, Problem, Service};
use crate::config::NotifyEvent;

/// Characters of a title.
const TITLE: usize = 140;
/// Characters of a fact, and of a line about an image.
const LINE: usize = 300;
/// Lines of a failing step's output.
const LOG: usize = 10;
/// Bytes of an address; a longer one is left out, because a part of it leads nowhere.
const ADDRESS: usize = 1000;

/// What is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wording {
    /// One line: what happened to what.
    pub(super) title: String,
    /// Short facts, at most [`FACTS`].
    pub(super) facts: Vec<Fact>,
    /// What somebody added; several lines.
    pub(super) text: Option<String>,
    /// Why it failed, a line for each cause.
    pub(super) problem: Vec<String>,
    /// The last lines of the failing step.
    pub(super) log: Vec<String>,
    /// What to do, and what went wrong without failing.
    pub(super) notes: Vec<String>,
    /// A line for each image that changed (or will be built), and one for all others.
    pub(super) images: Vec<String>,
    /// A line for each service.
    pub(super) services: Vec<String>,
    /// Pages to look at.
    pub(super) links: Vec<Link>,
}

/// Facts at most.
pub(super) const FACTS: usize = 6;

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) text: String,
    /// A page about it.
    pub(super) url: Option<String>,
}

impl Wording {
    /// The words for a message.
    pub(super) fn of(message: &Message, mask: &Mask) -> Self {
        let clean = Clean(mask);
        let mut notes: Vec<String> = Vec::new();
        let mut problem = Vec::new();
        let mut log = Vec::new();
        if let Some(failed) = &message.problem {
            problem = causes(failed, clean);
            notes.extend(failed.hints.iter().map(|hint| clean.line(hint, LINE)));
            log.extend(failed.step.iter().map(|step| clean.line(step, LINE)));
            log.extend(clean.last_lines(&failed.log, LOG, LINE));
        }
        let warnings = message.warnings.iter();
        notes.extend(warnings.map(|warning| clean.line(warning, LINE)));
        notes.retain(|note| !note.is_empty());
        let services = match message.event {
            NotifyEvent::Success | NotifyEvent::Unchanged => message.services.as_slice(),
            _ => &[],
        };
        Self {
            title: clean.line(&title(message), TITLE),
            facts: facts(message, clean),
            text: message
                .text
                .as_ref()
                .map(|text| clean.lines(text, 2000))
                .filter(|text| !text.is_empty()),
            problem,
            log,
            notes,
            images: images(message, clean),
            services: services
                .iter()
                .map(|service| clean.line(&service_line(service), LINE))
                .collect(),
            links: message
                .links
                .iter()
                .filter(|link| is_address(&link.url))
                .take(3)
                .map(|link| Link {
                    label: Some(clean.line(&link.label, 30))
                        .filter(|label| !label.is_empty())
                        .unwrap_or_else(|| "Link".to_owned()),
                    url: link.url.clone(),
                })
                .collect(),
        }
    }
}

/// `acme/shop (staging): 2 of 5 images changed`.
pub(super) fn title(message: &Message) -> String {
    let changed = message
        .images
        .iter()
        .filter(|image| image.changed == Some(true));
    let what = match message.event {
        NotifyEvent::Start => "release started".to_owned(),
        NotifyEvent::Success => match (changed.count(), message.images.len()) {
            (_, 0) => "released".to_owned(),
            (0, _) => "released".to_owned(),
            (changed, all) if changed == all => format!("released {}", count(all)),
            (changed, all) => format!("released, {changed} of {} changed", count(all)),
        },
        NotifyEvent::Unchanged => "released, nothing changed".to_owned(),
        NotifyEvent::Failed => "release failed".to_owned(),
        NotifyEvent::Refused => "release refused by the scan gate".to_owned(),
        NotifyEvent::WaitingForApproval => "waiting for approval".to_owned(),
    };
    // The end of the title matters most, so a long name must not push it out.
    let project: String = message.project.chars().take(60).collect();
    match &message.environment {
        Some(environment) => {
            let environment: String = environment.chars().take(30).collect();
            format!("{project} ({environment}): {what}")
        }
        None => format!("{project}: {what}"),
    }
}

fn count(images: usize) -> String {
    match images {
        1 => "1 image".to_owned(),
        images => format!("{images} images"),
    }
}

fn causes(problem: &Problem, clean: Clean<'_>) -> Vec<String> {
    let first = format!(
        "{} (exit code {})",
        problem.message.trim_end(),
        problem.exit
    );
    let mut lines = vec![clean.line(&first, 2 * LINE)];
    let causes = problem.causes.iter().take(5);
    lines.extend(causes.map(|cause| clean.line(cause, LINE)));
    lines
}

fn facts(message: &Message, clean: Clean<'_>) -> Vec<Fact> {
    let source = &message.source;
    let mut facts = Vec::new();
    let mut add = |label, text: String, url: Option<&String>| {
        let text = clean.line(&text, LINE);
        if !text.is_empty() {
            let url = url.filter(|url| is_address(url)).cloned();
            facts.push(Fact { label, text, url });
        }
    };
    if let Some(commit) = &source.commit {
        let short: String = commit.chars().take(8).collect();
        let text = match &source.subject {
            Some(subject) => format!("{short} {subject}"),
            None => short,
        };
        add("Commit", text, source.url.as_ref());
    }
    if let Some(branch) = &source.branch {
        add("Branch", branch.clone(), None);
    }
    if let Some(tag) = &source.tag {
        add("Git tag", tag.clone(), None);
    }
    let tags = common_tags(&message.images);
    if !tags.is_empty() {
        add("Tags", tags.join(", "), None);
    }
    if let Some(baseline) = &message.baseline {
        add("Compared with", baseline.clone(), None);
    }
    if let Some(took) = message.duration {
        add("Took", duration(took), None);
    }
    facts.truncate(FACTS);
    facts
}

/// The tags that all images have.
fn common_tags(images: &[Image]) -> Vec<String> {
    let Some((first, others)) = images.split_first() else {
        return Vec::new();
    };
    let tags = first.tags.iter();
    tags.filter(|tag| others.iter().all(|image| image.tags.contains(tag)))
        .cloned()
        .collect()
}

/// Those that changed one by one, all others in one line.
fn images(message: &Message, clean: Clean<'_>) -> Vec<String> {
    let (same, told): (Vec<&Image>, Vec<&Image>) = message
        .images
        .iter()
        .partition(|image| image.changed == Some(false));
    let mut lines: Vec<String> = told
        .into_iter()
        .map(|image| clean.line(&image_line(image), LINE))
        .collect();
    if !same.is_empty() {
        let names: Vec<&str> = same.iter().map(|image| image.target.as_str()).collect();
        lines.push(clean.line(&format!("unchanged: {}", names.join(", ")), LINE));
    }
    lines
}

/// `web: sha256:0123456789ab, 2 of 12 layers differ (linux/amd64 57.0 MB, linux/arm64 55.1 MB)`.
fn image_line(image: &Image) -> String {
    let mut parts = Vec::new();
    if let Some(digest) = &image.digest {
        let short = digest
            .char_indices()
            .nth(19)
            .map_or(digest.len(), |(at, _)| at);
        parts.push(digest[..short].to_owned());
    }
    if !image.reason.is_empty() {
        parts.push(image.reason.clone());
    }
    let mut line = image.target.clone();
    if !parts.is_empty() {
        line = format!("{line}: {}", parts.join(", "));
    }
    let platforms = image.platforms.iter().map(|platform| match platform.size {
        Some(bytes) => format!("{} {}", platform.name, size(bytes)),
        None => platform.name.clone(),
    });
    let platforms: Vec<String> = platforms.collect();
    if !platforms.is_empty() {
        line = format!("{line} ({})", platforms.join(", "));
    }
    line
}

/// `shop: to deploy, firelens changed`.
fn service_line(service: &Service) -> String {
    let definition = service.definition_changed.then_some("its definition");
    let images = service.changed.iter().map(String::as_str);
    let changed: Vec<&str> = images.chain(definition).collect();
    if changed.is_empty() {
        return format!("{}: nothing to deploy", service.name);
    }
    format!(
        "{}: to deploy, {} changed",
        service.name,
        changed.join(", ")
    )
}

/// An address that can stand in a message as it is.
pub(super) fn is_address(url: &str) -> bool {
    let forbidden = |character: char| {
        character.is_whitespace() || character.is_control() || "<>|\"[]`\\^{}".contains(character)
    };
    url.len() <= ADDRESS
        && (url.starts_with("https://") || url.starts_with("http://"))
        && url.is_ascii()
        && !url.contains(forbidden)
}

fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1} MB")
}

fn duration(took: Duration) -> String {
    let seconds = took.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}
