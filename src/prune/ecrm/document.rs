//! ecrm.yaml as typed values with their lines, with ecrm's defaults and its own refusals.

use std::path::Path;
use std::time::Duration;

use saphyr::{LoadableYamlNode as _, MarkedYaml, Marker, Scalar, YamlData};

use super::duration;
use super::error::{EcrmError, EcrmProblem};
use crate::config::prune::pattern::{Named, is_of_tags};
use crate::config::prune::uses::MOST;
use crate::prune::NamePattern;

/// How many revisions and versions ecrm keeps where nothing is said.
const KEEP: u32 = 5;
/// The tags that ecrm keeps where nothing is said.
const KEEP_TAGS: [&str; 1] = ["latest"];
const SECTIONS: &[&str] = &[
    "clusters",
    "task_definitions",
    "lambda_functions",
    "external_commands",
    "repositories",
];

/// The file. A section that is not there is `None`.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) clusters: Option<Vec<Entry>>,
    pub(super) families: Option<Vec<Entry>>,
    pub(super) functions: Option<Vec<Entry>>,
    pub(super) commands: Vec<Command>,
    pub(super) repositories: Vec<Repository>,
}

/// Clusters, families or functions.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) names: Vec<Name>,
    /// 0 for clusters, which have none.
    pub(super) keep: u32,
    /// The line of `keep_aliase`, which is without effect.
    pub(super) aliases: Option<usize>,
}

/// A name or pattern. Both have no more signs than `*` and `?`.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) pattern: NamePattern,
    /// It is the value of `name`, in which ecrm reads no pattern.
    pub(super) exact: bool,
    pub(super) line: usize,
    /// From 1.
    column: usize,
}

impl Name {
    /// Whether ecrm takes it for a name that nothing can have.
    pub(super) fn matches_nothing(&self) -> bool {
        self.exact && !self.pattern.is_exact()
    }
}

#[derive(Debug)]
pub(super) struct Repository {
    pub(super) name: Name,
    pub(super) expires: Duration,
    pub(super) expires_line: usize,
    pub(super) keep_count: Option<u32>,
    pub(super) keep_tags: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) command: Vec<String>,
    /// In the order of the file.
    pub(super) env: Vec<(String, String)>,
    pub(super) directory: Option<String>,
    /// `None` is no limit.
    pub(super) timeout: Option<Duration>,
    pub(super) line: usize,
}

pub(super) fn read(text: &str, path: &Path) -> Result<Config, EcrmError> {
    let file = File { path, text };
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        file.error(
            *error.marker(),
            EcrmProblem::Syntax(error.info().to_owned()),
        )
    })?;
    let Some(document) = documents.first() else {
        return Err(file.at(1, 1, EcrmProblem::NoRepositories));
    };
    if let Some(second) = documents.get(1) {
        let problem = EcrmProblem::Syntax("it holds a second document".to_owned());
        return Err(file.error(second.span.start, problem));
    }
    let members = file.members(document, "ecrm.yaml", "ecrm.yaml", SECTIONS)?;
    let list = |key: &str| member(&members, key).map(|node| file.list(node, key));
    let entries = |section, named| -> Result<Option<Vec<Entry>>, EcrmError> {
        let Some(nodes) = list(section).transpose()? else {
            return Ok(None);
        };
        let entries = nodes.iter().map(|node| file.entry(node, section, named));
        entries.collect::<Result<_, _>>().map(Some)
    };
    let commands = list("external_commands").transpose()?.unwrap_or_default();
    let repositories = list("repositories").transpose()?.unwrap_or_default();
    if repositories.is_empty() {
        let place = member(&members, "repositories").unwrap_or(document);
        return Err(file.error(place.span.start, EcrmProblem::NoRepositories));
    }
    Ok(Config {
        clusters: entries("clusters", Named::Cluster)?,
        families: entries("task_definitions", Named::Family)?,
        functions: entries("lambda_functions", Named::Function)?,
        commands: commands
            .iter()
            .map(|node| file.command(node))
            .collect::<Result<_, _>>()?,
        repositories: repositories
            .iter()
            .map(|node| file.repository(node))
            .collect::<Result<_, _>>()?,
    })
}

type Members<'a> = Vec<(String, &'a MarkedYaml<'a>)>;

