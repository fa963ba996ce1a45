//! `launchway environment`: the environments of the configuration, and what differs between two.

use std::collections::BTreeSet;

use crate::bake::{self, BakeError};
use crate::environment::{Report, ServiceFiles, view};
use crate::exit;
use crate::handoff;
use crate::release::record;
use crate::ui::{Failure, environment_differences, environment_table};

use super::Invocation;
use super::args::{FileArgs, ReleaseArgs, SociArgs};
use super::project::{self, Project};

const EXAMPLES: &str = "\
Examples:
  launchway environment list
  launchway environment diff dev production
  launchway environment diff staging production --format json --exit-code";

const LIST_EXAMPLES: &str = "\
Examples:
  launchway environment list
  launchway environment list --format json   # [{\"name\": \"dev\", \"variables\": […]}, …]

Values that do not fit their variables are warnings here, and errors where the environment is
chosen.";

const DIFF_EXAMPLES: &str = "\
Examples:
  launchway environment diff dev production
  launchway environment diff dev production --format json
  launchway environment diff staging production --exit-code   # for a check in CI

Compares what `launchway release` would do in each: values of variables, images, tags, platforms,
build arguments and caches, settings, and the files of the hand-off (with made-up digests). Nothing
is built, and no registry or account is asked. Values whose names say that they are secrets are
compared and not shown.

Exit codes: 0 done, 1 something differs (--exit-code), 3 configuration, 15 hand-off.";

/// Arguments of `environment`.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
#[command(subcommand_value_name = "ACTION", subcommand_help_heading = "Actions")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be asked about environments.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// List the environments, and the variables that each sets
    List(ListArgs),
    /// Show what a release would do differently in two environments
    Diff(DiffArgs),
}

/// Arguments of `environment list`.
#[derive(Debug, clap::Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct ListArgs {
    /// The files.
    #[command(flatten)]
    pub files: FileArgs,

    /// How it is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: ListFormat,
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Arguments of `environment diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub struct DiffArgs {
    /// The first environment
    #[arg(value_name = "FROM")]
    pub from: String,

    /// The second environment
    #[arg(value_name = "TO")]
    pub to: String,

    /// The files.
    #[command(flatten)]
    pub files: FileArgs,

    /// How it is printed: text or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    #[arg(hide_possible_values = true)]
    pub format: DiffFormat,

    /// Exit with code 1 when something differs
    #[arg(long)]
    pub exit_code: bool,
}

/// How differences are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DiffFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

pub(crate) fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    match args.action {
        Action::List(args) => list(&args, invocation),
        Action::Diff(args) => diff(&args, invocation),
    }
}

fn list(args: &ListArgs, invocation: &Invocation) -> Result<u8, Failure> {
    let source = super::source::read(
        &invocation.context.directory,
        invocation.context.environment.variables(),
    );
    let request = project::request(invocation, source, &args.files);
    let (environments, warnings) = bake::environments(&request)?;
    let printer = &invocation.printer;
    for warning in warnings {
        printer.warn(&warning.to_string());
    }
    match args.format {
        ListFormat::Json => answer_json(invocation, &environments)?,
        ListFormat::Table if environments.is_empty() => {
            printer.note("The configuration declares no environment.\n");
        }
        ListFormat::Table => {
            printer.answer(&environment_table(&environments, printer.answer_style()))?;
        }
    }
    Ok(exit::OK)
}

fn diff(args: &DiffArgs, invocation: &Invocation) -> Result<u8, Failure> {
    let mut told = BTreeSet::new();
    let from = view_of(invocation, &args.files, &args.from, &mut told)?;
    let to = view_of(invocation, &args.files, &args.to, &mut told)?;
    let report = Report::new((&args.from, &from), (&args.to, &to));
    let printer = &invocation.printer;
    match args.format {
        DiffFormat::Json => answer_json(invocation, &report)?,
        DiffFormat::Text => {
            printer.answer(&environment_differences(&report, printer.answer_style()))?;
        }
    }
    Ok(if args.exit_code && !report.differences.is_empty() {
        exit::UNEXPECTED
    } else {
        exit::OK
    })
}

/// What a release in the environment would do. Warnings that were told of the other one already
/// are not told again.
fn view_of(
    invocation: &Invocation,
    files: &FileArgs,
    name: &str,
    told: &mut BTreeSet<String>,
) -> Result<serde_json::Value, Failure> {
    let mut warn = |warning: String| {
        if told.insert(warning.clone()) {
            invocation.printer.warn(&warning);
        }
    };
    let within = |mut failure: Failure| {
        failure.message = format!("in environment {name}: {}", failure.message);
        failure
    };
    let project = match Project::in_environment(invocation, files, name) {
        Ok(project) => project,
        Err(error @ BakeError::UnknownEnvironment { .. }) => return Err(error.into()),
        Err(error) => return Err(within(error.into())),
    };
    for warning in &project.bake.warnings {
        warn(warning.to_string());
    }
    let release = ReleaseArgs::default();
    let plan = project
        .release_plan(invocation, &release, SociArgs::default(), true)
        .map_err(within)?;
    let draft = record::draft(&plan);
    let directory = &invocation.context.directory;
    let mut services = Vec::new();
    for service in &plan.services {
        let templates = super::handoff::templates(service, directory).map_err(within)?;
        let handoff =
            handoff::hand_off(service, &templates, &draft).map_err(|error| within(error.into()))?;
        for warning in &handoff.warnings {
            warn(warning.to_string());
        }
        services.push(ServiceFiles {
            name: service.name.clone(),
            files: handoff.files,
        });
    }
    let outline = project.bake.outline.unwrap_or_default();
    Ok(view(&outline, &plan, &services, directory))
}

fn answer_json(invocation: &Invocation, value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    invocation.printer.answer(&format!("{text}\n"))
}
