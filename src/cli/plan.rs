//! `launchway plan`: what a release would do, without doing it.

use crate::config::Blocks;
use crate::exit;
use crate::plan::Plan;
use crate::ui::{self, Failure};

use super::Invocation;
use super::args::{CacheArgs, ReleaseArgs, SelectionArgs, SociArgs};
use super::handoff::Handoffs;
use super::parameter::Parameters;
use super::project::Project;

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

    /// Whether images get SOCI indexes.
    #[command(flatten)]
    pub soci: SociArgs,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

pub(crate) fn run(args: &Args, invocation: &Invocation) -> Result<u8, Failure> {
    let project = Project::read(invocation, &args.selection, args.cache, Blocks::All, false)?;
    let plan = project.release_plan(invocation, &args.release, args.soci, true)?;
    Handoffs::check(invocation, &plan)?;
    Parameters::check(invocation, &project, &plan)?;
    match args.format {
        Format::Json => print_json(invocation, &plan)?,
        Format::Table => {
            let style = invocation.printer.answer_style();
            invocation.printer.answer(&ui::plan_table(
                &plan,
                &invocation.context.directory,
                style,
            ))?;
        }
    }
    Ok(exit::OK)
}

/// Prints the plan as `release --print` and `plan --format json` show it.
pub(super) fn print_json(invocation: &Invocation, plan: &Plan) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(plan).unwrap_or_default();
    invocation.printer.answer(&format!("{text}\n"))
}
