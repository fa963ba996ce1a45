//! What deployments go between: the revisions of services and of daemons, with the digests that ECS resolved
//! their images to. Both have the same form, and their own operations.
//!
//! Which revisions count is said by `history`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::findings::WantedDefinition;
use super::history::History;
use super::{Look, last_part};
use crate::aws::{
    AwsError, ContainerUse, DeploymentUse, Described, EcsUsage, PartFailure, RevisionUse,
};
use crate::prune::Source;

/// Whose deployments and revisions.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner {
    Service,
    Daemon,
}

impl Owner {
    /// The source of what runs, or will.
    fn current(self) -> Source {
        match self {
            Self::Service => Source::Service,
            Self::Daemon => Source::Daemon,
        }
    }

    /// The source of what a rollback would go back to.
    fn earlier(self) -> Source {
        match self {
            Self::Service => Source::ServiceRevision,
            Self::Daemon => Source::DaemonRevision,
        }
    }

    async fn deployments(
        self,
        ecs: &EcsUsage,
        arns: &[String],
    ) -> Result<Described<DeploymentUse>, AwsError> {
        match self {
            Self::Service => ecs.describe_service_deployments(arns).await,
            Self::Daemon => ecs.describe_daemon_deployments(arns).await,
        }
    }

    async fn revisions(
        self,
        ecs: &EcsUsage,
        arns: &[String],
    ) -> Result<Described<RevisionUse>, AwsError> {
        match self {
            Self::Service => ecs.describe_service_revisions(arns).await,
            Self::Daemon => ecs.describe_daemon_revisions(arns).await,
        }
    }

    /// Adds what the deployments that go on go between; `name` is the service's or daemon's, for people.
    pub(super) async fn follow(
        self,
        look: &Look<'_>,
        ecs: &EcsUsage,
        name: &str,
        history: &mut History,
    ) {
        for open in history.open.clone().chunks(EcsUsage::REVISIONS_AT_ONCE) {
            match self.deployments(ecs, open).await {
                Ok(described) => {
                    for failure in &described.failures {
                        part(look, name, failure);
                    }
                    for deployment in &described.found {
                        history.add(deployment);
                    }
                }
                Err(error) => look.findings.failed_of(name, &error),
            }
        }
    }

    /// The images of all revisions that count. Gives the ARNs of the current ones that ECS does not know.
    pub(super) async fn use_revisions(
        self,
        look: &Look<'_>,
        ecs: &EcsUsage,
        name: &str,
        history: &History,
    ) -> Vec<String> {
        let current = history.current.iter().map(|arn| (arn, self.current()));
        let earlier = history.rollback.iter().map(|arn| (arn, self.earlier()));
        let wanted: BTreeMap<&String, Source> = earlier.chain(current).collect();
        let (mut known, mut asked) = (Vec::new(), Vec::new());
        for arn in wanted.keys().copied() {
            match look.cache.revisions.get(arn) {
                Some(revision) => known.push(revision),
                None => asked.push(arn.clone()),
            }
        }
        let mut unknown = Vec::new();
        for arns in asked.chunks(EcsUsage::REVISIONS_AT_ONCE) {
            let described = match self.revisions(ecs, arns).await {
                Ok(described) => described,
                Err(error) => {
                    look.findings.failed_of(name, &error);
                    continue;
                }
            };
            for failure in &described.failures {
                part(look, name, failure);
            }
            if described.failures.is_empty() {
                let found: BTreeSet<&String> = described.found.iter().map(|one| &one.arn).collect();
                let missing = arns.iter().filter(|arn| !found.contains(arn));
                let missing = missing.filter(|arn| history.current.contains(*arn));
                unknown.extend(missing.cloned());
            }
            known.extend(described.found.into_iter().map(|revision| {
                if history.unsettled.contains(&revision.arn) {
                    return Arc::new(revision);
                }
                look.cache.revisions.put(revision.arn.clone(), revision)
            }));
        }
        for revision in known {
            // ECS answers with the ARN that it was asked for; what else it tells is in use as well.
            let source = wanted.get(&revision.arn).copied();
            let source = source.unwrap_or(self.current());
            if source == self.earlier() {
                look.findings.count(source, 1);
            }
            use_revision(look, name, &revision, source);
        }
        unknown
    }
}

fn use_revision(look: &Look<'_>, name: &str, revision: &RevisionUse, source: Source) {
    let by = format!("{name}, revision {}", last_part(&revision.arn));
    let untold = containers(look, source, &by, &revision.containers);
    match &revision.definition {
        Some(name) => look.findings.definition(WantedDefinition {
            name: name.clone(),
            source,
            by,
            digests: untold,
        }),
        None if revision.containers.is_empty() => {
            let problem = "ECS tells neither its images nor its task definition";
            look.findings.bad_reference(source, &by, problem);
        }
        None => {}
    }
}

/// One of several things failed; where it is not told which, it is one of `whole`.
pub(super) fn part(look: &Look<'_>, whole: &str, failure: &PartFailure) {
    let PartFailure { arn, error } = failure;
    // `service/prod/web`, `task/prod/0123`.
    let thing = arn.as_deref().and_then(|arn| arn.split_once('/'));
    let thing = thing.map_or(whole, |(_, thing)| thing);
    look.findings.failed_of(thing, error);
}

/// The images of containers. Gives the digests of those whose image is not told, by container: their
/// task definition has it.
pub(super) fn containers(
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
