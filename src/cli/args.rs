//! Flags that several verbs share. The doc comment of a field is its help.

use std::path::PathBuf;

use clap::Args;

use crate::config::Baseline;
use crate::image::Platform;
use crate::plan::SociWish;
use crate::ui::Colour;
use crate::ui::progress::Wish;

use super::context::Environment;
use super::parse;

/// Names the environment where no flag does.
const ENVIRONMENT_VARIABLE: &str = "LAUNCHWAY_ENV";

/// Flags of every verb.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// How progress is shown.
    #[arg(
        help = "How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson \
                [env: BUILDKIT_PROGRESS] [default: auto]",
        long,
        global = true,
        value_enum,
        value_name = "FORM",
        hide_possible_values = true
    )]
    pub progress: Option<Wish>,

    /// The daemon to use.
    #[arg(
        help = "BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock \
                [env: BUILDKIT_HOST]",
        long,
        global = true,
        value_name = "ADDRESS"
    )]
    pub engine: Option<String>,

    /// When to use colour: auto, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    #[arg(hide_possible_values = true)]
    pub color: Colour,

    /// Say nothing but warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Show the typed errors behind a report
    #[arg(short = 'D', long, global = true)]
    pub debug: bool,
}

/// Which files are read.
#[derive(Args, Clone, Debug, Default)]
pub struct FileArgs {
    /// Bake file; may be repeated [default: docker-bake.hcl, docker-bake.json and their
    /// `.override` forms]
    #[arg(
        short,
        long = "file",
        value_name = "FILE",
        help_heading = "What to build"
    )]
    pub files: Vec<PathBuf>,
}

/// Where the configuration comes from, and with which values: every verb that reads it.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigArgs {
    /// The files.
    #[command(flatten)]
    pub files: FileArgs,

    /// Which environment's values are used.
    #[arg(
        help = "Environment to use the values of [env: LAUNCHWAY_ENV]",
        long,
        value_name = "NAME",
        help_heading = "What to build"
    )]
    pub env: Option<String>,
}

impl ConfigArgs {
    /// The environment that is asked for: the flag before the variable.
    pub(super) fn environment<'a>(&'a self, variables: &'a Environment) -> Option<&'a str> {
        self.env
            .as_deref()
            .or_else(|| variables.get(ENVIRONMENT_VARIABLE))
    }
}

/// Which targets of which files, changed how: `release`, `plan` and `bake`.
#[derive(Args, Clone, Debug, Default)]
pub struct SelectionArgs {
    /// Targets or groups; `*` and `?` match names [default: group or target `default`]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// The files.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Override a target's attribute, for example `web.args.VERSION=2` or `*.platform=linux/arm64`
    #[arg(long, value_name = "TARGET.KEY=VALUE", help_heading = "What to build")]
    pub set: Vec<String>,

    /// Platforms instead of those in the file, for example linux/amd64,linux/arm64
    #[arg(
        long,
        value_name = "PLATFORM",
        value_delimiter = ',',
        help_heading = "What to build"
    )]
    pub platform: Vec<Platform>,

    /// Nothing is built: the files may be without a default target.
    #[arg(skip)]
    pub optional: bool,
}

/// How the build cache is used.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Cache")]
pub struct CacheArgs {
    /// Run every step, whatever is cached
    #[arg(long)]
    pub no_cache: bool,

    /// Look for newer base images
    #[arg(long)]
    pub pull: bool,
}

/// Whether images get SOCI indexes: every verb that pushes.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "SOCI")]
pub struct SociArgs {
    /// Index large layers, so that Fargate starts containers before their images are downloaded
    #[arg(long, overrides_with = "no_soci")]
    pub soci: bool,

    /// Make no SOCI indexes, whatever the `soci` block says
    #[arg(long, overrides_with = "soci")]
    pub no_soci: bool,
}

impl SociArgs {
    /// What was asked for. The last of the two flags counts.
    pub(super) fn wish(self) -> SociWish {
        match (self.soci, self.no_soci) {
            (true, _) => SociWish::On,
            (_, true) => SociWish::Off,
            (false, false) => SociWish::AsDeclared,
        }
    }
}

/// What a release is named, compared with and written to: `release` and `plan`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Release")]
pub struct ReleaseArgs {
    /// Tag for every image instead of the declared ones; may be repeated
    #[arg(short, long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,

    /// What to compare with: tag:NAME, record:FILE or none [default: the moving tag]
    #[arg(long, value_name = "BASELINE", value_parser = parse::baseline)]
    pub baseline: Option<Baseline>,

    /// Folder for release.json and the hand-off files [default: launchway-out]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}
