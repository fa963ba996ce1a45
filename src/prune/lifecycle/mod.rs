//! ECR's own lifecycle policies, and where one could take what we keep: they know nothing of what is in use.
//!
//! The form and the order of evaluation are those of the ECR user guide ("Lifecycle policy properties", "How
//! lifecycle policies work"). Where the guide leaves room, more is taken to go rather than less: these are warnings, and
//! nothing is decided by them. Fetching policies is `aws`'s work, telling of conflicts the caller's.

mod conflict;
mod policy;

pub use self::conflict::{Conflict, conflicts};
pub use self::policy::{BadLifecyclePolicy, LifecyclePolicy};

#[cfg(test)]
mod tests;
