//! What became of a plan.

use serde::Serialize;

use crate::image::Digest;
use crate::prune::{EcrRepository, KeepReason, Refusal, UsedBy};

/// What became of a plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Every repository of the plan that was tried, sorted.
    pub repositories: Vec<RepositoryResult>,
    /// Cases that came up meanwhile and are not about one repository: what stopped everything. Nothing was deleted
    /// after they came up.
    pub refusals: Vec<Refusal>,
}

impl Applied {
    /// Whether everything that was planned is done, or was kept for a reason.
    pub fn is_complete(&self) -> bool {
        let complete =
            |one: &RepositoryResult| one.failed.is_empty() && one.left == 0 && !one.is_refused();
        !self.is_refused() && self.repositories.iter().all(complete)
    }

    /// Whether a case that was not allowed stopped it, somewhere or everywhere.
    pub fn is_refused(&self) -> bool {
        self.refusals.iter().any(|refusal| !refusal.allowed)
            || self.repositories.iter().any(RepositoryResult::is_refused)
    }
}

/// What became of the plan of a repository. Each digest and tag of the plan is in one of the lists, or in `left`.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryResult {
    /// Which one.
    pub repository: EcrRepository,
    /// Manifests that were deleted, in this order.
    pub deleted: Vec<Digest>,
    /// Manifests that are in the archive now.
    pub archived: Vec<Digest>,
    /// Manifests that were gone already: somebody else deleted them, or a run that was interrupted.
    pub gone: Vec<Digest>,
    /// Tags that were removed from images that are kept.
    pub untagged: Vec<(Digest, String)>,
    /// What is kept against the plan, because the world changed.
    pub skipped: Vec<Skipped>,
    /// What should have gone and did not.
    pub failed: Vec<Failed>,
    /// How many manifests and tags were not reached, because something stopped the repository.
    pub left: usize,
    /// What stopped it, where a case did.
    pub refusals: Vec<Refusal>,
}

impl RepositoryResult {
    pub(super) fn new(repository: &EcrRepository) -> Self {
        Self {
            repository: repository.clone(),
            deleted: Vec::new(),
            archived: Vec::new(),
            gone: Vec::new(),
            untagged: Vec::new(),
            skipped: Vec::new(),
            failed: Vec::new(),
            left: 0,
            refusals: Vec::new(),
        }
    }

    /// Whether a case that was not allowed stopped it.
    pub fn is_refused(&self) -> bool {
        self.refusals.iter().any(|refusal| !refusal.allowed)
    }
}

/// A manifest or a tag that is kept against the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// The manifest.
    pub digest: Digest,
    /// The tag, where it is about that alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Why.
    pub why: SkipReason,
}

/// Why something is kept against the plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    tag = "case"
)]
pub enum SkipReason {
    /// Something uses it now.
    InUse {
        /// Who.
        by: UsedBy,
    },
    /// It changed.
    Changed {
        /// How.
        change: Change,
    },
    /// An index lists it, which ECR does not let go of: one that was pushed since, or is kept.
    Listed,
    /// It belongs to a manifest that is kept against the plan.
    PartOf {
        /// That manifest.
        of: Digest,
    },
    /// By the rules, as the repository is now.
    Rule {
        /// Which one.
        keep: KeepReason,
    },
    /// It is the last tag of its image now.
    LastTag,
}

/// How an image changed after the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "is")]
pub enum Change {
    /// It has a tag that it did not have.
    Tagged {
        /// The tag.
        tag: String,
    },
    /// It was pulled.
    Pulled,
    /// It was pushed again after it was deleted.
    Pushed,
    /// It is being restored from the archive, or was moved to it or out of it.
    Status,
}

/// What should have gone and did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// The manifest.
    pub digest: Digest,
    /// The tag, where it is about that alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// ECR's code: `KmsError`; or the permission of a call that failed as a whole: `ecr:BatchDeleteImage`.
    pub code: String,
    /// What happened, for people.
    pub text: String,
    /// The same run may succeed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
}
