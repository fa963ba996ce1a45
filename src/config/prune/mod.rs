//! `prune { … }`: which repositories are pruned by which rules, and where uses are looked for. Acting on it is
//! `prune`'s work.

mod account;
pub(crate) mod age;
pub(crate) mod pattern;
mod policy;
pub(crate) mod uses;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use self::pattern::Named;
use super::read::Reader;
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;
use crate::prune::{Allowance, NamePattern, Policy, RefusalCode};

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &[
    "regions",
    "keep_releases",
    "expire",
    "expire_from",
    "keep_tags",
    "untagged",
    "cache_expire",
    "branches",
    "remove_tags",
    "archive",
    "max_deletions",
    "max_share",
    "max_run_deletions",
    "allow",
    "ecs",
    "lambda",
    "events",
    "scheduler",
    "batch",
    "step_functions",
    "parameters",
    "records",
    "references",
];

/// `prune { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneSettings {
    /// `account "NAME" { … }`; none: the account of the process.
    pub accounts: Vec<PruneAccount>,
    /// `regions`: for the accounts that name none; none: the region of the process.
    pub regions: Vec<String>,
    /// `repository "PATTERN" { … }`, in the order of the file: the first that covers a repository
    /// has its rules. Repositories that none covers are left alone.
    pub repositories: Vec<RepositoryRule>,
    /// Where uses are looked for.
    pub uses: UseSettings,
    /// `max_run_deletions`: a run that would delete more manifests and tags in all deletes nothing.
    pub max_run_deletions: Option<u64>,
    /// `allow`: cases that must not hold the run.
    pub allow: Vec<Allowance>,
}

impl PruneSettings {
    /// The rule of a repository of this name: the first that covers it.
    pub fn rule(&self, name: &str) -> Option<&RepositoryRule> {
        let mut rules = self.repositories.iter();
        rules.find(|rule| rule.pattern.covers(name))
    }
}

/// `account "NAME" { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneAccount {
    /// The label, for people.
    pub name: String,
    /// `profile` in the AWS configuration files.
    pub profile: Option<String>,
    /// `role`: the ARN of a role that is assumed, with the profile's credentials or else the process's.
    pub role: Option<String>,
    /// `external_id` for the role.
    pub external_id: Option<String>,
    /// `regions`; none: those of the block.
    pub regions: Vec<String>,
    /// `repositories = false`: only what it uses counts; default true.
    pub repositories: bool,
}

/// `repository "PATTERN" { … }`: the block's rules where it has none itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRule {
    /// The label.
    pub pattern: NamePattern,
    /// Its rules.
    pub policy: Policy,
}

/// Where uses are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseSettings {
    /// `cluster "PATTERN" { rollback = N }`: services and tasks. Empty: all clusters.
    pub clusters: Vec<KeepRule>,
    /// `family "PATTERN" { keep = N }`: task definitions. Empty: all families.
    pub families: Vec<KeepRule>,
    /// `function "PATTERN" { keep = N }`: Lambda functions. Empty: all functions.
    pub functions: Vec<KeepRule>,
    /// `job "PATTERN" { keep = N }`: job definitions of AWS Batch. Empty: all of them.
    pub jobs: Vec<KeepRule>,
    /// `ecs = false` looks at no cluster and no family.
    pub ecs: bool,
    /// `lambda = false` looks at no function.
    pub lambda: bool,
    /// `events = false` looks at no rule of EventBridge.
    pub events: bool,
    /// `scheduler = false` looks at no schedule.
    pub scheduler: bool,
    /// `batch = false` looks at no job definition.
    pub batch: bool,
    /// `step_functions = true` looks at state machines, too.
    pub step_functions: bool,
    /// `parameters`: SSM parameters that name releases: names, or paths that end in `/*`.
    pub parameters: Vec<String>,
    /// `records`: files of releases, release.json.
    pub records: Vec<PathBuf>,
    /// `references`: files that list images: a JSON array of texts, or a text per line.
    pub references: Vec<PathBuf>,
    /// `command "NAME" { … }`.
    pub commands: Vec<UseCommand>,
}

/// Names, and how many versions of each are in use beside those that really are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepRule {
    /// The label.
    pub pattern: NamePattern,
    /// `keep` or `rollback`.
    pub keep: u32,
}

/// `command "NAME" { … }`: a program that prints images as `references` files have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseCommand {
    /// The label.
    pub name: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// `timeout`; default a minute.
    pub timeout: Duration,
    /// `directory`: where it runs; default: the directory of the run.
    pub directory: Option<PathBuf>,
    /// `env`: variables beside those of the process.
    pub env: BTreeMap<String, String>,
}

/// How many successful revisions of a service or daemon before the current one a rollback may want.
pub const ROLLBACK: u32 = 2;
/// How many revisions of a family or a job definition, and versions of a function, are kept.
pub const KEEP: u32 = 5;

impl Default for UseSettings {
    fn default() -> Self {
        Self {
            clusters: Vec::new(),
            families: Vec::new(),
            functions: Vec::new(),
            jobs: Vec::new(),
            ecs: true,
            lambda: true,
            events: true,
            scheduler: true,
            batch: true,
            step_functions: false,
            parameters: Vec::new(),
            records: Vec::new(),
            references: Vec::new(),
            commands: Vec::new(),
        }
    }
}

/// The attributes of a block in it.
pub(super) fn nested_attributes(kind: &str) -> &'static [&'static str] {
    match kind {
        "account" => account::ATTRIBUTES,
        "repository" => policy::ATTRIBUTES,
        "command" => uses::COMMAND,
        kind => uses::keep_attributes(kind),
    }
}

