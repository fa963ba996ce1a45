//! `launchway bake`: targets of a bake file, with buildx's flags and their meaning.

use std::path::{Path, PathBuf};

use crate::config::Blocks;
use crate::exit;
use crate::plan::Plan;
use crate::release::{self, record::Record};
use crate::ui::{Failure, Summary};

use super::Invocation;
use super::args::{CacheArgs, SelectionArgs, SociArgs};
use super::execute::{Execution, execute};
use super::later::{Later, LaterFlag, LaterFlags};
use super::project::Project;
use super::release::write_metadata;

const EXAMPLES: &str = "\
Examples:
  launchway bake --push                       # group `default` of docker-bake.hcl
  launchway bake web api --set '*.args.V=2'   # two targets with another build argument
  launchway bake --print                      # the resolved targets as JSON; nothing is built";

/// Arguments of `bake`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which targets, from which files.
    #[command(flatten)]
    pub selection: SelectionArgs,

    /// How the build cache is used.
    #[command(flatten)]
    pub cache: CacheArgs,

    /// Push by digest, and move the tags when everything is built
    #[arg(long, help_heading = "Output")]
    pub push: bool,

    /// Write build results to this file, in the shape that buildx uses
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub metadata_file: Option<PathBuf>,

    /// Print the resolved targets as JSON and stop
    #[arg(long, help_heading = "Output")]
    pub print: bool,

    /// Whether images get SOCI indexes.
    #[command(flatten)]
    pub soci: SociArgs,

    /// Flags of buildx that come later.
    #[command(flatten)]
    pub(super) later: Later<BakeLater>,
}

/// What `docker buildx bake` has and this version does not.
#[derive(Debug)]
pub(super) struct BakeLater;

impl LaterFlags for BakeLater {
    const FLAGS: &'static [LaterFlag] = &[
        LaterFlag::switch("load").instead("Push to a registry with --push."),
        LaterFlag::value("provenance").harmless(&["false", "disabled=true"]),
        LaterFlag::value("sbom").harmless(&["false", "disabled=true"]),
        LaterFlag::value("call").harmless(&["build"]),
        LaterFlag::switch("check"),
        LaterFlag::value("allow"),
        LaterFlag::value("list").instead("See all targets with --print '*'."),
        LaterFlag::value("var").instead("Set an environment variable of the same name."),
        LaterFlag::value("builder").instead("Name a BuildKit daemon with --engine ADDRESS."),
        LaterFlag::value("policy"),
    ];
}

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let project = Project::read(
        invocation,
        &args.selection,
        args.cache,
        // The same images come from a mirror, so using it changes nothing that buildx would build.
        // Only the flag turns SOCI on here; how layers are indexed is still the block's to say.
        if args.soci.soci {
            Blocks::Only(&["base_images", "soci"])
        } else {
            Blocks::Only(&["base_images"])
        },
        args.push,
    )?;
    if args.print {
        invocation.printer.answer(&project.bake.print_text())?;
        return Ok(exit::OK);
    }
    let plan = project.bake_plan(invocation, args.soci)?;
    let shape = release::metadata::metadata;
    carry_out(
        invocation,
        "bake",
        &project,
        &plan,
        args.metadata_file.as_deref(),
        shape,
    )
    .await
}

/// Runs a plan of `bake` or `build`, and writes its metadata in the shape that the verb gives it.
pub(super) async fn carry_out(
    invocation: &Invocation,
    title: &'static str,
    project: &Project,
    plan: &Plan,
    metadata_file: Option<&Path>,
    shape: fn(&Record) -> serde_json::Value,
) -> Result<u8, Failure> {
    if plan.images.is_empty() {
        invocation.printer.warn(
            "no output: the result stays in the engine's cache; --push sends it to a registry",
        );
    }
    let metadata_file = metadata_file.map(|path| invocation.context.resolve(path));
    if let Some(path) = &metadata_file {
        release::check_writable(path)?;
    }
    let execution = Execution {
        title,
        outputs: metadata_file.iter().cloned().collect(),
        ztocs: project.ztoc_store(invocation, plan),
        ..Execution::default()
    };
    let record = execute(invocation, plan, &execution).await?;
    let mut files = Vec::new();
    if let Some(path) = metadata_file {
        write_metadata(&path, &shape(&record))?;
        files.push(path);
    }
    let summary = Summary {
        record: &record,
        compared: false,
        services: &[],
        files,
        output: None,
        directory: &invocation.context.directory,
    };
    if !record.images.is_empty() {
        invocation
            .printer
            .note(&summary.render(invocation.printer.talk_style()));
    }
    Ok(exit::OK)
}
