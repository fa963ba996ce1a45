//! release.json: the record of one release, and the contract with everything that comes after it.
//!
//! Format `launchway.release/v1`. Members are only ever added within a version; a reader refuses a
//! version that it does not know. Written before the first tag moves and again when all is done.

mod deployable;
mod parameter;
mod read;
mod scan;
mod service;
mod soci;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::image::{Digest, Platform, media_type};
use crate::plan::Plan;

pub use deployable::NotDeployable;
pub use parameter::{ParameterOutcome, ParameterRecord};
pub use read::{ReadError, read};
pub use scan::ScanRecord;
pub use service::ServiceRecord;
pub use soci::{SociLayerRecord, SociOutcome, SociRecord};

/// The `schema` of the records that this version writes.
pub const SCHEMA: &str = "launchway.release/v1";

/// One release over all its images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of Launchway that wrote it.
    pub launchway: String,
    /// How far the release came.
    pub state: State,
    /// When the run began, RFC 3339 in UTC.
    pub started_at: String,
    /// When it ended; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<String>,
    /// Wall time in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// The environment whose values it was made with; absent where none was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What was built from.
    #[serde(default)]
    pub source: SourceRecord,
    /// What it was compared with, as configured or found: `tag:production`, `record:…`, `none`.
    pub baseline: String,
    /// Whether any image differs from the baseline.
    pub changed: bool,
    /// Every image by target name.
    pub images: BTreeMap<String, ImageRecord>,
    /// Cache exports by reference.
    #[serde(default)]
    pub caches: BTreeMap<String, CacheRecord>,
    /// What went wrong without failing the release, beside `caches`.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// SSM parameters that name this release, by the label of their block.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, ParameterRecord>,
    /// What was handed off, by service.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, ServiceRecord>,
}

impl Record {
    /// The record as it is written: two spaces of indentation and a newline at the end.
    pub fn to_json(&self) -> String {
        // Maps with text keys and plain values always serialize.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The digest of every image in a [`draft`].
pub fn draft_digest() -> Digest {
    Digest::of("draft")
}

/// A record of a plan that has not run, with made-up digests: for checking what is made of records
/// before there is one.
pub fn draft(plan: &Plan) -> Record {
    let digest = draft_digest();
    let images = plan.images.iter().map(|image| {
        let repository = &image.primary.repository;
        let record = ImageRecord {
            repository: repository.to_string(),
            digest,
            reference: repository.with_digest(digest).to_string(),
            media_type: media_type::OCI_INDEX.to_owned(),
            size: 0,
            tags: image.primary.tags.iter().map(ToString::to_string).collect(),
            changed: true,
            reason: String::new(),
            baseline: None,
            copies: Vec::new(),
            platforms: image
                .platforms
                .iter()
                .map(|platform| (platform.clone(), PlatformRecord::draft(digest)))
                .collect(),
            scan: None,
        };
        (image.target.clone(), record)
    });
    Record {
        schema: SCHEMA.to_owned(),
        launchway: env!("CARGO_PKG_VERSION").to_owned(),
        state: State::Published,
        started_at: String::new(),
        completed_at: None,
        duration_ms: 0,
        environment: plan.environment.clone(),
        source: SourceRecord::default(),
        baseline: String::new(),
        changed: true,
        images: images.collect(),
        caches: BTreeMap::new(),
        warnings: Vec::new(),
        parameters: BTreeMap::new(),
        services: BTreeMap::new(),
    }
}

/// How far a release came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All images are in the registry by digest; tags may have begun to move.
    Published,
    /// All images are in the registry by digest, and the scan refused one: no tag has moved.
    Refused,
    /// All tags point at their images, and the hand-off is written.
    Complete,
}

/// The source revision, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceRecord {
    /// The full commit id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The tag of the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Files differ from the commit; unknown without git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
}

/// One image of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageRecord {
    /// `registry/repository`, without tag.
    pub repository: String,
    /// The digest to deploy: an index for several platforms, else the image manifest.
    pub digest: Digest,
    /// `repository@digest`.
    pub reference: String,
    /// The media type of what `digest` names.
    pub media_type: String,
    /// The size of that document in bytes.
    pub size: u64,
    /// The tags that point (or will point) at `digest`.
    pub tags: Vec<String>,
    /// It differs from the baseline.
    pub changed: bool,
    /// Why it counts as changed or not.
    pub reason: String,
    /// The digest under the baseline, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Digest>,
    /// Further repositories that hold the same image (a target with tags in several).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<String>,
    /// Every platform's image.
    pub platforms: BTreeMap<Platform, PlatformRecord>,
    /// What the scan found, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanRecord>,
}

/// One platform of an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlatformRecord {
    /// The image manifest.
    pub manifest: Digest,
    /// The manifest's size in bytes.
    pub manifest_size: u64,
    /// The image configuration; `bake` and `build` do not learn it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Digest>,
    /// Layers from the base up; empty where they are not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerRecord>,
    /// How its layers were indexed; absent where SOCI is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soci: Option<SociRecord>,
    /// Steps of the build in all, and of these from a cache.
    #[serde(default)]
    pub steps: StepCount,
    /// How long the build took, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
}

impl PlatformRecord {
    /// One of which nothing is known but that it will be there.
    fn draft(manifest: Digest) -> Self {
        Self {
            manifest,
            manifest_size: 0,
            config: None,
            layers: Vec::new(),
            soci: None,
            steps: StepCount::default(),
            duration_ms: 0,
        }
    }
}

/// A layer of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerRecord {
    /// The compressed blob.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// Steps of a build that count (housekeeping is left out).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCount {
    /// All steps.
    pub total: u32,
    /// Those whose result came from a cache.
    pub cached: u32,
}

/// One cache export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheRecord {
    /// What became of it.
    pub outcome: CacheOutcome,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What became of a cache export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheOutcome {
    /// It is in the registry.
    Exported,
    /// Nothing ran, and the reference exists.
    Skipped,
    /// It failed; the release did not.
    Failed,
}
