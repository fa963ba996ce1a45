//! The history of a service: its service deployments, and the revisions that they went between. That of a
//! daemon, which has the same form, is asked for in `ecs_daemons`.
//!
//! A revision has the digests that ECS resolved the images to, which is what a rollback starts again.
//! ECS keeps 90 days of deployments, and knows no revision from before 2024-10-25.

use aws_sdk_ecs::types::{ServiceDeployment, ServiceDeploymentBrief, ServiceRevision};

use super::ecs_tasks::ContainerUse;
use super::ecs_usage::{Described, EcsUsage, PAGE};
use super::pages::Pages;
use super::parameter::time;
use super::{AwsError, AwsErrorKind};

const LIST: &str = "ecs:ListServiceDeployments";
const DESCRIBE: &str = "ecs:DescribeServiceDeployments";
const REVISIONS: &str = "ecs:DescribeServiceRevisions";

/// A deployment of a service, or of a daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentUse {
    /// Its ARN.
    pub arn: String,
    /// `SUCCESSFUL`, `IN_PROGRESS`, …; the list grows.
    pub status: String,
    /// When it began.
    pub created: Option<jiff::Timestamp>,
    /// The ARN of the revision that it goes to.
    pub target: Option<String>,
    /// The ARNs of the revisions that it comes from, and goes back to. Only a description has them.
    pub sources: Vec<String>,
}

/// A revision of a service, or of a daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevisionUse {
    /// Its ARN.
    pub arn: String,
    /// Its task definition; of a daemon, its daemon task definition.
    pub definition: Option<String>,
    /// Its containers, with the digests that their tags were resolved to.
    pub containers: Vec<ContainerUse>,
}

impl EcsUsage {
    /// How many deployments or revisions are taken at once.
    pub const REVISIONS_AT_ONCE: usize = 20;

    /// All deployments of a service that ECS still knows; none where the service is gone, or is of
    /// a kind that has none.
    pub async fn service_deployments(
        &self,
        cluster: &str,
        service: &str,
    ) -> Result<Vec<DeploymentUse>, AwsError> {
        let mut pages = Pages::of(LIST, &self.region);
        let mut found = Vec::new();
        loop {
            let request = self.client.list_service_deployments();
            let request = request.cluster(cluster).service(service).max_results(PAGE);
            let request = request.set_next_token(pages.token());
            let answer = match self
                .aws
                .paced(LIST, &self.region, || request.clone().send())
                .await
            {
                Ok(answer) => answer,
                Err(error) => {
                    return if has_none(&error) {
                        Ok(Vec::new())
                    } else {
                        Err(error)
                    };
                }
            };
            found.extend(answer.service_deployments().iter().map(brief));
            if !pages.turn(answer.next_token())? {
                return Ok(found);
            }
        }
    }

    /// Deployments of a service, at most [`Self::REVISIONS_AT_ONCE`], with their sources.
    pub async fn describe_service_deployments(
        &self,
        arns: &[String],
    ) -> Result<Described<DeploymentUse>, AwsError> {
        let request = self.client.describe_service_deployments();
        let request = request.set_service_deployment_arns(Some(arns.to_vec()));
        let answer = self
            .aws
            .paced(DESCRIBE, &self.region, || request.clone().send())
            .await?;
        let found = answer.service_deployments();
        Ok(Described {
            found: found.iter().map(deployment).collect(),
            failures: self.failures(DESCRIBE, (arns.len(), found.len()), answer.failures()),
        })
    }

    /// Revisions of a service, at most [`Self::REVISIONS_AT_ONCE`]. One that ECS does not know (from
    /// before 2024-10-25) is no failure.
    pub async fn describe_service_revisions(
        &self,
        arns: &[String],
    ) -> Result<Described<RevisionUse>, AwsError> {
        let request = self.client.describe_service_revisions();
        let request = request.set_service_revision_arns(Some(arns.to_vec()));
        let answer = self
            .aws
            .paced(REVISIONS, &self.region, || request.clone().send())
            .await?;
        let found = answer.service_revisions();
        Ok(Described {
            found: found.iter().map(revision).collect(),
            failures: self.failures(REVISIONS, (arns.len(), found.len()), answer.failures()),
        })
    }
}

