//! The text of the `prune` block that an ecrm.yaml is made into.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::document::{Command, Config, Entry, Name, Repository};
use super::{Conversion, Note};
use crate::config::prune::age;
use crate::config::prune::pattern::Named;
use crate::prune::NamePattern;
use crate::prune::hcl::{aligned, comment, list, quoted};

/// The longest time limit of a command.
const LONGEST: Duration = Duration::from_hours(24);

pub(super) fn block(config: &Config, path: &Path) -> Conversion {
    let file = path.file_name().map(|name| name.to_string_lossy());
    let file = file.as_deref().unwrap_or("ecrm.yaml").to_owned();
    let mut writer = Writer {
        hcl: String::new(),
        notes: Vec::new(),
        file,
    };
    writer.head();
    writer.section(Named::Cluster, config.clusters.as_deref(), "clusters");
    writer.section(
        Named::Family,
        config.families.as_deref(),
        "task_definitions",
    );
    writer.section(
        Named::Function,
        config.functions.as_deref(),
        "lambda_functions",
    );
    writer.commands(&config.commands);
    writer.repositories(&config.repositories);
    writer.hcl.push_str("}\n");
    Conversion {
        hcl: writer.hcl,
        notes: writer.notes,
    }
}

struct Writer {
    hcl: String,
    notes: Vec<Note>,
    /// The name of the file, for comments.
    file: String,
}

impl Writer {
    fn head(&mut self) {
        let file = &self.file;
        let text = format!(
            "Made of {file}. Comments say where something means more, or less, than it did there."
        );
        self.hcl.push_str(&comment(&text, 0));
        self.hcl.push_str("prune {\n");
        self.note(
            None,
            "ecrm counts ages from the push alone; expire_from = \"pull\" would keep what is still pulled",
        );
        self.note(
            None,
            "ecrm removes no tag of an image that it keeps; with remove_tags = true expired ones go",
        );
        let attributes = [
            ("expire_from", quoted("push")),
            ("remove_tags", "false".to_owned()),
        ];
        self.hcl.push_str(&aligned(&attributes, 2));
    }

    /// Something that is different now: told, and said above what it is about.
    fn note(&mut self, line: Option<usize>, text: impl Into<String>) {
        self.note_at(line, text, 2);
    }

    fn note_at(&mut self, line: Option<usize>, text: impl Into<String>, indent: usize) {
        let text = text.into();
        self.hcl.push_str(&comment(&text, indent));
        self.notes.push(Note { line, text });
    }

    fn section(&mut self, named: Named, entries: Option<&[Entry]>, section: &str) {
        self.hcl.push('\n');
        let entries = entries.unwrap_or_default();
        if entries.is_empty() {
            let what = match named {
                Named::Cluster => "every cluster",
                Named::Family => "every task definition family, its newest 5 revisions",
                _ => "every Lambda function, its newest 5 versions",
            };
            self.note(
                None,
                format!(
                    "{} has no {section}, and ecrm looks at none; this looks at {what}",
                    self.file
                ),
            );
            return;
        }
        let mut written: Vec<NamePattern> = Vec::new();
        for entry in entries {
            if let Some(line) = entry.aliases {
                let text = "keep_aliase does nothing: what an alias names is always in use";
                self.note(Some(line), text);
            }
            for name in &entry.names {
                let body = match named {
                    Named::Cluster => "{}".to_owned(),
                    _ => format!("{{ keep = {} }}", entry.keep),
                };
                if self.is_new(named, name, &mut written) {
                    let label = quoted(name.pattern.as_str());
                    self.hcl
                        .push_str(&format!("  {} {label} {body}\n", named.kind()));
                }
            }
        }
    }

    /// Whether the name is no part of an earlier one, whose entry has counted for ecrm as well.
    fn is_new(&mut self, named: Named, name: &Name, written: &mut Vec<NamePattern>) -> bool {
        let shown = quoted(name.pattern.as_str());
        let kind = named.kind();
        if let Some(earlier) = written.iter().find(|one| one.covers_all_of(&name.pattern)) {
            let text = format!(
                "left out: {kind} {shown}, all of which {} before it covers",
                quoted(earlier.as_str())
            );
            self.note(Some(name.line), text);
            return false;
        }
        if name.matches_nothing() {
            let text = format!(
                "name is exact for ecrm, which matches nothing with {shown}; here it is the pattern \
                 that was meant"
            );
            self.note(Some(name.line), text);
        }
        written.push(name.pattern.clone());
        true
    }

