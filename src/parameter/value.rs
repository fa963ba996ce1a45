//! What a parameter should hold after a release: from its block and the record to a text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{ParameterSettings, ParameterTier, ValueForm};
use crate::image::Digest;
use crate::release::record::{ImageRecord, Record, SourceRecord};

/// The `schema` of the documents that this version writes.
pub const SCHEMA: &str = "launchway.parameter/v1";

/// The largest value of a standard parameter, in bytes.
const STANDARD_LIMIT: usize = 4096;
/// The largest value of an advanced parameter, in bytes.
const ADVANCED_LIMIT: usize = 8192;

/// What a parameter with `value = "json"` holds. Members are only ever added within a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// The release's tag, where all images have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The digest, where there is one image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// `repository@digest`, where there is one image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Every image by target.
    pub images: BTreeMap<String, DocumentImage>,
    /// The full commit id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The environment that the release was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// When the images were built and pushed, RFC 3339 in UTC.
    pub released_at: String,
}

/// One image of a [`Document`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentImage {
    /// The release's tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// What to deploy.
    pub digest: Digest,
    /// `repository@digest`.
    pub reference: String,
}

/// A parameter cannot hold what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The record lacks an image.
    #[error("parameter {parameter}: the release has no image of target {target}")]
    NotReleased {
        /// The parameter.
        parameter: String,
        /// The target that its block names.
        target: String,
    },
    /// The release has no images.
    #[error("parameter {parameter}: the release has no images")]
    NoImages {
        /// The parameter.
        parameter: String,
    },
    /// A reference or digest is of one image.
    #[error(
        "parameter {parameter}: a {} is of one image, and the release has {}",
        form.as_str(), targets.join(", ")
    )]
    SeveralImages {
        /// The parameter.
        parameter: String,
        /// What it is to hold.
        form: ValueForm,
        /// The images that there are.
        targets: Vec<String>,
    },
    /// The images have no tag in common that names the release.
    #[error(
        "parameter {parameter}: its images have no tag in common: {}",
        tags.iter()
            .map(|(target, tag)| format!("{target} has {}", tag.as_deref().unwrap_or("none")))
            .collect::<Vec<_>>()
            .join(", ")
    )]
    NoCommonTag {
        /// The parameter.
        parameter: String,
        /// The release's tag by target.
        tags: BTreeMap<String, Option<String>>,
    },
    /// SSM does not take so much.
    #[error("parameter {parameter}: its value has {bytes} bytes, and SSM takes {limit}{}", tier_note(*limit))]
    TooLong {
        /// The parameter.
        parameter: String,
        /// How long the value is.
        bytes: usize,
        /// How long it may be in its tier.
        limit: usize,
    },
}

fn tier_note(limit: usize) -> &'static str {
    if limit == STANDARD_LIMIT {
        " in the standard tier"
    } else {
        ""
    }
}

impl ValueError {
    /// What to do about it, as a sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::NotReleased { .. } | Self::NoImages { .. } => {
                "Release this target, too, or name another in the block.".to_owned()
            }
            Self::SeveralImages { .. } => {
                "Name one with target = \"…\", or write value = \"json\".".to_owned()
            }
            Self::NoCommonTag { .. } => {
                "Give all images the same tags with `tags` of the release block, or write value = \
                 \"json\"."
                    .to_owned()
            }
            Self::TooLong { limit, .. } if *limit == STANDARD_LIMIT => {
                "Set tier = \"advanced\" (AWS charges for it, and it stays advanced), or write a \
                 parameter for each target."
                    .to_owned()
            }
            Self::TooLong { .. } => "Write a parameter for each target.".to_owned(),
        }
    }
}

/// The tag that names the release: the first that contains the commit's first 7 characters or the
/// git tag; without one the first of all.
pub fn release_tag<'a>(image: &'a ImageRecord, source: &SourceRecord) -> Option<&'a str> {
    let commit = source.commit.as_deref().and_then(|commit| commit.get(..7));
    let facts = [commit, source.tag.as_deref()];
    let names = |tag: &&String| facts.iter().flatten().any(|fact| tag.contains(fact));
    let found = image.tags.iter().find(names).or(image.tags.first());
    found.map(String::as_str)
}

