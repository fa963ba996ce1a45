//! AWS Batch: the newest revisions of job definitions, those of jobs that have not ended with what such a job has instead
//! of them, and those that something starts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream};

use super::findings::WantedDefinition;
use super::sections::Sections;
use super::{AT_ONCE, Look, last_part};
use crate::aws::{JobDefinitionUse, JobDefinitions, ListedJob};
use crate::prune::{Event, Source};

/// The active job definitions of a place, of which others may name one.
pub(super) struct Jobs {
    batch: JobDefinitions,
    active: Vec<JobDefinitionUse>,
}

/// Finds job definitions, and notes those that are in use by themselves or by a job. `None` where the list failed,
/// which is noted.
pub(super) async fn jobs(look: &Look<'_>, sections: Sections<'_>) -> Option<Jobs> {
    look.findings.count(Source::JobDefinition, 0);
    let batch = look.place.aws.job_definitions(&look.place.region).await;
    // One list that does not load must not hide what the other tells.
    let (listed, jobs) = futures::join!(batch.active(), of_queues(look, &batch));
    let is_listed = listed.is_ok();
    let active = listed.unwrap_or_else(|error| {
        look.findings.failed(&error);
        Vec::new()
    });
    let newest = newest(&active, |name| sections.keep(name, look.findings));
    let of_jobs: BTreeSet<&str> = jobs
        .iter()
        .filter_map(|job| job.definition.as_deref())
        .collect();
    let is_active = |arn: &str| active.iter().any(|one| one.arn == arn);
    let others = of_jobs.iter().filter(|arn| !is_active(arn));
    let others: Vec<String> = others.map(|arn| (*arn).to_owned()).collect();
    let others = named(look, &batch, &others, |look, arn| {
        let problem = "a job has this definition, and Batch does not tell it";
        let name = last_part(arn);
        look.findings
            .bad_reference(Source::JobDefinition, name, problem);
    })
    .await;
    let is_of_job = |one: &&JobDefinitionUse| of_jobs.contains(one.arn.as_str());
    let mut used: BTreeMap<&str, &JobDefinitionUse> = BTreeMap::new();
    for one in newest
        .into_iter()
        .chain(active.iter().filter(is_of_job))
        .chain(&others)
    {
        used.insert(&one.arn, one);
    }
    look.findings.count(Source::JobDefinition, used.len());
    for one in used.values() {
        use_definition(look, Source::JobDefinition, "", one);
    }
    // What is not known of a job's definition may be anything.
    let definition = |job: &ListedJob| used.get(job.definition.as_deref().unwrap_or_default());
    let may_differ = |job: &&ListedJob| definition(job).is_none_or(|one| one.is_overridable);
    let ids: Vec<String> = jobs
        .iter()
        .filter(may_differ)
        .map(|job| job.id.clone())
        .collect();
    own_images(look, &batch, &ids).await;
    is_listed.then_some(Jobs { batch, active })
}

impl Jobs {
    /// Looks at what other sources start. To be called when all of them were asked.
    pub(super) async fn describe(&self, look: &Look<'_>) {
        let mut inactive: BTreeMap<String, Vec<WantedDefinition>> = BTreeMap::new();
        for wanted in look.findings.take_jobs() {
            if let Some(region) = other_region(&wanted.name, &look.place.region) {
                let problem = format!("the job definition {} is in {region}", wanted.name);
                look.findings
                    .bad_reference(wanted.source, &wanted.by, &problem);
                continue;
            }
            match find(&self.active, &wanted.name) {
                Some(found) => use_definition(look, wanted.source, &wanted.by, found),
                None if revision(&wanted.name).is_some() => {
                    inactive
                        .entry(wanted.name.clone())
                        .or_default()
                        .push(wanted);
                }
                None => missing(look, &wanted),
            }
        }
        // Batch starts none of these, and still they are somebody's.
        let names: Vec<String> = inactive.keys().cloned().collect();
        let mut found = named(look, &self.batch, &names, |_, _| {}).await;
        found.sort_by(|a, b| a.arn.cmp(&b.arn));
        for (name, wanted) in &inactive {
            for wanted in wanted {
                match find(&found, name) {
                    Some(found) => use_definition(look, wanted.source, &wanted.by, found),
                    None => missing(look, wanted),
                }
            }
        }
    }
}

fn use_definition(look: &Look<'_>, source: Source, by: &str, definition: &JobDefinitionUse) {
    let name = definition.name();
    let by = match by {
        "" => name,
        by => format!("{by}, job definition {name}"),
    };
    for image in &definition.images {
        look.findings.image(source, &by, image, None);
    }
}

