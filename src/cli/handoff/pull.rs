//! `launchway handoff pull`: a task definition template of what runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::aws::{Aws, AwsSettings};
use crate::bake::Bake;
use crate::config::{Blocks, ServiceSettings};
use crate::exit;
use crate::handoff::Template;
use crate::handoff::pull::{self, Mapping, Match, PullError, Pulled};
use crate::ui::{Failure, Style};

use crate::cli::Invocation;
use crate::cli::args::ConfigArgs;
use crate::cli::project::Project;

use super::running::{Running, Subject};
use super::template_file;

const ABOUT: &str = "\
Make a task definition template of what runs

Reads a task definition from ECS and takes away what describing adds and registering refuses: nine
members, and nulls. Everything else stays as it is, members that are newer than this version
included. Images that the service block maps become placeholders.";

const EXAMPLES: &str = "\
Examples:
  launchway handoff pull shop --output deploy/taskdef.json   # what service block `shop` names
  launchway handoff pull shop --diff                         # what runs against its template
  launchway handoff pull --cluster prod --service web        # no block needed; prints it
  launchway handoff pull --family nightly-batch
  aws ecs describe-task-definition --task-definition web:7 | launchway handoff pull --from -

Tags go into a file of their own beside the template (taskdef.json: tags.json), since CodePipeline
refuses a template with tags.

Exit codes: 0 done, 3 configuration, 15 there is no such service or task definition, AWS refused, or
a file that differs is there; 75 temporary.";

/// Arguments of `handoff pull`.
#[derive(Debug, clap::Args)]
#[command(long_about = ABOUT, after_help = EXAMPLES)]
pub struct Args {
    /// The service block, for its cluster, service or family, its images, and its template
    #[arg(value_name = "SERVICE")]
    pub block: Option<String>,

    /// The ECS cluster, by name or ARN [default: the block's, else ECS's `default`]
    #[arg(long, value_name = "CLUSTER", help_heading = "What runs")]
    pub cluster: Option<String>,

    /// The ECS service: the task definition that its production traffic reaches
    #[arg(long, value_name = "NAME", help_heading = "What runs")]
    pub service: Option<String>,

    /// The latest revision of a task definition family
    #[arg(long, value_name = "NAME", help_heading = "What runs")]
    #[arg(conflicts_with = "service")]
    pub family: Option<String>,

    /// One revision, as an ARN or FAMILY:REVISION
    #[arg(long, value_name = "ARN", help_heading = "What runs")]
    #[arg(conflicts_with_all = ["service", "family"])]
    pub task_definition: Option<String>,

    /// A file with what `aws ecs describe-task-definition` printed, or - for standard input
    #[arg(long, value_name = "FILE", help_heading = "What runs")]
    #[arg(conflicts_with_all = ["cluster", "service", "family", "task_definition"])]
    pub from: Option<PathBuf>,

    /// Write the template to this file [default: print it]
    #[arg(short, long, value_name = "FILE", help_heading = "Template")]
    pub output: Option<PathBuf>,

    /// Show what differs from the file that is there, and write nothing [default file: the block's
    /// `taskdef`]
    #[arg(long, help_heading = "Template")]
    pub diff: bool,

    /// Replace a file that differs
    #[arg(long, help_heading = "Template", conflicts_with = "diff")]
    pub force: bool,

    /// The files.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// A container's image as it was, and the placeholder that it became.
struct Container {
    name: String,
    image: String,
    placeholder: Option<String>,
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let block = match &args.block {
        None => None,
        Some(label) => {
            let blocks = Blocks::Only(&["service"]);
            let project = Project::configuration(invocation, &args.config, blocks)?;
            let services = project.bake.settings.services.clone();
            let mut block = super::select(services, std::slice::from_ref(label))?;
            block.pop().map(|block| (block, project.bake))
        }
    };
    let running = if let Some(path) = &args.from {
        read_file(invocation, path)?
    } else {
        let subject = subject(&args, block.as_ref().map(|(block, _)| block))?;
        subject.describe(&Aws::new(AwsSettings::default())).await?
    };
    let mapping = block.as_ref().map(|(block, bake)| mapping(block, bake));
    let mapping = mapping.unwrap_or_default();
    // A hand-off puts the images of `containers` in by name, whatever stands there.
    let by_name = block.as_ref().map(|(block, _)| &block.containers);
    let pulled = pull::pull(&running.described, |container, image| {
        if by_name.is_some_and(|names| names.contains_key(container)) {
            return None;
        }
        match mapping.find(image) {
            Match::One(placeholder) => Some(placeholder),
            Match::None | Match::Several(_) => None,
        }
    })?;