/// What the parameter of these settings should hold after the release.
pub fn value(settings: &ParameterSettings, record: &Record) -> Result<String, ValueError> {
    let parameter = || settings.name.clone();
    let images = images(settings, record)?;
    let text = match settings.value {
        ValueForm::Json => {
            let document = document(&images, record);
            // Maps with text keys and plain values always serialize.
            serde_json::to_string(&document).unwrap_or_default()
        }
        ValueForm::Tag => {
            let tag = |image: &ImageRecord| release_tag(image, &record.source).map(str::to_owned);
            let tags = images
                .iter()
                .map(|(name, image)| (name.clone(), tag(image)));
            let tags: BTreeMap<String, Option<String>> = tags.collect();
            common(tags.values().cloned()).ok_or(ValueError::NoCommonTag {
                parameter: parameter(),
                tags,
            })?
        }
        form @ (ValueForm::Reference | ValueForm::Digest) => {
            let mut all = images.values();
            let (Some(image), None) = (all.next(), all.next()) else {
                return Err(ValueError::SeveralImages {
                    parameter: parameter(),
                    form,
                    targets: images.keys().cloned().collect(),
                });
            };
            match form {
                ValueForm::Digest => image.digest.to_string(),
                _ => image.reference.clone(),
            }
        }
    };
    let limit = match settings.tier {
        Some(ParameterTier::Advanced | ParameterTier::IntelligentTiering) => ADVANCED_LIMIT,
        // The account may be set to another default, but nobody should need to know that.
        Some(ParameterTier::Standard) | None => STANDARD_LIMIT,
    };
    if text.len() > limit {
        return Err(ValueError::TooLong {
            parameter: parameter(),
            bytes: text.len(),
            limit,
        });
    }
    Ok(text)
}

fn images<'a>(
    settings: &ParameterSettings,
    record: &'a Record,
) -> Result<BTreeMap<String, &'a ImageRecord>, ValueError> {
    let Some(targets) = &settings.targets else {
        if record.images.is_empty() {
            let parameter = settings.name.clone();
            return Err(ValueError::NoImages { parameter });
        }
        let all = record.images.iter();
        return Ok(all.map(|(name, image)| (name.clone(), image)).collect());
    };
    let found = targets
        .iter()
        .map(|target| match record.images.get(target) {
            Some(image) => Ok((target.clone(), image)),
            None => Err(ValueError::NotReleased {
                parameter: settings.name.clone(),
                target: target.clone(),
            }),
        });
    found.collect()
}

fn document(images: &BTreeMap<String, &ImageRecord>, record: &Record) -> Document {
    let source = &record.source;
    let tag = |image: &ImageRecord| release_tag(image, source).map(str::to_owned);
    let only = match images.len() {
        1 => images.values().next(),
        _ => None,
    };
    let completed = record.completed_at.as_ref();
    Document {
        schema: SCHEMA.to_owned(),
        tag: common(images.values().map(|image| tag(image))),
        digest: only.map(|image| image.digest),
        reference: only.map(|image| image.reference.clone()),
        images: images
            .iter()
            .map(|(name, image)| {
                let image = DocumentImage {
                    tag: tag(image),
                    digest: image.digest,
                    reference: image.reference.clone(),
                };
                (name.clone(), image)
            })
            .collect(),
        commit: source.commit.clone(),
        branch: source.branch.clone(),
        environment: record.environment.clone(),
        released_at: completed.unwrap_or(&record.started_at).clone(),
    }
}

/// The text that all are, if there is one.
fn common(mut texts: impl Iterator<Item = Option<String>>) -> Option<String> {
    let first = texts.next()??;
    texts
        .all(|text| text.as_ref() == Some(&first))
        .then_some(first)
}

#[cfg(test)]
pub(super) mod tests;
