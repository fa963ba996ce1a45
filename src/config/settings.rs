//! The typed form of our own blocks, after evaluation. Paths are as written, relative to the
//! file's directory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::base_images::BaseImages;
use super::environment::Environment;
use super::notify::NotifySettings;
use super::parameter::ParameterSettings;
use super::prune::PruneSettings;
use super::scan::ScanSettings;
use super::service::ServiceSettings;
use super::soci::SociSettings;

/// Everything that launchway.hcl (or our blocks in a bake file) says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The `release` block; defaults when there is none.
    pub release: ReleaseSettings,
    /// The `cache` block.
    pub cache: Option<CacheSettings>,
    /// The `soci` block.
    pub soci: Option<SociSettings>,
    /// `service` blocks by label, in the order of the file.
    pub services: Vec<ServiceSettings>,
    /// The `scan` block.
    pub scan: Option<ScanSettings>,
    /// `notify` blocks by label, in the order of the file.
    pub notifications: Vec<NotifySettings>,
    /// `parameter` blocks by label, in the order of the file.
    pub parameters: Vec<ParameterSettings>,
    /// The `base_images` block.
    pub base_images: Option<BaseImages>,
    /// `environment` blocks by label, in the order of the file.
    pub environments: Vec<Environment>,
    /// The `prune` block.
    pub prune: Option<PruneSettings>,
}

/// `release { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseSettings {
    /// `targets`: what to release when the command line names nothing; default: group `default`.
    pub targets: Option<Vec<String>>,
    /// `tags`: the tags put on every image; the repositories come from each target's `tags`.
    /// Default: the tags of the targets themselves.
    pub tags: Option<Vec<String>>,
    /// `baseline = "tag:NAME" | "record:FILE" | "none"`: what the release is compared with.
    pub baseline: Option<Baseline>,
    /// `create_repositories = true`: create a missing ECR repository instead of failing.
    pub create_repositories: bool,
    /// `output`: the folder for release.json and hand-off files; default `launchway-out`.
    pub output: Option<PathBuf>,
}

/// What a release is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// The image under this tag in each repository.
    Tag(String),
    /// A release.json of an earlier release.
    Record(PathBuf),
    /// Nothing: every image counts as changed.
    None,
}

impl Baseline {
    /// Reads `tag:NAME`, `record:FILE` or `none`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "none" => Some(Self::None),
            Some(("tag", name)) if !name.is_empty() => Some(Self::Tag(name.to_owned())),
            Some(("record", file)) if !file.is_empty() => Some(Self::Record(PathBuf::from(file))),
            _ => None,
        }
    }
}

/// `cache { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// `repository`: where cache manifests live, as `REPOSITORY:<target>-<arch>`.
    pub repository: String,
    /// `mode = "max" | "min"`; default max.
    pub mode: CacheMode,
    /// `branch`: kept apart from other branches' caches by a `-<branch>` suffix.
    pub branch: Option<String>,
    /// `fallback`: branches whose caches are imported after the own one; an empty string is the
    /// cache without a suffix.
    pub fallback: Vec<String>,
    /// `attributes = { … }`: more attributes of the export, for example `compression`.
    pub attributes: BTreeMap<String, String>,
}

/// How much a cache export holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheMode {
    /// All steps of all stages.
    #[default]
    Max,
    /// The steps of the final stage.
    Min,
}
