//! AWS Batch: job definitions, and the jobs that run or wait.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream};

use super::{AT_ONCE, Look, last_part};
use crate::aws::{JobDefinitionUse, JobDefinitions, ListedJob};
use crate::prune::Source;

/// Active job definitions, those of jobs that run or wait, and what such a job has instead of them.
pub(super) async fn jobs(look: &Look<'_>) {
    look.findings.count(Source::JobDefinition, 0);
    let batch = look.place.aws.job_definitions(&look.place.region).await;
    // One list that does not load must not hide what the other tells.
    let (active, jobs) = futures::join!(batch.active(), of_queues(look, &batch));
    let active = active.unwrap_or_else(|error| {
        look.findings.failed(&error);
        Vec::new()
    });
    let mut all: BTreeMap<String, JobDefinitionUse> = active
        .into_iter()
        .map(|one| (one.arn.clone(), one))
        .collect();
    let others: BTreeSet<&String> = jobs
        .iter()
        .filter_map(|job| job.definition.as_ref())
        .collect();
    let others = others.into_iter().filter(|arn| !all.contains_key(*arn));
    for one in named(look, &batch, others.cloned().collect()).await {
        all.insert(one.arn.clone(), one);
    }
    look.findings.count(Source::JobDefinition, all.len());
    for one in all.values() {
        for image in &one.images {
            look.findings
                .image(Source::JobDefinition, &one.name, image, None);
        }
    }
    // What is not known of a job's definition may be anything.
    let definition = |job: &ListedJob| all.get(job.definition.as_deref().unwrap_or_default());
    let may_differ = |job: &&ListedJob| definition(job).is_none_or(|one| one.is_overridable);
    let ids: Vec<String> = jobs
        .iter()
        .filter(may_differ)
        .map(|job| job.id.clone())
        .collect();
    own_images(look, &batch, &ids).await;
}

/// The jobs of all queues.
async fn of_queues(look: &Look<'_>, batch: &JobDefinitions) -> BTreeSet<ListedJob> {
    let queues = match batch.queues().await {
        Ok(queues) => queues,
        Err(error) => {
            look.findings.failed(&error);
            return BTreeSet::new();
        }
    };
    let asked = stream::iter(&queues).map(async |queue| (queue, batch.jobs_of(queue).await));
    let mut answers = asked.buffer_unordered(AT_ONCE);
    let mut all = BTreeSet::new();
    while let Some((queue, answer)) = answers.next().await {
        match answer {
            Ok(jobs) => all.extend(jobs),
            Err(error) => look.findings.failed_of(last_part(queue), &error),
        }
    }
    all
}

/// Definitions that are not active any more, but that a job has.
async fn named(
    look: &Look<'_>,
    batch: &JobDefinitions,
    arns: Vec<String>,
) -> Vec<JobDefinitionUse> {
    let mut all = Vec::new();
    for arns in arns.chunks(JobDefinitions::AT_ONCE) {
        match batch.named(arns).await {
            Ok(found) => {
                let there = |arn: &&String| found.iter().any(|one| one.arn == **arn);
                for arn in arns.iter().filter(|arn| !there(arn)) {
                    let problem = "a job has this definition, and Batch does not tell it";
                    let name = last_part(arn);
                    look.findings
                        .bad_reference(Source::JobDefinition, name, problem);
                }
                all.extend(found);
            }
            Err(error) => look.findings.failed(&error),
        }
    }
    all
}

/// The images of jobs that may be others than those of their definition.
async fn own_images(look: &Look<'_>, batch: &JobDefinitions, ids: &[String]) {
    stream::iter(ids.chunks(JobDefinitions::JOBS_AT_ONCE))
        .for_each_concurrent(AT_ONCE, async |ids| match batch.jobs(ids).await {
            Ok(found) => {
                for one in &found {
                    let by = format!("of job {}", one.id);
                    for image in &one.images {
                        look.findings.image(Source::JobDefinition, &by, image, None);
                    }
                }
                // Batch tells of a job for days after its end.
                let there = |id: &&String| found.iter().any(|one| one.id == **id);
                for id in ids.iter().filter(|id| !there(id)) {
                    let problem = "Batch lists this job, and does not tell its images";
                    let name = format!("of job {id}");
                    look.findings
                        .bad_reference(Source::JobDefinition, &name, problem);
                }
            }
            Err(error) => look.findings.failed(&error),
        })
        .await;
}
