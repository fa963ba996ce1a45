//! Managed daemons: agents that ECS starts once on every instance of some capacity providers, beside what tasks
//! the instance has. Their deployments and revisions have the form of those of services (`ecs_revisions`).
//!
//! Their task definitions are of a kind of their own, and are in `ecs_daemon_definitions`.

use aws_sdk_ecs::types::{
    DaemonDeployment, DaemonDeploymentSummary, DaemonDetail, DaemonRevision, DaemonSummary,
};

use super::ecs_revisions::{DeploymentUse, RevisionUse};
use super::ecs_tasks::ContainerUse;
use super::ecs_usage::{Described, EcsUsage, PAGE};
use super::pages::Pages;
use super::parameter::time;
use super::{AwsError, AwsErrorKind};

const LIST: &str = "ecs:ListDaemons";
const DESCRIBE: &str = "ecs:DescribeDaemon";
const DEPLOYMENTS: &str = "ecs:ListDaemonDeployments";
const DESCRIBE_DEPLOYMENTS: &str = "ecs:DescribeDaemonDeployments";
const REVISIONS: &str = "ecs:DescribeDaemonRevisions";

/// A daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DaemonUse {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// It goes away, and starts nothing more.
    pub ends: bool,
    /// The ARN of the deployment that goes on, or of the last one.
    pub deployment: Option<String>,
    /// The ARNs of the revisions that have tasks now.
    pub revisions: Vec<String>,
}

impl EcsUsage {
    /// The ARNs of all daemons of a cluster, of those that are being deleted, too. None where the cluster is
    /// gone, or the region has no daemons.
    pub async fn daemons(&self, cluster: &str) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(LIST, &self.region);
        let mut arns = Vec::new();
        loop {
            let request = self.client.list_daemons().cluster_arn(cluster);
            let request = request.max_results(PAGE).set_next_token(pages.token());
            let answer = match self
                .aws
                .paced(LIST, &self.region, || request.clone().send())
                .await
            {
                Ok(answer) => answer,
                Err(error) if is_gone(&error) || knows_no_daemons(&error) => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            for one in answer.daemon_summaries_list() {
                arns.push(self.daemon_arn(one)?);
            }
            if !pages.turn(answer.next_token())? {
                return Ok(arns);
            }
        }
    }

    fn daemon_arn(&self, one: &DaemonSummary) -> Result<String, AwsError> {
        let arn = one.daemon_arn().map(str::to_owned);
        arn.ok_or_else(|| AwsError::invalid(LIST, &self.region, "a daemon in it has no ARN"))
    }

