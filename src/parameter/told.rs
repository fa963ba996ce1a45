//! What a value says about a release, whoever wrote it: for showing history and the present.
//!
//! A parameter may hold anything, a password too if somebody put one there. So only what is
//! understood is told; the text itself is not.

use std::collections::BTreeMap;

use serde::Serialize;

use super::value::{Document, SCHEMA};
use crate::image::Digest;
use crate::registry::{Reference, Tag};

/// What a value tells. Empty where it is nothing that a release writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The release's tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The digest of its only image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// When the images were built and pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_at: Option<String>,
    /// References by target; of a plain reference the target is not known, and empty.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, String>,
}

impl Told {
    /// Reads a value. A plain word counts as a tag only where the parameter is no `SecureString`:
    /// there it may be a secret.
    pub fn read(text: &str, secure: bool) -> Self {
        if let Ok(document) = serde_json::from_str::<Document>(text)
            && document.schema == SCHEMA
        {
            let images = document.images.into_iter();
            return Self {
                tag: document.tag,
                digest: document.digest,
                commit: document.commit,
                branch: document.branch,
                released_at: Some(document.released_at),
                images: images
                    .map(|(target, image)| (target, image.reference))
                    .collect(),
            };
        }
        if let Ok(digest) = text.parse::<Digest>() {
            return Self {
                digest: Some(digest),
                ..Self::default()
            };
        }
        if let Ok(reference) = text.parse::<Reference>()
            && let Some(digest) = reference.digest()
        {
            return Self {
                digest: Some(digest),
                tag: reference.tag().map(ToString::to_string),
                images: [(String::new(), reference.to_string())].into(),
                ..Self::default()
            };
        }
        let tag = Tag::new(text).ok().filter(|_| !secure);
        Self {
            tag: tag.map(|tag| tag.to_string()),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::value;
    use super::super::value::tests::{record, settings};
    use super::*;
    use crate::config::ValueForm;

    #[test]
    fn every_form_is_read_back() {
        let record = record(&["web"]);
        let told = |form| Told::read(&value(&settings(form), &record).unwrap(), false);
        let json = told(ValueForm::Json);
        assert_eq!(json.tag.as_deref(), Some("0123abcd"));
        assert_eq!(json.digest, Some(Digest::of("web")));
        assert_eq!(json.branch.as_deref(), Some("main"));
        assert_eq!(json.images["web"], record.images["web"].reference);
        assert_eq!(told(ValueForm::Digest).digest, Some(Digest::of("web")));
        let reference = told(ValueForm::Reference);
        assert_eq!(reference.digest, Some(Digest::of("web")));
        assert_eq!(reference.images[""], record.images["web"].reference);
        assert_eq!(told(ValueForm::Tag).tag.as_deref(), Some("0123abcd"));
    }

    #[test]
    fn what_is_not_understood_is_not_told() {
        for text in ["pass word!", "{\"password\":\"x\"}", ""] {
            assert_eq!(Told::read(text, false), Told::default(), "{text}");
        }
        assert_eq!(Told::read("hunter2", true), Told::default());
    }
}
