//! `type` of a `notify` block, and the attributes that only this type has.

use std::time::Duration;

use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;
use crate::config::read::Reader;
use crate::config::{SecretReference, arn_region};

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Channel {
    /// `type = "slack"`: an incoming webhook of Slack.
    Slack {
        /// `webhook`: the webhook's URL, which is a secret.
        webhook: SecretReference,
        /// `mentions`: `here`, `channel`, `everyone`, or ids of users (`U…`, `W…`) and user groups
        /// (`S…`), put before every message.
        mentions: Vec<String>,
        /// `base_url`: sent there instead of the webhook's own host; the path stays.
        base_url: Option<String>,
    },
    /// `type = "chatwork"`: a room of ChatWork.
    ChatWork {
        /// `room`: the room's id, digits.
        room: String,
        /// `token`: the API token of the user who posts.
        token: SecretReference,
        /// `to`: ids of accounts, or `all`, put before every message.
        to: Vec<String>,
        /// `self_unread`: the message is unread for the posting user too.
        self_unread: bool,
        /// `base_url`: the API's base instead of `https://api.chatwork.com/v2`.
        base_url: Option<String>,
    },
    /// `type = "sns"`: a topic of Amazon SNS.
    Sns {
        /// `topic`: the topic's ARN, which names the region.
        topic: String,
        /// The region of the ARN.
        region: String,
    },
    /// `type = "eventbridge"`: an event bus of Amazon EventBridge.
    EventBridge {
        /// `bus`: the bus's name or ARN; `default` is every account's own.
        bus: String,
        /// `source` of the events; default `launchway`.
        source: String,
        /// `region`; default: the one that the ARN names, else that of the process.
        region: Option<String>,
    },
    /// `type = "command"`: a program on this machine, which gets the message as JSON on its standard
    /// input.
    Command {
        /// `command`: the program and its arguments; no shell.
        command: Vec<String>,
    },
}

/// The names of types, each with what it must and what it may have.
const TYPES: [(&str, &[&str], &[&str]); 5] = [
    ("slack", &["webhook"], &["mentions", "base_url"]),
    (
        "chatwork",
        &["room", "token"],
        &["to", "self_unread", "base_url"],
    ),
    ("sns", &["topic"], &[]),
    ("eventbridge", &["bus"], &["source", "region"]),
    ("command", &["command"], &[]),
];

/// Attributes of every type.
const COMMON: [&str; 7] = [
    "type", "events", "targets", "services", "project", "required", "timeout",
];

impl Channel {
    /// The value of `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Slack { .. } => "slack",
            Self::ChatWork { .. } => "chatwork",
            Self::Sns { .. } => "sns",
            Self::EventBridge { .. } => "eventbridge",
            Self::Command { .. } => "command",
        }
    }

    /// The secret that sending needs.
    pub fn secret(&self) -> Option<&SecretReference> {
        match self {
            Self::Slack { webhook, .. } => Some(webhook),
            Self::ChatWork { token, .. } => Some(token),
            Self::Sns { .. } | Self::EventBridge { .. } | Self::Command { .. } => None,
        }
    }

    /// How long a message may take when nothing is said: a program of one's own may do more.
    pub(super) fn default_timeout(&self) -> Duration {
        match self {
            Self::Command { .. } => Duration::from_secs(30),
            _ => Duration::from_secs(10),
        }
    }
}

/// Evaluates `type` and what belongs to it. The secrets are read already.
pub(super) fn read(
    reader: &Reader<'_>,
    webhook: Option<SecretReference>,
    token: Option<SecretReference>,
) -> Result<Channel, Fault> {
    let names = TYPES.map(|(name, ..)| name);
    let Some(kind) = reader.text("type")? else {
        return Err(reader
            .block_fault("the block \"notify\" has no type")
            .help(format!("write type = \"…\": {}", names.join(", "))));
    };
    let Some((kind, required, optional)) = TYPES.into_iter().find(|(name, ..)| *name == kind)
    else {
        let help = did_you_mean(&kind, names);
        return Err(reader
            .fault("type", &format!("there is no type {kind:?}"))
            .help(help.unwrap_or_else(|| format!("there are {}", names.join(", ")))));
    };
    let own: Vec<&str> = required.iter().chain(optional).copied().collect();
    for name in super::ATTRIBUTES {
        if !COMMON.contains(name) && !own.contains(name) && reader.has(name)? {
            let message = format!("the type {kind:?} has no {name}");
            return Err(reader
                .fault(name, &message)
                .help(format!("of its own it has {}", own.join(", ")))
                .hidden());
        }
    }
    let missing = |name: &str| {
        reader
            .block_fault(format!("the type {kind:?} needs {name}"))
            .help(format!("of its own it has {}", own.join(", ")))
    };
    let needed = |name: &str| {
        let text = reader.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| missing(name))
    };
    match kind {
        "slack" => Ok(Channel::Slack {
            webhook: webhook.ok_or_else(|| missing("webhook"))?,
            mentions: mentions(reader)?,
            base_url: base_url(reader)?,
        }),
        "chatwork" => {
            let room = needed("room")?;
            if !is_number(&room) {
                let message = format!("{room:?} is no room");
                return Err(reader.fault("room", &message).help(
                    "write the digits after #!rid in the room's address, for example \"123456\"",
                ));
            }
            Ok(Channel::ChatWork {
                room,
                token: token.ok_or_else(|| missing("token"))?,
                to: recipients(reader)?,
                self_unread: reader.flag("self_unread")?.unwrap_or(false),
                base_url: base_url(reader)?,
            })
        }
        "sns" => topic(reader, needed("topic")?),
        "eventbridge" => bus(reader, needed("bus")?),
        _ => {
            let command = reader.texts("command")?.unwrap_or_default();
            if command.first().is_none_or(String::is_empty) {
                return Err(missing("command"));
            }
            Ok(Channel::Command { command })
        }
    }
}

