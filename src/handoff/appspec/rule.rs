//! What can be wrong with an appspec, as messages and what to do about them.

use super::super::problem::listed;
use super::super::rule::nearest_of;
use super::{HOOKS, TASK_DEFINITION};

/// A rule that an appspec breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppspecRule {
    /// Something that has to be there is not.
    #[error("`{member}` is missing")]
    Missing {
        /// Its key.
        member: &'static str,
    },
    /// A key that appspecs for ECS do not have.
    #[error("an appspec for ECS has no `{name}` here")]
    Unknown {
        /// The key.
        name: String,
        /// The keys that there are.
        known: &'static [&'static str],
    },
    /// A key in other letters.
    #[error("`{written}` is written `{name}`; mended")]
    Case {
        /// As it is in the file.
        written: String,
        /// As it should be.
        name: &'static str,
    },
    /// The same key, but for its letters, twice.
    #[error("`{name}` is given twice")]
    Twice {
        /// The key.
        name: &'static str,
    },
    /// A value of the wrong kind.
    #[error("must be {expected}, and it is {found}")]
    Kind {
        /// What it has to be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A scalar with another value than the only one possible.
    #[error("must be {expected}, and it is `{found}`")]
    Value {
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The appspec does not leave room for the new revision.
    #[error(
        "must be {TASK_DEFINITION}, which the deploy action replaces by the new revision; it is `{found}`"
    )]
    TaskDefinition {
        /// What it is.
        found: String,
    },
    /// The file is neither YAML nor JSON by its name.
    #[error("an appspec's file ends in .yaml, .yml or .json, and this in .{extension}")]
    Extension {
        /// The extension, in lower case.
        extension: String,
    },
    /// An ARN with an impossible account id.
    #[error("account id `{account}` in {arn} is not 12 digits")]
    AccountId {
        /// The whole ARN.
        arn: String,
        /// What stands for the account id.
        account: String,
    },
    /// A placeholder that nothing replaces.
    #[error("nothing replaces <{placeholder}> in an appspec")]
    LeftPlaceholder {
        /// Its name without brackets.
        placeholder: String,
    },
    /// One resource, one service.
    #[error("an appspec for ECS has one TargetService, and this has {count}")]
    Services {
        /// How many there are.
        count: usize,
    },
    /// The load balancer's container does not exist.
    #[error("the task definition has no container `{name}`")]
    Container {
        /// `ContainerName`.
        name: String,
        /// The containers that it has.
        known: Vec<String>,
    },
    /// The container does not listen there.
    #[error(
        "container `{container}` does not map port {port}; its portMappings have {}",
        listed(.known.iter().cloned())
    )]
    Port {
        /// `ContainerName`.
        container: String,
        /// `ContainerPort`.
        port: u64,
        /// The ports that it maps.
        known: Vec<String>,
    },
    /// The port is a text.
    #[error("the port is in quotes; written as the number {port}")]
    QuotedPort {
        /// `ContainerPort`.
        port: u64,
    },
    /// Part of the network configuration.
    #[error("a network configuration has all of Subnets, SecurityGroups and AssignPublicIp; {} missing", listed(.missing.iter().map(|name| (*name).to_owned())))]
    Network {
        /// Those that are missing.
        missing: Vec<&'static str>,
    },
    /// Several capacity providers have a base.
    #[error("only one capacity provider can have a Base, and {count} have")]
    Bases {
        /// How many have one.
        count: usize,
    },
    /// No capacity provider has a weight.
    #[error("at least one capacity provider needs a Weight above 0")]
    Weights,
    /// A number that is too large or too small.
    #[error("must be from {least} to {most}, and it is {found}")]
    Bounds {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
        /// What it is.
        found: u64,
    },
    /// No such lifecycle event.
    #[error("`{name}` is no lifecycle event that can have a hook")]
    Hook {
        /// What it is.
        name: String,
    },
    /// The hook is there twice.
    #[error("there are two hooks for `{name}`")]
    HookTwice {
        /// The lifecycle event.
        name: String,
    },
    /// Hooks in another order than they run in.
    #[error("`{name}` runs before `{earlier}`, and stands after it")]
    HookOrder {
        /// The lifecycle event.
        name: String,
        /// The one that stands before it and runs after it.
        earlier: String,
    },
}

impl AppspecRule {
    /// What to do about it, when the message does not say it yet.
    pub(in crate::handoff) fn hint(&self) -> Option<String> {
        let near = |name: &str, known: &[String]| {
            nearest_of(name, known.iter().map(String::as_str)).map(str::to_owned)
        };
        match self {
            Self::Unknown { name, known } => Some(match nearest_of(name, known.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("it has {}", known.join(", ")),
            }),
            Self::Container { name, known } => Some(match near(name, known) {
                Some(name) => format!("did you mean container `{name}`?"),
                None => format!("it has {}", listed(known.iter().cloned())),
            }),
            Self::Hook { name } => Some(match nearest_of(name, HOOKS.iter().copied()) {
                Some(name) => format!("did you mean {name}?"),
                None => format!("hooks are {}", HOOKS.join(", ")),
            }),
            Self::LeftPlaceholder { .. } => Some(
                "write `appspec` as an object in the service block, which may have any expression"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}
