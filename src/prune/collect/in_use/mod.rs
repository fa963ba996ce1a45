//! Everything that is in use, over all accounts and regions.
//!
//! Each source is asked for itself, and all of them to their end: what fails becomes a [`Refusal`] and the
//! others go on, so that a report is whole. What the answers mean is said by pure functions beside the
//! calls; the calls themselves are `aws`'s.

mod api_call;
mod cache;
mod daemons;
mod definitions;
mod ecs;
mod files;
mod findings;
mod functions;
mod history;
mod image_text;
mod jobs;
mod lists;
mod parameter_value;
mod parameters;
mod records;
mod revisions;
mod sections;
mod targets;

use std::collections::BTreeSet;
use std::path::Path;

pub use cache::Cache;
pub(super) use findings::told;
use findings::{Findings, Found};
use sections::Sections;

use crate::config::{KEEP, ROLLBACK, UseSettings};
use crate::prune::{Event, InUse, Observer, Place, Refusal, RefusalCode, RefusalSubject};

/// How many things of a list are asked for at once. `Aws` has its own limit on top, over all lists.
const AT_ONCE: usize = 8;

/// One place that is looked at.
#[derive(Clone, Copy)]
struct Look<'a> {
    place: &'a Place,
    settings: &'a UseSettings,
    cache: &'a Cache,
    observer: &'a dyn Observer,
    findings: &'a Findings,
}

/// Finds everything that is in use. Paths of the settings are relative to `base`.
///
/// Never fails: what could not be read is a refusal.
pub async fn collect(
    places: &[Place],
    settings: &UseSettings,
    base: &Path,
    observer: &dyn Observer,
    cache: &Cache,
) -> InUse {
    let looked = places
        .iter()
        .map(|place| look(place, settings, observer, cache));
    let files = files::read(settings, base);
    let (mut found, in_files) = futures::join!(futures::future::join_all(looked), files);
    found.push(in_files);
    let mut in_use = InUse::default();
    let mut matched = BTreeSet::new();
    for part in found {
        let Found {
            uses,
            releases,
            refusals,
            sources,
            matched: here,
            warnings,
        } = part;
        in_use.uses.extend(uses);
        in_use.releases.extend(releases);
        in_use.refusals.extend(refusals);
        in_use.warnings.extend(warnings);
        for what in &sources {
            observer.tell(&Event::Used { what });
        }
        in_use.sources.extend(sources);
        matched.extend(here);
    }
    let unmatched = declared(settings).filter(|name| !matched.contains(name));
    in_use.refusals.extend(unmatched.map(|name| {
        let detail = format!("no {name} is there in any account and region that was looked at");
        let subject = RefusalSubject::Everything;
        Refusal::new(RefusalCode::MatchesNothing, name, subject, detail)
    }));
    in_use
}

/// The sections that must match something.
fn declared(settings: &UseSettings) -> impl Iterator<Item = String> {
    let ecs = settings
        .ecs
        .then(|| clusters(settings).names().chain(families(settings).names()));
    let lambda = settings.lambda.then(|| functions_of(settings).names());
    let batch = settings.batch.then(|| jobs_of(settings).names());
    let parameters = settings.parameters.iter();
    let parameters = parameters.map(|declared| parameters::section(declared));
    ecs.into_iter()
        .flatten()
        .chain(lambda.into_iter().flatten())
        .chain(batch.into_iter().flatten())
        .chain(parameters)
}

fn clusters(settings: &UseSettings) -> Sections<'_> {
    Sections {
        block: "cluster",
        rules: &settings.clusters,
        default: ROLLBACK,
    }
}

fn families(settings: &UseSettings) -> Sections<'_> {
    Sections {
        block: "family",
        rules: &settings.families,
        default: KEEP,
    }
}

fn functions_of(settings: &UseSettings) -> Sections<'_> {
    Sections {
        block: "function",
        rules: &settings.functions,
        default: KEEP,
    }
}

fn jobs_of(settings: &UseSettings) -> Sections<'_> {
    Sections {
        block: "job",
        rules: &settings.jobs,
        default: KEEP,
    }
}

async fn look(
    place: &Place,
    settings: &UseSettings,
    observer: &dyn Observer,
    cache: &Cache,
) -> Found {
    let findings = Findings::new(&place.account, &place.region);
    let look = Look {
        place,
        settings,
        cache,
        observer,
        findings: &findings,
    };
    let ecs = place.aws.ecs_usage(&place.region).await;
    let in_ecs = async {
        if settings.ecs {
            futures::join!(
                ecs::clusters(&look, &ecs, clusters(settings)),
                ecs::families(&look, &ecs, families(settings)),
                daemons::families(&look, &ecs, families(settings)),
            );
        }
    };
    let in_lambda = async {
        if settings.lambda {
            functions::functions(&look, functions_of(settings)).await;
        }
    };
    let in_events = async {
        if settings.events {
            targets::rules(&look).await;
        }
    };
    let in_scheduler = async {
        if settings.scheduler {
            targets::schedules(&look).await;
        }
    };
    let in_batch = async {
        if settings.batch {
            jobs::jobs(&look, jobs_of(settings)).await
        } else {
            None
        }
    };
    let in_states = async {
        if settings.step_functions {
            targets::state_machines(&look).await;
        }
    };
    let in_parameters = async {
        if !settings.parameters.is_empty() {
            parameters::parameters(&look).await;
        }
    };
    let (in_batch, ..) = futures::join!(
        in_batch,
        in_ecs,
        in_lambda,
        in_events,
        in_scheduler,
        in_states,
        in_parameters
    );
    // All sources name definitions; only now are all of them known.
    futures::join!(definitions::describe(&look, &ecs), async {
        if let Some(jobs) = &in_batch {
            jobs.describe(&look).await;
        }
    });
    contributes(&look).await;
    findings.finish()
}

/// A place that the configuration names and that has nothing at all is most often not the one that was meant: a role of
/// another account, another region. What is in use in the right one is not known.
async fn contributes(look: &Look<'_>) {
    let Look {
        place, findings, ..
    } = look;
    if !place.declared || !findings.is_empty() {
        return;
    }
    let what = if place.repositories {
        let images = place.aws.ecr_images(&place.region).await;
        match images.has_repositories().await {
            Ok(true) => return,
            Ok(false) => "no image of ECR is in use there, and there is no repository",
            Err(error) => return findings.failed(&error),
        }
    } else {
        "no image of ECR is in use there"
    };
    let problem = format!("{what}: is it the account and the region that is meant?");
    findings.nothing_at(place.name(), problem);
}

/// The name at the end of an ARN.
fn last_part(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, name)| name)
}
