//! Managed daemons of ECS: what they run, what their deployments go between and back to, and the newest revisions
//! of the families of their definitions.
//!
//! Their tasks are listed with the others. A daemon may have none, and starts one with the next instance: that
//! is why its revisions count by themselves.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};

use super::findings::WantedDefinition;
use super::history::History;
use super::revisions::Owner;
use super::sections::Sections;
use super::{AT_ONCE, Look, last_part};
use crate::aws::EcsUsage;
use crate::prune::Source;

/// The daemons of a cluster. `rollback` counts for them as for services.
pub(super) async fn daemons(look: &Look<'_>, ecs: &EcsUsage, cluster: &str, rollback: usize) {
    let arns = match ecs.daemons(cluster).await {
        Ok(arns) => arns,
        Err(error) => return look.findings.failed_of(last_part(cluster), &error),
    };
    look.findings.count(Source::Daemon, arns.len());
    stream::iter(&arns)
        .for_each_concurrent(AT_ONCE, |arn| daemon(look, ecs, cluster, arn, rollback))
        .await;
}

async fn daemon(look: &Look<'_>, ecs: &EcsUsage, cluster: &str, arn: &str, rollback: usize) {
    let name = format!("{}/{}", last_part(cluster), last_part(arn));
    // One that does not load must not hide what the other tells.
    let (described, deployments) = futures::join!(ecs.daemon(arn), ecs.daemon_deployments(arn));
    let failed = |error| look.findings.failed_of(&name, &error);
    let whole = described.is_ok() && deployments.is_ok();
    let deployments = deployments.map_err(failed).unwrap_or_default();
    let described = match described.map_err(failed) {
        Ok(None) => return,
        Ok(Some(described)) => Some(described),
        Err(()) => None,
    };
    let described = described.unwrap_or_default();
    let last = described.deployment.as_ref();
    let mut history = History::of(&described.revisions, last, &deployments, rollback);
    let owner = Owner::Daemon;
    owner.follow(look, ecs, &name, &mut history).await;
    // Nothing but its revisions tells what a daemon starts.
    let unclear = |problem: &str| look.findings.bad_reference(Source::Daemon, &name, problem);
    if whole && history.current.is_empty() && !described.ends {
        unclear("ECS tells neither a revision nor a successful deployment of it");
    }
    for revision in owner.use_revisions(look, ecs, &name, &history).await {
        let revision = last_part(&revision);
        unclear(&format!("ECS does not tell its revision {revision}"));
    }
}

/// The newest revisions of families of daemon task definitions: one may have been registered for a daemon that
/// is still to be made.
pub(super) async fn families(look: &Look<'_>, ecs: &EcsUsage, sections: Sections<'_>) {
    look.findings.count(Source::DaemonTaskDefinition, 0);
    let families = match ecs.daemon_definitions().await {
        Ok(families) => families,
        Err(error) => return look.findings.failed(&error),
    };
    for (family, arns) in families {
        let Some(keep) = sections.keep(&family, look.findings) else {
            continue;
        };
        let newest = arns.into_iter().take(keep);
        look.findings
            .count(Source::DaemonTaskDefinition, newest.len());
        for name in newest {
            look.findings.definition(WantedDefinition {
                name,
                source: Source::DaemonTaskDefinition,
                by: String::new(),
                digests: BTreeMap::new(),
            });
        }
    }
}