    let target = output_file(&args, invocation, block.as_ref().map(|(block, _)| block))?;
    if args.diff && target.is_none() {
        return Err(
            Failure::usage("--diff compares with a file, and none is named")
                .hint("Give --output FILE, or a SERVICE whose block has a `taskdef`."),
        );
    }
    let style = invocation.printer.talk_style();
    let containers = containers(&running.described, &pulled);
    invocation
        .printer
        .note(&report(&running, &pulled, &containers, style));
    warn(invocation, &running, &pulled);
    warn_of_images(invocation, &containers, &mapping, by_name);
    match target {
        Some(path) if args.diff => template_file::show_difference(invocation, &path, &pulled)?,
        Some(path) if args.output.is_some() => {
            template_file::write(invocation, &path, &pulled, args.force)?;
        }
        _ => {
            if pulled.tags.is_some() {
                invocation
                    .printer
                    .note("its tags are not in it; --output writes them beside the template");
            }
            invocation.printer.answer(&pulled.text)?;
        }
    }
    Ok(exit::OK)
}

/// Flags before the block.
fn subject(args: &Args, block: Option<&ServiceSettings>) -> Result<Subject, Failure> {
    let cluster = || {
        let of_block = block.and_then(|block| block.cluster.clone());
        args.cluster.clone().or(of_block)
    };
    if let Some(service) = &args.service {
        return Ok(Subject::Service {
            cluster: cluster(),
            service: service.clone(),
        });
    }
    if let Some(name) = args.task_definition.as_ref().or(args.family.as_ref()) {
        return Ok(Subject::Definition(name.clone()));
    }
    let Some(block) = block else {
        return Err(Failure::usage("what is to be pulled?").hint(
            "Name a service block, or give --cluster and --service, --family, --task-definition or --from.",
        ));
    };
    match Subject::of(block) {
        Some(Subject::Service { service, .. }) => Ok(Subject::Service {
            cluster: cluster(),
            service,
        }),
        Some(other) => Ok(other),
        None => {
            let message = format!("service block `{}` does not say what runs", block.name);
            Err(Failure::new(exit::CONFIGURATION, message)
                .hint("Add cluster = \"…\" and service = \"…\" to it, or family = \"…\" where no service runs it.")
                .hint("Or give --cluster and --service, --family or --task-definition."))
        }
    }
}

fn read_file(invocation: &Invocation, path: &Path) -> Result<Running, Failure> {
    let (shown, text) = if path == Path::new("-") {
        let mut text = String::new();
        let read = io::stdin().read_to_string(&mut text);
        ("standard input".into(), read.map(|_| text))
    } else {
        let path = invocation.context.resolve(path);
        let text = fs::read_to_string(&path);
        (path, text)
    };
    let text = text.map_err(|error| {
        let message = format!("cannot read {}", shown.display());
        Failure::with_cause(exit::CONFIGURATION, message, &error)
    })?;
    let described = pull::parse(&Template { path: shown, text })?;
    Ok(Running {
        described,
        service: None,
    })
}

/// Which placeholder stands for the image of each target that the block names.
fn mapping(block: &ServiceSettings, bake: &Bake) -> Mapping {
    let mut mapping = Mapping::default();
    for (placeholder, target) in &block.images {
        let tags = bake.targets.get(target).map(|target| &target.tags);
        let tags = tags.into_iter().flatten().map(String::as_str);
        mapping.add(placeholder, target, tags);
    }
    mapping
}

/// The file to write, or to compare with.
fn output_file(
    args: &Args,
    invocation: &Invocation,
    block: Option<&ServiceSettings>,
) -> Result<Option<PathBuf>, Failure> {
    let of_block = block.and_then(|block| block.taskdef.as_ref());
    let path = args.output.as_ref().or(of_block);
    let path = path.map(|path| invocation.context.resolve(path));
    match path {
        Some(path) if path.is_dir() => {
            let message = format!("{} is a folder", path.display());
            Err(Failure::usage(message).hint("--output names the file of the template."))
        }
        path => Ok(path),
    }
}

fn containers(described: &Value, pulled: &Pulled) -> Vec<Container> {
    let definition = described.get("taskDefinition").unwrap_or(described);
    let list = definition["containerDefinitions"].as_array();
    list.into_iter()
        .flatten()
        .map(|container| {
            let text = |member: &str| container[member].as_str().unwrap_or_default().to_owned();
            let name = text("name");
            Container {
                placeholder: pulled.placeholders.get(&name).cloned(),
                image: text("image"),
                name,
            }
        })
        .collect()
}

/// What was pulled, for people.
fn report(running: &Running, pulled: &Pulled, containers: &[Container], style: Style) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    let name = pulled.arn.as_deref().unwrap_or("the task definition");
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    let of = match &running.service {
        Some(service) => format!("  of service {} ({})", service.name, service.controller),
        None => String::new(),
    };
    line(format!("{}{of}", style.bold(name)));
    let width = containers
        .iter()
        .map(|container| container.name.len())
        .max();
    let width = width.unwrap_or_default();
    for container in containers {
        let (name, image) = (&container.name, &container.image);
        match &container.placeholder {
            Some(placeholder) => {
                let placeholder = style.green(format!("<{placeholder}>"));
                line(format!("  {name:width$}  {placeholder}"));
                line(style.dim(format!("  {:width$}  was {image}", "")));
            }
            None => line(format!("  {name:width$}  {image}")),
        }
    }
    let left_out = [
        (
            pulled.removed.len(),
            "member that describing adds",
            "members that describing adds",
        ),
        (pulled.nulls.len(), "null", "nulls"),
    ];
    let left_out: Vec<String> = left_out
        .iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    if !left_out.is_empty() {
        line(format!(
            "  {}",
            style.dim(format!("left out: {}", left_out.join(", ")))
        ));
    }
    text
}

