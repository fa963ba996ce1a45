//! The images of a service, and the files that name images alone.
//!
//! `imageDetail.json` is what the CodeDeployToECS action reads: `{"ImageURI": "…"}`, one file for
//! one image, so several images get a folder each. `imagedefinitions.json` is what the ECS action
//! reads: an array of `{"name": container, "imageUri": "…"}`, at most 100 KB.
//! Source: AWS CodePipeline user guide, "Image definitions file reference".

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::Problem;
use super::taskdef::Container;
use super::{HandoffFile, placeholder};
use crate::config::ServiceSettings;
use crate::release::record::{ImageRecord, Record};

/// The most that the ECS action reads of `imagedefinitions.json`, 100 KB.
pub(super) const DEFINITIONS_LIMIT: usize = 100 * 1024;

/// The released image that a placeholder stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image<'a> {
    pub(super) target: &'a str,
    pub(super) record: &'a ImageRecord,
}

/// Placeholder to image, for all entries of `images` that are right; the others are reported.
pub(super) fn resolve<'a>(
    settings: &'a ServiceSettings,
    record: &'a Record,
    problems: &mut Vec<Problem>,
) -> BTreeMap<&'a str, Image<'a>> {
    let mut images = BTreeMap::new();
    if settings.images.is_empty() {
        problems.push(Problem::NoImages);
    }
    for (name, target) in &settings.images {
        if !placeholder::is_name(name) {
            problems.push(Problem::PlaceholderName {
                placeholder: name.clone(),
            });
        } else if let Some(record) = record.images.get(target) {
            images.insert(name.as_str(), Image { target, record });
        } else {
            problems.push(Problem::NotReleased {
                placeholder: name.clone(),
                target: target.clone(),
                released: record.images.keys().cloned().collect(),
            });
        }
    }
    images
}

/// `imageDetail.json`, or one in a folder per target when there are several targets.
pub(super) fn detail_files(images: &BTreeMap<&str, Image<'_>>) -> Vec<HandoffFile> {
    let targets: BTreeMap<&str, &ImageRecord> = images
        .values()
        .map(|image| (image.target, image.record))
        .collect();
    let single = targets.len() == 1;
    targets
        .into_iter()
        .map(|(target, record)| {
            let folder = if single { "" } else { target };
            HandoffFile {
                path: Path::new(folder).join("imageDetail.json"),
                contents: pretty(&json!({ "ImageURI": record.reference })).into_bytes(),
            }
        })
        .collect()
}

/// `imagedefinitions.json`, when any container's image was a placeholder.
pub(super) fn definitions_file(containers: &[Container]) -> Result<Option<HandoffFile>, Problem> {
    if containers.is_empty() {
        return Ok(None);
    }
    let definitions: Vec<_> = containers
        .iter()
        .map(|container| json!({ "name": container.name, "imageUri": container.image }))
        .collect();
    let contents = pretty(&definitions.into()).into_bytes();
    if contents.len() > DEFINITIONS_LIMIT {
        return Err(Problem::DefinitionsTooLarge {
            size: contents.len(),
            limit: DEFINITIONS_LIMIT,
        });
    }
    Ok(Some(HandoffFile {
        path: PathBuf::from("imagedefinitions.json"),
        contents,
    }))
}

/// JSON as all files of a hand-off have it: two spaces, keys in their order, a newline at the end.
pub(super) fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
