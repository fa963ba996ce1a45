//! `launchway plan`: what a release would do, without doing it.

use crate::ui::Failure;

use super::Invocation;
use super::args::{CacheArgs, ReleaseArgs, SelectionArgs};

const EXAMPLES: &str = "\
Examples:
  launchway plan                    # a table of solves, tags and caches
  launchway plan --format json      # the same value as `launchway release --print`";

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which targets, from which files.
    #[command(flatten)]
    pub selection: SelectionArgs,

    /// How the build cache is used.
    #[command(flatten)]
    pub cache: CacheArgs,

    /// Tags, baseline and where files go.
    #[command(flatten)]
    pub release: ReleaseArgs,

    /// How the plan is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

pub(crate) async fn run(_args: Args, _invocation: &Invocation) -> Result<u8, Failure> {
    Err(super::not_built("plan"))
}
