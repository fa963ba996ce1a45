//! `launchway prune`: plan what goes, remove it, explain an image, write a first configuration.

mod apply;
mod explain;
mod ground;
mod init;
mod interrupt;
mod output;
mod plan;
mod problem;
mod result;

use crate::ui::Failure;

use super::Invocation;

const ABOUT: &str = "\
Delete old images of ECR that nothing needs any more

Shows a plan; --apply carries it out. What is in use, what the rules keep, and everything that these \
refer to is never removed, and what is not known counts as in use.";

const EXAMPLES: &str = "\
Examples:
  launchway prune                                # the plan; nothing is removed
  launchway prune 'shop/*' --images              # each image, with its reason
  launchway prune --apply                        # plan and remove, in a scheduled job
  launchway prune -o plan.json                   # save the plan, look at it,
  launchway prune --apply --plan plan.json       # and remove what of it may still go
  launchway prune --allow nothing-in-use:tools   # let this case not hold the run back
  launchway prune explain shop/web:v1.2.3        # why an image stays or goes
  launchway prune init -o launchway.hcl          # a first configuration

A repository whose name is `explain` or `init` is written as a pattern: 'explai[n]'.

Exit codes: 0 done, also when nothing goes; 3 configuration, 12 AWS refused or an image could not be
removed, 16 refused for safety, 75 temporary, 130 cancelled.";

/// Arguments of `prune`.
#[derive(Debug, clap::Args)]
#[command(
    long_about = ABOUT,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions"
)]
pub struct Args {
    /// What to do instead of planning or applying.
    #[command(subcommand)]
    pub action: Option<Action>,

    /// Planning and applying.
    #[command(flatten)]
    pub plan: plan::PlanArgs,
}

/// What else can be done.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Say why one image stays or goes
    Explain(explain::Args),
    /// Print a first `prune` block, made from what is there or from an ecrm.yaml
    Init(init::Args),
}

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    match args.action {
        Some(Action::Explain(args)) => explain::run(args, invocation).await,
        Some(Action::Init(args)) => init::run(args, invocation).await,
        None => plan::run(args.plan, invocation).await,
    }
}
