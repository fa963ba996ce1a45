//! `launchway handoff write`: the hand-off files of a release that is done, without building.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::aws::{Aws, AwsSettings};
use crate::config::{Blocks, HandoffMode, ServiceSettings};
use crate::environment;
use crate::exit;
use crate::handoff::{self, Handoff, ServiceSummary, Templates, folder, normal_form};
use crate::release::record::{self, Record, State};
use crate::ui::{Failure, Style};

use crate::cli::Invocation;
use crate::cli::args::ConfigArgs;
use crate::cli::codebuild::refuse_after_failed_build;
use crate::cli::failure::record::not_deployable;
use crate::cli::project::{DEFAULT_OUTPUT, Project};

use super::Format;
use super::running::Subject;

const ABOUT: &str = "\
Write the hand-off files of a release that is done, without building

For a second build that deploys what an earlier one released, and for trying again. Files that are
the same already are left alone.";

const EXAMPLES: &str = "\
Examples:
  launchway handoff write                          # of launchway-out/release.json, all services
  launchway handoff write shop --record in/release.json --output deploy
  launchway handoff write --require-change         # exit 4 when there is nothing to deploy
  launchway handoff write --compare-running        # against what ECS runs, by meaning

Exit codes: 0 done, 3 configuration, 4 nothing changed (--require-change; with --compare-running
nothing differs from what runs), 15 the files cannot be written, the release must not be deployed, or
AWS refused; 75 temporary.";

/// Arguments of `handoff write`.
#[derive(Debug, clap::Args)]
#[command(long_about = ABOUT, after_help = EXAMPLES)]
pub struct Args {
    /// Service blocks [default: all whose images were released]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,

    /// The record of the release [default: release.json in the output folder]
    #[arg(long, value_name = "FILE", help_heading = "Hand-off")]
    pub record: Option<PathBuf>,

    /// Write to DIR/SERVICE [default: the block's `output`, or beside the record]
    #[arg(long, value_name = "DIR", help_heading = "Hand-off")]
    pub output: Option<PathBuf>,

    /// Exit with code 4 when there is nothing to deploy
    #[arg(long, help_heading = "Hand-off")]
    pub require_change: bool,

    /// Compare each task definition with the one that ECS runs
    #[arg(long, help_heading = "Hand-off")]
    pub compare_running: bool,

    /// How the result is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,

    /// The files.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// What was done, for `--format json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    record: PathBuf,
    /// Whether any service has something to deploy.
    changed: bool,
    services: Vec<Written>,
}

/// What was done for one service.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(flatten)]
    summary: ServiceSummary,
    folder: PathBuf,
    files: BTreeMap<PathBuf, Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<Compared>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Written,
    /// It was there with the same bytes.
    Same,
}

/// The rendered task definition beside the one that runs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared {
    task_definition: String,
    same: bool,
    /// From what runs to what was written, defaults filled in.
    differences: Vec<String>,
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let environment = &invocation.context.environment;
    refuse_after_failed_build(environment, "nothing is handed off", "handoff write")?;
    // Elsewhere than where it was released, the tags of the `release` block may not be known.
    let blocks = match args.record {
        Some(_) => Blocks::Only(&["service"]),
        None => Blocks::Only(&["release", "service"]),
    };
    let project = Project::configuration(invocation, &args.config, blocks)?;
    let settings = project.bake.settings;
    let resolve = |path: &Path| invocation.context.resolve(path);
    let configured = settings.release.output.as_deref();
    let base = resolve(
        args.output
            .as_deref()
            .or(configured)
            .unwrap_or(Path::new(DEFAULT_OUTPUT)),
    );
    let record_path = match &args.record {
        Some(path) => resolve(path),
        None => base.join("release.json"),
    };
    let output = match (&args.output, &args.record, record_path.parent()) {
        (None, Some(_), Some(folder)) => folder.to_owned(),
        _ => base,
    };
    let record = record::read(&record_path)?;
    record
        .deployable()
        .map_err(|error| not_deployable(&record_path, error))?;
    if record.state == State::Published {
        invocation.printer.warn(
            "the release of this record did not finish: its tags may not all have moved, and the \
             images are there by digest",
        );
    }
    let named = !args.services.is_empty();
    let services = super::select(settings.services, &args.services)?;
    if services.is_empty() {
        return Err(
            Failure::new(exit::CONFIGURATION, "there is no service block")
                .hint("Declare what is deployed in launchway.hcl: service \"NAME\" { … }"),
        );
    }
    let mut written = Vec::new();
    for service in &services {
        if !named && !is_released(service, &record) {
            invocation.printer.warn(&format!(
                "service {} is not handed off: not all of its images were released",
                service.name
            ));
            continue;
        }
        written.push(write(&args, invocation, service, &record, &output).await?);
    }
    let changed = written.iter().any(|one| match &one.running {
        Some(compared) => !compared.same,
        None => one.summary.changed,
    });
    let report = Report {
        record: record_path,
        changed,
        services: written,
    };
    match args.format {
        Format::Json => super::answer_json(invocation, &report)?,
        Format::Table => {
            let directory = &invocation.context.directory;
            let text = table(&report, directory, invocation.printer.answer_style());
            invocation.printer.answer(&text)?;
        }
    }
    if !changed {
        invocation
            .printer
            .note("nothing changed: there is nothing to deploy");
        if args.require_change {
            return Ok(exit::UNCHANGED);
        }
    }
    Ok(exit::OK)
}

