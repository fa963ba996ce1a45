//! What the release is compared with, read from the registry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;
use futures::future::try_join_all;

use super::record::{self, Record, State};
use super::{Context, ReleaseError};
use crate::image::{Descriptor, Digest, Document, ImageContent, Platform, annotation};
use crate::plan::{BaselinePlan, ImagePlan, Plan};
use crate::registry::{Reference, Tag};

/// The image under the baseline of one target.
#[derive(Clone, Debug)]
pub(super) struct Baseline {
    /// The digest that the baseline names.
    pub(super) descriptor: Descriptor,
    /// The document, to be put under further tags.
    pub(super) bytes: Bytes,
    /// The image manifests by platform; the only one of an image without index has none of its
    /// own and takes that of the plan.
    pub(super) manifests: BTreeMap<Platform, Descriptor>,
    /// SOCI indexes v2 by the image manifest that they belong to.
    pub(super) soci: BTreeMap<Digest, Descriptor>,
}

/// Either the baseline's image, or why there is none.
pub(super) type Found = Result<Baseline, String>;

/// Looks up the baseline of one image.
pub(super) async fn find(context: &Context, image: &ImagePlan) -> Result<Found, ReleaseError> {
    let repository = &image.primary.repository;
    let reference = match &image.baseline {
        BaselinePlan::None { reason } => return Ok(Err(reason.clone())),
        BaselinePlan::Tag { tag } => repository.with_tag(tag.clone()),
        BaselinePlan::Record { path } => {
            let Some(record) = read_record(path)? else {
                return Ok(Err(format!("there is no {} yet", path.display())));
            };
            match recorded(&record, &image.target) {
                Ok(digest) => repository.with_digest(digest),
                Err(reason) => return Ok(Err(reason)),
            }
        }
    };
    read(context, &reference, image).await
}

/// The digest that a record vouches for. Only a release that was completed was handed on; what the
/// scan refused, and what a run left behind that died, is as new as it was then, so that those
/// records stand for what they themselves were compared with.
fn recorded(record: &Record, target: &str) -> Result<Digest, String> {
    let Some(known) = record.images.get(target) else {
        return Err(format!("{target} is not in the baseline record"));
    };
    let why = match record.state {
        State::Complete => return Ok(known.digest),
        State::Refused => "was refused by the scan",
        State::Published => "did not finish",
    };
    known
        .baseline
        .ok_or_else(|| format!("the release of the baseline record {why}, and had no baseline"))
}

/// Warnings of baseline records that were made with the values of another environment: what they
/// are the last release of is not what this release replaces.
pub(super) fn of_other_environments(plan: &Plan) -> Result<Vec<String>, ReleaseError> {
    let records = plan
        .images
        .iter()
        .filter_map(|image| match &image.baseline {
            BaselinePlan::Record { path } => Some(path.as_path()),
            BaselinePlan::Tag { .. } | BaselinePlan::None { .. } => None,
        });
    let mut warnings = Vec::new();
    for path in records.collect::<BTreeSet<_>>() {
        let theirs = read_record(path)?.and_then(|record| record.environment);
        if let (Some(theirs), Some(ours)) = (theirs, &plan.environment)
            && theirs != *ours
        {
            warnings.push(format!(
                "the baseline {} is of environment {theirs}, and this release is for {ours}",
                path.display()
            ));
        }
    }
    Ok(warnings)
}

async fn read(
    context: &Context,
    reference: &Reference,
    image: &ImagePlan,
) -> Result<Found, ReleaseError> {
    let found = context
        .registry
        .get_manifest(reference)
        .await
        .map_err(|source| {
            ReleaseError::registry(format!("cannot read the baseline {reference}"), source)
        })?;
    let Some((descriptor, bytes)) = found else {
        return Ok(Err(format!("there is no {reference} yet")));
    };
    let mut soci = BTreeMap::new();
    let manifests = match Document::parse(&descriptor.media_type, &bytes) {
        Ok(Document::Index(index)) => {
            soci.extend(index.soci_indexes().filter_map(|entry| {
                let image = entry.annotations.get(annotation::SOCI_IMAGE_DIGEST)?;
                Some((image.parse().ok()?, entry.clone()))
            }));
            index
                .images()
                .filter_map(|entry| Some((entry.platform.clone()?, entry.clone())))
                .collect()
        }
        Ok(Document::Manifest(_)) => match image.platforms.as_slice() {
            [platform] => BTreeMap::from([(platform.clone(), descriptor.clone())]),
            _ => BTreeMap::new(),
        },
        // Something else under the tag is no image to compare with; it will be replaced.
        Err(error) => return Ok(Err(format!("{reference} is {error}"))),
    };
    Ok(Ok(Baseline {
        descriptor,
        bytes,
        manifests,
        soci,
    }))
}