/// No job can be started from a definition that is not there. A state machine alone may reach into another account,
/// where it could be.
fn missing(look: &Look<'_>, wanted: &WantedDefinition) {
    let WantedDefinition {
        name, source, by, ..
    } = wanted;
    if *source == Source::StateMachine {
        let problem = format!("there is no job definition {name} in this account");
        look.findings.bad_reference(*source, by, &problem);
    } else {
        let source = source.label();
        let text = format!("{source} {by} names the job definition {name}, and there is none");
        look.observer.tell(&Event::Note { text: &text });
    }
}

/// The newest revisions of each name, as many as `keep` says of it; `None` is a name that is not looked at.
fn newest(
    active: &[JobDefinitionUse],
    keep: impl Fn(&str) -> Option<usize>,
) -> Vec<&JobDefinitionUse> {
    let mut by_name: BTreeMap<&str, Vec<&JobDefinitionUse>> = BTreeMap::new();
    for one in active {
        by_name.entry(&one.family).or_default().push(one);
    }
    let each = by_name.into_iter().flat_map(|(name, mut all)| {
        all.sort_by_key(|one| Reverse(one.revision));
        all.truncate(keep(name).unwrap_or_default());
        all
    });
    each.collect()
}

/// The definition of an ARN, `NAME:REVISION`, or a name, which is its newest revision.
fn find<'a>(all: &'a [JobDefinitionUse], wanted: &str) -> Option<&'a JobDefinitionUse> {
    let name = last_part(wanted);
    let mut of = all.iter();
    match revision(wanted) {
        Some(_) => of.find(|one| one.name() == name),
        None => of
            .filter(|one| one.family == name)
            .max_by_key(|one| one.revision),
    }
}

/// The revision of an ARN or a name; names themselves have no colon.
fn revision(wanted: &str) -> Option<&str> {
    let (_, revision) = last_part(wanted).rsplit_once(':')?;
    Some(revision)
}

/// The region of an ARN, where it is not this one.
fn other_region<'a>(name: &'a str, here: &str) -> Option<&'a str> {
    let region = name.strip_prefix("arn:")?.split(':').nth(2)?;
    (region != here).then_some(region)
}

/// Describes definitions by name; `missing` hears of those that Batch does not tell.
async fn named(
    look: &Look<'_>,
    batch: &JobDefinitions,
    names: &[String],
    missing: impl Fn(&Look<'_>, &str),
) -> Vec<JobDefinitionUse> {
    let mut all = Vec::new();
    for names in names.chunks(JobDefinitions::AT_ONCE) {
        match batch.named(names).await {
            Ok(found) => {
                for name in names.iter().filter(|name| find(&found, name).is_none()) {
                    missing(look, name);
                }
                all.extend(found);
            }
            Err(error) => look.findings.failed(&error),
        }
    }
    all
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

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(family: &str, revision: i32) -> JobDefinitionUse {
        JobDefinitionUse {
            arn: format!("arn:aws:batch:eu-west-1:1:job-definition/{family}:{revision}"),
            family: family.to_owned(),
            revision,
            images: Vec::new(),
            is_overridable: false,
        }
    }

    #[test]
    fn the_newest_revisions_of_each_name_count() {
        let all = [("a", 2), ("a", 10), ("b", 1), ("a", 9), ("c", 4)];
        let all = all.map(|(name, revision)| definition(name, revision));
        let keep = |name: &str| match name {
            "a" => Some(2),
            "b" => Some(0),
            _ => None,
        };
        let found = newest(&all, keep);
        let names: Vec<String> = found.iter().map(|one| one.name()).collect();
        assert_eq!(names, ["a:10", "a:9"]);
    }

    #[test]
    fn a_definition_is_named_in_four_ways() {
        let all = [("a", 2), ("a", 10), ("b", 1)];
        let all = all.map(|(name, revision)| definition(name, revision));
        let arn = "arn:aws:batch:eu-west-1:1:job-definition/a";
        let with_revision = format!("{arn}:2");
        for (wanted, expected) in [
            ("a", Some("a:10")),
            ("a:2", Some("a:2")),
            (arn, Some("a:10")),
            (&with_revision, Some("a:2")),
            ("a:3", None),
            ("c", None),
        ] {
            let found = find(&all, wanted).map(JobDefinitionUse::name);
            assert_eq!(found.as_deref(), expected, "{wanted}");
        }
        assert_eq!(other_region(arn, "eu-west-1"), None);
        assert_eq!(other_region(arn, "us-east-1"), Some("eu-west-1"));
    }
}
