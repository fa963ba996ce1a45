//! What ECS runs, read whole: clusters and services. `ecs_tasks`, `ecs_revisions` and
//! `ecs_definitions` go on with it.
//!
//! `ecs` reads one service for a hand-off; here nothing may be missing, so every failure is told.

use std::collections::BTreeSet;
use std::fmt;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{Failure, Service};

use super::calls::paced_client;
use super::pages::Pages;
use super::{Aws, AwsError, AwsErrorKind};

const LIST_CLUSTERS: &str = "ecs:ListClusters";
const LIST_SERVICES: &str = "ecs:ListServices";
const DESCRIBE_SERVICES: &str = "ecs:DescribeServices";

/// The most entries of a page.
pub(super) const PAGE: i32 = 100;

/// ECS in one region, for finding what it uses.
#[derive(Clone)]
pub struct EcsUsage {
    pub(super) aws: Aws,
    pub(super) client: Client,
    pub(super) region: String,
}

impl fmt::Debug for EcsUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcsUsage")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A service, with everything that it may start a task from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceUse {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Who deploys: `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: String,
    /// Task definitions of the service, its deployments and its task sets, whatever their status.
    pub definitions: BTreeSet<String>,
    /// The ARN of the deployment that goes on, or of the last one.
    pub deployment: Option<String>,
    /// The ARNs of the service revisions that have tasks now.
    pub revisions: Vec<String>,
    /// How many tasks it shall have.
    pub desired: i32,
}

/// An answer to a request for several things, of which some may have failed by themselves.
#[derive(Debug)]
pub struct Described<T> {
    /// What was found.
    pub found: Vec<T>,
    /// What was not, other than what is not there.
    pub failures: Vec<PartFailure>,
}

/// One of several things that were asked for together failed by itself.
#[derive(Debug)]
pub struct PartFailure {
    /// Its ARN; `None` where the answer does not tell which one it is.
    pub arn: Option<String>,
    /// What happened.
    pub error: AwsError,
}

impl Aws {
    /// ECS in a region.
    pub async fn ecs_usage(&self, region: &str) -> EcsUsage {
        EcsUsage {
            aws: self.clone(),
            client: paced_client!(self, aws_sdk_ecs, region),
            region: region.to_owned(),
        }
    }
}

impl EcsUsage {
    /// How many services [`Self::describe_services`] takes at once.
    pub const SERVICES_AT_ONCE: usize = 10;

    /// The ARNs of all clusters.
    pub async fn clusters(&self) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(LIST_CLUSTERS, &self.region);
        let mut arns = Vec::new();
        loop {
            let request = self.client.list_clusters().max_results(PAGE);
            let request = request.set_next_token(pages.token());
            let answer = self
                .aws
                .paced(LIST_CLUSTERS, &self.region, || request.clone().send())
                .await?;
            arns.extend_from_slice(answer.cluster_arns());
            if !pages.turn(answer.next_token())? {
                return Ok(arns);
            }
        }
    }

    /// The ARNs of all services of a cluster, of those that are being deleted, too.
    pub async fn services(&self, cluster: &str) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(LIST_SERVICES, &self.region);
        let mut arns = Vec::new();
        loop {
            let request = self.client.list_services().cluster(cluster);
            let request = request.max_results(PAGE).set_next_token(pages.token());
            let answer = self
                .aws
                .paced(LIST_SERVICES, &self.region, || request.clone().send())
                .await?;
            arns.extend_from_slice(answer.service_arns());
            if !pages.turn(answer.next_token())? {
                return Ok(arns);
            }
        }
    }

    /// Services of a cluster, at most [`Self::SERVICES_AT_ONCE`]. One that is gone is no failure.
    pub async fn describe_services(
        &self,
        cluster: &str,
        arns: &[String],
    ) -> Result<Described<ServiceUse>, AwsError> {
        let request = self.client.describe_services().cluster(cluster);
        let request = request.set_services(Some(arns.to_vec()));
        let answer = self
            .aws
            .paced(DESCRIBE_SERVICES, &self.region, || request.clone().send())
            .await?;
        Ok(Described {
            found: answer.services().iter().map(service).collect(),
            failures: self.failures(
                DESCRIBE_SERVICES,
                (arns.len(), answer.services().len()),
                answer.failures(),
            ),
        })
    }

    /// The failures of an answer to a request for so many things, of which so many were found. What
    /// ECS says nothing of is a failure, too.
    pub(super) fn failures(
        &self,
        action: &'static str,
        (asked, found): (usize, usize),
        failures: &[Failure],
    ) -> Vec<PartFailure> {
        let real = failures
            .iter()
            .filter(|one| one.reason() != Some("MISSING"));
        let mut errors: Vec<PartFailure> = real
            .map(|one| PartFailure {
                arn: one.arn().map(str::to_owned),
                error: AwsError {
                    action,
                    region: self.region.clone(),
                    kind: refused(one),
                    source: None,
                },
            })
            .collect();
        if found + failures.len() < asked {
            let problem = format!(
                "{asked} were asked for, and it tells of {}",
                found + failures.len()
            );
            errors.push(PartFailure {
                arn: None,
                error: AwsError::invalid(action, &self.region, problem),
            });
        }
        errors
    }
}

