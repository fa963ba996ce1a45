//! `scan { … }`: which scanner looks at images, and what it may find. Looking and judging is `scan`'s
//! work; which images there are is `plan`'s.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;
use crate::scan::{Ignore, NoResult, PLACEHOLDERS, Policy, ScannerKind, Severity, Unchanged};

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &[
    "enabled",
    "scanner",
    "command",
    "severity",
    "only_fixable",
    "ignore",
    "no_result",
    "unchanged",
    "timeout",
    "targets",
];

/// The members of an entry of `ignore`.
const IGNORE: [&str; 4] = ["id", "package", "reason", "until"];
/// How long one image may take, where nothing else is said.
const TIMEOUT: Duration = Duration::from_mins(10);
/// A longer one would be a slip.
const LONGEST: Duration = Duration::from_hours(24);

/// `scan { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanSettings {
    /// `enabled`: false keeps the block and turns scanning off; default true.
    pub enabled: bool,
    /// `scanner = "ecr" | "trivy" | "command"`; default ecr.
    pub scanner: ScannerKind,
    /// `command`: program and arguments with placeholders; for the scanner `command` alone.
    pub command: Vec<String>,
    /// `severity`, `only_fixable`, `ignore`, `no_result` and `unchanged`.
    pub policy: Policy,
    /// `timeout`: how long one platform's image may take; default 10 minutes.
    pub timeout: Duration,
    /// `targets`: the targets whose images are scanned, groups and patterns resolved; default: all.
    pub targets: Option<BTreeSet<String>>,
}

impl Default for ScanSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            scanner: ScannerKind::default(),
            command: Vec::new(),
            policy: Policy::default(),
            timeout: TIMEOUT,
            targets: None,
        }
    }
}

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, names: &Names<'_>) -> Result<ScanSettings, Fault> {
    let default = ScanSettings::default();
    let scanner = one_of(
        reader,
        "scanner",
        &ScannerKind::ALL.map(|kind| (kind.name(), kind)),
    )?
    .unwrap_or(default.scanner);
    let policy = Policy {
        severity: severity(reader)?.unwrap_or(default.policy.severity),
        only_fixable: reader.flag("only_fixable")?.unwrap_or(false),
        ignore: ignores(reader)?,
        no_result: one_of(
            reader,
            "no_result",
            &[("fail", NoResult::Fail), ("warn", NoResult::Warn)],
        )?
        .unwrap_or_default(),
        unchanged: one_of(
            reader,
            "unchanged",
            &[
                ("report", Unchanged::Report),
                ("fail", Unchanged::Fail),
                ("skip", Unchanged::Skip),
            ],
        )?
        .unwrap_or_default(),
    };
    Ok(ScanSettings {
        enabled: reader.flag("enabled")?.unwrap_or(default.enabled),
        command: command(reader, scanner)?,
        scanner,
        policy,
        timeout: timeout(reader)?.unwrap_or(default.timeout),
        targets: reader.targets("targets", names)?,
    })
}

fn one_of<T: Copy>(
    reader: &Reader<'_>,
    name: &str,
    choices: &[(&str, T)],
) -> Result<Option<T>, Fault> {
    let Some(text) = reader.text(name)? else {
        return Ok(None);
    };
    let found = choices.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| Some(*value)).ok_or_else(|| {
        let words: Vec<String> = choices
            .iter()
            .map(|(word, _)| format!("{word:?}"))
            .collect();
        let (last, first) = words.split_last().map_or(("", &[][..]), |(a, b)| (a, b));
        reader
            .fault(name, &format!("{text:?} is not known"))
            .help(format!("write {} or {last}", first.join(", ")))
    })
}

fn severity(reader: &Reader<'_>) -> Result<Option<Severity>, Fault> {
    let Some(text) = reader.text("severity")? else {
        return Ok(None);
    };
    Severity::parse(&text).map(Some).ok_or_else(|| {
        let names = Severity::ALL.map(Severity::name).join(", ");
        reader
            .fault("severity", &format!("{text:?} is no severity"))
            .help(format!("write one of {names}"))
    })
}

fn command(reader: &Reader<'_>, scanner: ScannerKind) -> Result<Vec<String>, Fault> {
    let command = reader.texts("command")?;
    let command = match (scanner, command) {
        (ScannerKind::Command, Some(command)) if !command.is_empty() => command,
        (ScannerKind::Command, _) => {
            return Err(reader
                .block_fault("the scanner \"command\" has no command")
                .help("write the program and its arguments: command = [\"grype-to-json\", \"{reference}\"]"));
        }
        (_, None) => return Ok(Vec::new()),
        (_, Some(_)) => {
            let message = format!("the scanner {:?} takes no command", scanner.name());
            return Err(reader
                .fault("command", &message)
                .help("write scanner = \"command\", or leave it out"));
        }
    };
    if command.first().is_some_and(String::is_empty) {
        return Err(reader.fault("command", "the program has no name"));
    }
    check_placeholders(reader, &command)?;
    Ok(command)
}

