//! Image manifests and image indexes that name SOCI indexes (v2).
//!
//! Pure functions from documents to documents. They work on the JSON itself, not on
//! [`crate::image`]'s types, so that members nobody here knows survive in their places, and a
//! document that needs no change keeps its bytes and so its digest. What to index, and moving
//! documents to and from a registry, is `attach`'s business and the release's.
//!
//! Sources: soci-snapshotter's `convert` for what is written where, BuildKit's exporter for the
//! layout of its manifests. Unlike `soci convert`, attestations survive (see [`image_index`]).

mod image_index;
mod layout;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub(super) use image_index::DOCKER_REFERENCE_DIGEST;
pub use image_index::{Entry, Replacement, image_index, index_around};

use crate::image::{Digest, media_type};
use launchway_soci::index::IMAGE_ANNOTATION;
use layout::Layout;

/// A document that cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum AnnotateError {
    /// It is no JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A member is not of the type that it has in every such document.
    #[error("`{member}` is not {expected}")]
    Member {
        /// The member.
        member: &'static str,
        /// What it should be: "an object".
        expected: &'static str,
    },
}

/// What becomes of the SOCI index that an image has, if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays.
    Keep,
    /// The image gets this one, or none, whatever it had.
    Set(Option<T>),
}

/// An image manifest as it is published with SOCI: its annotation stays, names another index, or
/// is gone. Docker's manifests become OCI's, since they cannot carry annotations; their layers
/// keep their types, as in the official conversion.
///
/// All other members keep their values and places. A manifest that needs no change is returned
/// byte for byte.
pub fn image_manifest(
    manifest: &[u8],
    soci_index: Change<Digest>,
) -> Result<Vec<u8>, AnnotateError> {
    rewrite(manifest, Layout::of(manifest), |members| {
        to_oci(members)?;
        match soci_index {
            Change::Keep => Ok(()),
            Change::Set(index) => annotate(members, index),
        }
    })
}

/// An attestation's manifest whose `subject` follows the image that it is about, where that was
/// replaced. BuildKit writes this member since it makes attestations OCI artifacts: clients that
/// copy what a manifest refers to look for the subject, and registries list attestations by it.
///
/// The statements themselves are other blobs and stay: they name the image as it was built, whose
/// layers and configuration are the same. A manifest without such a subject is returned byte for
/// byte.
pub fn attestation(
    manifest: &[u8],
    replacements: &BTreeMap<Digest, Replacement>,
) -> Result<Vec<u8>, AnnotateError> {
    rewrite(manifest, Layout::of(manifest), |members| {
        let Some(subject) = members.get_mut("subject") else {
            return Ok(());
        };
        match image_index::digest_of(subject).and_then(|old| replacements.get(&old)) {
            Some(replacement) => image_index::replace(subject, replacement.manifest),
            None => Ok(()),
        }
    })
}

/// The manifest that BuildKit writes for the same image when it is given
/// `annotation-manifest.com.amazon.soci.index-digest=<soci_index>`, byte for byte. `manifest` is
/// what it wrote without.
pub fn annotated_like_buildkit(
    manifest: &[u8],
    soci_index: Digest,
) -> Result<Vec<u8>, AnnotateError> {
    rewrite(manifest, Layout::BUILDKIT, |members| {
        annotate(members, Some(soci_index))
    })
}

/// Reads a document, changes it, and writes it unless nothing changed.
fn rewrite(
    document: &[u8],
    layout: Layout,
    change: impl FnOnce(&mut Map<String, Value>) -> Result<(), AnnotateError>,
) -> Result<Vec<u8>, AnnotateError> {
    let before: Value = serde_json::from_slice(document)?;
    let mut after = before.clone();
    change(object(&mut after, "the document")?)?;
    if after == before {
        return Ok(document.to_vec());
    }
    Ok(layout.write(&after)?)
}

fn to_oci(manifest: &mut Map<String, Value>) -> Result<(), AnnotateError> {
    if manifest.get("mediaType").and_then(Value::as_str) != Some(media_type::DOCKER_MANIFEST) {
        return Ok(());
    }
    manifest.insert("mediaType".to_owned(), media_type::OCI_MANIFEST.into());
    if let Some(config) = manifest.get_mut("config") {
        let config = object(config, "config")?;
        if config.get("mediaType").and_then(Value::as_str) == Some(media_type::DOCKER_CONFIG) {
            config.insert("mediaType".to_owned(), media_type::OCI_CONFIG.into());
        }
    }
    Ok(())
}

fn annotate(
    manifest: &mut Map<String, Value>,
    soci_index: Option<Digest>,
) -> Result<(), AnnotateError> {
    const ANNOTATIONS: &str = "annotations";
    let Some(index) = soci_index else {
        if let Some(annotations) = manifest.get_mut(ANNOTATIONS) {
            let annotations = object(annotations, ANNOTATIONS)?;
            // One that held nothing else was made for it.
            if annotations.shift_remove(IMAGE_ANNOTATION).is_some() && annotations.is_empty() {
                manifest.shift_remove(ANNOTATIONS);
            }
        }
        return Ok(());
    };
    let annotations = manifest
        .entry(ANNOTATIONS)
        .or_insert_with(|| Map::new().into());
    let annotations = object(annotations, ANNOTATIONS)?;
    let value = Value::from(index.to_string());
    if let Some(existing) = annotations.get_mut(IMAGE_ANNOTATION) {
        *existing = value;
        return Ok(());
    }
    // Go sorts them; where somebody did not, the others stay as they are.
    let place = annotations
        .keys()
        .position(|key| key.as_str() > IMAGE_ANNOTATION);
    let place = place.unwrap_or(annotations.len());
    annotations.shift_insert(place, IMAGE_ANNOTATION.to_owned(), value);
    Ok(())
}

fn object<'a>(
    value: &'a mut Value,
    member: &'static str,
) -> Result<&'a mut Map<String, Value>, AnnotateError> {
    value.as_object_mut().ok_or(AnnotateError::Member {
        member,
        expected: "an object",
    })
}

#[cfg(test)]
mod tests;
