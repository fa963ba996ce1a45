//! `prune { … }`: which repositories are pruned by which rules, and where uses are looked for. Acting on it is
//! `prune`'s work.

use std::path::PathBuf;
use std::time::Duration;

use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;
use crate::prune::{Allowance, NamePattern, Policy};

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &[];

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
    /// `allow`: cases that must not hold the run.
    pub allow: Vec<Allowance>,
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
}

/// How many successful service revisions before the current one a rollback may want.
pub const ROLLBACK: u32 = 2;
/// How many revisions of a family, and versions of a function, are kept.
pub const KEEP: u32 = 5;

impl Default for UseSettings {
    fn default() -> Self {
        Self {
            clusters: Vec::new(),
            families: Vec::new(),
            functions: Vec::new(),
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

/// Evaluates the block.
#[expect(clippy::unnecessary_wraps, reason = "the signature of every block")]
pub(super) fn read(_: &Reader<'_>, _: &Names<'_>) -> Result<PruneSettings, Fault> {
    Ok(PruneSettings::default())
}
