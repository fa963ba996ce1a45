//! What a release's definitions are compared with: the record of a release before, or what ECS runs.

use std::path::Path;

use serde_json::Value;

use crate::aws::{Aws, AwsSettings};
use crate::config::{HandoffMode, ServiceSettings};
use crate::handoff::{self, Earlier, Handoff, Verdict, same_definition};
use crate::plan::{BaselinePlan, Plan};
use crate::release;
use crate::release::record::Record;
use crate::ui::Failure;

use super::running::Subject;

/// Records of earlier releases, read before this one writes its own.
#[derive(Debug)]
pub(in crate::cli) struct EarlierRecords {
    /// The one that is about to be replaced.
    found: Option<Record>,
    /// The `record:FILE` baselines by target.
    baselines: Vec<(String, Option<Record>)>,
}

impl EarlierRecords {
    /// Reads the records. One that cannot be read is none: a baseline that is wrong fails the release
    /// with a message of its own, and nobody has asked for the other.
    pub(in crate::cli) fn read(plan: &Plan, record_path: &Path) -> Self {
        let read = |path: &Path| release::read_record(path).ok().flatten();
        let baselines = plan
            .images
            .iter()
            .filter_map(|image| match &image.baseline {
                BaselinePlan::Record { path } => Some((image.target.clone(), read(path))),
                BaselinePlan::Tag { .. } | BaselinePlan::None { .. } => None,
            });
        Self {
            found: read(record_path),
            baselines: baselines.collect(),
        }
    }

    /// What is known of the definition that a service's new one replaces.
    pub(super) async fn compare(
        &self,
        service: &ServiceSettings,
        handoff: &Handoff,
        record: &Record,
    ) -> Compared {
        let targets: Vec<&str> = service.targets().into_iter().collect();
        let baseline = self
            .baselines
            .iter()
            .find(|(target, _)| targets.contains(&target.as_str()));
        let earlier = match baseline {
            Some((_, record)) => record.as_ref().map(|record| (record, Earlier::Baseline)),
            None => self.found.as_ref().map(|record| (record, Earlier::Found)),
        };
        let verdict = match (handoff.summary.definition, earlier) {
            (Some(definition), Some((earlier, source))) => {
                let name = &service.name;
                handoff::compare(name, definition, &targets, record, earlier, source)
            }
            _ => Verdict::Unknown,
        };
        // What runs is asked only when nothing else says whether to deploy.
        if verdict == Verdict::Unknown && !handoff.summary.changed {
            return with_running(service, handoff).await;
        }
        Compared {
            verdict,
            failure: None,
        }
    }
}

/// What a comparison gave.
pub(super) struct Compared {
    pub(super) verdict: Verdict,
    /// What runs could not be read.
    pub(super) failure: Option<Failure>,
}

/// Compares with what ECS runs, when the block says what that is. If that cannot be read, the service
/// counts as changed: a deployment too many costs minutes, and one that is missed stays unnoticed.
async fn with_running(service: &ServiceSettings, handoff: &Handoff) -> Compared {
    let file = handoff
        .files
        .iter()
        .find(|file| file.path == Path::new("taskdef.json"));
    let subject = Subject::of(service).filter(|_| service.mode == HandoffMode::Render);
    let (Some(subject), Some(file)) = (subject, file) else {
        return Compared {
            verdict: Verdict::Unknown,
            failure: None,
        };
    };
    match subject.describe(&Aws::new(AwsSettings::default())).await {
        Ok(running) => {
            let there = &running.described["taskDefinition"];
            let rendered: Value = serde_json::from_slice(&file.contents).unwrap_or_default();
            let arn = there["taskDefinitionArn"].as_str().unwrap_or_default();
            let name = arn.rsplit('/').next().unwrap_or_default();
            Compared {
                verdict: if same_definition(there, &rendered) {
                    Verdict::Same
                } else {
                    Verdict::differs(format!("definition differs from {name}, which runs"))
                },
                failure: None,
            }
        }
        Err(failure) => Compared {
            verdict: Verdict::differs("definition could not be compared with what runs"),
            failure: Some(failure),
        },
    }
}
