//! `launchway parameter`: SSM parameters that name a release. One file per action, and what a
//! release does with them.

mod get;
mod history;
mod release;
mod set;

pub(super) use release::Parameters;

use crate::aws::{Aws, AwsSettings, ParameterStore};
use crate::exit;
use crate::ui::Failure;

use super::Invocation;
use super::failure::aws::failure;

const ABOUT: &str = "\
Write SSM parameters that name a release, and look at their history

A release writes the parameters of its `parameter` blocks at its end. A change of one can start the
build that deploys.";

/// Arguments of `parameter`.
#[derive(Debug, clap::Args)]
#[command(long_about = ABOUT, arg_required_else_help = true)]
#[command(subcommand_value_name = "ACTION", subcommand_help_heading = "Actions")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with parameters.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Write the parameters of the configuration from the record of a release
    Set(set::Args),
    /// Show what a parameter says now
    Get(get::Args),
    /// Show what a parameter said before, and who wrote it
    History(history::Args),
}

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    match args.action {
        Action::Set(args) => set::run(args, invocation).await,
        Action::Get(args) => get::run(args, invocation).await,
        Action::History(args) => history::run(args, invocation).await,
    }
}

/// The parameters of a region, for looking at them.
async fn store(region: Option<&str>) -> Result<ParameterStore, Failure> {
    let aws = Aws::new(AwsSettings::default());
    aws.parameter_store(region)
        .await
        .map_err(|error| failure(&error))
}

/// Prints a result for programs.
fn answer_json(invocation: &Invocation, value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Failure::with_cause(exit::UNEXPECTED, "cannot write the result", &error)
    })?;
    invocation.printer.answer(&text)
}