/// What deserves a look.
fn warn(invocation: &Invocation, running: &Running, pulled: &Pulled) {
    let warn = |message: &str| invocation.printer.warn(message);
    if let Some(service) = &running.service
        && !service.others.is_empty()
    {
        warn(&format!(
            "a deployment is going on: beside {}, which this is, {} runs",
            service.task_definition,
            service.others.join(", ")
        ));
    }
    if !pulled.unknown.is_empty() {
        warn(&format!(
            "unknown to this version, kept: {}",
            pulled.unknown.join(", ")
        ));
    }
    if !pulled.reserved_tags.is_empty() {
        warn(&format!(
            "tags that AWS keeps for itself are left out: {}",
            pulled.reserved_tags.join(", ")
        ));
    }
    if !pulled.ambiguous.is_empty() {
        warn(&format!(
            "a hand-off would replace the placeholder in these texts too: {}",
            pulled.ambiguous.join(", ")
        ));
    }
}

/// Images that a placeholder should stand for, and none does.
fn warn_of_images(
    invocation: &Invocation,
    containers: &[Container],
    mapping: &Mapping,
    by_name: Option<&BTreeMap<String, String>>,
) {
    let warn = |message: &str| invocation.printer.warn(message);
    let mut told = BTreeSet::new();
    for container in containers {
        let Match::Several(names) = mapping.find(&container.image) else {
            continue;
        };
        if by_name.is_some_and(|by_name| by_name.contains_key(&container.name)) {
            continue;
        }
        let shown: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
        warn(&format!(
            "container {} keeps its image: {} stand for images of one repository, and its tag does \
             not tell which; put the right one in by hand",
            container.name,
            shown.join(" and ")
        ));
        told.extend(names);
    }
    for (repository, placeholder) in mapping.placeholders() {
        let mut used = containers
            .iter()
            .filter_map(|one| one.placeholder.as_deref());
        if !told.contains(placeholder) && !used.any(|used| used == placeholder) {
            warn(&format!(
                "no container runs an image of {repository}, which <{placeholder}> stands for; \
                 put the placeholder in by hand"
            ));
        }
    }
}

impl From<PullError> for Failure {
    fn from(error: PullError) -> Self {
        let failure = Self::from_error(exit::CONFIGURATION, &error);
        match error {
            PullError::Text(_) => failure,
            PullError::NotATaskDefinition { .. } => failure.hint(
                "`aws ecs describe-task-definition --include TAGS` prints one; so does the JSON tab of the console.",
            ),
        }
    }
}
