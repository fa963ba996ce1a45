//! The parameters of a release: checked before anything is built, written after everything is done.

use std::path::Path;

use crate::aws::{Aws, AwsSettings};
use crate::config::ParameterSettings;
use crate::exit;
use crate::parameter::{check_distinct, value, write};
use crate::plan::Plan;
use crate::release::record::{self, Record};
use crate::release::write_atomically;
use crate::ui::Failure;

use crate::cli::Invocation;
use crate::cli::project::Project;

/// As long as a time is at most.
const SOME_TIME: &str = "2026-01-01T00:00:00.000000000Z";

/// The parameters that a release writes.
#[derive(Debug, Default)]
pub(in crate::cli) struct Parameters(Vec<ParameterSettings>);

impl Parameters {
    /// Makes all values with made-up digests, so that one that SSM would not take fails the run
    /// before it builds.
    pub(in crate::cli) fn check(
        invocation: &Invocation,
        project: &Project,
        plan: &Plan,
    ) -> Result<Self, Failure> {
        let declared = &project.bake.settings.parameters;
        check_distinct(declared)?;
        let mut draft = record::draft(plan);
        draft.source.commit.clone_from(&plan.source.commit);
        draft.source.branch.clone_from(&plan.source.branch);
        draft.source.tag.clone_from(&plan.source.tag);
        draft.completed_at = Some(SOME_TIME.to_owned());
        let mut parameters = Vec::new();
        for settings in declared {
            let covered = settings.targets.as_ref().is_some_and(|targets| {
                targets
                    .iter()
                    .all(|target| draft.images.contains_key(target))
            });
            if project.partial && !covered {
                invocation.printer.warn(&format!(
                    "parameter {} is not written: not all of its images are released",
                    settings.name
                ));
                continue;
            }
            value(settings, &draft)?;
            parameters.push(settings.clone());
        }
        Ok(Self(parameters))
    }

    /// Writes those that hold something else. What was written stands in the record, whatever
    /// comes next; a later run finds the others by looking at them.
    pub(in crate::cli) async fn write(
        &self,
        record: &mut Record,
        path: &Path,
    ) -> Result<(), Failure> {
        let aws = Aws::new(AwsSettings::default());
        for settings in &self.0 {
            let value = value(settings, record)?;
            let written = match write(&aws, settings, &value).await {
                Ok(written) => written,
                Err(error) => {
                    write_atomically(path, record.to_json().as_bytes())?;
                    return Err(not_written(Failure::from(error)));
                }
            };
            record.parameters.insert(settings.label.clone(), written);
        }
        Ok(())
    }
}

fn not_written(failure: Failure) -> Failure {
    let message = "the images are pushed and their tags have moved, but a parameter is not written";
    let mut causes = vec![failure.message.clone()];
    causes.extend(failure.causes.clone());
    let failure = Failure {
        exit: exit::HANDOFF,
        message: message.to_owned(),
        causes,
        ..failure
    };
    failure.hint("The same release again writes it, and so does `launchway parameter set`.")
}
