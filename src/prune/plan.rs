//! A whole plan: what becomes of every repository, and what it was made from.
//!
//! The form in memory. `document` is the form in a file.

use jiff::Timestamp;

use super::{Refusal, RefusalSubject, RepositoryPlan, SourceCount};

/// What would be removed, everywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// When it was made.
    pub created_at: Timestamp,
    /// Every repository that a rule covers, sorted.
    pub repositories: Vec<RepositoryPlan>,
    /// Cases that are not about one repository, allowed ones included.
    pub refusals: Vec<Refusal>,
    /// How much each source of uses told.
    pub sources: Vec<SourceCount>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

impl Plan {
    /// Whether a case that was not allowed holds every repository.
    pub fn is_refused_everywhere(&self) -> bool {
        let holds =
            |refusal: &&Refusal| !refusal.allowed && refusal.subject == RefusalSubject::Everything;
        self.refusals.iter().any(|refusal| holds(&refusal))
    }

    /// Whether any case was not allowed, wherever: the run ends with exit code 16.
    pub fn has_refusals(&self) -> bool {
        self.refusals.iter().any(|refusal| !refusal.allowed)
            || self.repositories.iter().any(RepositoryPlan::is_refused)
    }

    /// Whether this repository of the plan may be touched.
    pub fn may_apply(&self, repository: &RepositoryPlan) -> bool {
        !self.is_refused_everywhere() && !repository.is_refused()
    }
}
