//! `v1` and `v2`, as plans, records and flags write the version of a SOCI index. The module is also
//! serde's: `#[serde(with = "crate::soci::version")]`.

use launchway_soci::index::Version;
use serde::{Deserialize as _, Deserializer, Serializer};

/// `v1` or `v2`.
pub fn name(version: Version) -> &'static str {
    match version {
        Version::V1 => "v1",
        Version::V2 => "v2",
    }
}

/// The version that `v1` or `v2` names; `None` for anything else.
pub fn parse(text: &str) -> Option<Version> {
    [Version::V1, Version::V2]
        .into_iter()
        .find(|version| name(*version) == text)
}

/// Writes [`name`].
pub fn serialize<S: Serializer>(version: &Version, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(*version))
}

/// Reads [`name`].
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("{text:?} is no version of SOCI indexes (v1, v2)"))
    })
}
