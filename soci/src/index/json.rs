//! The JSON of a SOCI index: keys in the order of Go's structs, annotations sorted, Go's escapes, no
//! spaces and no newline.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    BUILD_TOOL_ANNOTATION, CONFIG, InvalidIndex, OtherEntry, SociIndex, Subject, Version,
    ZtocEntry, annotation,
};
use crate::Digest;
use crate::ztoc::{MEDIA_TYPE, shown};

const MANIFEST_MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

type Annotations = BTreeMap<String, String>;

/// An OCI image manifest as far as SOCI uses it, its fields in Go's order. Go drops the fields that
/// it does not know, which changes the bytes, so a manifest with other fields is refused.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Manifest {
    schema_version: u8,
    media_type: String,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Descriptor>,
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    annotations: Annotations,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Descriptor {
    media_type: String,
    digest: Digest,
    /// Signed, as in Go.
    size: i64,
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    annotations: Annotations,
}

impl Descriptor {
    fn new(media_type: &str, digest: Digest, size: u64, annotations: Annotations) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size: i64::try_from(size).unwrap_or(i64::MAX),
            annotations,
        }
    }

    fn size(&self) -> Result<u64, InvalidIndex> {
        u64::try_from(self.size)
            .map_err(|_| invalid(format!("`{}` has the size {}", self.digest, self.size)))
    }
}

fn invalid(problem: impl Into<String>) -> InvalidIndex {
    InvalidIndex {
        problem: problem.into(),
    }
}

pub(super) fn encode(index: &SociIndex) -> Vec<u8> {
    let config = Descriptor::new(
        index.version.artifact_type(),
        Digest::of(CONFIG),
        CONFIG.len() as u64,
        Annotations::new(),
    );
    let mut annotations = index.annotations.clone();
    annotations.insert(BUILD_TOOL_ANNOTATION.to_owned(), index.build_tool.clone());
    let others = index.others.iter().map(|other| {
        Descriptor::new(
            &other.media_type,
            other.digest,
            other.size,
            other.annotations.clone(),
        )
    });
    go_json(&Manifest {
        schema_version: 2,
        media_type: MANIFEST_MEDIA_TYPE.to_owned(),
        config,
        layers: index.ztocs.iter().map(ztoc).chain(others).collect(),
        subject: index.subject.as_ref().map(|subject| {
            let Subject {
                media_type,
                digest,
                size,
            } = subject;
            Descriptor::new(media_type, *digest, *size, Annotations::new())
        }),
        annotations,
    })
}

