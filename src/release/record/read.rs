//! Reading a release.json that an earlier run wrote.

use std::io;
use std::path::{Path, PathBuf};

use super::{Record, SCHEMA};

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
    // The schema first: another version may well lack a member.
    let document: serde_json::Value = serde_json::from_str(&text).map_err(form)?;
    if let Some(found) = document.get("schema").and_then(|schema| schema.as_str())
        && found != SCHEMA
    {
        return Err(ReadError::Schema {
            path: path.to_owned(),
            found: found.to_owned(),
        });
    }
    serde_json::from_str(&text).map_err(form)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let record = read_text(
            r#"{"schema":"launchway.release/v1","launchway":"0.1.0","state":"complete",
                "startedAt":"","baseline":"none","changed":false,"images":{}}"#,
        );
        assert!(record.unwrap().parameters.is_empty());
        std::fs::remove_file(&path).unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, ReadError::Io { .. }), "{error}");
    }
}
