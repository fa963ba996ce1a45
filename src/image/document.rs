//! Manifests and indexes as they come from a registry: which of the two it is, and whether the
//! document agrees with its media type.

use serde::Deserialize;

use super::{Index, Manifest, media_type};

/// A document that a tag can point at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// An image (or artifact) manifest.
    Manifest(Box<Manifest>),
    /// An image index or Docker manifest list.
    Index(Box<Index>),
}

/// The bytes are not the document that their media type promises.
#[derive(Debug, thiserror::Error)]
#[error("not a valid {media_type}")]
pub struct InvalidDocument {
    /// The media type that was promised.
    pub media_type: String,
    /// What is wrong.
    #[source]
    pub problem: DocumentProblem,
}

/// What is wrong with a document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentProblem {
    /// It is no JSON, or members are missing or of another type; says line and column.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Only version 2 is in use; version 1 is Docker's withdrawn schema 1.
    #[error("schemaVersion is {found}, not 2")]
    SchemaVersion {
        /// What it says.
        found: u64,
    },
    /// The document calls itself something else.
    #[error("it calls itself {found}")]
    MediaType {
        /// Its `mediaType`.
        found: String,
    },
    /// The type is not among those that we read.
    #[error("this type is not supported")]
    Unsupported,
}

/// The members that say what a document is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    schema_version: u64,
    media_type: Option<String>,
}

impl Document {
    /// Reads a document that was served (or described) as `media_type`.
    pub fn parse(media_type: &str, bytes: &[u8]) -> Result<Self, InvalidDocument> {
        let read = || -> Result<Self, DocumentProblem> {
            let kind: Kind = serde_json::from_slice(bytes)?;
            if kind.schema_version != 2 {
                let found = kind.schema_version;
                return Err(DocumentProblem::SchemaVersion { found });
            }
            if let Some(found) = kind.media_type.filter(|found| found != media_type) {
                return Err(DocumentProblem::MediaType { found });
            }
            match media_type {
                media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST => {
                    Ok(Self::Manifest(serde_json::from_slice(bytes)?))
                }
                media_type::OCI_INDEX | media_type::DOCKER_MANIFEST_LIST => {
                    Ok(Self::Index(serde_json::from_slice(bytes)?))
                }
                _ => Err(DocumentProblem::Unsupported),
            }
        };
        read().map_err(|problem| InvalidDocument {
            media_type: media_type.to_owned(),
            problem,
        })
    }

    /// The index, if it is one.
    pub fn into_index(self) -> Option<Index> {
        match self {
            Self::Index(index) => Some(*index),
            Self::Manifest(_) => None,
        }
    }

    /// The manifest, if it is one.
    pub fn into_manifest(self) -> Option<Manifest> {
        match self {
            Self::Manifest(manifest) => Some(*manifest),
            Self::Index(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_why_a_document_is_not_what_it_should_be() {
        for (media_type, text, expected) in [
            (media_type::OCI_INDEX, "{", "line 1 column 1"),
            (media_type::OCI_INDEX, r#"{"schemaVersion":1}"#, "is 1"),
            (
                media_type::OCI_INDEX,
                r#"{"schemaVersion":2}"#,
                "missing field `manifests`",
            ),
            (
                media_type::OCI_MANIFEST,
                r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json"}"#,
                "calls itself application/vnd.oci.image.index.v1+json",
            ),
            ("text/html", r#"{"schemaVersion":2}"#, "not supported"),
            (
                media_type::OCI_MANIFEST,
                r#"{"schemaVersion":2,"layers":[],"config":{"mediaType":"x","digest":"md5:1","size":1}}"#,
                "`md5:1` is not a digest",
            ),
        ] {
            let error = Document::parse(media_type, text.as_bytes()).unwrap_err();
            let message = error.problem.to_string();
            assert!(message.contains(expected), "{message}");
            assert!(error.to_string().contains(media_type));
        }
    }
}
