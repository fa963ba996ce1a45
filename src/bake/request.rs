//! What a load is asked for: everything that comes from the command line and the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::{Blocks, EnvironmentChoice, Source};

/// The input of [`super::load`]. Pure data: nothing else is looked up outside of the files.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The working directory: where files are looked for and paths are relative to.
    pub directory: PathBuf,
    /// `-f`: exactly these files, instead of those that are found. `-` is `stdin`.
    pub files: Vec<PathBuf>,
    /// The text of standard input, when `-f -` was given.
    pub stdin: Option<String>,
    /// Targets, groups and patterns to build. Empty is what `release { targets }` says, or else the
    /// group or target `default`.
    pub targets: Vec<String>,
    /// `--set pattern.key[.sub][+]=value`, in order.
    pub set: Vec<String>,
    /// The environment, for variables, `args.NAME` overrides and `homedir()`.
    pub environment: BTreeMap<String, String>,
    /// `--platform`: replaces the platforms of all targets.
    pub platforms: Vec<String>,
    /// `--push`: see `*.push=true`.
    pub push: bool,
    /// `--load`: see `*.load=true`.
    pub load: bool,
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--pull`.
    pub pull: bool,
    /// Nothing is built: where no target is named, a missing `default` is no error.
    pub targets_optional: bool,
    /// Which of our own blocks are evaluated.
    pub blocks: Blocks,
    /// Which of our own environments gives variables their values.
    pub chosen: EnvironmentChoice,
    /// [`super::Bake::outline`] is wanted.
    pub outline: bool,
    /// Facts for `source.*`.
    pub source: Source,
    /// `BAKE_LOCAL_PLATFORM`, for example `linux/amd64`.
    pub local_platform: String,
    /// Seconds since 1970, for `timestamp()`.
    pub now: i64,
}