/// Evaluates the block, and finds all that is wrong with it.
pub(super) fn read(reader: &Reader<'_>) -> Result<PruneSettings, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut settings = PruneSettings {
        uses: uses::read(reader, &mut faults),
        ..PruneSettings::default()
    };
    match account::regions(reader) {
        Ok(regions) => settings.regions = regions,
        Err(fault) => faults.push(fault),
    }
    match reader.number("max_run_deletions", 1..=policy::MOST) {
        Ok(limit) => settings.max_run_deletions = limit,
        Err(fault) => faults.push(fault),
    }
    settings.accounts = account::read(reader, &settings.regions, &mut faults);
    match allowances(reader) {
        Ok(allow) => settings.allow = allow,
        Err(fault) => faults.push(fault),
    }
    let base = policy::read(reader, &Policy::default()).unwrap_or_else(|fault| {
        faults.push(fault);
        Policy::default()
    });
    let repositories = pattern::labelled(reader, Named::Repository, &mut faults);
    if reader.nested("repository").next().is_none() {
        let message = "the block \"prune\" has no repository";
        faults.push(reader.block_fault(message).help(
            "say which ones are pruned: repository \"shop/*\" {}, or repository \"*\" {} for all",
        ));
    }
    for (pattern, inner) in repositories {
        match policy::of_repository(&inner, &base) {
            Ok(policy) => settings
                .repositories
                .push(RepositoryRule { pattern, policy }),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        faults = without_effect(reader, &settings);
    }
    if faults.is_empty() {
        return Ok(settings);
    }
    // In the order of the file, whatever was read first.
    faults.sort_by_key(|fault| fault.range().map(|range| (range.file, range.start)));
    Err(faults)
}

/// What the block says to nobody, which is never what was meant.
fn without_effect(reader: &Reader<'_>, settings: &PruneSettings) -> Vec<Fault> {
    let mut faults = Vec::new();
    let accounts = &settings.accounts;
    if !accounts.is_empty() && accounts.iter().all(|one| !one.repositories) {
        let message = "every account has repositories = false, and nothing is ever pruned";
        faults.push(reader.block_fault(message).help(
            "add an account block for the account of the repositories: account \"build\" {}",
        ));
    }
    let own_regions = |one: &PruneAccount| !one.regions.is_empty();
    if !settings.regions.is_empty() && !accounts.is_empty() && accounts.iter().all(own_regions) {
        let message = "every account has regions of its own";
        faults.push(reader.fault("regions", message).help("leave it out"));
    }
    let expires = |one: &RepositoryRule| one.policy.expire.is_some();
    // A fault of the attribute itself was found before.
    let is_there = reader.has("expire_from").unwrap_or_default();
    if is_there && !settings.repositories.iter().any(expires) {
        faults.push(policy::expires_nothing(reader));
    }
    let expires = |one: &RepositoryRule| one.policy.cache.expire.is_some();
    if reader.has("branches").unwrap_or_default() && !settings.repositories.iter().any(expires) {
        faults.push(policy::cache_stays(reader));
    }
    faults
}

fn allowances(reader: &Reader<'_>) -> Result<Vec<Allowance>, Fault> {
    let Some(texts) = reader.texts("allow")? else {
        return Ok(Vec::new());
    };
    let texts = texts.iter().enumerate();
    let read = texts.map(|(index, text)| {
        text.parse().map_err(|message: String| {
            let code = text.split(':').next().unwrap_or_default();
            let known = RefusalCode::ALL.map(RefusalCode::as_str);
            if known.contains(&code) {
                return reader.element_fault("allow", index, &message).help(format!(
                    "write \"{code}:NAME\", or \"{code}:*\" for all of them"
                ));
            }
            let help = did_you_mean(code, known);
            let help = help.unwrap_or_else(|| format!("there are {}", known.join(", ")));
            reader
                .element_fault("allow", index, &format!("there is no case {code:?}"))
                .help(help)
        })
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_has_all_that_a_repository_has() {
        for attribute in policy::ATTRIBUTES {
            assert!(ATTRIBUTES.contains(attribute), "{attribute}");
        }
    }

    #[test]
    fn every_nested_kind_has_attributes_of_its_own() {
        for kind in crate::config::blocks::nested("prune") {
            assert!(!nested_attributes(kind).is_empty(), "{kind}");
            assert!(!ATTRIBUTES.contains(kind), "{kind}");
        }
    }

    /// What somebody copies from the page loads.
    #[test]
    fn the_examples_of_the_page_load() {
        let page = include_str!("../../../docs/prune.md");
        let mut seen = 0;
        for (fence, file) in [
            ("```hcl\n", "launchway.hcl"),
            ("```json\n", "launchway.json"),
        ] {
            let examples = page.split(fence).skip(1);
            let examples = examples.filter_map(|rest| rest.split("```").next());
            for example in
                examples.filter(|text| text.contains("prune {") || text.contains("\"prune\""))
            {
                let directory = tempfile::tempdir().unwrap();
                std::fs::write(directory.path().join(file), example).unwrap();
                let bake = crate::bake::load(&crate::bake::Request {
                    directory: directory.path().to_owned(),
                    files: vec![file.into()],
                    targets_optional: true,
                    blocks: crate::config::Blocks::Only(&["prune"]),
                    ..crate::bake::Request::default()
                });
                let bake = bake.unwrap_or_else(|error| panic!("{error:?}\n{example}"));
                assert!(bake.settings.prune.is_some(), "{example}");
                seen += 1;
            }
        }
        assert!(seen >= 3, "{seen} examples");
    }
}
