//! SSM parameters that a release wrote, as release.json tells it.

use serde::{Deserialize, Serialize};

/// A parameter that names the release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParameterRecord {
    /// Its name: `/shop/production/web`.
    pub name: String,
    /// Where it is.
    pub region: String,
    /// The version that names the release.
    pub version: i64,
    /// Whether this run wrote it.
    pub outcome: ParameterOutcome,
}

/// What became of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterOutcome {
    /// It has a new version.
    Written,
    /// It named these images already.
    Unchanged,
}
