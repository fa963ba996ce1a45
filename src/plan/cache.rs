//! Cache references: what bake declares, and what a release adds by itself (D14).

use std::collections::BTreeMap;

use super::PlanError;
use super::make::Mode;
use super::model::{CachePlan, CacheReference};
use crate::bake::Target;
use crate::config::{CacheMode, CacheSettings};
use crate::image::Platform;
use crate::registry::Repository;

/// Caches of one solve: what is declared, and for a release with a `cache` block its own.
pub(super) fn plan(
    target: &Target,
    platform: &Platform,
    several: bool,
    mode: Mode,
    settings: Option<&CacheSettings>,
) -> Result<CachePlan, PlanError> {
    let declared = |entries: &[crate::bake::Entry]| -> Vec<CacheReference> {
        entries.iter().map(CacheReference::from).collect()
    };
    let mut plan = CachePlan {
        imports: declared(&target.cache_from),
        ..CachePlan::default()
    };
    let mut exports = declared(&target.cache_to);
    if several {
        // Every platform is a solve of its own: under one name the last would replace the others.
        for export in &mut exports {
            for_platform(export, platform);
        }
        let own = exports
            .iter()
            .filter(|export| export.kind == "registry")
            .map(|export| {
                let reference = export.attributes.get("ref").cloned().unwrap_or_default();
                CacheReference {
                    kind: "registry".to_owned(),
                    attributes: BTreeMap::from([("ref".to_owned(), reference)]),
                }
            });
        plan.imports.splice(0..0, own);
    }
    match mode {
        Mode::Bake => plan.exports = exports,
        Mode::Release => plan.later_exports = exports,
    }
    let Some(settings) = settings else {
        return Ok(plan);
    };
    check_repository(&settings.repository)?;

    let own = settings.branch.as_deref().unwrap_or_default();
    let mut branches = vec![own];
    branches.extend(settings.fallback.iter().map(String::as_str));
    let mut imports: Vec<CacheReference> = Vec::new();
    for branch in branches {
        let reference = CacheReference {
            kind: "registry".to_owned(),
            attributes: BTreeMap::from([(
                "ref".to_owned(),
                reference(settings, &target.name, platform, branch),
            )]),
        };
        if !imports.contains(&reference) {
            imports.push(reference);
        }
    }
    imports.append(&mut plan.imports);
    plan.imports = imports;
    let reference = reference(settings, &target.name, platform, own);
    plan.later_exports.push(export(settings, reference));
    Ok(plan)
}

/// Gives a declared export a name of its own: `ref` becomes `ref-<arch>`, and so does `name` (s3,
/// azblob).
fn for_platform(export: &mut CacheReference, platform: &Platform) {
    for key in ["ref", "name"] {
        if let Some(value) = export.attributes.get_mut(key) {
            let tagged = value
                .rsplit('/')
                .next()
                .is_some_and(|last| last.contains(':'));
            if key == "ref" && !tagged {
                value.push_str(":latest");
            }
            value.push('-');
            value.push_str(&platform.tag_suffix());
        }
    }
}

fn check_repository(text: &str) -> Result<(), PlanError> {
    match text.parse::<Repository>() {
        Ok(_) => Ok(()),
        Err(source) => Err(PlanError::CacheRepository {
            repository: text.to_owned(),
            source,
        }),
    }
}

/// `REPOSITORY:<target>-<arch>[-<branch>]`.
fn reference(settings: &CacheSettings, target: &str, platform: &Platform, branch: &str) -> String {
    let mut tag = format!("{target}-{}", platform.tag_suffix());
    if !branch.is_empty() {
        tag.push('-');
        tag.push_str(&tag_text(branch));
    }
    tag.truncate(LONGEST_TAG);
    format!("{}:{tag}", settings.repository)
}

/// The distribution specification allows this many characters in a tag; longer ones are cut.
pub(crate) const LONGEST_TAG: usize = 128;

/// A branch's name in the tag of its cache: branch names hold characters that tags may not (`feature/x`).
pub(crate) fn tag_text(branch: &str) -> String {
    branch
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') {
                c
            } else {
                '-'
            }
        })
        .collect()
}

/// ECR takes a cache only as an image manifest with OCI types; the keys are explicit because old
/// daemons default to an index.
fn export(settings: &CacheSettings, reference: String) -> CacheReference {
    let mode = match settings.mode {
        CacheMode::Max => "max",
        CacheMode::Min => "min",
    };
    let mut attributes = BTreeMap::from([
        ("image-manifest".to_owned(), "true".to_owned()),
        ("mode".to_owned(), mode.to_owned()),
        ("oci-mediatypes".to_owned(), "true".to_owned()),
        ("ref".to_owned(), reference),
    ]);
    attributes.extend(settings.attributes.clone());
    CacheReference {
        kind: "registry".to_owned(),
        attributes,
    }
}
