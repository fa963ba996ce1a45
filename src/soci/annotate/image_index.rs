//! The image index of an image with SOCI: made of the one it had.
//!
//! `soci convert` replaces an entry's annotations by those of its manifest, which cuts the link
//! between attestations and images. Here entries keep what they have, and the link follows.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::layout::Layout;
use super::{AnnotateError, Change, object, rewrite};
use crate::image::{Digest, annotation, media_type};
use crate::soci::entry;

/// On an attestation's entry: the image manifest that it is about.
pub(in crate::soci) const DOCKER_REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";

/// A manifest that an index lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// What becomes of one manifest of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The manifest that stands in its place; it may be the same.
    pub manifest: Entry,
    /// What becomes of the entry of its SOCI index.
    pub soci: Change<Entry>,
}

/// The index with its manifests replaced, by the digests they had. Each image of the index should
/// have its replacement; what is no image (attestations, nested indexes, other artifacts) stays
/// without one.
///
/// * An image's entry gets another digest, size and media type; its platform, annotations and all
///   other members stay.
/// * Attestations that are about a replaced image follow it.
/// * SOCI entries stand behind all others, in the order of their images: they carry the same
///   platforms, and clients take the first entry that fits. Those of images that the index does
///   not list are dropped.
/// * Docker's list becomes an OCI index.
pub fn image_index(
    index: &[u8],
    replacements: &BTreeMap<Digest, Replacement>,
) -> Result<Vec<u8>, AnnotateError> {
    rewrite(index, Layout::of(index), |members| {
        if members.get("mediaType").and_then(Value::as_str)
            == Some(media_type::DOCKER_MANIFEST_LIST)
        {
            members.insert("mediaType".to_owned(), media_type::OCI_INDEX.into());
        }
        let entries = members
            .get_mut("manifests")
            .and_then(Value::as_array_mut)
            .ok_or(AnnotateError::Member {
                member: "manifests",
                expected: "a list",
            })?;
        let (old_soci, mut others): (Vec<Value>, Vec<Value>) =
            std::mem::take(entries).into_iter().partition(is_soci);
        let mut new_soci = Vec::new();
        for entry in &mut others {
            follow(entry, replacements)?;
            let Some(replacement) = digest_of(entry).and_then(|old| replacements.get(&old)) else {
                continue;
            };
            match replacement.soci {
                Change::Keep => {
                    let kept = old_soci.iter().filter(|soci| is_about(soci, entry));
                    for soci in kept {
                        let mut soci = soci.clone();
                        point_at(&mut soci, replacement.manifest.digest)?;
                        new_soci.push(soci);
                    }
                }
                Change::Set(Some(soci)) => {
                    let platform = entry.get("platform").cloned();
                    new_soci.push(soci_entry(soci, replacement.manifest.digest, platform));
                }
                Change::Set(None) => {}
            }
            replace(entry, replacement.manifest)?;
        }
        *entries = others;
        entries.extend(new_soci);
        Ok(())
    })
}

/// An index around a single image, with its SOCI index if it has one. `config` is the image
/// configuration, which knows the platform.
pub fn index_around(
    manifest: Entry,
    soci: Option<Entry>,
    config: &[u8],
) -> Result<Vec<u8>, AnnotateError> {
    let config: Value = serde_json::from_slice(config)?;
    let mut platform = Map::new();
    // The order of Go's type.
    for member in ["architecture", "os", "os.version", "os.features", "variant"] {
        if let Some(value) = config.get(member)
            && *value != ""
        {
            platform.insert(member.to_owned(), value.clone());
        }
    }
    let platform = Value::from(platform);
    let mut entries = vec![json!({
        "mediaType": media_type::OCI_MANIFEST,
        "digest": manifest.digest,
        "size": manifest.size,
        "platform": platform,
    })];
    if let Some(soci) = soci {
        entries.push(soci_entry(soci, manifest.digest, Some(platform)));
    }
    let index = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": entries,
    });
    Ok(Layout::COMPACT.write(&index)?)
}

/// The entry of a SOCI index, with members in the order of Go's type. The platform is as it stands
/// elsewhere, with members that [`crate::image::Platform`] does not have.
fn soci_entry(soci: Entry, image: Digest, platform: Option<Value>) -> Value {
    let entry = entry::without_platform(soci.digest, soci.size, image);
    let mut json = json!({
        "mediaType": entry.media_type,
        "digest": entry.digest,
        "size": entry.size,
        "annotations": entry.annotations,
    });
    if let Some(platform) = platform {
        json["platform"] = platform;
    }
    json["artifactType"] = entry.artifact_type.into();
    json
}

pub(super) fn digest_of(entry: &Value) -> Option<Digest> {
    entry.get("digest")?.as_str()?.parse().ok()
}

fn annotation_of<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    entry.get("annotations")?.get(name)?.as_str()
}

fn is_soci(entry: &Value) -> bool {
    let kind = entry.get("artifactType").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.starts_with(annotation::SOCI_ARTIFACT_PREFIX))
        || annotation_of(entry, annotation::SOCI_IMAGE_DIGEST).is_some()
}

/// Whether a SOCI entry belongs to an image: it names it, or names nothing and has its platform.
fn is_about(soci: &Value, image: &Value) -> bool {
    match annotation_of(soci, annotation::SOCI_IMAGE_DIGEST) {
        Some(named) => image.get("digest").and_then(Value::as_str) == Some(named),
        None => soci.get("platform").is_some() && soci.get("platform") == image.get("platform"),
    }
}

fn point_at(soci: &mut Value, image: Digest) -> Result<(), AnnotateError> {
    if let Some(annotations) = object(soci, "manifests")?.get_mut("annotations")
        && let Some(named) = annotations.get_mut(annotation::SOCI_IMAGE_DIGEST)
    {
        *named = image.to_string().into();
    }
    Ok(())
}

/// An entry that is about an image follows it.
fn follow(
    entry: &mut Value,
    replacements: &BTreeMap<Digest, Replacement>,
) -> Result<(), AnnotateError> {
    let about = annotation_of(entry, DOCKER_REFERENCE_DIGEST)
        .and_then(|text| text.parse::<Digest>().ok())
        .and_then(|old| replacements.get(&old));
    if let Some(replacement) = about
        && let Some(annotations) = object(entry, "manifests")?.get_mut("annotations")
    {
        object(annotations, "annotations")?.insert(
            DOCKER_REFERENCE_DIGEST.to_owned(),
            replacement.manifest.digest.to_string().into(),
        );
    }
    Ok(())
}

pub(super) fn replace(entry: &mut Value, manifest: Entry) -> Result<(), AnnotateError> {
    let entry = object(entry, "manifests")?;
    if entry.get("digest").and_then(Value::as_str) != Some(&manifest.digest.to_string()) {
        // The content itself, where somebody embedded it.
        entry.shift_remove("data");
    }
    entry.insert("mediaType".to_owned(), media_type::OCI_MANIFEST.into());
    entry.insert("digest".to_owned(), manifest.digest.to_string().into());
    entry.insert("size".to_owned(), manifest.size.into());
    Ok(())
}

#[cfg(test)]
mod tests;
