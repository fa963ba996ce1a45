//! The least-privilege IAM policy of each verb, for the resources that the configuration names.
//!
//! Pure: [`Needs`] says which resources there are, [`Verb`] what is done with them, and a
//! [`Policy`] comes out. No AWS is asked. A resource is `*` only where IAM knows no resource for the
//! action; that is tested, and so is that every action that the code calls is granted to some verb.

mod arn;
mod cloudformation;
mod key;
mod needs;
mod notifications;
mod policy;
mod prune;
mod statements;
mod terraform;
mod verb;

pub use arn::{EcrRepository, Place, partition_of};
pub use cloudformation::cloudformation;
pub use needs::{
    Defaults, Needs, ParameterNeed, PipelineNeed, SecretNeed, ServiceNeed, UnknownBases,
};
pub use policy::{MANAGED_LIMIT, Policy, Statement};
pub use prune::PruneNeed;
pub use statements::policy;
pub use terraform::terraform;
pub use verb::{UnknownVerb, Verb};

#[cfg(test)]
mod cases;
