//! What a hand-off says about its images, for people and for `--format json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::images::Image;
use super::taskdef::Container;

/// The images of a service after a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceSummary {
    /// The service.
    pub service: String,
    /// Whether any of its images changed; when not, there is nothing to deploy.
    pub changed: bool,
    /// The images by target.
    pub images: BTreeMap<String, UsedImage>,
}

/// An image that a service uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
}

impl ServiceSummary {
    pub(super) fn new(
        service: &str,
        images: &BTreeMap<&str, Image<'_>>,
        containers: &[Container],
    ) -> Self {
        let mut used: BTreeMap<String, UsedImage> = BTreeMap::new();
        for (placeholder, image) in images {
            let entry = used
                .entry(image.target.to_owned())
                .or_insert_with(|| UsedImage {
                    reference: image.record.reference.clone(),
                    changed: image.record.changed,
                    reason: image.record.reason.clone(),
                    containers: BTreeSet::new(),
                });
            entry.containers.extend(
                containers
                    .iter()
                    .filter(|container| container.placeholders.iter().any(|p| p == placeholder))
                    .map(|container| container.name.clone()),
            );
        }
        Self {
            service: service.to_owned(),
            changed: used.values().any(|image| image.changed),
            images: used,
        }
    }
}
