//! What a release handed off for a service, as release.json tells it.

use serde::{Deserialize, Serialize};

use crate::image::Digest;

/// A service whose files a release wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceRecord {
    /// Whether there was anything to deploy: an image or the definition changed.
    pub changed: bool,
    /// Why, or why not.
    pub reason: String,
    /// SHA-256 over its task definition and appspec without the digests of released images. Absent
    /// where nothing was deployed and nobody knew what it was before: then this is not what runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Digest>,
    /// Whether it differs from the one before; absent when that was not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition_changed: Option<bool>,
}
