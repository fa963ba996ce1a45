//! The files that a deploy stage reads, made from a release record.
//!
//! A `service` block names a task definition template, an appspec and which placeholder stands for
//! which target. [`hand_off`] turns these and a [`Record`] into `taskdef.json`, the appspec,
//! `imageDetail.json` and `imagedefinitions.json`, as AWS documents them for CodePipeline's ECS
//! and CodeDeployToECS actions. Everything but [`folder`] is pure: texts in, texts out.
//!
//! It does not deploy, does not look at AWS, and changes nothing in a task definition but images.

mod appspec;
mod difference;
mod error;
pub mod folder;
mod images;
pub mod init;
mod json;
mod location;
mod normal;
mod placeholder;
pub mod pull;
mod summary;
mod taskdef;

use std::path::PathBuf;

use crate::config::ServiceSettings;
use crate::release::record::Record;

pub use difference::{Change, Difference, differences};
pub use error::{FolderError, HandoffError, Problem};
pub use location::Location;
pub use normal::{normal_form, same_definition};
pub use summary::{ServiceSummary, UsedImage};

/// The most that CodePipeline takes as one input artifact of CodeDeployToECS, 3 MB. It counts the
/// compressed artifact; these files are counted as they are.
pub const ARTIFACT_LIMIT: usize = 3 * 1024 * 1024;

/// A template as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Where it is, as errors show it.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
}

/// The templates of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    /// The task definition template.
    pub taskdef: Option<Template>,
    /// The appspec, YAML or JSON.
    pub appspec: Option<Template>,
}

/// One file of a hand-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoffFile {
    /// Relative to the service's folder.
    pub path: PathBuf,
    /// The whole content.
    pub contents: Vec<u8>,
}

/// Everything that one service hands to its deploy stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handoff {
    /// The files, ordered by path. The same record and templates give the same bytes.
    pub files: Vec<HandoffFile>,
    /// Which images the service uses and whether they changed.
    pub summary: ServiceSummary,
    /// What looks wrong without being an error.
    pub warnings: Vec<Problem>,
}

/// Makes the files of one service.
///
/// # Errors
/// Everything that is wrong with the templates, the block and the record together, with places in
/// the files, so that one run shows all of it.
pub fn hand_off(
    settings: &ServiceSettings,
    templates: &Templates,
    record: &Record,
) -> Result<Handoff, HandoffError> {
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let mut files = Vec::new();
    let mut containers = Vec::new();

    let images = images::resolve(settings, record, &mut problems);
    if let Some(template) = &templates.taskdef {
        match taskdef::render(template, settings, &images) {
            Ok(rendered) => {
                files.push(HandoffFile {
                    path: "taskdef.json".into(),
                    contents: rendered.text.into_bytes(),
                });
                containers = rendered.containers;
                warnings = rendered.warnings;
            }
            Err(found) => problems.extend(found),
        }
    }
    if let Some(template) = &templates.appspec {
        match appspec::copy(template) {
            Ok(file) => files.push(file),
            Err(problem) => problems.push(problem),
        }
    }
    files.extend(images::detail_files(&images));
    match images::definitions_file(&containers) {
        Ok(file) => files.extend(file),
        Err(problem) => problems.push(problem),
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));

    let size = files.iter().map(|file| file.contents.len()).sum();
    if size > ARTIFACT_LIMIT {
        problems.push(Problem::TooLarge { size });
    }
    if !problems.is_empty() {
        return Err(HandoffError {
            service: settings.name.clone(),
            problems,
        });
    }
    Ok(Handoff {
        files,
        summary: ServiceSummary::new(&settings.name, &images, &containers),
        warnings,
    })
}

#[cfg(test)]
mod tests;
