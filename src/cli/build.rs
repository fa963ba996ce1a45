//! `launchway build`: one Dockerfile, with buildx's flags and their meaning.

use std::path::PathBuf;

use crate::bake::{Bake, Entry, Target};
use crate::config::Source;
use crate::image::Platform;
use crate::release::{self, record::Record};
use crate::ui::Failure;
use serde_json::{Value, json};

use super::Invocation;
use super::args::{CacheArgs, SociArgs};
use super::bake::carry_out;
use super::later::{Later, LaterFlag, LaterFlags};
use super::parse::{self, Pair};
use super::project::Project;

const EXAMPLES: &str = "\
Examples:
  launchway build . -t registry.example.com/app:1 --push
  launchway build -f docker/Dockerfile --target web --platform linux/amd64,linux/arm64 .";

/// Arguments of `build`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The build context, a directory
    #[arg(value_name = "PATH")]
    pub context: PathBuf,

    /// The Dockerfile [default: Dockerfile in the context]
    #[arg(short, long, value_name = "FILE", help_heading = "What to build")]
    pub file: Option<PathBuf>,

    /// The stage to build [default: the last one]
    #[arg(long, value_name = "STAGE", help_heading = "What to build")]
    pub target: Option<String>,

    /// Platforms, for example linux/amd64,linux/arm64 [default: the engine's own]
    #[arg(
        long,
        value_name = "PLATFORM",
        value_delimiter = ',',
        help_heading = "What to build"
    )]
    pub platform: Vec<Platform>,

    /// Build argument; without a value it is taken from the environment
    #[arg(long = "build-arg", value_name = "KEY[=VALUE]", value_parser = parse::pair)]
    #[arg(help_heading = "What to build")]
    pub build_args: Vec<Pair>,

    /// Label of the image
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = parse::pair)]
    #[arg(help_heading = "What to build")]
    pub labels: Vec<Pair>,

    /// How the build cache is used.
    #[command(flatten)]
    pub cache: CacheArgs,

    /// Name of the image, for example registry.example.com/app:1; may be repeated
    #[arg(short, long = "tag", value_name = "NAME", help_heading = "Output")]
    pub tags: Vec<String>,

    /// Push by digest, and move the tags when everything is built
    #[arg(long, help_heading = "Output")]
    pub push: bool,

    /// Write build results to this file, in the shape that buildx uses
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub metadata_file: Option<PathBuf>,

    /// Whether images get SOCI indexes.
    #[command(flatten)]
    pub soci: SociArgs,

    /// What docker does by default.
    #[arg(long, hide = true)]
    rm: bool,

    /// What BuildKit does anyway.
    #[arg(long, hide = true)]
    force_rm: bool,

    /// Flags of buildx that come later.
    #[command(flatten)]
    pub(super) later: Later<BuildLater>,
}

/// What `docker buildx build` has and this version does not.
#[derive(Debug)]
pub(super) struct BuildLater;

impl LaterFlags for BuildLater {
    const FLAGS: &'static [LaterFlag] = &[
        LaterFlag::value("secret"),
        LaterFlag::value("ssh"),
        LaterFlag::switch("load").instead("Push to a registry with --push."),
        LaterFlag::value("output")
            .short('o')
            .instead("Push to a registry with --push."),
        LaterFlag::value("call").harmless(&["build"]),
        LaterFlag::switch("check"),
        LaterFlag::value("build-context"),
        LaterFlag::value("cache-from")
            .instead("Declare the cache in a bake file, or use `launchway release`."),
        LaterFlag::value("cache-to")
            .instead("Declare the cache in a bake file, or use `launchway release`."),
        LaterFlag::value("no-cache-filter"),
        LaterFlag::value("iidfile").instead("Digests are in the file of --metadata-file."),
        LaterFlag::value("builder").instead("Name a BuildKit daemon with --engine ADDRESS."),
        LaterFlag::value("provenance").harmless(&["false", "disabled=true"]),
        LaterFlag::value("sbom").harmless(&["false", "disabled=true"]),
        LaterFlag::value("attest"),
        LaterFlag::value("annotation"),
        LaterFlag::value("allow"),
        LaterFlag::value("add-host"),
        LaterFlag::value("network").harmless(&["default"]),
        LaterFlag::value("shm-size"),
        LaterFlag::value("ulimit"),
        LaterFlag::value("resource"),
        LaterFlag::value("policy"),
        LaterFlag::value("cgroup-parent"),
        LaterFlag::value("isolation"),
        LaterFlag::value("security-opt"),
        LaterFlag::value("memory").short('m'),
        LaterFlag::value("memory-swap"),
        LaterFlag::value("cpu-period"),
        LaterFlag::value("cpu-quota"),
        LaterFlag::value("cpu-shares").short('c'),
        LaterFlag::value("cpuset-cpus"),
        LaterFlag::value("cpuset-mems"),
        LaterFlag::switch("compress"),
        LaterFlag::switch("squash"),
    ];
}

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let bake = Bake {
        selected: vec![TARGET.to_owned()],
        targets: [(TARGET.to_owned(), target(&args, invocation))].into(),
        ..Bake::default()
    };
    let project = Project {
        bake,
        source: Source::default(),
        partial: false,
    };
    let plan = project.bake_plan(invocation, args.soci)?;
    // buildx writes the members of its one target without a name above them.
    let shape = |record: &Record| match release::metadata::metadata(record) {
        Value::Object(mut targets) => targets.remove(TARGET).unwrap_or_else(|| json!({})),
        other => other,
    };
    carry_out(
        invocation,
        "build",
        &project,
        &plan,
        args.metadata_file.as_deref(),
        shape,
    )
    .await
}

/// What the one target of `build` is called in progress and metadata.
const TARGET: &str = "default";

/// The flags as a bake target: `build` is `bake` without a file.
fn target(args: &Args, invocation: &Invocation) -> Target {
    let environment = &invocation.context.environment;
    let variables = environment.variables();
    // A Dockerfile given with -f is relative to the working directory, one in a bake file to the
    // context.
    let dockerfile = args
        .file
        .as_ref()
        .map(|file| format!("cwd://{}", file.display()));
    let mut output = Vec::new();
    if args.push {
        output.push(Entry {
            kind: "image".to_owned(),
            attributes: [("push".to_owned(), "true".to_owned())].into(),
        });
    }
    Target {
        name: TARGET.to_owned(),
        context: args.context.display().to_string(),
        dockerfile: dockerfile.unwrap_or_else(|| "Dockerfile".to_owned()),
        target: args.target.clone(),
        platforms: args.platform.iter().map(ToString::to_string).collect(),
        // Without a value it comes from the environment, and is not sent when it is not set there.
        args: args
            .build_args
            .iter()
            .map(|pair| {
                let value = pair.value.clone();
                (
                    pair.key.clone(),
                    value.or_else(|| variables.get(&pair.key).cloned()),
                )
            })
            .collect(),
        labels: args
            .labels
            .iter()
            .map(|pair| {
                (
                    pair.key.clone(),
                    Some(pair.value.clone().unwrap_or_default()),
                )
            })
            .collect(),
        tags: args.tags.clone(),
        pull: args.cache.pull.then_some(true),
        no_cache: args.cache.no_cache.then_some(true),
        output,
        ..Target::default()
    }
}
