//! The files that name images alone, and the JSON form that all files of a hand-off have.
//!
//! `imageDetail.json` is what the `CodeDeployToECS` action reads: `{"ImageURI": "…"}` and more of what
//! the ECR source action emits; one file is one image, so several images get a folder each. Its
//! `ImageTags` are left out: with a tag per commit, an unchanged image would have another file each time.
//! `imagedefinitions.json` is what the ECS action reads: an array of exactly
//! `{"name": container, "imageUri": "…"}`, at most 100 KB.
//! Source: AWS CodePipeline user guide, "Image definitions file reference".

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::HandoffFile;
use super::container::Container;
use super::images::Images;
use super::problem::Problem;
use crate::aws::parse_ecr_host;
use crate::config::HandoffMode;
use crate::release::record::ImageRecord;

/// The most that the ECS action reads of `imagedefinitions.json`, 100 KB.
pub(super) const DEFINITIONS_LIMIT: usize = 100 * 1024;

/// `imageDetail.json`; one in a folder per target when there are several targets, or when
/// CodePipeline takes each as an artifact of its own.
pub(super) fn details(images: &Images<'_>, mode: HandoffMode) -> Vec<HandoffFile> {
    let targets = images.by_target();
    let single = targets.len() == 1 && mode == HandoffMode::Render;
    targets
        .into_iter()
        .map(|(target, record)| {
            let folder = if single { "" } else { target };
            HandoffFile {
                path: Path::new(folder).join("imageDetail.json"),
                contents: pretty(&detail(record)).into_bytes(),
            }
        })
        .collect()
}

fn detail(record: &ImageRecord) -> Value {
    let (host, name) = record
        .repository
        .split_once('/')
        .unwrap_or(("", &record.repository));
    let mut detail = Map::new();
    detail.insert("ImageURI".to_owned(), record.reference.clone().into());
    detail.insert("Version".to_owned(), "1.0".into());
    detail.insert("ImageDigest".to_owned(), record.digest.to_string().into());
    if let Some(ecr) = parse_ecr_host(host) {
        detail.insert("RegistryId".to_owned(), ecr.account.into());
    }
    detail.insert("RepositoryName".to_owned(), name.into());
    detail.into()
}

/// `imagedefinitions.json`, when any container runs an image of the release.
pub(super) fn definitions(containers: &[Container]) -> Result<Option<HandoffFile>, Problem> {
    let definitions: Vec<_> = containers
        .iter()
        .filter(|container| !container.targets.is_empty())
        .map(|container| json!({ "name": container.name, "imageUri": container.image }))
        .collect();
    if definitions.is_empty() {
        return Ok(None);
    }
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
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
