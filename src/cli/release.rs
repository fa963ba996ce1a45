//! `launchway release`: the whole run as declared; what CI calls.

use std::path::PathBuf;

use crate::ui::Failure;

use super::Invocation;
use super::args::{CacheArgs, ReleaseArgs, SelectionArgs};

const EXAMPLES: &str = "\
Examples:
  launchway release                          # what docker-bake.hcl and launchway.hcl declare
  launchway release web api                  # two targets only
  launchway release --print                  # the plan as JSON; nothing is built
  launchway release --baseline tag:production --require-change

Exit codes: 0 done, 3 configuration, 4 nothing changed (--require-change), 10 a Dockerfile step
failed, 11 engine unreachable, 12 registry or credentials, 15 hand-off, 75 temporary, 130 cancelled.";

/// Arguments of `release`.
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

    /// Write the release record to this file [default: release.json in the output folder]
    #[arg(long, value_name = "FILE", help_heading = "Release")]
    pub record: Option<PathBuf>,

    /// Write the digests as shell variables to this file [default: release.env in the output
    /// folder]
    #[arg(long, value_name = "FILE", help_heading = "Release")]
    pub env_file: Option<PathBuf>,

    /// Write build results to this file, in the shape that buildx uses
    #[arg(long, value_name = "FILE", help_heading = "Release")]
    pub metadata_file: Option<PathBuf>,

    /// Exit with code 4 when no image changed
    #[arg(long, help_heading = "Release")]
    pub require_change: bool,

    /// Write no hand-off files
    #[arg(long, help_heading = "Release")]
    pub no_handoff: bool,

    /// Print the plan as JSON and stop
    #[arg(long)]
    pub print: bool,

    /// A release always pushes.
    #[arg(long, hide = true)]
    pub push: bool,
}

pub(crate) async fn run(_args: Args, _invocation: &Invocation) -> Result<u8, Failure> {
    Err(super::not_built("release"))
}