/// What the baseline's images consist of. Manifests that are known from the evaluation are not
/// fetched: the same digest is the same image.
pub(super) async fn content(
    context: &Context,
    image: &ImagePlan,
    baseline: &Baseline,
    known: &BTreeMap<Digest, ImageContent>,
) -> Result<BTreeMap<Platform, ImageContent>, ReleaseError> {
    let contents = baseline
        .manifests
        .iter()
        .map(|(platform, entry)| async move {
            if let Some(content) = known.get(&entry.digest) {
                return Ok((platform.clone(), content.clone()));
            }
            let reference = image.primary.repository.with_digest(entry.digest);
            let bytes = if entry.digest == baseline.descriptor.digest {
                baseline.bytes.clone()
            } else {
                fetch(context, &reference).await?
            };
            let unreadable = |detail: String| ReleaseError::Document {
                reference: reference.to_string(),
                detail,
            };
            let manifest = Document::parse(&entry.media_type, &bytes)
                .map_err(|error| unreadable(format!("{error}: {}", error.problem)))?
                .into_manifest()
                .ok_or_else(|| unreadable("it is an index inside an index".to_owned()))?;
            Ok::<_, ReleaseError>((platform.clone(), ImageContent::new(entry.digest, &manifest)))
        });
    Ok(try_join_all(contents).await?.into_iter().collect())
}

/// A document that must be there.
pub(super) async fn fetch(context: &Context, reference: &Reference) -> Result<Bytes, ReleaseError> {
    let found = context
        .registry
        .get_manifest(reference)
        .await
        .map_err(|source| ReleaseError::registry(format!("cannot read {reference}"), source))?;
    let (_, bytes) = found.ok_or_else(|| ReleaseError::Document {
        reference: reference.to_string(),
        detail: "it is not in the registry".to_owned(),
    })?;
    Ok(bytes)
}

/// `None` when there is no such file: the first release has none to be compared with.
pub(crate) fn read_record(path: &Path) -> Result<Option<Record>, ReleaseError> {
    match record::read(path) {
        Ok(record) => Ok(Some(record)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(ReleaseError::BaselineRecord(error)),
    }
}

/// Whether `tag` is the one that the baseline was read from, so that it points there already.
pub(super) fn is_baseline_tag(image: &ImagePlan, tag: &Tag) -> bool {
    matches!(&image.baseline, BaselinePlan::Tag { tag: baseline } if baseline == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_completed_release_vouches_for_its_digests() {
        let (built, before) = (Digest::of("built"), Digest::of("before"));
        let record = |state: &str| -> Record {
            let image = |baseline: Option<Digest>| {
                serde_json::json!({
                    "repository": "r.example/web", "digest": built, "reference": "", "mediaType": "",
                    "size": 1, "tags": [], "changed": true, "reason": "", "baseline": baseline,
                    "platforms": {},
                })
            };
            let record = serde_json::json!({
                "schema": record::SCHEMA, "launchway": "", "state": state, "startedAt": "", "baseline": "",
                "changed": true, "images": { "web": image(Some(before)), "new": image(None) },
            });
            serde_json::from_value(record).unwrap()
        };
        let complete = record("complete");
        assert_eq!(recorded(&complete, "web"), Ok(built));
        assert_eq!(recorded(&complete, "new"), Ok(built));
        for (state, says) in [
            ("refused", "was refused by the scan"),
            ("published", "did not finish"),
        ] {
            let record = record(state);
            assert_eq!(recorded(&record, "web"), Ok(before), "{state}");
            let reason = recorded(&record, "new").unwrap_err();
            assert!(reason.contains(says), "{reason}");
        }
        let reason = recorded(&complete, "api").unwrap_err();
        assert_eq!(reason, "api is not in the baseline record");
    }
}
