//! Where prune looks: an account in a region, with the credentials for it.

use crate::aws::Aws;

/// An account in a region.
#[derive(Clone, Debug)]
pub struct Place {
    /// The account, by the name of its block; empty for that of the process.
    pub account: String,
    /// The region.
    pub region: String,
    /// Credentials for it.
    pub aws: Aws,
    /// Whether its repositories are pruned, or only what it uses counts.
    pub repositories: bool,
    /// Whether the configuration names it, by an `account` block or in `regions`: then something has to be there.
    pub declared: bool,
}

impl Place {
    /// Its name in cases and allowances: `account "prod" in eu-west-1`, `region eu-west-1`.
    pub fn name(&self) -> String {
        match self.account.as_str() {
            "" => format!("region {}", self.region),
            account => format!("account {account:?} in {}", self.region),
        }
    }
}

/// How far a run is, for whoever shows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// A list of uses was read: of services, functions, …
    Used {
        /// Which source, and where.
        what: &'a super::SourceCount,
    },
    /// The repositories are known.
    Repositories {
        /// How many are looked at.
        count: usize,
    },
    /// A page of a repository's list came in.
    Listed {
        /// How many manifests it had.
        manifests: usize,
    },
    /// A repository is read and decided about.
    Planned {
        /// Which one.
        plan: &'a super::RepositoryPlan,
    },
    /// A batch is done.
    Removed {
        /// The repository.
        repository: &'a super::EcrRepository,
        /// How many manifests and tags went in this batch.
        count: usize,
    },
    /// Somebody should know this now: a retry, a wait.
    Note {
        /// What, for people.
        text: &'a str,
    },
}

/// Gets the events of a run, from several tasks at once.
pub trait Observer: Send + Sync {
    /// Something happened. Must not block.
    fn tell(&self, event: &Event<'_>);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn tell(&self, _: &Event<'_>) {}
}
