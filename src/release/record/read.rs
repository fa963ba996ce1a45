//! Reading a release.json that an earlier run wrote: the one reader of all verbs.
//!
//! Whether what it names may be deployed is [`Record::deployable`]'s to say.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Record, SCHEMA, State};

/// The file is no record that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It could not be read.
    #[error("cannot read the release record {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not JSON, or lacks a member.
    #[error("{} is not a release record", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// It has another version, or is something else.
    #[error("{} has the schema {found:?}, and this version of Launchway reads {SCHEMA:?}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its `schema`.
        found: String,
    },
    /// A later version wrote it in a state that this one cannot judge.
    #[error("the release of {} is {found:?}, a state that this version of Launchway does not know", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Its `state`.
        found: String,
    },
}

impl ReadError {
    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads a record.
pub fn read(path: &Path) -> Result<Record, ReadError> {
    let text = std::fs::read_to_string(path).map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })?;
    let form = |source| ReadError::Form {
        path: path.to_owned(),
        source,
    };
    // The schema and the state first: another version may well lack a member.
    let document: Value = serde_json::from_str(&text).map_err(form)?;
    let member = |name: &str| document.get(name).and_then(Value::as_str);
    if let Some(found) = member("schema")
        && found != SCHEMA
    {
        return Err(ReadError::Schema {
            path: path.to_owned(),
            found: found.to_owned(),
        });
    }
    if let Some(found) = member("state")
        && serde_json::from_value::<State>(found.into()).is_err()
    {
        return Err(ReadError::State {
            path: path.to_owned(),
            found: found.to_owned(),
        });
    }
    serde_json::from_str(&text).map_err(form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::record::NotDeployable;

    #[test]
    fn only_records_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("release.json");
        let read_text = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read(&path)
        };
        let error = read_text("{").unwrap_err();
        assert!(matches!(error, ReadError::Form { .. }), "{error}");
        let error = read_text("{}").unwrap_err();
        assert!(matches!(error, ReadError::Form { .. }), "{error}");
        let error = read_text(r#"{"schema":"launchway.release/v2"}"#).unwrap_err();
        assert!(
            error.to_string().contains("\"launchway.release/v2\""),
            "{error}"
        );
        let in_state = |state: &str| {
            read_text(&format!(
                r#"{{"schema":"launchway.release/v1","launchway":"0.1.0","state":{state:?},
                    "startedAt":"","baseline":"none","changed":false,"images":{{}}}}"#
            ))
        };
        assert!(in_state("complete").unwrap().parameters.is_empty());
        let error = in_state("evaluated").unwrap_err();
        assert!(matches!(error, ReadError::State { .. }), "{error}");
        assert_eq!(in_state("published").unwrap().deployable(), Ok(()));
        assert_eq!(in_state("complete").unwrap().deployable(), Ok(()));
        assert_eq!(
            in_state("refused").unwrap().deployable(),
            Err(NotDeployable::Refused)
        );
        std::fs::remove_file(&path).unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.is_missing(), "{error}");
        let error = read(folder.path()).unwrap_err();
        assert!(!error.is_missing(), "{error}");
    }
}