fn mentions(reader: &Reader<'_>) -> Result<Vec<String>, Fault> {
    let mentions = reader.texts("mentions")?.unwrap_or_default();
    let is_id = |text: &str| {
        text.len() > 1
            && text.starts_with(['U', 'W', 'S'])
            && text
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    for mention in &mentions {
        if !matches!(mention.as_str(), "here" | "channel" | "everyone") && !is_id(mention) {
            let message = format!("{mention:?} cannot be mentioned");
            return Err(reader.fault("mentions", &message).help(
                "write \"here\", \"channel\", \"everyone\", or the id of a user (U…) or a group (S…)",
            ));
        }
    }
    Ok(mentions)
}

fn recipients(reader: &Reader<'_>) -> Result<Vec<String>, Fault> {
    let to = reader.texts("to")?.unwrap_or_default();
    for recipient in &to {
        if recipient != "all" && !is_number(recipient) {
            let message = format!("{recipient:?} is no account");
            return Err(reader
                .fault("to", &message)
                .help("write the account's id in digits, or \"all\""));
        }
    }
    Ok(to)
}

fn topic(reader: &Reader<'_>, topic: String) -> Result<Channel, Fault> {
    let fields: Vec<&str> = topic.split(':').collect();
    let region = match fields[..] {
        ["arn", _, "sns", region, account, name]
            if !region.is_empty()
                && account.len() == 12
                && is_number(account)
                && !name.is_empty() =>
        {
            region.to_owned()
        }
        _ => {
            return Err(reader
                .fault("topic", &format!("{topic:?} is no ARN of a topic"))
                .help("write \"arn:aws:sns:REGION:ACCOUNT:NAME\"; an account has 12 digits"));
        }
    };
    Ok(Channel::Sns { topic, region })
}

fn bus(reader: &Reader<'_>, bus: String) -> Result<Channel, Fault> {
    let region = reader.text("region")?.filter(|region| !region.is_empty());
    let fields: Vec<&str> = bus.split(':').collect();
    let named = match fields[..] {
        [_] => None,
        ["arn", _, "events", _, account, resource]
            if account.len() == 12
                && is_number(account)
                && resource.starts_with("event-bus/")
                && arn_region(&bus).is_some() =>
        {
            arn_region(&bus).map(str::to_owned)
        }
        _ => {
            return Err(reader
                .fault("bus", &format!("{bus:?} is neither a name nor an ARN of a bus"))
                .help("write \"default\" or \"arn:aws:events:REGION:ACCOUNT:event-bus/NAME\"; an account has 12 digits"));
        }
    };
    if let (Some(named), Some(region)) = (&named, &region)
        && named != region
    {
        let message = format!("{region:?} is not the region of the bus, {named:?}");
        return Err(reader
            .fault("region", &message)
            .help("leave region out; the ARN names it"));
    }
    let source = reader.text("source")?.filter(|source| !source.is_empty());
    let source = source.unwrap_or_else(|| "launchway".to_owned());
    if source.starts_with("aws.") || source.len() > 256 {
        return Err(reader.fault(
            "source",
            "a source has at most 256 bytes and does not begin with \"aws.\"",
        ));
    }
    Ok(Channel::EventBridge {
        bus,
        source,
        region: region.or(named),
    })
}

/// `https` anywhere, or `http` on this machine, without login, query and fragment.
fn base_url(reader: &Reader<'_>) -> Result<Option<String>, Fault> {
    let Some(text) = reader.text("base_url")? else {
        return Ok(None);
    };
    let url = reqwest::Url::parse(&text).ok().filter(|url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && is_safe(url)
    });
    match url {
        Some(url) => Ok(Some(url.as_str().trim_end_matches('/').to_owned())),
        None => Err(reader
            .fault("base_url", "this is no base for requests with a secret")
            .help("write \"https://HOST\" or \"https://HOST/PATH\"; http only on this machine")
            .hidden()),
    }
}

/// Whether a secret may be sent there: nobody between can read it.
pub(crate) fn is_safe(url: &reqwest::Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Whether the host is this machine.
pub(crate) fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
