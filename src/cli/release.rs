//! `launchway release`: the whole run as declared; what CI calls.

use std::path::PathBuf;

use crate::exit;
use crate::plan::Mode;
use crate::release;
use crate::release::record::{Record, State};
use crate::ui::{Failure, Summary};

use super::Invocation;
use super::args::{CacheArgs, ReleaseArgs, SelectionArgs};
use super::execute::{Execution, execute};
use super::handoff::Handoffs;
use super::project::Project;

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

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let project = Project::read(
        invocation,
        &args.selection,
        args.cache,
        Mode::Release,
        false,
    )?;
    let plan = project.release_plan(invocation, &args.release)?;
    if args.print {
        super::plan::print_json(invocation, &plan)?;
        return Ok(exit::OK);
    }
    let handoffs = if args.no_handoff {
        Handoffs::default()
    } else {
        Handoffs::check(invocation, &plan)?
    };
    let output = project.output_folder(invocation, &args.release);
    let given = |path: Option<&PathBuf>, name: &str| {
        path.map_or_else(
            || output.join(name),
            |path| invocation.context.resolve(path),
        )
    };
    let record_path = given(args.record.as_ref(), "release.json");
    let execution = Execution {
        title: "release",
        compare: true,
        record: Some(record_path.clone()),
        create_repositories: project.bake.settings.release.create_repositories,
    };
    let mut record = execute(invocation, &plan, &execution).await?;

    let services = handoffs.write(invocation, &record, &output)?;
    let environment = release::environment_file(&record);
    let env_file = given(args.env_file.as_ref(), "release.env");
    release::write_atomically(&env_file, environment.as_bytes())?;
    if let Some(path) = &args.metadata_file {
        write_metadata(invocation, path, &record)?;
    }
    // Last: a run that dies before this has not handed on what changed, and the next one knows.
    record.state = State::Complete;
    release::write_atomically(&record_path, record.to_json().as_bytes())?;
    let summary = Summary {
        record: &record,
        compared: true,
        services: &services,
        files: vec![record_path, env_file],
        output: Some(output),
        directory: &invocation.context.directory,
    };
    invocation
        .printer
        .note(&summary.render(invocation.printer.talk_style()));
    if args.require_change && !record.changed {
        return Ok(exit::UNCHANGED);
    }
    Ok(exit::OK)
}

/// Writes the metadata file, in buildx's shape.
pub(super) fn write_metadata(
    invocation: &Invocation,
    path: &std::path::Path,
    record: &Record,
) -> Result<(), Failure> {
    let mut text =
        serde_json::to_string_pretty(&release::metadata::metadata(record)).unwrap_or_default();
    text.push('\n');
    release::write_atomically(&invocation.context.resolve(path), text.as_bytes())?;
    Ok(())
}
