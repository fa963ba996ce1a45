//! What was typed: one file per verb. Reads the environment and files, calls the library, prints
//! through `ui`.
//!
//! [`main`] is the whole process but its exit: parse, run until done or interrupted, report.

mod announce;
mod approve;
mod args;
mod bake;
mod build;
mod codebuild;
mod completions;
mod confirm;
mod context;
mod doctor;
mod ecr;
mod engine;
mod environment;
mod execute;
mod failure;
mod gate;
mod handoff;
mod iam;
mod invocation;
mod last_words;
mod later;
mod notify;
mod parameter;
mod parse;
mod plan;
mod process;
mod project;
mod prune;
mod registry;
mod release;
mod scan;
mod soci;
mod source;
mod surroundings;
mod version;

use clap::{Parser, Subcommand};

pub use args::GlobalArgs;
pub use context::{Context, Environment, Terminal};
pub use invocation::Invocation;
pub use process::main;

use crate::ui::Failure;

/// Multi-arch container releases for Amazon ECS, built by BuildKit
#[derive(Debug, Parser)]
#[command(
    name = "launchway",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Run `launchway VERB --help` for a verb's flags and examples."
)]
pub struct Cli {
    /// Flags of every verb.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What Launchway can be asked to do.
#[derive(Debug, Subcommand)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
pub enum Verb {
    /// Build, publish and tag all images of a release, then write the hand-off files
    Release(release::Args),
    /// Show what a release would do
    Plan(plan::Args),
    /// Build targets of a bake file, with the flags of `docker buildx bake`
    Bake(bake::Args),
    /// Build one Dockerfile, with the flags of `docker buildx build`
    Build(build::Args),
    /// Attach SOCI indexes to images, and look at those that they have
    Soci(soci::Args),
    /// Look at images for vulnerabilities, as the gate of a release does
    Scan(scan::Args),
    /// Write, pull and start the files that a deploy stage reads
    Handoff(handoff::Args),
    /// Write SSM parameters that name a release, and look at their history
    Parameter(parameter::Args),
    /// Answer a manual approval of CodePipeline
    Approve(approve::Args),
    /// Send a notification, as a release does
    Notify(notify::Args),
    /// List the environments of the configuration, and show what differs between two
    #[command(alias = "env")]
    Environment(environment::Args),
    /// Delete old images of ECR that nothing needs any more
    Prune(prune::Args),
    /// Print the least-privilege IAM policy of a verb
    Iam(iam::Args),
    /// Start, stop and look at Launchway's own BuildKit daemon
    Engine(engine::Args),
    /// Examine this machine: what is there for building, what is missing, and how to get it
    Doctor(doctor::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Print the version
    Version,
}

impl Verb {
    /// Fails when a flag was given that this version knows but does not have.
    fn refuse_later_flags(&self) -> Result<(), Failure> {
        match self {
            Self::Bake(args) => args.later.refuse(),
            Self::Build(args) => args.later.refuse(),
            Self::Release(_)
            | Self::Plan(_)
            | Self::Soci(_)
            | Self::Scan(_)
            | Self::Handoff(_)
            | Self::Parameter(_)
            | Self::Approve(_)
            | Self::Notify(_)
            | Self::Environment(_)
            | Self::Prune(_)
            | Self::Iam(_)
            | Self::Engine(_)
            | Self::Doctor(_)
            | Self::Completions(_)
            | Self::Version => Ok(()),
        }
    }

    /// Runs the verb; the value is the exit code.
    async fn run(self, invocation: &Invocation) -> Result<u8, Failure> {
        match self {
            Self::Release(args) => release::run(args, invocation).await,
            Self::Plan(args) => plan::run(&args, invocation),
            Self::Bake(args) => bake::run(args, invocation).await,
            Self::Build(args) => build::run(args, invocation).await,
            Self::Soci(args) => soci::run(args, invocation).await,
            Self::Scan(args) => scan::run(args, invocation).await,
            Self::Handoff(args) => handoff::run(args, invocation).await,
            Self::Parameter(args) => parameter::run(args, invocation).await,
            Self::Approve(args) => approve::run(args, invocation).await,
            Self::Notify(args) => notify::run(args, invocation).await,
            Self::Environment(args) => environment::run(args, invocation),
            Self::Prune(args) => prune::run(args, invocation).await,
            Self::Iam(args) => iam::run(&args, invocation),
            Self::Engine(args) => engine::run(args, invocation).await,
            Self::Doctor(args) => doctor::run(args, invocation).await,
            Self::Completions(args) => completions::run(&args, invocation),
            Self::Version => version::run(invocation),
        }
    }
}
