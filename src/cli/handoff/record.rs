//! A release.json that hand-off files are made from later: read with more care than the writer's own.
//!
//! A record of a release that a gate refused, or that a later version wrote in another state, names images
//! that must not be deployed.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::exit;
use crate::release::record::{Record, SCHEMA};
use crate::ui::Failure;

/// Why a record cannot be handed off.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    /// There is no such file, or it cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The record.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not JSON, or a member is missing or of the wrong type.
    #[error("{} is not a release record", .path.display())]
    Invalid {
        /// The record.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Another format.
    #[error("{} has the schema {schema}, and this version reads {SCHEMA}", .path.display())]
    Schema {
        /// The record.
        path: PathBuf,
        /// What it says.
        schema: String,
    },
    /// The release did not come far enough.
    #[error("the release of {} is `{state}`, not published or complete", .path.display())]
    State {
        /// The record.
        path: PathBuf,
        /// What it says.
        state: String,
    },
}

/// Reads and checks a record.
pub(super) fn read(path: &Path) -> Result<Record, RecordError> {
    let owned = || path.to_owned();
    let text = std::fs::read_to_string(path).map_err(|source| RecordError::Read {
        path: owned(),
        source,
    })?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<Record, RecordError> {
    let path = || path.to_owned();
    let invalid = |source| RecordError::Invalid {
        path: path(),
        source,
    };
    let value: Value = serde_json::from_str(text).map_err(invalid)?;
    let member = |name: &str| match &value[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if value["schema"] != SCHEMA {
        let schema = member("schema");
        return Err(RecordError::Schema {
            path: path(),
            schema,
        });
    }
    // Before the rest: other states may have other members.
    if !matches!(value["state"].as_str(), Some("published" | "complete")) {
        let state = member("state");
        return Err(RecordError::State {
            path: path(),
            state,
        });
    }
    serde_json::from_str(text).map_err(invalid)
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        match &error {
            RecordError::Read { .. } => Self::from_error(exit::CONFIGURATION, &error).hint(
                "`launchway release` writes it; --record names another file than \
                 launchway-out/release.json.",
            ),
            RecordError::Invalid { .. } => Self::from_error(exit::CONFIGURATION, &error),
            RecordError::Schema { .. } => Self::from_error(exit::CONFIGURATION, &error)
                .hint("Use the version of Launchway that wrote it."),
            RecordError::State { .. } => Self::from_error(exit::HANDOFF, &error)
                .hint("Nothing of it may be deployed; run `launchway release` again."),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> Value {
        json!({"schema": SCHEMA, "launchway": "0", "state": "complete", "startedAt": "",
            "baseline": "none", "changed": false, "images": {}})
    }

    #[test]
    fn only_releases_that_are_in_the_registry_are_handed_off() {
        for state in ["complete", "published"] {
            let mut record = record();
            record["state"] = state.into();
            assert!(
                parse(Path::new("r"), &record.to_string()).is_ok(),
                "{state}"
            );
        }
        for (state, shown) in [
            (json!("refused"), "`refused`"),
            (json!("evaluated"), "`evaluated`"),
            (json!(null), "`null`"),
        ] {
            let mut record = record();
            record["state"] = state;
            let failure = Failure::from(parse(Path::new("r"), &record.to_string()).unwrap_err());
            assert_eq!(failure.exit_code(), exit::HANDOFF);
            assert!(failure.message.contains(shown), "{failure:?}");
        }
    }

    #[test]
    fn other_files_are_refused() {
        let mut other = record();
        other["schema"] = "launchway.release/v9".into();
        let mut incomplete = record();
        incomplete.as_object_mut().unwrap().remove("images");
        for (text, says) in [
            (other.to_string(), "r has the schema launchway.release/v9"),
            ("{}".to_owned(), "r has the schema null"),
            (incomplete.to_string(), "r is not a release record"),
            ("{".to_owned(), "r is not a release record"),
        ] {
            let failure = Failure::from(parse(Path::new("r"), &text).unwrap_err());
            assert_eq!(failure.exit_code(), exit::CONFIGURATION);
            assert!(failure.message.starts_with(says), "{failure:?}");
        }
    }
}
