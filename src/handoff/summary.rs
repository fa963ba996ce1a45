//! What a hand-off says about its images, for people and for programs: `handoff.json` beside the
//! other files, and `--format json`.
//!
//! Format `launchway.handoff/v1`; members are only ever added within a version.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use super::container::Container;
use super::definition::Verdict;
use super::images::Images;
use crate::config::{HandoffMode, ServiceSettings};
use crate::image::Digest;
use crate::release::record::ServiceRecord;

/// The `schema` of `handoff.json`.
pub const SCHEMA: &str = "launchway.handoff/v1";

/// The hand-off's own summary, in a service's folder.
pub const SUMMARY_FILE: &str = "handoff.json";

/// The images of a service after a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceSummary {
    /// The service.
    pub service: String,
    /// Whether any of its images or its definition changed; when not, there is nothing to deploy.
    pub changed: bool,
    /// Why, or why not.
    pub reason: String,
    /// SHA-256 over the task definition and appspec without the digests of released images.
    pub definition: Option<Digest>,
    /// Whether that differs from the one before; `None` when it was not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition_changed: Option<bool>,
    /// Who puts the images in.
    pub mode: HandoffMode,
    /// The images by target.
    pub images: BTreeMap<String, UsedImage>,
}

/// An image that a service uses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsedImage {
    /// `repository@digest`.
    pub reference: String,
    /// Whether it differs from the baseline.
    pub changed: bool,
    /// Why it counts as changed or not.
    pub reason: String,
    /// The containers of the task definition that run it, by name.
    pub containers: BTreeSet<String>,
    /// The placeholders that CodePipeline is to replace by it; none in mode `render`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub placeholders: BTreeSet<String>,
}

impl ServiceSummary {
    pub(super) fn new(
        settings: &ServiceSettings,
        images: &Images<'_>,
        containers: &[Container],
        definition: Digest,
    ) -> Self {
        let mut used: BTreeMap<String, UsedImage> = BTreeMap::new();
        for (target, record) in images.by_target() {
            let runs = containers
                .iter()
                .filter(|container| container.targets.contains(target));
            let image = UsedImage {
                reference: record.reference.clone(),
                changed: record.changed,
                reason: record.reason.clone(),
                containers: runs.map(|container| container.name.clone()).collect(),
                placeholders: BTreeSet::new(),
            };
            used.insert(target.to_owned(), image);
        }
        if settings.mode == HandoffMode::Placeholder {
            let declared = images.placeholders.iter();
            let declared = declared.map(|(name, image)| (image.target, (*name).to_owned()));
            let made = images.containers.values();
            let made = made.map(|image| (image.target, images.placeholder_of(image.target)));
            for (target, placeholder) in declared.chain(made) {
                if let Some(image) = used.get_mut(target) {
                    image.placeholders.insert(placeholder);
                }
            }
        }
        Self {
            service: settings.name.clone(),
            changed: false,
            reason: String::new(),
            definition: Some(definition),
            definition_changed: None,
            mode: settings.mode,
            images: used,
        }
    }

    /// Decides whether there is anything to deploy.
    pub(super) fn judge(&mut self, verdict: &Verdict) {
        let images = self.images.iter().filter(|(_, image)| image.changed);
        let images: Vec<&str> = images.map(|(target, _)| target.as_str()).collect();
        self.changed = !images.is_empty() || matches!(verdict, Verdict::Differs { .. });
        self.definition_changed = verdict.differing();
        self.reason = match (images.join(", "), verdict) {
            (images, Verdict::Differs { reason }) if images.is_empty() => reason.clone(),
            (images, Verdict::Differs { reason }) => format!("{images} changed; {reason}"),
            (images, _) if !images.is_empty() => format!("{images} changed"),
            (_, Verdict::Same) => "images and definition unchanged".to_owned(),
            (_, Verdict::Unknown) => {
                "images unchanged; definition not compared (no earlier record)".to_owned()
            }
        };
    }

    /// What the record of the release says. A definition that is not deployed, and of which nobody
    /// knows that it was, stays out: the next release must not take it for what runs.
    pub fn record(&self) -> ServiceRecord {
        let known = self.changed || self.definition_changed.is_some();
        ServiceRecord {
            changed: self.changed,
            reason: self.reason.clone(),
            definition: self.definition.filter(|_| known),
            definition_changed: self.definition_changed,
        }
    }

    /// `handoff.json`, which names the other files of the hand-off, too.
    pub(super) fn to_json(&self, files: &[PathBuf]) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            schema: &'static str,
            #[serde(flatten)]
            summary: &'a ServiceSummary,
            files: &'a [PathBuf],
        }
        let document = Document {
            schema: SCHEMA,
            summary: self,
            files,
        };
        // Maps with text keys and plain values always serialize.
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }
}