/// Every word in braces must be one that we fill in, and the image must be named.
fn check_placeholders(reader: &Reader<'_>, command: &[String]) -> Result<(), Fault> {
    let known = PLACEHOLDERS.map(|(name, _)| name);
    let mut named = false;
    for argument in command.iter().skip(1) {
        let mut rest = argument.as_str();
        while let Some((_, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else {
                break;
            };
            rest = behind;
            named |= matches!(name, "reference" | "digest");
            // Braces around anything else are not for us: JSON, or a template of the program.
            let word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
            if word && !known.contains(&name) {
                let names = known.map(|name| format!("{{{name}}}")).join(", ");
                let help = did_you_mean(name, known).unwrap_or(format!("there are {names}"));
                let message = format!("there is no placeholder {{{name}}}");
                return Err(reader.fault("command", &message).help(help));
            }
        }
    }
    if named {
        return Ok(());
    }
    Err(reader
        .fault("command", "no argument says which image to scan")
        .help("put {reference} (repository@digest) where the program expects the image"))
}

fn ignores(reader: &Reader<'_>) -> Result<Vec<Ignore>, Fault> {
    let entries = match reader.json("ignore")? {
        None => return Ok(Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(bad_ignore(reader, "a list of objects is expected")),
    };
    let entries = entries.iter().enumerate();
    entries
        .map(|(index, entry)| {
            let Value::Object(members) = entry else {
                let message = format!("entry {} is no object", index + 1);
                return Err(bad_ignore(reader, &message));
            };
            ignore(reader, index + 1, members)
        })
        .collect()
}

fn ignore(
    reader: &Reader<'_>,
    number: usize,
    members: &Map<String, Value>,
) -> Result<Ignore, Fault> {
    // People know an entry by its id.
    let name = match members.get("id").and_then(Value::as_str) {
        Some(id) => format!("entry {number} ({id})"),
        None => format!("entry {number}"),
    };
    if let Some(unknown) = members.keys().find(|key| !IGNORE.contains(&key.as_str())) {
        let message = format!("{name} has no member {unknown:?}");
        let help = did_you_mean(unknown, IGNORE);
        let help = help.unwrap_or_else(|| format!("it has {}", IGNORE.join(", ")));
        return Err(reader.fault("ignore", &message).help(help));
    }
    let text = |key: &str| match members.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        Some(_) => Err(bad_ignore(reader, &format!("{name}: {key} must be a text"))),
    };
    let required = |key: &str, why: &str| {
        text(key)?.ok_or_else(|| bad_ignore(reader, &format!("{name} has no {key}{why}")))
    };
    let id = required("id", "")?;
    let reason = required("reason", "; say why it does not matter")?;
    let until = required("until", "; say when somebody looks again")?;
    let until: Date = until.parse().map_err(|_| {
        bad_ignore(
            reader,
            &format!("{name}: until = {until:?} is no day of the calendar"),
        )
    })?;
    Ok(Ignore {
        id,
        package: text("package")?,
        reason,
        until,
    })
}

fn bad_ignore(reader: &Reader<'_>, message: &str) -> Fault {
    reader.fault("ignore", message).help(
        "write { id = \"CVE-…\", reason = \"…\", until = \"YYYY-MM-DD\" }, with package = \"…\" for \
         one package alone",
    )
}

fn timeout(reader: &Reader<'_>) -> Result<Option<Duration>, Fault> {
    let Some(text) = reader.text("timeout")? else {
        return Ok(None);
    };
    parse_timeout(&text).map(Some).map_err(|message| {
        reader
            .fault("timeout", &message)
            .help("write a duration: timeout = \"10m\", \"90s\" or \"1h 30m\"")
    })
}

/// A time limit as people write it: `10m`, `90s`, `1h 30m`; why not otherwise, as a fragment.
pub(crate) fn parse_timeout(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text
        .trim()
        .parse()
        .map_err(|_| format!("{text:?} is no duration"))?;
    let duration = Duration::try_from(duration).map_err(|_| format!("{text:?} is negative"))?;
    if duration < Duration::from_secs(1) {
        return Err(format!("{text:?} is less than a second"));
    }
    if duration > LONGEST {
        return Err(format!("{text:?} is more than a day"));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits() {
        for (text, seconds) in [
            ("10m", 600),
            ("90s", 90),
            ("1h 30m", 5400),
            ("2 minutes", 120),
            ("PT5M", 300),
        ] {
            assert_eq!(
                parse_timeout(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for (text, says) in [
            ("10", "\"10\" is no duration"),
            ("soon", "\"soon\" is no duration"),
            ("-5m", "\"-5m\" is negative"),
            ("0s", "\"0s\" is less than a second"),
            ("25h", "\"25h\" is more than a day"),
        ] {
            assert_eq!(parse_timeout(text), Err(says.to_owned()));
        }
    }
}