/// A member that is there and not null, which YAML has for an empty value.
fn member<'a>(members: &Members<'a>, key: &str) -> Option<&'a MarkedYaml<'a>> {
    let found = members.iter().find(|(name, _)| name == key);
    let node = found.map(|(_, node)| *node);
    node.filter(|node| !matches!(node.data, YamlData::Value(Scalar::Null)))
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn at(&self, line: usize, column: usize, problem: EcrmProblem) -> EcrmError {
        EcrmError {
            path: self.path.to_owned(),
            line,
            column,
            problem,
        }
    }

    fn error(&self, place: Marker, problem: EcrmProblem) -> EcrmError {
        self.at(place.line(), place.col() + 1, problem)
    }

    fn kind(&self, node: &MarkedYaml<'_>, key: &str, wanted: &'static str) -> EcrmError {
        let problem = EcrmProblem::Kind {
            key: key.to_owned(),
            wanted,
            found: noun(node),
        };
        self.error(node.span.start, problem)
    }

    /// The members of an object, all of which are known.
    fn members<'a>(
        &self,
        node: &'a MarkedYaml<'a>,
        key: &str,
        section: &'static str,
        known: &'static [&'static str],
    ) -> Result<Members<'a>, EcrmError> {
        let YamlData::Mapping(mapping) = &node.data else {
            return Err(self.kind(node, key, "an object"));
        };
        let mut members = Vec::new();
        for (name, value) in mapping {
            let text = self
                .scalar(name)
                .ok_or_else(|| self.kind(name, key, "a plain key"))?;
            if !known.contains(&text.as_str()) {
                let problem = EcrmProblem::UnknownKey {
                    section,
                    key: text,
                    known,
                };
                return Err(self.error(name.span.start, problem));
            }
            members.push((text, value));
        }
        Ok(members)
    }

    fn list<'a>(
        &self,
        node: &'a MarkedYaml<'a>,
        key: &str,
    ) -> Result<&'a [MarkedYaml<'a>], EcrmError> {
        match &node.data {
            YamlData::Sequence(elements) => Ok(elements),
            _ => Err(self.kind(node, key, "a list")),
        }
    }

    fn text(&self, node: &MarkedYaml<'_>, key: &str) -> Result<String, EcrmError> {
        self.scalar(node)
            .ok_or_else(|| self.kind(node, key, "a text"))
    }

    /// The text of a scalar. Numbers are as they were written: `1.10` is a version, not 1.1.
    fn scalar(&self, node: &MarkedYaml<'_>) -> Option<String> {
        let parsed = match &node.data {
            YamlData::Value(Scalar::String(text)) => return Some(text.clone().into_owned()),
            YamlData::Value(Scalar::Integer(number)) => number.to_string(),
            YamlData::Value(Scalar::FloatingPoint(number)) => number.to_string(),
            YamlData::Value(Scalar::Boolean(flag)) => flag.to_string(),
            _ => return None,
        };
        let written = self.text.chars().skip(node.span.start.index());
        let written: String = written
            .take_while(|c| !c.is_whitespace() && !",]}#:".contains(*c))
            .collect();
        // Where an alias stands, or an anchor before it, the text does not.
        let is_there = !written.is_empty() && !written.starts_with(['*', '&']);
        Some(if is_there { written } else { parsed })
    }

    fn texts(&self, node: &MarkedYaml<'_>, key: &str) -> Result<Vec<String>, EcrmError> {
        let elements = self.list(node, key)?.iter();
        elements.map(|element| self.text(element, key)).collect()
    }

    fn entry(
        &self,
        node: &MarkedYaml<'_>,
        section: &'static str,
        named: Named,
    ) -> Result<Entry, EcrmError> {
        let known: &'static [&'static str] = match named {
            Named::Cluster => &["name", "name_pattern"],
            Named::Function => &["name", "name_pattern", "keep_count", "keep_aliase"],
            _ => &["name", "name_pattern", "keep_count"],
        };
        let members = self.members(node, section, section, known)?;
        let names = self.names(node, &members, section, named)?;
        // A cluster may have both, and is then any of the two.
        if let (true, [_, second]) = (named != Named::Cluster, names.as_slice()) {
            return Err(self.at(second.line, second.column, EcrmProblem::TwoNames(section)));
        }
        let keep = self.count(&members, MOST)?.filter(|keep| *keep > 0);
        Ok(Entry {
            names,
            keep: match named {
                Named::Cluster => 0,
                _ => keep.unwrap_or(KEEP),
            },
            aliases: member(&members, "keep_aliase").map(|node| node.span.start.line()),
        })
    }

    fn names(
        &self,
        node: &MarkedYaml<'_>,
        members: &Members<'_>,
        section: &'static str,
        named: Named,
    ) -> Result<Vec<Name>, EcrmError> {
        let mut names = Vec::new();
        for (key, exact) in [("name", true), ("name_pattern", false)] {
            let Some(value) = member(members, key) else {
                continue;
            };
            let text = self.text(value, key)?;
            if text.is_empty() {
                continue;
            }
            let takes = |c| named.takes(c);
            let pattern = self.pattern(value, &text, named.kind(), takes)?;
            names.push(Name {
                pattern,
                exact,
                line: value.span.start.line(),
                column: value.span.start.col() + 1,
            });
        }
        if names.is_empty() {
            return Err(self.error(node.span.start, EcrmProblem::NoName(section)));
        }
        Ok(names)
    }

    /// What ecrm matches with is a pattern of ours: nothing that it names has another sign of ours in it.
    fn pattern(
        &self,
        node: &MarkedYaml<'_>,
        text: &str,
        kind: &'static str,
        takes: impl Fn(char) -> bool,
    ) -> Result<NamePattern, EcrmError> {
        let problem = |character| EcrmProblem::Name {
            name: text.to_owned(),
            kind,
            character,
        };
        if let Some(character) = text.chars().find(|c| !takes(*c) && !"*?".contains(*c)) {
            return Err(self.error(node.span.start, problem(character)));
        }
        text.parse()
            .map_err(|_| self.error(node.span.start, problem('"')))
    }

    fn count(&self, members: &Members<'_>, most: u64) -> Result<Option<u32>, EcrmError> {
        let Some(node) = member(members, "keep_count") else {
            return Ok(None);
        };
        let text = self.text(node, "keep_count")?;
        let number = text.parse::<u64>().ok().filter(|number| *number <= most);
        match number.and_then(|number| u32::try_from(number).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(self.error(node.span.start, EcrmProblem::Count { found: text, most })),
        }
    }

    fn repository(&self, node: &MarkedYaml<'_>) -> Result<Repository, EcrmError> {
        const SECTION: &str = "repositories";
        const KNOWN: &[&str] = &[
            "name",
            "name_pattern",
            "expires",
            "keep_count",
            "keep_tag_patterns",
        ];
        let members = self.members(node, SECTION, SECTION, KNOWN)?;
        let mut names = self.names(node, &members, SECTION, Named::Repository)?;
        if let [_, second] = names.as_slice() {
            return Err(self.at(second.line, second.column, EcrmProblem::TwoNames(SECTION)));
        }
        let name = names.remove(0);
        let Some(expires) = member(&members, "expires") else {
            return Err(self.error(node.span.start, EcrmProblem::NoExpires));
        };
        let text = self.text(expires, "expires")?;
        let duration = duration::expires(&text).map_err(|message| {
            let key = "expires";
            self.error(expires.span.start, EcrmProblem::Duration { key, message })
        })?;
        let mut keep_tags = Vec::new();
        if let Some(node) = member(&members, "keep_tag_patterns") {
            for element in self.list(node, "keep_tag_patterns")? {
                let text = self.text(element, "keep_tag_patterns")?;
                self.pattern(element, &text, "tag", is_of_tags)?;
                keep_tags.push(text);
            }
        }
        if keep_tags.is_empty() {
            keep_tags.extend(KEEP_TAGS.map(str::to_owned));
        }
        Ok(Repository {
            name,
            expires: duration,
            expires_line: expires.span.start.line(),
            keep_count: self
                .count(&members, u64::from(u32::MAX))?
                .filter(|count| *count > 0),
            keep_tags,
        })
    }

    fn command(&self, node: &MarkedYaml<'_>) -> Result<Command, EcrmError> {
        const SECTION: &str = "external_commands";
        const KNOWN: &[&str] = &["command", "env", "dir", "timeout"];
        let members = self.members(node, SECTION, SECTION, KNOWN)?;
        let command = match member(&members, "command") {
            Some(command) => self.texts(command, "command")?,
            None => Vec::new(),
        };
        if command
            .first()
            .is_none_or(|program| program.trim().is_empty())
        {
            return Err(self.error(node.span.start, EcrmProblem::NoCommand));
        }
        let mut env = Vec::new();
        if let Some(node) = member(&members, "env") {
            let YamlData::Mapping(mapping) = &node.data else {
                return Err(self.kind(node, "env", "an object"));
            };
            for (name, value) in mapping {
                let name = self.text(name, "env")?;
                // An empty value is null to YAML, and an empty text to ecrm.
                let value = match value.data {
                    YamlData::Value(Scalar::Null) => String::new(),
                    _ => self.text(value, "env")?,
                };
                env.push((name, value));
            }
        }
        let directory = member(&members, "dir").map(|node| self.text(node, "dir"));
        let timeout = member(&members, "timeout").map(|node| {
            duration::timeout(&self.text(node, "timeout")?).map_err(|message| {
                let key = "timeout";
                self.error(node.span.start, EcrmProblem::Duration { key, message })
            })
        });
        Ok(Command {
            command,
            env,
            directory: directory.transpose()?.filter(|path| !path.is_empty()),
            timeout: timeout.transpose()?.filter(|limit| !limit.is_zero()),
            line: node.span.start.line(),
        })
    }
}

fn noun(node: &MarkedYaml<'_>) -> &'static str {
    match &node.data {
        YamlData::Sequence(_) => "a list",
        YamlData::Mapping(_) => "an object",
        YamlData::Value(Scalar::Null) => "empty",
        YamlData::Value(_) => "a plain value",
        _ => "something else",
    }
}
