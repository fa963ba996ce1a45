//! What the value of an SSM parameter says about images: the forms that a release writes, json and
//! reference. The forms digest and tag name no repository, and so protect nothing.
//!
//! A value may be anybody's secret. No error says what it holds.

use jiff::Timestamp;
use serde_json::Value;

use super::image_text;
use crate::image::Digest;
use crate::parameter::{Document, SCHEMA};
use crate::prune::{EcrReference, KnownRelease};
use crate::registry::Tag;

/// The beginning of every schema of ours.
const OURS: &str = "launchway.";

/// What a value says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// Images of ECR.
    pub(super) images: Vec<EcrReference>,
    /// When they were released, where the value tells.
    pub(super) released: Option<Timestamp>,
}

/// Why a value names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unread {
    /// A digest.
    #[error("it holds a digest and no repository: write value = \"json\" or \"reference\"")]
    Digest,
    /// A word that may be a tag.
    #[error("it may hold a tag and no repository: write value = \"json\" or \"reference\"")]
    Tag,
    /// A document of ours that this version cannot read.
    #[error("it holds a document that this version of Launchway cannot read: {0}")]
    Document(String),
    /// An image of ECR that cannot be read.
    #[error("it holds an image of ECR that cannot be read")]
    Image,
    /// Nothing that a release writes.
    #[error("it holds nothing that names an image")]
    Foreign,
}

/// Reads a value.
pub(super) fn read(text: &str) -> Result<Named, Unread> {
    let text = text.trim();
    if text.starts_with('{') {
        return document(text);
    }
    if text.parse::<Digest>().is_ok() {
        return Err(Unread::Digest);
    }
    // A list is what a `StringList` holds.
    let mut images = Vec::new();
    for part in text.split(',') {
        match image_text::written_down(part.trim()) {
            Ok(found) => images.extend(found),
            // Also where it is another entry of the list that names an image.
            Err(_) if image_text::mentions_ecr(text) => return Err(Unread::Image),
            Err(_) if Tag::new(part.trim()).is_ok() => return Err(Unread::Tag),
            Err(_) => return Err(Unread::Foreign),
        }
    }
    Ok(Named {
        images,
        released: None,
    })
}

fn document(text: &str) -> Result<Named, Unread> {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Err(Unread::Foreign);
    };
    let schema = value.get("schema").and_then(Value::as_str);
    match schema {
        Some(SCHEMA) => {}
        Some(other) if other.starts_with(OURS) => {
            return Err(Unread::Document(format!("its schema is {other:?}")));
        }
        _ => return Err(Unread::Foreign),
    }
    let document: Document =
        serde_json::from_value(value).map_err(|error| Unread::Document(error.to_string()))?;
    let mut images = Vec::new();
    for image in document.images.values() {
        let found = image_text::written_down(&image.reference);
        let found = found.map_err(Unread::Document)?;
        images.extend(found.into_iter().map(|one| EcrReference {
            tag: one.tag.or(image.tag.clone()),
            digest: Some(image.digest),
            ..one
        }));
    }
    Ok(Named {
        images,
        released: document.released_at.parse().ok(),
    })
}

impl Named {
    /// The releases that it tells of; where it tells no time, that of its writing counts.
    pub(super) fn releases(&self, written: Option<Timestamp>) -> Vec<KnownRelease> {
        let Some(at) = self.released.or(written) else {
            return Vec::new();
        };
        let digests = self.images.iter().filter_map(|image| {
            let repository = image.repository.clone();
            image.digest.map(|digest| (repository, digest))
        });
        digests
            .map(|(repository, digest)| KnownRelease {
                repository,
                digest,
                at,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

    fn json(schema: &str) -> String {
        let digest = Digest::of("web");
        serde_json::json!({
            "schema": schema,
            "tag": "v1",
            "images": { "web": {
                "tag": "v1",
                "digest": digest.to_string(),
                "reference": format!("{HOST}/web@{digest}"),
            } },
            "releasedAt": "2026-03-01T00:00:00Z",
        })
        .to_string()
    }

    #[test]
    fn documents_and_references_name_images() {
        let read_json = read(&json(SCHEMA)).unwrap();
        let [image] = read_json.images.as_slice() else {
            panic!("{read_json:?}");
        };
        assert_eq!(image.tag.as_deref(), Some("v1"));
        assert_eq!(image.digest, Some(Digest::of("web")));
        let [release] = read_json.releases(None).try_into().unwrap();
        assert_eq!(release.at.to_string(), "2026-03-01T00:00:00Z");
        let text = format!("{HOST}/web:1@{}", Digest::of("web"));
        let read_text = read(&text).unwrap();
        assert!(read_text.releases(None).is_empty());
        assert_eq!(read_text.releases(Some(Timestamp::UNIX_EPOCH)).len(), 1);
        assert_eq!(
            read(&format!("{HOST}/a:1,{HOST}/b:1"))
                .unwrap()
                .images
                .len(),
            2
        );
        assert!(read("ghcr.io/a/b:1").unwrap().images.is_empty());
    }

    #[test]
    fn what_names_no_repository_protects_nothing() {
        assert_eq!(read(&Digest::of("web").to_string()), Err(Unread::Digest));
        assert_eq!(read("v1.2.3"), Err(Unread::Tag));
        let error = read(&json("launchway.parameter/v2")).unwrap_err();
        assert!(
            error.to_string().contains("launchway.parameter/v2"),
            "{error}"
        );
        assert_eq!(read(&format!("{HOST}/Web:1")), Err(Unread::Image));
        assert_eq!(read(&format!("{HOST}/web:1,v1")), Err(Unread::Image));
        for text in ["top secret!", "{\"password\":\"hunter2\"}", "{", ""] {
            let error = read(text).unwrap_err();
            assert_eq!(error, Unread::Foreign, "{text}");
        }
        let broken = json(SCHEMA).replace("\"digest\"", "\"other\"");
        assert!(matches!(read(&broken), Err(Unread::Document(_))));
    }
}
