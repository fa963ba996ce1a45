//! `launchway parameter set`: write parameters from a record that is there.

use std::path::PathBuf;

use crate::aws::{Aws, AwsSettings};
use crate::bake::suggest::did_you_mean;
use crate::config::{Blocks, ParameterSettings, WriteOn};
use crate::exit;
use crate::parameter::{check_distinct, value, write};
use crate::release::record::{self, Record, State};
use crate::release::write_atomically;
use crate::ui::{Failure, Written, written_table};

use crate::cli::Invocation;
use crate::cli::args::ConfigArgs;
use crate::cli::codebuild::refuse_after_failed_build;
use crate::cli::failure::record::not_deployable;
use crate::cli::project::{DEFAULT_OUTPUT, Project};
use crate::cli::soci::Format;

const EXAMPLES: &str = "\
Examples:
  launchway parameter set                                # all of the configuration
  launchway parameter set web --record release.json      # the block \"web\", from that release
  launchway parameter set web --force                    # a new version of the same, as a trigger

A parameter that holds what it should is not written.

Exit codes: 0 done, 3 configuration or record, 15 the release was refused, an earlier phase of
the CodeBuild run failed, or a parameter could not be written; 75 temporary.";

/// Arguments of `parameter set`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Labels of `parameter` blocks, or names of parameters [default: all]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// The files.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// The record of the release [default: release.json in the output folder]
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Write a new version where nothing differs, too
    #[arg(long)]
    pub force: bool,

    /// How it is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let environment = &invocation.context.environment;
    refuse_after_failed_build(environment, "no parameter is written", "parameter set")?;
    let blocks = Blocks::Only(&["parameter", "release"]);
    let project = Project::configuration(invocation, &args.config, blocks)?;
    let settings = &project.bake.settings;
    let wanted = select(&settings.parameters, &args.names)?;
    let output = settings.release.output.clone();
    let path = args.record.unwrap_or_else(|| {
        let folder = output.unwrap_or_else(|| DEFAULT_OUTPUT.into());
        folder.join("release.json")
    });
    let path = invocation.context.resolve(&path);
    let mut record = record::read(&path)?;
    record
        .deployable()
        .map_err(|error| not_deployable(&path, error))?;
    warn_of_record(invocation, &record);

    // All values before the first is written: what cannot be held shows at once.
    let values = wanted.into_iter().map(|mut settings| {
        if args.force {
            settings.on = WriteOn::Always;
        }
        value(&settings, &record).map(|value| (settings, value))
    });
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let aws = Aws::new(AwsSettings::default());
    let mut written = Vec::new();
    for (settings, value) in &values {
        let one = write(&aws, settings, value).await?;
        record
            .parameters
            .insert(settings.label.clone(), one.clone());
        // After each: what was written stands in the record, whatever comes next.
        write_atomically(&path, record.to_json().as_bytes())?;
        written.push(Written {
            label: settings.label.clone(),
            record: one,
        });
    }
    let printer = &invocation.printer;
    match args.format {
        Format::Json => super::answer_json(invocation, &written)?,
        Format::Table => {
            printer.answer(&written_table(&written, printer.answer_style()))?;
        }
    }
    Ok(exit::OK)
}

fn select(
    declared: &[ParameterSettings],
    names: &[String],
) -> Result<Vec<ParameterSettings>, Failure> {
    check_distinct(declared)?;
    if declared.is_empty() {
        let message = "the configuration declares no parameters";
        return Err(Failure::new(exit::CONFIGURATION, message)
            .hint("Add parameter \"/shop/production/web\" { … } to launchway.hcl."));
    }
    if names.is_empty() {
        return Ok(declared.to_vec());
    }
    let mut selected: Vec<ParameterSettings> = Vec::new();
    for name in names {
        let found = |one: &&ParameterSettings| one.label == *name || one.name == *name;
        let Some(found) = declared.iter().find(found) else {
            let labels = declared.iter().map(|one| one.label.as_str());
            let message = format!("the configuration declares no parameter {name:?}");
            let help = did_you_mean(name, labels.clone())
                .unwrap_or_else(|| format!("it has {}", labels.collect::<Vec<_>>().join(", ")));
            return Err(Failure::usage(message).hint(help));
        };
        if !selected.contains(found) {
            selected.push(found.clone());
        }
    }
    Ok(selected)
}

fn warn_of_record(invocation: &Invocation, record: &Record) {
    if record.state != State::Complete {
        invocation.printer.warn(
            "the release of this record did not complete; its images are in the registry, but \
             its tags may not all point at them",
        );
    }
}
