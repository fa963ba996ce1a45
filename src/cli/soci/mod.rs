//! `launchway soci`: SOCI indexes of images that are in a registry. One file per action.

mod attach;
mod explain;
mod inspect;
mod verify;

use serde::Serialize;

use crate::exit;
use crate::ui::Failure;

use super::Invocation;

const ABOUT: &str = "\
Attach SOCI indexes to images, and look at those that they have

With a SOCI index, Fargate and the soci-snapshotter start a container before its image is
downloaded.";

/// Arguments of `soci`.
#[derive(Debug, clap::Args)]
#[command(long_about = ABOUT, arg_required_else_help = true)]
#[command(subcommand_value_name = "ACTION", subcommand_help_heading = "Actions")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with SOCI indexes.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Index the layers of an image in a registry, and attach the SOCI indexes to it
    Attach(attach::Args),
    /// Read every indexed layer of an image back as a snapshotter would
    Verify(verify::Args),
    /// Show which layers of an image are indexed, which are not and why, and what it costs
    Inspect(inspect::Args),
    /// Say what Fargate will do with an image, and what to change
    Explain(explain::Args),
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    match args.action {
        Action::Attach(args) => attach::run(args, invocation).await,
        Action::Verify(args) => verify::run(args, invocation).await,
        Action::Inspect(args) => inspect::run(args, invocation).await,
        Action::Explain(args) => explain::run(args, invocation).await,
    }
}

/// Prints a result for programs.
fn answer_json(invocation: &Invocation, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Failure::with_cause(exit::UNEXPECTED, "cannot write the result", &error)
    })?;
    invocation.printer.answer(&text)
}
