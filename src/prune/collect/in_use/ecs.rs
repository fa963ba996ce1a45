//! ECS: the services and tasks of clusters, and the newest revisions of families.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt as _, stream};

use super::findings::WantedDefinition;
use super::history::History;
use super::sections::Sections;
use super::{AT_ONCE, Look, last_part};
use crate::aws::{ContainerUse, EcsUsage, PartFailure, ServiceRevisionUse, ServiceUse, TaskUse};
use crate::prune::{Event, Source};

/// Everything in clusters.
pub(super) async fn clusters(look: &Look<'_>, ecs: &EcsUsage, sections: Sections<'_>) {
    for source in [Source::Service, Source::ServiceRevision, Source::Task] {
        look.findings.count(source, 0);
    }
    let arns = match ecs.clusters().await {
        Ok(arns) => arns,
        Err(error) => return look.findings.failed(&error),
    };
    let kept = arns.iter().filter_map(|arn| {
        let keep = sections.keep(last_part(arn), look.findings)?;
        Some((arn, keep))
    });
    stream::iter(kept.collect::<Vec<_>>())
        .for_each_concurrent(AT_ONCE, async |(cluster, rollback)| {
            futures::join!(
                services(look, ecs, cluster, rollback),
                tasks(look, ecs, cluster)
            );
        })
        .await;
}

async fn services(look: &Look<'_>, ecs: &EcsUsage, cluster: &str, rollback: usize) {
    let arns = match ecs.services(cluster).await {
        Ok(arns) => arns,
        Err(error) => return look.findings.failed_of(last_part(cluster), &error),
    };
    stream::iter(arns.chunks(EcsUsage::SERVICES_AT_ONCE))
        .for_each_concurrent(AT_ONCE, async |arns| {
            let described = match ecs.describe_services(cluster, arns).await {
                Ok(described) => described,
                Err(error) => return look.findings.failed_of(last_part(cluster), &error),
            };
            for failure in &described.failures {
                part(look, last_part(cluster), failure);
            }
            look.findings.count(Source::Service, described.found.len());
            stream::iter(&described.found)
                .for_each_concurrent(AT_ONCE, |one| service(look, ecs, cluster, one, rollback))
                .await;
        })
        .await;
}

async fn service(
    look: &Look<'_>,
    ecs: &EcsUsage,
    cluster: &str,
    service: &ServiceUse,
    rollback: usize,
) {
    let name = format!("{}/{}", last_part(cluster), service.name);
    for definition in &service.definitions {
        look.findings.definition(WantedDefinition {
            name: definition.clone(),
            source: Source::Service,
            by: name.clone(),
            digests: BTreeMap::new(),
        });
    }
    // CodeDeploy's services, and those of other controllers, have task sets instead.
    if service.controller != "ECS" {
        return;
    }
    let deployments = match ecs.service_deployments(cluster, &service.arn).await {
        Ok(deployments) => deployments,
        Err(error) => return look.findings.failed_of(&name, &error),
    };
    let mut history = History::of(service, &deployments, rollback);
    for open in history.open.clone().chunks(EcsUsage::REVISIONS_AT_ONCE) {
        match ecs.describe_service_deployments(open).await {
            Ok(described) => {
                for failure in &described.failures {
                    part(look, &name, failure);
                }
                for deployment in &described.found {
                    history.add(deployment);
                }
            }
            Err(error) => look.findings.failed_of(&name, &error),
        }
    }
    if is_forgotten(service, &history) {
        let text = format!(
            "service {name} is scaled to zero, and ECS tells neither a revision nor a successful deployment of it: \
             its task definitions protect the tags and digests that they name, and not what a tag was when it ran"
        );
        look.observer.tell(&Event::Note { text: &text });
    }
    let current = history.current.iter().map(|arn| (arn, Source::Service));
    let earlier = history.rollback.iter();
    let earlier = earlier.map(|arn| (arn, Source::ServiceRevision));
    let wanted: BTreeMap<&String, Source> = earlier.chain(current).collect();
    let arns: Vec<String> = wanted.keys().map(|arn| (*arn).clone()).collect();
    for revision in revisions(look, ecs, &name, &history, arns).await {
        // ECS answers with the ARN that it was asked for; what else it tells is in use as well.
        let source = wanted.get(&revision.arn).copied();
        use_revision(look, &name, &revision, source.unwrap_or(Source::Service));
    }
}

/// Nothing runs, and ECS does not tell what did: only the task definition's own words protect it.
fn is_forgotten(service: &ServiceUse, history: &History) -> bool {
    service.desired == 0 && history.current.is_empty() && history.rollback.is_empty()
}

/// One of several things failed; where it is not told which, it is one of `whole`.
fn part(look: &Look<'_>, whole: &str, failure: &PartFailure) {
    let PartFailure { arn, error } = failure;
    // `service/prod/web`, `task/prod/0123`.
    let thing = arn.as_deref().and_then(|arn| arn.split_once('/'));
    let thing = thing.map_or(whole, |(_, thing)| thing);
    look.findings.failed_of(thing, error);
}