fn refused(failure: &Failure) -> AwsErrorKind {
    let detail = failure.detail().map(|detail| format!(": {detail}"));
    AwsErrorKind::Refused {
        code: failure.reason().unwrap_or("unknown").to_owned(),
        message: format!(
            "{}{}",
            failure.arn().unwrap_or("no ARN"),
            detail.unwrap_or_default()
        ),
    }
}

/// `deployments` is empty where CodeDeploy or another controller deploys; then the task sets say
/// what runs. A service scaled to zero has neither tasks nor, before its first deployment, task sets.
fn service(service: &Service) -> ServiceUse {
    let deployments = service.deployments().iter();
    let deployments = deployments.filter_map(|one| one.task_definition());
    let sets = service.task_sets().iter();
    let sets = sets.filter_map(|one| one.task_definition());
    let definitions = service.task_definition().into_iter();
    let controller = service.deployment_controller();
    let revisions = service.current_service_revisions().iter();
    ServiceUse {
        arn: service.service_arn().unwrap_or_default().to_owned(),
        name: service.service_name().unwrap_or_default().to_owned(),
        controller: controller
            .map_or("ECS", |one| one.r#type().as_str())
            .to_owned(),
        definitions: definitions
            .chain(deployments)
            .chain(sets)
            .map(str::to_owned)
            .collect(),
        deployment: service.current_service_deployment().map(str::to_owned),
        revisions: revisions
            .filter_map(|one| one.arn().map(str::to_owned))
            .collect(),
        desired: service.desired_count(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{
        Deployment, DeploymentController, DeploymentControllerType, ServiceCurrentRevisionSummary,
        TaskSet,
    };

    use super::*;

    #[test]
    fn every_deployment_and_task_set_counts() {
        let deployment = |status: &str, definition: &str| {
            let one = Deployment::builder().status(status);
            one.task_definition(definition).build()
        };
        let set = |status: &str, definition: &str| {
            let one = TaskSet::builder().status(status);
            one.task_definition(definition).build()
        };
        let revision = ServiceCurrentRevisionSummary::builder().arn("revision");
        let built = Service::builder()
            .service_name("web")
            .task_definition("web:5")
            .deployments(deployment("PRIMARY", "web:4"))
            .deployments(deployment("INACTIVE", "web:3"))
            .task_sets(set("DRAINING", "web:2"))
            .current_service_revisions(revision.build())
            .build();
        let read = service(&built);
        let expected = ["web:2", "web:3", "web:4", "web:5"];
        assert_eq!(read.definitions, expected.map(str::to_owned).into());
        assert_eq!(read.controller, "ECS");
        assert_eq!(read.revisions, ["revision"]);
    }

    /// ecrm's fault 4: nothing but the service and its task sets names what it would start.
    #[test]
    fn a_blue_green_service_scaled_to_zero_uses_its_task_sets() {
        let controller =
            DeploymentController::builder().r#type(DeploymentControllerType::CodeDeploy);
        let set = TaskSet::builder()
            .status("PRIMARY")
            .task_definition("web:2");
        let built = Service::builder()
            .task_definition("web:1")
            .deployment_controller(controller.build().unwrap())
            .task_sets(set.build())
            .build();
        let read = service(&built);
        assert_eq!(read.controller, "CODE_DEPLOY");
        let expected = ["web:1", "web:2"];
        assert_eq!(read.definitions, expected.map(str::to_owned).into());
    }

    #[tokio::test]
    async fn only_what_is_missing_is_no_failure() {
        let usage = Aws::new(crate::aws::AwsSettings::default());
        let usage = usage.ecs_usage("eu-west-1").await;
        let failure = |reason: &str| Failure::builder().arn("a").reason(reason).build();
        let judged = |counts, failures: &[Failure]| {
            let errors = usage.failures(DESCRIBE_SERVICES, counts, failures);
            let errors: Vec<String> = errors.iter().map(|one| one.error.to_string()).collect();
            errors
        };
        assert!(judged((2, 1), &[failure("MISSING")]).is_empty());
        assert_eq!(
            judged((1, 0), &[failure("ACCESS_DENIED")]),
            ["ecs:DescribeServices in eu-west-1: refused (ACCESS_DENIED: a)"]
        );
        assert_eq!(
            judged((3, 1), &[failure("MISSING")]),
            ["ecs:DescribeServices in eu-west-1: the answer is not valid"]
        );
    }
}
