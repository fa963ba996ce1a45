//! The plan itself: what `launchway plan` and `--print` show, member for member.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::base_images::BaseImagePlan;
use crate::bake::Entry;
use crate::config::{AppspecSource, HandoffMode, ServiceSettings, Source};
use crate::image::Platform;
use crate::registry::{Repository, Tag};
use crate::release::SolveName;
use crate::soci::SociOptions;

/// Everything that a run will do.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The environment that was chosen, where the configuration declares any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What is built from.
    #[serde(serialize_with = "source")]
    pub source: Source,
    /// One build per target and platform, in the order of the targets.
    pub solves: Vec<SolvePlan>,
    /// One image per target that is pushed, in the order of the targets.
    pub images: Vec<ImagePlan>,
    /// What hand-off files are written from.
    #[serde(serialize_with = "service_names")]
    pub services: Vec<ServiceSettings>,
}

/// One target for one platform: one Dockerfile build on one engine.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SolvePlan {
    /// The bake target.
    pub target: String,
    /// What it is built for.
    pub platform: Platform,
    /// Where the files come from.
    pub context: ContextPlan,
    /// Attributes of the Dockerfile frontend, as the daemon gets them. Shown without the logins of
    /// URLs.
    #[serde(serialize_with = "attributes")]
    pub attributes: BTreeMap<String, String>,
    /// Attributes that only the first solve gets: asking for new base images or no cache a second
    /// time would publish something else than what was compared.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fresh_attributes: BTreeMap<String, String>,
    /// Attestations, as attributes of the publishing solve.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attestations: BTreeMap<String, String>,
    /// Attributes of the image exporter beside the name.
    pub exporter: BTreeMap<String, String>,
    /// Where base images are pulled from.
    #[serde(skip_serializing_if = "BaseImagePlan::is_direct")]
    pub base_images: BaseImagePlan,
    /// Cache imports and exports.
    pub cache: CachePlan,
    /// Entitlements that the build asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entitlements: Vec<String>,
}

impl SolvePlan {
    /// The name of this solve in events and messages.
    pub fn name(&self) -> SolveName {
        SolveName {
            target: self.target.clone(),
            platform: Some(self.platform.clone()),
        }
    }
}

/// Where a build's files come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContextPlan {
    /// The context directory; `None` for a context that the daemon fetches itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// The context's URL, when the daemon fetches it. Shown without a login.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "url")]
    pub url: Option<String>,
    /// The directory that holds the Dockerfile; `None` when it is inside a fetched context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dockerfile_directory: Option<PathBuf>,
    /// The Dockerfile's name in that directory (or fetched context).
    pub dockerfile: String,
    /// The Dockerfile's text, when it stands in the bake file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dockerfile_inline: Option<String>,
    /// Named contexts that are local directories.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub named: BTreeMap<String, PathBuf>,
}

impl ContextPlan {
    /// The Dockerfile as people name it: relative to `directory` when it lies below.
    pub fn shown_dockerfile(&self, directory: &Path) -> String {
        let Some(folder) = &self.dockerfile_directory else {
            return self.dockerfile.clone();
        };
        let path = folder.join(&self.dockerfile);
        let path = path.strip_prefix(directory).unwrap_or(&path);
        path.display().to_string()
    }

    /// The Dockerfile's text, read anew where it is a file; `None` where only the daemon can see
    /// it, or nobody can read it.
    pub fn dockerfile_text(&self) -> Option<String> {
        if let Some(text) = &self.dockerfile_inline {
            return Some(text.clone());
        }
        let folder = self.dockerfile_directory.as_deref()?;
        std::fs::read_to_string(folder.join(&self.dockerfile)).ok()
    }
}

/// Cache imports and exports of one solve.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CachePlan {
    /// Imports in the order of preference. Registry references that do not exist are dropped
    /// before the build.
    pub imports: Vec<CacheReference>,
    /// Exports that are part of the build: what `bake` and `build` declare.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exports: Vec<CacheReference>,
    /// Exports that a release makes after the build, each by a solve of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later_exports: Vec<CacheReference>,
}

/// One cache: its kind (`registry`, `s3`, …) and attributes.
#[derive(Clone, PartialEq, Eq)]
pub struct CacheReference {
    /// The backend.
    pub kind: String,
    /// Everything else, for example `ref` and `mode`. May hold keys of a cloud account, which are
    /// not printed.
    pub attributes: BTreeMap<String, String>,
}

impl CacheReference {
    /// The registry reference, for a cache in a registry.
    pub fn registry_reference(&self) -> Option<&str> {
        (self.kind == "registry")
            .then(|| self.attributes.get("ref").map(String::as_str))
            .flatten()
    }

