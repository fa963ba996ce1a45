//! `launchway release`: the whole run as declared; what CI calls.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Blocks;
use crate::exit;
use crate::release::record::State;
use crate::release::{self, Gate};
use crate::ui::{Failure, Summary};

use super::Invocation;
use super::announce::Announcer;
use super::args::{CacheArgs, ReleaseArgs, SelectionArgs, SociArgs};
use super::codebuild::refuse_after_failed_build;
use super::execute::{Execution, execute};
use super::gate::{REPORTS, ReleaseGate};
use super::handoff::{EarlierRecords, Handoffs};
use super::parameter::Parameters;
use super::project::{DEFAULT_OUTPUT, Project};

const EXAMPLES: &str = "\
Examples:
  launchway release                          # what docker-bake.hcl and launchway.hcl declare
  launchway release web api                  # two targets only
  launchway release --print                  # the plan as JSON; nothing is built
  launchway release --baseline tag:production --require-change

Exit codes: 0 done, 3 configuration, 4 nothing changed (--require-change), 10 a Dockerfile step
failed, 11 engine unreachable, 12 registry or credentials, 13 refused by the scan, 14 SOCI,
15 hand-off, 75 temporary, 130 cancelled.";

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

    /// Exit with code 4 when nothing changed
    #[arg(long, help_heading = "Release")]
    pub require_change: bool,

    /// Write no hand-off files
    #[arg(long, help_heading = "Release")]
    pub no_handoff: bool,

    /// Write no SSM parameters
    #[arg(long, help_heading = "Release")]
    pub no_parameters: bool,

    /// Scan nothing, whatever the `scan` block says
    #[arg(long, help_heading = "Release")]
    pub no_scan: bool,

    /// Send no notifications
    #[arg(long, help_heading = "Release")]
    pub no_notify: bool,

    /// Print the plan as JSON and stop
    #[arg(long)]
    pub print: bool,

    /// Whether images get SOCI indexes.
    #[command(flatten)]
    pub soci: SociArgs,

    /// A release always pushes.
    #[arg(long, hide = true)]
    pub push: bool,
}

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let mut announcer = Announcer::new(invocation, !args.no_notify && !args.print);
    // Boxed: what it holds over its many steps is large.
    let outcome = Box::pin(release(args, invocation, &mut announcer)).await;
    announcer.finish(outcome).await
}

async fn release(
    args: Args,
    invocation: &Invocation,
    announcer: &mut Announcer<'_>,
) -> Result<u8, Failure> {
    let project = Project::read(invocation, &args.selection, args.cache, Blocks::All, false)?;
    announcer.project(&project);
    let plan = project.release_plan(invocation, &args.release, args.soci, !args.no_handoff)?;
    let handoffs = Handoffs::check(invocation, &plan)?;
    let parameters = if args.no_parameters {
        Parameters::default()
    } else {
        Parameters::check(invocation, &project, &plan)?
    };
    let settings = project.bake.settings.scan.as_ref();
    let gate = ReleaseGate::of(invocation, settings.filter(|_| !args.no_scan), &plan)?;
    if args.print {
        super::plan::print_json(invocation, &plan)?;
        return Ok(exit::OK);
    }
    let environment = &invocation.context.environment;
    refuse_after_failed_build(environment, "nothing is released", "release")?;
    if project.source.dirty == Some(true) {
        invocation
            .printer
            .warn("files differ from the commit that the release is named after");
    }
    let output = project.output_folder(invocation, &args.release);
    let given = |path: Option<&PathBuf>, name: &str| {
        path.map_or_else(
            || output.join(name),
            |path| invocation.context.resolve(path),
        )
    };
    let record_path = given(args.record.as_ref(), "release.json");
    // Before the release writes its own in its place.
    let earlier = EarlierRecords::read(&plan, &record_path);
    let env_file = given(args.env_file.as_ref(), "release.env");
    let metadata_file = args
        .metadata_file
        .as_ref()
        .map(|path| invocation.context.resolve(path));
    let mut files = vec![record_path.clone(), env_file.clone()];
    files.extend(metadata_file.clone());
    let reports = gate
        .iter()
        .flat_map(|_| REPORTS.map(|name| output.join(name)));
    let mut outputs: Vec<PathBuf> = files.iter().cloned().chain(reports).collect();
    for file in &outputs {
        release::check_writable(file)?;
    }
    if gate.is_some() {
        super::gate::remove_reports(&output)?;
    }
    if output.ends_with(DEFAULT_OUTPUT) {
        outputs.push(output.clone());
    } else {
        // The folder is the user's, and builds may need what else is in it.
        outputs.extend(
            plan.services
                .iter()
                .map(|service| output.join(&service.name)),
        );
    }
    let execution = Execution {
        title: "release",
        compare: true,
        record: Some(record_path.clone()),
        outputs,
        create_repositories: project.bake.settings.release.create_repositories,
        ztocs: project.ztoc_store(invocation, &plan),
        gate: gate.clone().map(|gate| gate as Arc<dyn Gate>),
    };
    announcer.start(&plan);
    let result = execute(invocation, &plan, &execution).await;
    // What was refused is reported like what has passed. A report that cannot be written hides no
    // refusal, and stops no release whose tags have moved.
    match gate.as_ref().map(|gate| gate.write_reports(&output)) {
        Some(Ok(reports)) => files.extend(reports),
        Some(Err(error)) => {
            let why = std::error::Error::source(&error).map(|why| format!(": {why}"));
            let message = format!("{error}{}", why.unwrap_or_default());
            invocation.printer.warn(&message);
        }
        None => {}
    }
    let mut record = result?;

    let services = handoffs
        .write(invocation, &mut record, &earlier, &output)
        .await?;
    let to_deploy: Vec<&str> = services
        .iter()
        .filter(|service| service.changed)
        .map(|service| service.service.as_str())
        .collect();
    let environment = release::environment_file(&record, &to_deploy);
    release::write_atomically(&env_file, environment.as_bytes())?;
    if let Some(path) = &metadata_file {
        write_metadata(path, &release::metadata::metadata(&record))?;
    }
    // After every file: its change may start the build that deploys.
    parameters.write(&mut record, &record_path).await?;
    // Last: a run that dies before this has not handed on what changed, and the next one knows.
    record.state = State::Complete;
    release::write_atomically(&record_path, record.to_json().as_bytes())?;
    announcer.released(&record);
    let summary = Summary {
        record: &record,
        compared: true,
        services: &services,
        files,
        output: Some(output),
        directory: &invocation.context.directory,
    };
    invocation
        .printer
        .note(&summary.render(invocation.printer.talk_style()));
    if args.require_change && !record.changed && to_deploy.is_empty() {
        return Ok(exit::UNCHANGED);
    }
    Ok(exit::OK)
}

/// Writes a metadata file.
pub(super) fn write_metadata(path: &Path, metadata: &serde_json::Value) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(metadata).unwrap_or_default();
    text.push('\n');
    release::write_atomically(path, text.as_bytes())?;
    Ok(())
}