fn is_released(service: &ServiceSettings, record: &Record) -> bool {
    let mut targets = service.targets().into_iter();
    targets.all(|target| record.images.contains_key(target))
}

async fn write(
    args: &Args,
    invocation: &Invocation,
    service: &ServiceSettings,
    record: &Record,
    output: &Path,
) -> Result<Written, Failure> {
    let directory = &invocation.context.directory;
    let templates = super::templates(service, directory)?;
    let handoff = handoff::hand_off(service, &templates, record)?;
    for warning in &handoff.warnings {
        invocation.printer.warn(&warning.with_hint());
    }
    let running = if args.compare_running {
        compare(service, &templates, record, &handoff).await?
    } else {
        None
    };
    // What was typed counts more than the block.
    let folder = match args.output {
        Some(_) => output.join(&service.name),
        None => folder::of_service(service, directory, output),
    };
    let files = handoff.files.iter().map(|file| {
        let there = fs::read(folder.join(&file.path));
        let same = there.is_ok_and(|there| there == file.contents);
        let outcome = if same {
            Outcome::Same
        } else {
            Outcome::Written
        };
        (file.path.clone(), outcome)
    });
    let files = files.collect();
    folder::write(&handoff, &folder, &templates)?;
    Ok(Written {
        summary: handoff.summary,
        folder,
        files,
        running,
    })
}

/// Compares the rendered task definition with what runs; `None` for a service without one.
async fn compare(
    service: &ServiceSettings,
    templates: &Templates,
    record: &Record,
    handoff: &Handoff,
) -> Result<Option<Compared>, Failure> {
    let rendered = match service.mode {
        HandoffMode::Render => task_definition(handoff),
        // What will run has the images that CodePipeline is to put in.
        HandoffMode::Placeholder => {
            let mut filled = service.clone();
            filled.mode = HandoffMode::Render;
            task_definition(&handoff::hand_off(&filled, templates, record)?)
        }
    };
    let Some(rendered) = rendered else {
        return Ok(None);
    };
    let Some(subject) = Subject::of(service) else {
        let message = format!("service block `{}` does not say what runs", service.name);
        return Err(Failure::new(exit::CONFIGURATION, message)
            .hint("--compare-running needs its cluster and service, or its family."));
    };
    let running = subject.describe(&Aws::new(AwsSettings::default())).await?;
    let there = &running.described["taskDefinition"];
    let found = environment::compare(&normal_form(there), &normal_form(&rendered));
    Ok(Some(Compared {
        task_definition: there["taskDefinitionArn"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        same: found.is_empty(),
        differences: found.iter().map(ToString::to_string).collect(),
    }))
}

/// The task definition of a hand-off; it is our own JSON.
fn task_definition(handoff: &Handoff) -> Option<Value> {
    let name = Path::new("taskdef.json");
    let file = handoff.files.iter().find(|file| file.path == name)?;
    serde_json::from_slice(&file.contents).ok()
}

fn table(report: &Report, directory: &Path, style: Style) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let mut line = |line: String| {
        let _ = writeln!(text, "{}", line.trim_end());
    };
    let width = |names: &mut dyn Iterator<Item = usize>| names.max().unwrap_or_default();
    for (index, service) in report.services.iter().enumerate() {
        if index > 0 {
            line(String::new());
        }
        let mark = mark(service.summary.changed, style);
        let folder = service
            .folder
            .strip_prefix(directory)
            .unwrap_or(&service.folder);
        line(format!(
            "{}  {mark}  {}",
            style.bold(&service.summary.service),
            style.dim(folder.display())
        ));
        let images = &service.summary.images;
        let wide = width(&mut images.keys().map(String::len));
        for (target, image) in images {
            let containers: Vec<&str> = image.containers.iter().map(String::as_str).collect();
            let containers = match containers.as_slice() {
                [] => String::new(),
                names => format!("  in {}", names.join(", ")),
            };
            line(format!(
                "  {target:wide$}  {}{containers}",
                self::mark(image.changed, style)
            ));
            line(format!(
                "  {:wide$}  {}",
                "",
                style.dim(short(&image.reference))
            ));
        }
        let shown = |path: &Path| path.display().to_string();
        let wide = width(&mut service.files.keys().map(|path| shown(path).len()));
        for (path, outcome) in &service.files {
            let outcome = match outcome {
                Outcome::Written => "written".to_owned(),
                Outcome::Same => style.dim("the same already"),
            };
            line(format!("  {:wide$}  {outcome}", shown(path)));
        }
        if let Some(running) = &service.running {
            let name = running
                .task_definition
                .rsplit('/')
                .next()
                .unwrap_or_default();
            let verdict = if running.same {
                style.dim("is the same; nothing to deploy")
            } else {
                style.yellow("differs")
            };
            line(format!("  running {name} {verdict}"));
            for difference in &running.differences {
                line(format!("    {difference}"));
            }
        }
    }
    text
}

/// A reference with as much of its digest as tells it apart; JSON has all of it.
fn short(reference: &str) -> String {
    match reference.split_once("@sha256:") {
        Some((repository, digest)) => {
            let digest = digest.get(..12).unwrap_or(digest);
            format!("{repository}@{digest}")
        }
        None => reference.to_owned(),
    }
}

fn mark(changed: bool, style: Style) -> String {
    if changed {
        style.yellow("changed")
    } else {
        style.dim("unchanged")
    }
}