    /// Type and attributes without secrets.
    fn shown(&self) -> BTreeMap<&str, &str> {
        let secret = |key: &str| {
            ["secret", "token", "password", "access_key"]
                .iter()
                .any(|word| key.contains(word))
        };
        let attributes = self.attributes.iter().map(|(key, value)| {
            let value = if secret(key) {
                "<redacted>"
            } else {
                value.as_str()
            };
            (key.as_str(), value)
        });
        attributes.chain([("type", self.kind.as_str())]).collect()
    }
}

/// The reference of a cache in a registry; for other kinds `type=…` and what names it.
impl std::fmt::Display for CacheReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(reference) = self.registry_reference() {
            return f.write_str(reference);
        }
        write!(f, "type={}", self.kind)?;
        for key in ["bucket", "account_url", "name", "prefix"] {
            if let Some(value) = self.attributes.get(key) {
                write!(f, ",{key}={value}")?;
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for CacheReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.shown()).finish()
    }
}

impl Serialize for CacheReference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.shown())
    }
}

impl From<&Entry> for CacheReference {
    fn from(entry: &Entry) -> Self {
        Self {
            kind: entry.kind.clone(),
            attributes: entry.attributes.clone(),
        }
    }
}

/// One image: all platforms of one target, under one digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImagePlan {
    /// The bake target.
    pub target: String,
    /// The repository that the daemon pushes to, and the tags that move there.
    pub primary: PushPlan,
    /// Further repositories that get the same image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<PushPlan>,
    /// The platforms in the order of the index.
    pub platforms: Vec<Platform>,
    /// What it is compared with.
    pub baseline: BaselinePlan,
    /// How its layers are indexed; `None` where SOCI is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soci: Option<SociOptions>,
}

impl ImagePlan {
    /// All repositories, the daemon's first.
    pub fn repositories(&self) -> impl Iterator<Item = &PushPlan> {
        std::iter::once(&self.primary).chain(&self.copies)
    }
}

/// One repository and the tags that will point at the image there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PushPlan {
    /// `registry/repository`.
    #[serde(serialize_with = "as_text")]
    pub repository: Repository,
    /// Tags, in the order given.
    #[serde(serialize_with = "as_texts")]
    pub tags: Vec<Tag>,
}

/// What an image is compared with, to know whether it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum BaselinePlan {
    /// The image under a tag of the primary repository.
    Tag {
        /// The tag.
        #[serde(serialize_with = "as_text")]
        tag: Tag,
    },
    /// The image of the same target in an earlier record.
    Record {
        /// The record's file.
        path: PathBuf,
    },
    /// Nothing: the image counts as changed.
    None {
        /// Why there is nothing to compare with.
        reason: String,
    },
}

impl std::fmt::Display for BaselinePlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag { tag } => write!(f, "tag:{tag}"),
            Self::Record { path } => write!(f, "record:{}", path.display()),
            Self::None { .. } => f.write_str("none"),
        }
    }
}

fn as_text<S: serde::Serializer>(
    value: &impl std::fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A URL without user information: `https://user:token@host/x` is shown as `https://host/x`.
fn without_login(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => text.to_owned(),
    }
}

#[expect(
    clippy::ref_option,
    reason = "the signature that serde's `serialize_with` asks for"
)]
fn url<S: serde::Serializer>(url: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    url.as_deref().map(without_login).serialize(serializer)
}

fn attributes<S: serde::Serializer>(
    attributes: &BTreeMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        attributes
            .iter()
            .map(|(key, value)| (key, without_login(value))),
    )
}

fn as_texts<S: serde::Serializer>(
    values: &[impl std::fmt::Display],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(ToString::to_string))
}

fn source<S: serde::Serializer>(source: &Source, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shown<'a> {
        commit: &'a Option<String>,
        branch: &'a Option<String>,
        tag: &'a Option<String>,
        dirty: &'a Option<bool>,
    }
    Shown {
        commit: &source.commit,
        branch: &source.branch,
        tag: &source.tag,
        dirty: &source.dirty,
    }
    .serialize(serializer)
}

fn service_names<S: serde::Serializer>(
    services: &[ServiceSettings],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shown<'a> {
        name: &'a str,
        taskdef: &'a Option<PathBuf>,
        appspec: &'a Option<AppspecSource>,
        mode: HandoffMode,
        images: &'a BTreeMap<String, String>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        containers: &'a BTreeMap<String, String>,
    }
    serializer.collect_seq(services.iter().map(|service| Shown {
        name: &service.name,
        taskdef: &service.taskdef,
        appspec: &service.appspec,
        mode: service.mode,
        images: &service.images,
        containers: &service.containers,
    }))
}
