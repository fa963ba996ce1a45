//! ECS: the services and tasks of clusters, and the newest revisions of families. Daemons have a module of
//! their own, `daemons`.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};

use super::findings::WantedDefinition;
use super::history::History;
use super::revisions::{Owner, containers, part};
use super::sections::Sections;
use super::{AT_ONCE, Look, daemons, last_part};
use crate::aws::{EcsUsage, ServiceUse, TaskUse};
use crate::prune::{Event, Source};

/// Everything in clusters.
pub(super) async fn clusters(look: &Look<'_>, ecs: &EcsUsage, sections: Sections<'_>) {
    for source in [
        Source::Service,
        Source::ServiceRevision,
        Source::Daemon,
        Source::DaemonRevision,
        Source::Task,
    ] {
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
                daemons::daemons(look, ecs, cluster, rollback),
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
    let last = service.deployment.as_ref();
    let mut history = History::of(&service.revisions, last, &deployments, rollback);
    let owner = Owner::Service;
    owner.follow(look, ecs, &name, &mut history).await;
    if is_forgotten(service, &history) {
        let text = format!(
            "service {name} is scaled to zero, and ECS tells neither a revision nor a successful deployment of it: \
             its task definitions protect the tags and digests that they name, and not what a tag was when it ran"
        );
        look.observer.tell(&Event::Note { text: &text });
    }
    // One that ECS does not know is from before it wrote them down: the service's task definitions count.
    owner.use_revisions(look, ecs, &name, &history).await;
}

/// Nothing runs, and ECS does not tell what did: only the task definition's own words protect it.
fn is_forgotten(service: &ServiceUse, history: &History) -> bool {
    service.desired == 0 && history.current.is_empty() && history.rollback.is_empty()
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
    use crate::aws::DeploymentUse;

    #[test]
    fn a_service_at_zero_without_a_history_is_told() {
        let service = |desired, revisions: &[&str]| ServiceUse {
            desired,
            revisions: revisions.iter().map(|one| (*one).to_owned()).collect(),
            ..ServiceUse::default()
        };
        let judged = |service: &ServiceUse, deployments: &[DeploymentUse]| {
            let history = History::of(&service.revisions, None, deployments, 0);
            is_forgotten(service, &history)
        };
        assert!(judged(&service(0, &[]), &[]));
        assert!(!judged(&service(1, &[]), &[]));
        assert!(!judged(&service(0, &["r1"]), &[]));
        let successful = DeploymentUse {
            status: "SUCCESSFUL".to_owned(),
            target: Some("r1".to_owned()),
            ..DeploymentUse::default()
        };
        assert!(!judged(&service(0, &[]), &[successful]));
        let stopped = DeploymentUse {
            status: "STOPPED".to_owned(),
            target: Some("r1".to_owned()),
            ..DeploymentUse::default()
        };
        assert!(judged(&service(0, &[]), &[stopped]));
    }
}