fn ztoc(entry: &ZtocEntry) -> Descriptor {
    let mut annotations = entry.annotations.clone();
    annotations.extend(
        [
            (annotation::LAYER_DIGEST, entry.layer.to_string()),
            (annotation::LAYER_MEDIA_TYPE, entry.layer_media_type.clone()),
            (annotation::SPAN_SIZE, entry.span_size.to_string()),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    );
    Descriptor::new(MEDIA_TYPE, entry.digest, entry.size, annotations)
}

/// Go escapes what could end a script in HTML, and two characters that end a line in JavaScript.
/// All five stand in strings only.
fn go_json(manifest: &Manifest) -> Vec<u8> {
    let plain = serde_json::to_string(manifest)
        .unwrap_or_else(|error| unreachable!("strings and numbers are JSON: {error}"));
    let mut json = String::with_capacity(plain.len());
    for character in plain.chars() {
        match character {
            '<' => json.push_str("\\u003c"),
            '>' => json.push_str("\\u003e"),
            '&' => json.push_str("\\u0026"),
            '\u{2028}' => json.push_str("\\u2028"),
            '\u{2029}' => json.push_str("\\u2029"),
            other => json.push(other),
        }
    }
    json.into_bytes()
}

pub(super) fn decode(bytes: &[u8]) -> Result<SociIndex, InvalidIndex> {
    let manifest: Manifest =
        serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
    if manifest.schema_version != 2 || manifest.media_type != MANIFEST_MEDIA_TYPE {
        return Err(invalid(format!(
            "it is a `{}` of schema version {}, not an OCI image manifest",
            shown(manifest.media_type.as_bytes()),
            manifest.schema_version
        )));
    }
    let version = version(&manifest.config)?;
    let mut annotations = manifest.annotations;
    let build_tool = annotations
        .remove(BUILD_TOOL_ANNOTATION)
        .ok_or_else(|| invalid(format!("it has no annotation {BUILD_TOOL_ANNOTATION}")))?;
    let mut ztocs = Vec::new();
    let mut others = Vec::new();
    for descriptor in manifest.layers {
        if descriptor.media_type == MEDIA_TYPE {
            ztocs.push(ztoc_entry(descriptor)?);
        } else {
            others.push(OtherEntry {
                digest: descriptor.digest,
                size: descriptor.size()?,
                media_type: descriptor.media_type,
                annotations: descriptor.annotations,
            });
        }
    }
    let subject = match manifest.subject {
        Some(subject) => Some(Subject {
            digest: subject.digest,
            size: subject.size()?,
            media_type: subject.media_type,
        }),
        None => None,
    };
    let index = SociIndex {
        version,
        ztocs,
        others,
        subject,
        build_tool,
        annotations,
    };
    match difference(bytes, &index.to_bytes()) {
        Some(problem) => Err(invalid(problem)),
        None => Ok(index),
    }
}

fn version(config: &Descriptor) -> Result<Version, InvalidIndex> {
    let version = Version::of_artifact_type(&config.media_type).ok_or_else(|| {
        invalid(format!(
            "its configuration is a `{}`, not a SOCI index of version 1 or 2",
            shown(config.media_type.as_bytes())
        ))
    })?;
    if config.digest == Digest::of(CONFIG) {
        Ok(version)
    } else {
        Err(invalid(format!(
            "its configuration is {}, not the empty object",
            config.digest
        )))
    }
}

fn ztoc_entry(descriptor: Descriptor) -> Result<ZtocEntry, InvalidIndex> {
    let size = descriptor.size()?;
    let digest = descriptor.digest;
    let mut annotations = descriptor.annotations;
    let mut take = |key: &str| {
        annotations
            .remove(key)
            .ok_or_else(|| invalid(format!("the zTOC {digest} has no annotation {key}")))
    };
    let layer = take(annotation::LAYER_DIGEST)?;
    let layer_media_type = take(annotation::LAYER_MEDIA_TYPE)?;
    let span_size = take(annotation::SPAN_SIZE)?;
    let unreadable = |key: &str, value: &str| {
        invalid(format!(
            "the zTOC {digest} has the annotation {key}={}",
            shown(value.as_bytes())
        ))
    };
    Ok(ZtocEntry {
        digest,
        size,
        layer: layer
            .parse()
            .map_err(|_| unreadable(annotation::LAYER_DIGEST, &layer))?,
        layer_media_type,
        span_size: span_size
            .parse()
            .map_err(|_| unreadable(annotation::SPAN_SIZE, &span_size))?,
        annotations,
    })
}

/// Where the bytes are not those that Go writes.
fn difference(found: &[u8], canonical: &[u8]) -> Option<String> {
    /// Enough to recognize the place.
    const CONTEXT: usize = 24;
    if found == canonical {
        return None;
    }
    let at = found
        .iter()
        .zip(canonical)
        .take_while(|(found, canonical)| found == canonical)
        .count();
    let excerpt = |bytes: &[u8]| match bytes.get(at..) {
        None | Some([]) => "nothing".to_owned(),
        Some(rest) => format!("`{}`", shown(&rest[..rest.len().min(CONTEXT)])),
    };
    Some(format!(
        "a snapshotter would encode it differently and then refuse it: byte {at} begins {}, and \
         would begin {}",
        excerpt(found),
        excerpt(canonical)
    ))
}