    /// A daemon; `None` where it is gone.
    pub async fn daemon(&self, arn: &str) -> Result<Option<DaemonUse>, AwsError> {
        let request = self.client.describe_daemon().daemon_arn(arn);
        let answer = match self
            .aws
            .paced(DESCRIBE, &self.region, || request.clone().send())
            .await
        {
            Ok(answer) => answer,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(found) = answer.daemon() else {
            let problem = "there is no daemon in it";
            return Err(AwsError::invalid(DESCRIBE, &self.region, problem));
        };
        Ok(Some(daemon(arn, found)))
    }

    /// All deployments of a daemon that ECS still knows; none where the daemon is gone.
    pub async fn daemon_deployments(&self, daemon: &str) -> Result<Vec<DeploymentUse>, AwsError> {
        let mut pages = Pages::of(DEPLOYMENTS, &self.region);
        let mut found = Vec::new();
        loop {
            let request = self.client.list_daemon_deployments().daemon_arn(daemon);
            let request = request.max_results(PAGE).set_next_token(pages.token());
            let answer = match self
                .aws
                .paced(DEPLOYMENTS, &self.region, || request.clone().send())
                .await
            {
                Ok(answer) => answer,
                Err(error) if is_gone(&error) => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            found.extend(answer.daemon_deployments().iter().map(summary));
            if !pages.turn(answer.next_token())? {
                return Ok(found);
            }
        }
    }

    /// Deployments of a daemon, at most [`Self::REVISIONS_AT_ONCE`], with their sources.
    pub async fn describe_daemon_deployments(
        &self,
        arns: &[String],
    ) -> Result<Described<DeploymentUse>, AwsError> {
        let request = self.client.describe_daemon_deployments();
        let request = request.set_daemon_deployment_arns(Some(arns.to_vec()));
        let answer = self
            .aws
            .paced(DESCRIBE_DEPLOYMENTS, &self.region, || {
                request.clone().send()
            })
            .await?;
        let found = answer.daemon_deployments();
        let counts = (arns.len(), found.len());
        Ok(Described {
            found: found.iter().map(deployment).collect(),
            failures: self.failures(DESCRIBE_DEPLOYMENTS, counts, answer.failures()),
        })
    }

    /// Revisions of a daemon, at most [`Self::REVISIONS_AT_ONCE`]. One that is not there is no failure.
    pub async fn describe_daemon_revisions(
        &self,
        arns: &[String],
    ) -> Result<Described<RevisionUse>, AwsError> {
        let request = self.client.describe_daemon_revisions();
        let request = request.set_daemon_revision_arns(Some(arns.to_vec()));
        let answer = self
            .aws
            .paced(REVISIONS, &self.region, || request.clone().send())
            .await?;
        let found = answer.daemon_revisions();
        Ok(Described {
            found: found.iter().map(revision).collect(),
            failures: self.failures(REVISIONS, (arns.len(), found.len()), answer.failures()),
        })
    }
}

/// It was deleted since it was listed.
fn is_gone(error: &AwsError) -> bool {
    match &error.kind {
        AwsErrorKind::NotFound { code, .. } => code == "ClusterNotFoundException",
        AwsErrorKind::Refused { code, .. } => code == "DaemonNotFoundException",
        _ => false,
    }
}

/// The service says that it does not know the operation, or does not have it in this region. Daemons are made,
/// changed and run by the same service at the same endpoint: where it cannot list them, nobody can have made
/// one. That is said of the two operations that list, and of no other: what was listed has to be described.
///
/// A 5xx that means the same (moto's answer) cannot be told from a failure that passes, and is none of these.
pub(super) fn knows_no_daemons(error: &AwsError) -> bool {
    let codes = [
        "UnsupportedFeatureException",
        "UnknownOperationException",
        "InvalidAction",
    ];
    matches!(&error.kind, AwsErrorKind::Refused { code, .. } if codes.contains(&code.as_str()))
}

fn daemon(arn: &str, one: &DaemonDetail) -> DaemonUse {
    let revisions = one.current_revisions().iter();
    DaemonUse {
        arn: arn.to_owned(),
        name: arn
            .rsplit_once('/')
            .map_or(arn, |(_, name)| name)
            .to_owned(),
        ends: one
            .status()
            .is_some_and(|status| status.as_str() == "DELETE_IN_PROGRESS"),
        deployment: one.deployment_arn().map(str::to_owned),
        revisions: revisions
            .filter_map(|one| one.arn().map(str::to_owned))
            .collect(),
    }
}

fn summary(one: &DaemonDeploymentSummary) -> DeploymentUse {
    DeploymentUse {
        arn: one.daemon_deployment_arn().unwrap_or_default().to_owned(),
        status: one.status().map_or("", |status| status.as_str()).to_owned(),
        created: one.created_at().and_then(time),
        target: one.target_daemon_revision_arn().map(str::to_owned),
        sources: Vec::new(),
    }
}

fn deployment(one: &DaemonDeployment) -> DeploymentUse {
    let sources = one.source_daemon_revisions().iter();
    let sources = sources.filter_map(|revision| revision.arn());
    let rollback = one.rollback();
    let rollback = rollback.and_then(|rollback| rollback.rollback_target_daemon_revision_arn());
    let target = one.target_daemon_revision();
    DeploymentUse {
        arn: one.daemon_deployment_arn().unwrap_or_default().to_owned(),
        status: one.status().map_or("", |status| status.as_str()).to_owned(),
        created: one.created_at().and_then(time),
        target: target.and_then(|revision| revision.arn().map(str::to_owned)),
        sources: sources.chain(rollback).map(str::to_owned).collect(),
    }
}

fn revision(one: &DaemonRevision) -> RevisionUse {
    let containers = one.container_images().iter().map(|image| ContainerUse {
        name: image.container_name().unwrap_or_default().to_owned(),
        image: image.image().map(str::to_owned),
        digest: image.image_digest().map(str::to_owned),
    });
    RevisionUse {
        arn: one.daemon_revision_arn().unwrap_or_default().to_owned(),
        definition: one.daemon_task_definition_arn().map(str::to_owned),
        containers: containers.collect(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{
        DaemonContainerImage, DaemonDeploymentRevisionDetail, DaemonDeploymentStatus,
        DaemonRevisionDetail, DaemonRollback, DaemonStatus,
    };

    use super::*;

    fn error(kind: AwsErrorKind) -> AwsError {
        AwsError {
            action: LIST,
            region: String::new(),
            kind,
            source: None,
        }
    }

    fn coded(code: &str) -> AwsError {
        let (code, message) = (code.to_owned(), String::new());
        error(AwsErrorKind::Refused { code, message })
    }

    #[test]
    fn only_who_does_not_know_daemons_has_none() {
        for code in [
            "UnsupportedFeatureException",
            "UnknownOperationException",
            "InvalidAction",
        ] {
            assert!(knows_no_daemons(&coded(code)), "{code}");
        }
        assert!(!knows_no_daemons(&coded("InvalidParameterException")));
        assert!(!knows_no_daemons(&coded("ClientException")));
        for kind in [
            AwsErrorKind::Throttled,
            AwsErrorKind::Unreachable,
            AwsErrorKind::Invalid,
            AwsErrorKind::Unavailable { status: 500 },
            AwsErrorKind::Unavailable { status: 501 },
        ] {
            assert!(!knows_no_daemons(&error(kind)));
        }
        assert!(is_gone(&coded("DaemonNotFoundException")));
        assert!(!is_gone(&coded("ClientException")));
    }

    #[test]
    fn a_daemon_tells_every_revision_that_runs() {
        let revision = |arn: &str| DaemonRevisionDetail::builder().arn(arn).build();
        let built = DaemonDetail::builder()
            .status(DaemonStatus::Active)
            .current_revisions(revision("r1"))
            .current_revisions(revision("r2"))
            .deployment_arn("d2");
        let read = daemon("arn:aws:ecs:eu-west-1:1:daemon/prod/agent", &built.build());
        assert_eq!((read.name.as_str(), read.ends), ("agent", false));
        assert_eq!(read.revisions, ["r1", "r2"]);
        assert_eq!(read.deployment.as_deref(), Some("d2"));
        let ending = DaemonDetail::builder().status(DaemonStatus::DeleteInProgress);
        assert!(daemon("agent", &ending.build()).ends);
        assert!(!daemon("agent", &DaemonDetail::builder().build()).ends);
    }

    #[test]
    fn a_deployment_tells_where_it_comes_from_and_goes_back_to() {
        let detail = |arn: &str| DaemonDeploymentRevisionDetail::builder().arn(arn).build();
        let rollback = DaemonRollback::builder().rollback_target_daemon_revision_arn("before");
        let built = DaemonDeployment::builder()
            .status(DaemonDeploymentStatus::RollbackInProgress)
            .source_daemon_revisions(detail("old"))
            .target_daemon_revision(detail("new"))
            .rollback(rollback.build())
            .build();
        let read = deployment(&built);
        assert_eq!(read.status, "ROLLBACK_IN_PROGRESS");
        assert_eq!(read.target.as_deref(), Some("new"));
        assert_eq!(read.sources, ["old", "before"]);
    }

    #[test]
    fn a_revision_tells_digests_and_its_definition() {
        let image = DaemonContainerImage::builder().container_name("agent");
        let image = image.image("agent:1").image_digest("sha256:1").build();
        let built = DaemonRevision::builder().daemon_task_definition_arn("agent:1");
        let read = revision(&built.container_images(image).build());
        assert_eq!(read.definition.as_deref(), Some("agent:1"));
        assert_eq!(read.containers[0].digest.as_deref(), Some("sha256:1"));
    }
}