/// Service revisions, from the cache where they are there.
async fn revisions(
    look: &Look<'_>,
    ecs: &EcsUsage,
    service: &str,
    history: &History,
    arns: Vec<String>,
) -> Vec<Arc<ServiceRevisionUse>> {
    let (mut known, mut asked) = (Vec::new(), Vec::new());
    for arn in arns {
        match look.cache.revisions.get(&arn) {
            Some(revision) => known.push(revision),
            None => asked.push(arn),
        }
    }
    for arns in asked.chunks(EcsUsage::REVISIONS_AT_ONCE) {
        match ecs.describe_service_revisions(arns).await {
            Ok(described) => {
                for failure in &described.failures {
                    part(look, service, failure);
                }
                known.extend(described.found.into_iter().map(|revision| {
                    if history.unsettled.contains(&revision.arn) {
                        return Arc::new(revision);
                    }
                    look.cache.revisions.put(revision.arn.clone(), revision)
                }));
            }
            Err(error) => look.findings.failed_of(service, &error),
        }
    }
    known
}

fn use_revision(look: &Look<'_>, service: &str, revision: &ServiceRevisionUse, source: Source) {
    if source == Source::ServiceRevision {
        look.findings.count(source, 1);
    }
    let by = format!("{service}, revision {}", last_part(&revision.arn));
    let untold = containers(look, source, &by, &revision.containers);
    if let Some(name) = &revision.definition {
        look.findings.definition(WantedDefinition {
            name: name.clone(),
            source,
            by,
            digests: untold,
        });
    }
}

async fn tasks(look: &Look<'_>, ecs: &EcsUsage, cluster: &str) {
    let arns = match ecs.tasks(cluster).await {
        Ok(arns) => arns,
        Err(error) => return look.findings.failed_of(last_part(cluster), &error),
    };
    stream::iter(arns.chunks(EcsUsage::TASKS_AT_ONCE))
        .for_each_concurrent(AT_ONCE, async |arns| {
            let described = match ecs.describe_tasks(cluster, arns).await {
                Ok(described) => described,
                Err(error) => return look.findings.failed_of(last_part(cluster), &error),
            };
            for failure in &described.failures {
                part(look, last_part(cluster), failure);
            }
            // ECS shows stopped tasks for an hour.
            for one in described.found.iter().filter(|one| one.status != "STOPPED") {
                task(look, cluster, one);
            }
        })
        .await;
}

fn task(look: &Look<'_>, cluster: &str, task: &TaskUse) {
    look.findings.count(Source::Task, 1);
    let by = format!("{}/{}", last_part(cluster), last_part(&task.arn));
    let untold = containers(look, Source::Task, &by, &task.containers);
    if let Some(name) = &task.definition {
        look.findings.definition(WantedDefinition {
            name: name.clone(),
            source: Source::Task,
            by,
            digests: untold,
        });
    }
}

/// The images of containers. Gives the digests of those whose image is not told, by container: their
/// task definition has it.
fn containers(
    look: &Look<'_>,
    source: Source,
    by: &str,
    containers: &[ContainerUse],
) -> BTreeMap<String, String> {
    let mut untold = BTreeMap::new();
    for container in containers {
        match (&container.image, &container.digest) {
            (Some(image), digest) => look.findings.image(source, by, image, digest.as_deref()),
            (None, Some(digest)) => {
                untold.insert(container.name.clone(), digest.clone());
            }
            (None, None) => {}
        }
    }
    untold
}

/// The newest revisions of families.
pub(super) async fn families(look: &Look<'_>, ecs: &EcsUsage, sections: Sections<'_>) {
    look.findings.count(Source::TaskDefinition, 0);
    let families = match ecs.families().await {
        Ok(families) => families,
        Err(error) => return look.findings.failed(&error),
    };
    let kept = families.iter().filter_map(|family| {
        let keep = sections.keep(family, look.findings)?;
        Some((family, keep))
    });
    stream::iter(kept.collect::<Vec<_>>())
        .for_each_concurrent(AT_ONCE, async |(family, keep)| {
            if keep == 0 {
                return;
            }
            match ecs.newest_definitions(family, keep).await {
                Ok(arns) => {
                    look.findings.count(Source::TaskDefinition, arns.len());
                    for name in arns {
                        look.findings.definition(WantedDefinition {
                            name,
                            source: Source::TaskDefinition,
                            by: String::new(),
                            digests: BTreeMap::new(),
                        });
                    }
                }
                Err(error) => look.findings.failed_of(family, &error),
            }
        })
        .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ServiceDeploymentUse;

    #[test]
    fn a_service_at_zero_without_a_history_is_told() {
        let service = |desired, revisions: &[&str]| ServiceUse {
            desired,
            revisions: revisions.iter().map(|one| (*one).to_owned()).collect(),
            ..ServiceUse::default()
        };
        let judged = |service: &ServiceUse, deployments: &[ServiceDeploymentUse]| {
            is_forgotten(service, &History::of(service, deployments, 0))
        };
        assert!(judged(&service(0, &[]), &[]));
        assert!(!judged(&service(1, &[]), &[]));
        assert!(!judged(&service(0, &["r1"]), &[]));
        let successful = ServiceDeploymentUse {
            status: "SUCCESSFUL".to_owned(),
            target: Some("r1".to_owned()),
            ..ServiceDeploymentUse::default()
        };
        assert!(!judged(&service(0, &[]), &[successful]));
        let stopped = ServiceDeploymentUse {
            status: "STOPPED".to_owned(),
            target: Some("r1".to_owned()),
            ..ServiceDeploymentUse::default()
        };
        assert!(judged(&service(0, &[]), &[stopped]));
    }
}