    fn commands(&mut self, commands: &[Command]) {
        let mut names = BTreeSet::new();
        for command in commands {
            self.hcl.push('\n');
            let name = command_name(command, &mut names);
            let mut attributes =
                vec![("command", list(command.command.iter().map(String::as_str)))];
            match command.timeout {
                None => self.note(
                    Some(command.line),
                    format!("the command {name:?} has no timeout for ecrm; here it has a minute"),
                ),
                Some(limit) => {
                    let seconds = limit.as_secs().clamp(1, LONGEST.as_secs());
                    if Duration::from_secs(seconds) != limit {
                        let text = format!(
                            "the timeout of the command {name:?} is \"{seconds}s\" here: a second at \
                             least, a day at most"
                        );
                        self.note(Some(command.line), text);
                    }
                    attributes.push(("timeout", quoted(&format!("{seconds}s"))));
                }
            }
            if let Some(directory) = &command.directory {
                attributes.push(("directory", quoted(directory)));
            }
            if !command.env.is_empty() {
                let pairs = command.env.iter();
                let pairs: Vec<String> = pairs
                    .map(|(name, value)| format!("{} = {}", quoted(name), quoted(value)))
                    .collect();
                attributes.push(("env", format!("{{ {} }}", pairs.join(", "))));
            }
            self.hcl
                .push_str(&format!("  command {} {{\n", quoted(&name)));
            self.hcl.push_str(&aligned(&attributes, 4));
            self.hcl.push_str("  }\n");
        }
    }

    fn repositories(&mut self, repositories: &[Repository]) {
        self.hcl.push('\n');
        self.note(
            None,
            "untagged is for manifests without a tag, to which ecrm applies expires; without it they \
             go a day after their push and last pull",
        );
        if repositories.iter().any(|one| one.keep_count.is_some()) {
            self.note(
                None,
                "keep_releases counts releases, an index with its platforms as one, among all of \
                 them; keep_count counted tagged images of each platform, among the expired ones, so that more \
                 may go now",
            );
        }
        let mut written = Vec::new();
        for repository in repositories {
            if repository.name.matches_nothing() {
                self.hcl.push('\n');
                let label = quoted(repository.name.pattern.as_str());
                let text = format!(
                    "name is exact for ecrm, which matches nothing with {label}; if the pattern was meant, \
                     take these lines in"
                );
                self.note(Some(repository.name.line), text);
                self.repository(repository, Written::AsComment);
            } else if self.is_new(Named::Repository, &repository.name, &mut written) {
                self.repository(repository, Written::AsBlock);
            }
        }
    }

    fn repository(&mut self, repository: &Repository, written: Written) {
        let expire = age::show(repository.expires.max(Duration::from_hours(1)));
        let start = self.hcl.len();
        let label = quoted(repository.name.pattern.as_str());
        self.hcl.push_str(&format!("  repository {label} {{\n"));
        let whole = Duration::from_hours(repository.expires.as_secs().div_ceil(3600).max(1));
        if whole != repository.expires {
            let text = format!("expires is {expire} here: ages are whole hours, at least one");
            self.note_at(Some(repository.expires_line), text, 4);
        }
        let mut attributes = vec![("expire", quoted(&expire)), ("untagged", quoted(&expire))];
        if let Some(count) = repository.keep_count {
            attributes.push(("keep_releases", count.to_string()));
        }
        let tags = repository.keep_tags.iter().map(String::as_str);
        attributes.push(("keep_tags", list(tags)));
        self.hcl.push_str(&aligned(&attributes, 4));
        self.hcl.push_str("  }\n");
        if written == Written::AsComment {
            let block = self.hcl.split_off(start);
            for line in block.lines() {
                let line = line.strip_prefix("  ").unwrap_or(line);
                self.hcl.push_str(&format!("  # {line}\n"));
            }
            self.hcl.push('\n');
        }
    }
}

/// How a block stands in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    AsBlock,
    /// It would let more go than it did for ecrm.
    AsComment,
}

/// A label for a command that has none: its program, and a number where that is taken.
fn command_name(command: &Command, taken: &mut BTreeSet<String>) -> String {
    let program = command
        .command
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    let base = Path::new(program).file_name();
    let base = base.map(|name| name.to_string_lossy().trim().to_owned());
    let base = base.filter(|name| !name.is_empty());
    let base = base.unwrap_or_else(|| "command".to_owned());
    let mut name = base.clone();
    for number in 2.. {
        if taken.insert(name.clone()) {
            break;
        }
        name = format!("{base}-{number}");
    }
    name
}
