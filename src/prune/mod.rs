//! Which images of ECR nothing needs any more, and their removal.
//!
//! The flow is a line: what is in use ([`Use`]) and what is there ([`Repository`]) become one reference
//! graph per repository; the [`Policy`] says what is kept beside it; everything that can be reached from
//! what is kept is kept, and the rest is a [`RepositoryPlan`]. [`decide`] is synchronous, on plain
//! values and without a clock. Asking AWS is `collect`'s and `apply`'s work, through `aws`.
//!
//! The one principle: unknown is in use (D11). What could not be listed, read or understood is kept, and
//! becomes a [`Refusal`] where it leaves any doubt about the rest.

mod apply;
pub mod collect;
mod decide;
mod decision;
pub mod document;
mod ecrm;
pub mod explain;
mod graph;
mod hcl;
mod init;
mod inventory;
mod lifecycle;
mod pattern;
mod place;
mod plan;
mod policy;
mod read;
mod reference;
mod refusal;
mod refuse;
mod restrict;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod testing;
mod usage;
mod wording;

pub use crate::aws::CallCounts;
pub use apply::{
    Application, Applied, Asked, Change, FRESH_FOR, FailPoint, FailPoints, Failed, LATE,
    RepositoryResult, SkipReason, Skipped, apply,
};
pub use collect::plan;
pub use decide::{NamedImage, RepositoryUses, UsesIndex, decide};
pub use decision::{
    ImagePlan, KeepReason, Link, RemoveReason, RepositoryPlan, Sizes, Totals, Verdict,
};
pub use ecrm::{Conversion, EcrmError, EcrmProblem, Note, convert};
pub use init::{Found, FoundRepository, config_text};
pub use inventory::{Child, ChildRole, Content, Kind, Layer, Links, Manifest, Repository, Status};
pub use lifecycle::{BadLifecyclePolicy, Conflict, LifecyclePolicy, conflicts};
pub use pattern::NamePattern;
pub use place::{Event, Observer, Place, Silent};
pub use plan::Plan;
pub use policy::{AgeFrom, CachePolicy, Policy, Share, UNTAGGED};
pub use read::{LinksError, links, unread, unread_exact};
pub use reference::{BadReference, EcrReference, EcrRegistry, EcrRepository};
pub use refusal::{Allowance, Refusal, RefusalCode, RefusalSubject};
pub use refuse::{refuse, refuse_run};
pub use restrict::restrict;
pub use usage::{InUse, KnownRelease, Source, SourceCount, Use, UsedBy};
pub use wording::{Short, span};