/// `ServiceNotFoundException` and `ClusterNotFoundException`: it was deleted since it was described.
/// `UnsupportedFeatureException`: services of this kind have no service deployments; their deployments
/// and task sets tell what they run.
fn has_none(error: &AwsError) -> bool {
    match &error.kind {
        AwsErrorKind::NotFound { code, .. } => {
            code == "ServiceNotFoundException" || code == "ClusterNotFoundException"
        }
        AwsErrorKind::Refused { code, .. } => code == "UnsupportedFeatureException",
        _ => false,
    }
}

fn brief(one: &ServiceDeploymentBrief) -> DeploymentUse {
    DeploymentUse {
        arn: one.service_deployment_arn().unwrap_or_default().to_owned(),
        status: one.status().map_or("", |status| status.as_str()).to_owned(),
        created: one.created_at().and_then(time),
        target: one.target_service_revision_arn().map(str::to_owned),
        sources: Vec::new(),
    }
}

fn deployment(one: &ServiceDeployment) -> DeploymentUse {
    let sources = one.source_service_revisions().iter();
    let sources = sources.filter_map(|revision| revision.arn());
    let rollback = one.rollback();
    let rollback = rollback.and_then(|rollback| rollback.service_revision_arn());
    let target = one.target_service_revision();
    DeploymentUse {
        arn: one.service_deployment_arn().unwrap_or_default().to_owned(),
        status: one.status().map_or("", |status| status.as_str()).to_owned(),
        created: one.created_at().and_then(time),
        target: target.and_then(|revision| revision.arn().map(str::to_owned)),
        sources: sources.chain(rollback).map(str::to_owned).collect(),
    }
}

fn revision(one: &ServiceRevision) -> RevisionUse {
    let containers = one.container_images().iter().map(|image| ContainerUse {
        name: image.container_name().unwrap_or_default().to_owned(),
        image: image.image().map(str::to_owned),
        digest: image.image_digest().map(str::to_owned),
    });
    RevisionUse {
        arn: one.service_revision_arn().unwrap_or_default().to_owned(),
        definition: one.task_definition().map(str::to_owned),
        containers: containers.collect(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{
        ContainerImage, Rollback, ServiceDeploymentStatus, ServiceRevisionSummary,
    };

    use super::*;

    #[test]
    fn a_deployment_tells_where_it_comes_from_and_goes_back_to() {
        let summary = |arn: &str| ServiceRevisionSummary::builder().arn(arn).build();
        let rollback = Rollback::builder().service_revision_arn("before").build();
        let built = ServiceDeployment::builder()
            .status(ServiceDeploymentStatus::RollbackInProgress)
            .source_service_revisions(summary("old"))
            .target_service_revision(summary("new"))
            .rollback(rollback)
            .build();
        let read = deployment(&built);
        assert_eq!(read.status, "ROLLBACK_IN_PROGRESS");
        assert_eq!(read.target.as_deref(), Some("new"));
        assert_eq!(read.sources, ["old", "before"]);
    }

    #[test]
    fn a_revision_tells_digests() {
        let image = ContainerImage::builder().container_name("app");
        let image = image.image("web:1").image_digest("sha256:1").build();
        let built = ServiceRevision::builder().task_definition("web:1");
        let read = revision(&built.container_images(image).build());
        assert_eq!(read.definition.as_deref(), Some("web:1"));
        assert_eq!(read.containers[0].digest.as_deref(), Some("sha256:1"));
    }

    #[test]
    fn only_services_that_have_no_deployments_have_none() {
        let error = |kind| AwsError {
            action: LIST,
            region: String::new(),
            kind,
            source: None,
        };
        let coded = |code: &str| AwsErrorKind::Refused {
            code: code.to_owned(),
            message: String::new(),
        };
        assert!(has_none(&error(coded("UnsupportedFeatureException"))));
        assert!(!has_none(&error(coded("InvalidParameterException"))));
        assert!(!has_none(&error(AwsErrorKind::Throttled)));
    }
}
