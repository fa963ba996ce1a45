//! `launchway handoff`: the files that a deploy stage reads, apart from a release. One file per
//! action.

mod earlier;
mod init;
mod pull;
mod release;
mod running;
mod template_file;
mod write;

use std::io::ErrorKind;
use std::path::Path;

use serde::Serialize;

use crate::bake::suggest::did_you_mean;
use crate::config::ServiceSettings;
use crate::exit;
use crate::handoff::{FolderError, Templates, folder};
use crate::ui::Failure;

use crate::cli::Invocation;

pub(super) use earlier::EarlierRecords;
pub(super) use release::Handoffs;

const ABOUT: &str = "\
Write, pull and start the files that a deploy stage reads

A release writes them by itself. These verbs are for what comes before and after: a template from
what runs, the files of an earlier release, and the pipeline around them.";

/// Arguments of `handoff`.
#[derive(Debug, clap::Args)]
#[command(long_about = ABOUT, arg_required_else_help = true)]
#[command(subcommand_value_name = "ACTION", subcommand_help_heading = "Actions")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with hand-off files.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Write the hand-off files of a release that is done, without building
    Write(write::Args),
    /// Make a task definition template of what runs
    Pull(pull::Args),
    /// Print a buildspec and a pipeline for the services of the configuration
    Init(init::Args),
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
        Action::Write(args) => Box::pin(write::run(args, invocation)).await,
        Action::Pull(args) => Box::pin(pull::run(args, invocation)).await,
        Action::Init(args) => init::run(&args, invocation),
    }
}

/// Prints a result for programs.
fn answer_json(invocation: &Invocation, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Failure::with_cause(exit::UNEXPECTED, "cannot write the result", &error)
    })?;
    invocation.printer.answer(&text)
}

/// The templates of a service, relative to the configuration's folder. Where its task definition is
/// not there yet, the error says how to make one.
pub(super) fn templates(service: &ServiceSettings, base: &Path) -> Result<Templates, Failure> {
    folder::read_templates(service, base).map_err(|error| {
        let taskdef = service.taskdef.as_ref().map(|path| base.join(path));
        let missing = matches!(
            &error,
            FolderError::Read { path, source }
                if source.kind() == ErrorKind::NotFound && Some(path) == taskdef.as_ref()
        );
        let failure = Failure::from(error);
        if !missing {
            return failure;
        }
        failure.hint(format!(
            "`launchway handoff pull {} --output FILE` makes a template of what runs.",
            service.name
        ))
    })
}

/// A path as people see it: from the working directory where it is below it.
fn shown(invocation: &Invocation, path: &Path) -> String {
    let directory = &invocation.context.directory;
    let path = path.strip_prefix(directory).unwrap_or(path);
    path.display().to_string()
}

/// The `service` blocks with these labels, in this order; all of them for none.
fn select(
    services: Vec<ServiceSettings>,
    wanted: &[String],
) -> Result<Vec<ServiceSettings>, Failure> {
    if wanted.is_empty() {
        return Ok(services);
    }
    wanted
        .iter()
        .map(|label| {
            let found = services.iter().find(|service| service.name == *label);
            found.cloned().ok_or_else(|| {
                let names = services.iter().map(|service| service.name.as_str());
                let message = format!("there is no service block `{label}`");
                let failure = Failure::new(exit::CONFIGURATION, message);
                match did_you_mean(label, names) {
                    Some(hint) => failure.hint(hint),
                    None => failure.hint(format!(
                        "Declare it in launchway.hcl: service \"{label}\" {{ … }}"
                    )),
                }
            })
        })
        .collect()
}
