//! The files that a deploy stage reads, made from a release record.
//!
//! A `service` block names a task definition template, an appspec, what placeholders and containers
//! stand for, and what to change. [`hand_off`] turns these and a [`Record`] into `taskdef.json`, the
//! appspec, `imageDetail.json` and `imagedefinitions.json`, as AWS documents them for CodePipeline's
//! ECS and CodeDeployToECS actions. Everything but [`folder`] is pure: texts in, texts out.
//!
//! It does not deploy and does not look at AWS.

mod appspec;
mod check;
mod container;
mod definition;
mod error;
mod fargate;
mod fill;
pub mod folder;
mod image_files;
mod images;
pub mod init;
mod json;
mod location;
mod normal;
mod nulls;
mod overrides;
mod placeholder;
mod places;
mod problem;
pub mod pull;
mod rule;
mod schema;
mod summary;
mod taskdef;

use std::path::{Path, PathBuf};

use crate::config::{HandoffMode, ServiceSettings};
use crate::release::record::Record;

pub use appspec::AppspecRule;
pub use definition::{Earlier, Verdict, compare};
pub use error::{FolderError, HandoffError};
use images::Images;
pub use location::{Location, Origin};
pub use normal::{normal_form, same_definition};
pub use problem::Problem;
pub use rule::TaskdefRule;
pub use summary::{SCHEMA, SUMMARY_FILE, ServiceSummary, UsedImage};

/// The most that CodePipeline takes as one input artifact of CodeDeployToECS, 3 MB. It counts the
/// compressed artifact; these files are counted as they are.
pub const ARTIFACT_LIMIT: usize = 3 * 1024 * 1024;

/// How many images CodePipeline's deploy action can put in.
pub const PLACEHOLDER_LIMIT: usize = 4;

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
    /// The appspec, YAML or JSON, when it is a file.
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

impl Handoff {
    /// Says what is known of the definition that is replaced, in the summary and in `handoff.json`.
    /// Until then it is what the record says.
    pub fn judge(&mut self, verdict: &Verdict) {
        self.summary.judge(verdict);
        let is_summary = |file: &HandoffFile| file.path == Path::new(SUMMARY_FILE);
        let others = self.files.iter().filter(|file| !is_summary(file));
        let paths: Vec<PathBuf> = others.map(|file| file.path.clone()).collect();
        if let Some(file) = self.files.iter_mut().find(|file| is_summary(file)) {
            file.contents = self.summary.to_json(&paths).into_bytes();
        }
    }
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

    let images = Images::resolve(settings, record, &mut problems);
    check_block(settings, templates, &images, &mut problems);
    let containers = match &templates.taskdef {
        Some(template) => match taskdef::render(template, settings, &images) {
            Ok(rendered) => {
                files.push(HandoffFile {
                    path: "taskdef.json".into(),
                    contents: rendered.text.into_bytes(),
                });
                files.extend(rendered.tags.map(|tags| HandoffFile {
                    path: "tags.json".into(),
                    contents: image_files::pretty(&tags).into_bytes(),
                }));
                warnings.extend(rendered.warnings);
                Some(rendered.containers)
            }
            Err(found) => {
                problems.extend(found);
                None
            }
        },
        None => None,
    };
    files.extend(appspec::make(
        settings.appspec.as_ref(),
        templates.appspec.as_ref(),
        containers.as_deref(),
        &mut problems,
        &mut warnings,
    ));
    files.extend(image_files::details(&images, settings.mode));
    // Without a task definition, `containers` alone says which container runs what.
    let containers = containers.unwrap_or_else(|| container::named_containers(&images));
    match image_files::definitions(&containers) {
        Ok(file) => files.extend(file),
        Err(problem) => problems.push(problem),
    }

    files.sort_by(|a, b| a.path.cmp(&b.path));
    let definition = definition::digest(&files, &images);
    let mut summary = ServiceSummary::new(settings, &images, &containers, definition);
    summary.judge(&definition::recorded(&settings.name, definition, record));
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    files.push(HandoffFile {
        path: SUMMARY_FILE.into(),
        contents: summary.to_json(&paths).into_bytes(),
    });
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
        summary,
        warnings,
    })
}

/// What can be said about the block without its files.
fn check_block(
    settings: &ServiceSettings,
    templates: &Templates,
    images: &Images<'_>,
    problems: &mut Vec<Problem>,
) {
    for name in settings.values.keys() {
        if !placeholder::is_name(name) {
            problems.push(Problem::PlaceholderName {
                attribute: "values",
                placeholder: name.clone(),
            });
        } else if settings.images.contains_key(name) {
            problems.push(Problem::ClashingValue {
                placeholder: name.clone(),
            });
        }
    }
    if templates.taskdef.is_none() {
        let given = [
            ("values", !settings.values.is_empty()),
            ("overrides", !settings.overrides.is_empty()),
            ("mode", settings.mode == HandoffMode::Placeholder),
        ];
        for (attribute, _) in given.into_iter().filter(|(_, given)| *given) {
            problems.push(Problem::NeedsTaskdef { attribute });
        }
    }
    if settings.mode == HandoffMode::Placeholder {
        for image in images.containers.values() {
            let placeholder = images.placeholder_of(image.target);
            let other = settings.images.get(&placeholder);
            if settings.values.contains_key(&placeholder)
                || other.is_some_and(|target| target != image.target)
            {
                problems.push(Problem::PlaceholderTaken {
                    placeholder,
                    target: image.target.to_owned(),
                });
            }
        }
        let placeholders = images.pipeline_placeholders();
        if placeholders.len() > PLACEHOLDER_LIMIT {
            problems.push(Problem::TooManyPlaceholders {
                placeholders: placeholders.into_iter().collect(),
            });
        }
    }
}

#[cfg(test)]
mod tests;
