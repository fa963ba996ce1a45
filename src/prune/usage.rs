//! What is in use: images that something may pull, and who says so.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::{EcrReference, EcrRepository, Refusal};
use crate::image::Digest;

/// Everything that was found to be in use, over all accounts and regions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InUse {
    /// Images of ECR, each with who uses it; the same image as often as it is used.
    pub uses: Vec<Use>,
    /// Releases that records and parameters tell of.
    pub releases: Vec<KnownRelease>,
    /// Lists that did not load, references that cannot be read, sections that match nothing.
    pub refusals: Vec<Refusal>,
    /// How much each source told.
    pub sources: Vec<SourceCount>,
    /// What somebody should look at, though it holds nothing.
    pub warnings: Vec<String>,
}

/// Something uses an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The image.
    pub image: EcrReference,
    /// Who uses it.
    pub by: UsedBy,
}

/// Who uses an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsedBy {
    /// Where it was found.
    pub source: Source,
    /// Which one, for people, without the source's word: `prod/web, task definition web:12`.
    pub name: String,
}

impl fmt::Display for UsedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.source.label(), self.name)
    }
}

/// Where uses are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A running or pending task, of a service or alone.
    Task,
    /// A service: its deployments, task sets and task definition.
    Service,
    /// A service revision that a rollback would go back to.
    ServiceRevision,
    /// A managed daemon of ECS: the revisions that run on its instances, and its task definition.
    Daemon,
    /// A revision of a managed daemon that a rollback would go back to.
    DaemonRevision,
    /// One of the newest revisions of a task definition family.
    TaskDefinition,
    /// One of the newest revisions of a daemon task definition family.
    DaemonTaskDefinition,
    /// A Lambda function: a version or an alias.
    Function,
    /// A target of an EventBridge rule.
    Rule,
    /// A schedule of EventBridge Scheduler.
    Schedule,
    /// A job definition of AWS Batch.
    JobDefinition,
    /// A state machine of Step Functions.
    StateMachine,
    /// An SSM parameter that names a release.
    Parameter,
    /// A release.json.
    Record,
    /// A file of references.
    File,
    /// The output of a command.
    Command,
}

impl Source {
    /// The word for people: `service`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Service => "service",
            Self::ServiceRevision => "service revision",
            Self::Daemon => "daemon",
            Self::DaemonRevision => "daemon revision",
            Self::TaskDefinition => "task definition",
            Self::DaemonTaskDefinition => "daemon task definition",
            Self::Function => "function",
            Self::Rule => "rule",
            Self::Schedule => "schedule",
            Self::JobDefinition => "job definition",
            Self::StateMachine => "state machine",
            Self::Parameter => "parameter",
            Self::Record => "record",
            Self::File => "file",
            Self::Command => "command",
        }
    }
}

/// A digest that was released at a time: what ECR does not tell when a digest is released again, or
/// tagged again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRelease {
    /// The repository.
    pub repository: EcrRepository,
    /// The index or image.
    pub digest: Digest,
    /// When.
    pub at: Timestamp,
}

/// How much a source told, for the report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceCount {
    /// The source.
    pub source: Source,
    /// The account, by the name of its block or its id; empty for files and commands.
    pub account: String,
    /// The region; empty for files and commands.
    pub region: String,
    /// How many of them there are: services, functions, …
    pub found: usize,
    /// How many images of ECR they name.
    pub images: usize,
}
