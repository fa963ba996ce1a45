//! A target's fields as attributes of the Dockerfile frontend.
//!
//! Keys and values are those of `dockerfile.v0` (moby/buildkit, frontend/dockerfile).

use std::collections::BTreeMap;

use super::PlanError;
use crate::bake::{Entry, Target};
use crate::image::Platform;

/// What both solves of a target and platform are sent.
pub(super) fn frontend(
    target: &Target,
    platform: &Platform,
) -> Result<BTreeMap<String, String>, PlanError> {
    let mut attributes = BTreeMap::new();
    let mut set = |key: &str, value: String| attributes.insert(key.to_owned(), value);

    set("platform", platform.to_string());
    if let Some(stage) = &target.target {
        set("target", stage.clone());
    }
    for (name, value) in &target.args {
        if let Some(value) = value {
            set(&format!("build-arg:{name}"), value.clone());
        }
    }
    for (name, value) in &target.labels {
        if let Some(value) = value {
            set(&format!("label:{name}"), value.clone());
        }
    }
    match target.network.as_deref() {
        None | Some("" | "default") => {}
        Some(mode @ ("host" | "none" | "sandbox")) => {
            set("force-network-mode", mode.to_owned());
        }
        Some(other) => {
            return Err(unavailable(target, format!("network = \"{other}\"")));
        }
    }
    if let Some(size) = &target.shm_size {
        let bytes =
            bytes(size).ok_or_else(|| unavailable(target, format!("shm-size = \"{size}\"")))?;
        set("shm-size", bytes.to_string());
    }
    if !target.ulimits.is_empty() {
        set("ulimit", target.ulimits.join(","));
    }
    let hosts: Vec<String> = target
        .extra_hosts
        .iter()
        .filter_map(|(name, address)| Some(format!("{name}={}", address.as_ref()?)))
        .collect();
    if !hosts.is_empty() {
        set("add-hosts", hosts.join(","));
    }
    Ok(attributes)
}

/// What only the evaluating solve is sent: they would make a later solve differ from it.
pub(super) fn fresh(target: &Target) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    if target.pull == Some(true) {
        attributes.insert("image-resolve-mode".to_owned(), "pull".to_owned());
    }
    if target.no_cache == Some(true) {
        // An empty value means all stages; a list means these.
        attributes.insert("no-cache".to_owned(), String::new());
    } else if !target.no_cache_filter.is_empty() {
        attributes.insert("no-cache".to_owned(), target.no_cache_filter.join(","));
    }
    attributes
}

/// Attestations as `attest:<type>` attributes; `disabled=true` is buildx's way to drop one.
pub(super) fn attestations(target: &Target) -> BTreeMap<String, String> {
    target
        .attest
        .iter()
        .filter(|entry| entry.get("disabled") != Some("true"))
        .map(|entry| (format!("attest:{}", entry.kind), csv(entry)))
        .collect()
}

/// Attributes of the exporter: explicit media types and compression, because defaults changed
/// between versions of BuildKit and digests must not. Annotations and the attributes of an
/// `image` output are taken over.
pub(super) fn exporter(target: &Target) -> Result<BTreeMap<String, String>, PlanError> {
    let mut attributes = BTreeMap::from([
        ("compression".to_owned(), "gzip".to_owned()),
        ("oci-mediatypes".to_owned(), "true".to_owned()),
    ]);
    for output in &target.output {
        for (key, value) in &output.attributes {
            if !matches!(
                key.as_str(),
                "name" | "push" | "push-by-digest" | "dest" | "tar"
            ) {
                attributes.insert(key.clone(), value.clone());
            }
        }
    }
    for annotation in &target.annotations {
        let rest = annotation_text(target, annotation)?;
        let Some((key, value)) = rest.split_once('=') else {
            return Err(unavailable(
                target,
                format!("annotation `{annotation}` without a value"),
            ));
        };
        attributes.insert(format!("annotation-manifest.{key}"), value.to_owned());
    }
    Ok(attributes)
}

/// `key=value` of an annotation for the image manifest; `manifest:` may stand before it. Scopes for
/// one platform, descriptors and indexes are refused.
fn annotation_text<'a>(target: &Target, annotation: &'a str) -> Result<&'a str, PlanError> {
    if let Some(rest) = annotation.strip_prefix("manifest:") {
        return Ok(rest);
    }
    let scope = annotation.split([':', '=']).next().unwrap_or_default();
    let scoped = scope.starts_with("manifest") || scope.starts_with("index");
    if scoped && annotation[scope.len()..].starts_with(':') {
        return Err(unavailable(target, format!("an annotation for `{scope}`")));
    }
    Ok(annotation)
}

fn csv(entry: &Entry) -> String {
    let fields: Vec<String> = entry
        .attributes
        .iter()
        .filter(|(key, _)| *key != "disabled")
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    fields.join(",")
}

/// `64m`, `1g`, `1048576`: Docker's size notation, in powers of 1024.
fn bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let lower = lower.strip_suffix('b').unwrap_or(&lower);
    let lower = lower.strip_suffix('i').unwrap_or(lower);
    let (digits, factor) = match lower.chars().last()? {
        'k' => (&lower[..lower.len() - 1], 1 << 10),
        'm' => (&lower[..lower.len() - 1], 1 << 20),
        'g' => (&lower[..lower.len() - 1], 1 << 30),
        _ => (lower, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

fn unavailable(target: &Target, feature: String) -> PlanError {
    PlanError::Unavailable {
        target: target.name.clone(),
        feature,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, expected) in [
            ("64m", Some(64 << 20)),
            ("1g", Some(1 << 30)),
            ("128MB", Some(128 << 20)),
            ("2KiB", Some(2048)),
            ("1048576", Some(1_048_576)),
            ("", None),
            ("m", None),
            ("-1", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }
}
