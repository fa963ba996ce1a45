//! `notify "NAME" { … }`: whom a release tells what, and where. What is said is `notify`'s work.
//!
//! Secrets stand here only as references ([`SecretReference`]); the secrets themselves are refused.

mod channel;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::SecretReference;
use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;
use crate::bake::syntax::Block;

pub use channel::Channel;
pub(crate) use channel::{is_loopback, is_safe};

/// The attributes of the block, those of every type together.
pub(super) const ATTRIBUTES: &[&str] = &[
    "type",
    "events",
    "targets",
    "services",
    "project",
    "required",
    "timeout",
    "webhook",
    "mentions",
    "room",
    "token",
    "to",
    "self_unread",
    "topic",
    "bus",
    "source",
    "region",
    "command",
    "base_url",
];

/// The longest that a message may take.
const LONGEST: u64 = 300;

/// `notify "NAME" { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifySettings {
    /// The label.
    pub name: String,
    /// `type` and the attributes that belong to it.
    pub channel: Channel,
    /// `events`: what is told; none turns the block off. Default: see [`NotifyEvent::DEFAULT`].
    pub events: BTreeSet<NotifyEvent>,
    /// `targets`: only these targets' images are told of, groups and patterns resolved; default: all.
    pub targets: Option<BTreeSet<String>>,
    /// `services`: only these services and their images are told of; default: all.
    pub services: Option<BTreeSet<String>>,
    /// `project`: the name in messages; default: found from the repository.
    pub project: Option<String>,
    /// `required = true`: a release whose message cannot be delivered exits with 15, after
    /// everything else is done.
    pub required: bool,
    /// `timeout`: how long one message may take, tries and waits included, in whole seconds.
    pub timeout: Duration,
}

/// What can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotifyEvent {
    /// A release has begun to build.
    Start,
    /// A release is done, and at least one image changed.
    Success,
    /// A release is done, and every image is as it was.
    Unchanged,
    /// A release failed or was cancelled.
    Failed,
    /// The scan gate refused an image.
    Refused,
    /// A pipeline waits for somebody's approval.
    WaitingForApproval,
}

impl NotifyEvent {
    /// All, in the order in which they happen.
    pub const ALL: [Self; 6] = [
        Self::Start,
        Self::Success,
        Self::Unchanged,
        Self::Failed,
        Self::Refused,
        Self::WaitingForApproval,
    ];

    /// What is told when a block does not say: everything but beginnings and runs without effect.
    pub const DEFAULT: [Self; 4] = [
        Self::Success,
        Self::Failed,
        Self::Refused,
        Self::WaitingForApproval,
    ];

    /// The name in files, flags and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Success => "success",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::WaitingForApproval => "waiting-for-approval",
        }
    }

    /// The event of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

impl fmt::Display for NotifyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Evaluates the block. `declared` are all blocks, for the names of services.
pub(super) fn read(
    reader: &Reader<'_>,
    names: &Names<'_>,
    declared: &[Block],
) -> Result<NotifySettings, Fault> {
    // First, so that no other complaint shows a line with a secret in it.
    let webhook = secret(reader, "webhook")?;
    let token = secret(reader, "token")?;
    let channel = channel::read(reader, webhook, token)?;
    let timeout = match reader.text("timeout")? {
        None => channel.default_timeout(),
        Some(text) => timeout(&text).ok_or_else(|| {
            reader
                .fault("timeout", &format!("{text:?} is no timeout"))
                .help(format!("write a number of seconds from 1 to {LONGEST}"))
        })?,
    };
    let project = reader.text("project")?.filter(|name| !name.is_empty());
    Ok(NotifySettings {
        name: reader.name(),
        channel,
        events: events(reader)?,
        targets: reader.targets("targets", names)?,
        services: services(reader, declared)?,
        project,
        required: reader.flag("required")?.unwrap_or(false),
        timeout,
    })
}

/// A reference to a secret. What is no reference may be the secret, so nothing of it is shown.
fn secret(reader: &Reader<'_>, name: &str) -> Result<Option<SecretReference>, Fault> {
    let Some(text) = reader.text(name).map_err(Fault::hidden)? else {
        return Ok(None);
    };
    match SecretReference::parse(&text) {
        Some(reference) => Ok(Some(reference)),
        None => Err(reader
            .fault(name, "this is no reference to a secret")
            .help(
                "a secret does not belong in a file; write \"env:NAME\", \"ssm:/name\" or \
                 \"secretsmanager:id\" (with #key for a member of its JSON)",
            )
            .hidden()),
    }
}

fn timeout(text: &str) -> Option<Duration> {
    let seconds: u64 = text.parse().ok()?;
    (1..=LONGEST)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

fn events(reader: &Reader<'_>) -> Result<BTreeSet<NotifyEvent>, Fault> {
    let Some(written) = reader.texts("events")? else {
        return Ok(BTreeSet::from(NotifyEvent::DEFAULT));
    };
    let events = written.iter().map(|name| {
        NotifyEvent::parse(name).ok_or_else(|| {
            let all = NotifyEvent::ALL.map(NotifyEvent::name);
            let help = did_you_mean(name, all);
            reader
                .fault("events", &format!("there is no event {name:?}"))
                .help(help.unwrap_or_else(|| format!("there are {}", all.join(", "))))
        })
    });
    events.collect()
}

fn services(reader: &Reader<'_>, declared: &[Block]) -> Result<Option<BTreeSet<String>>, Fault> {
    let Some(written) = reader.texts("services")? else {
        return Ok(None);
    };
    let known: BTreeSet<&str> = declared
        .iter()
        .filter(|block| block.kind == "service")
        .filter_map(|block| block.labels.first())
        .map(|label| label.text.as_str())
        .collect();
    for name in &written {
        if !known.contains(name.as_str()) {
            return Err(reader
                .fault("services", &format!("there is no service {name:?}"))
                .maybe_help(did_you_mean(name, known)));
        }
    }
    Ok(Some(written.into_iter().collect()))
}
