//! ECS, as far as it is read: which task definition a service runs, and the definition itself.
//!
//! A task definition is given as the JSON of the answer. The SDK's types leave out every member that is
//! newer than the SDK, without a word, and a definition that is registered again must not lose any.

use std::error::Error;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::types::{Failure, Service, TaskDefinitionFamilyStatus, TaskDefinitionField};
use serde_json::Value;

use super::error::StatusOf;
use super::{Aws, AwsError, AwsErrorKind};

const SERVICES: &str = "ecs:DescribeServices";
const DEFINITION: &str = "ecs:DescribeTaskDefinition";
const LIST_SERVICES: &str = "ecs:ListServices";
const LIST_CLUSTERS: &str = "ecs:ListClusters";
const LIST_FAMILIES: &str = "ecs:ListTaskDefinitionFamilies";

/// Names are asked for to find one that was meant; more than these help nobody.
const MOST_NAMES: usize = 1000;

/// A service of ECS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcsService {
    /// Its ARN, which names region, account and cluster.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`; the last two are deleted services.
    pub status: String,
    /// Who deploys: `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: String,
    /// The task definition that production traffic reaches, or will when the deployment is done.
    /// ECS gives an ARN with revision.
    pub task_definition: String,
    /// Deployments or task sets besides the primary one: a deployment is going on, or a blue one is
    /// still there.
    pub others: Vec<String>,
}

impl Aws {
    /// A service; `None` when the cluster has none of this name. Without a region, that of the
    /// process; without a cluster, ECS's `default`.
    ///
    /// # Errors
    /// A cluster that does not exist is [`AwsErrorKind::NotFound`].
    pub async fn ecs_service(
        &self,
        region: Option<&str>,
        cluster: Option<&str>,
        service: &str,
    ) -> Result<Option<EcsService>, AwsError> {
        let region = self.region_for(SERVICES, region).await?;
        let request = self.ecs(&region).await.describe_services();
        let request = request
            .set_cluster(cluster.map(str::to_owned))
            .services(service);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Err(self.failed(SERVICES, &region, error).await),
        };
        // 200 with failures is how ECS says that there is none.
        if let Some(service) = answer.services().first() {
            let read = read(service);
            return read.map(Some).ok_or_else(|| {
                AwsError::invalid(SERVICES, &region, "a service without a task definition")
            });
        }
        match answer.failures().first() {
            Some(failure) if failure.reason() != Some("MISSING") => Err(AwsError {
                action: SERVICES,
                region,
                kind: refused(failure),
                source: None,
            }),
            _ => Ok(None),
        }
    }

    /// The answer of `DescribeTaskDefinition` as it came, with tags: `{"taskDefinition": {…},
    /// "tags": […]}`. `name` is an ARN, `family:revision`, or a family for its latest revision.
    /// `None` when there is none.
    ///
    /// # Errors
    /// [`AwsErrorKind::Invalid`] when the body is not JSON.
    pub async fn ecs_task_definition(
        &self,
        region: Option<&str>,
        name: &str,
    ) -> Result<Option<Value>, AwsError> {
        let region = self.region_for(DEFINITION, region).await?;
        let body = Body::default();
        let request = self.ecs(&region).await.describe_task_definition();
        let answer = request
            .task_definition(name)
            .include(TaskDefinitionField::Tags)
            .customize()
            .interceptor(body.clone())
            .send()
            .await;
        if let Err(error) = answer {
            let error = self.failed(DEFINITION, &region, error).await;
            return match &error.kind {
                // ECS has no code of its own for this.
                AwsErrorKind::Refused { code, message }
                    if code == "ClientException"
                        && message.contains("Unable to describe task definition") =>
                {
                    Ok(None)
                }
                _ => Err(error),
            };
        }
        let bytes = body.take();
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| AwsError::invalid(DEFINITION, &region, error))
    }

    /// The names of a cluster's services, sorted; of the first thousand.
    pub async fn ecs_service_names(
        &self,
        region: Option<&str>,
        cluster: Option<&str>,
    ) -> Result<Vec<String>, AwsError> {
        let region = self.region_for(LIST_SERVICES, region).await?;
        let request = self.ecs(&region).await.list_services();
        let request = request.set_cluster(cluster.map(str::to_owned));
        let mut arns = request.max_results(100).into_paginator().items().send();
        self.names(LIST_SERVICES, &region, async || arns.next().await)
            .await
    }

    /// The names of the region's clusters, sorted; of the first thousand.
    pub async fn ecs_cluster_names(&self, region: Option<&str>) -> Result<Vec<String>, AwsError> {
        let region = self.region_for(LIST_CLUSTERS, region).await?;
        let request = self.ecs(&region).await.list_clusters();
        let mut arns = request.into_paginator().items().send();
        self.names(LIST_CLUSTERS, &region, async || arns.next().await)
            .await
    }

    /// The families that have an active task definition, sorted; of the first thousand.
    pub async fn ecs_families(&self, region: Option<&str>) -> Result<Vec<String>, AwsError> {
        let region = self.region_for(LIST_FAMILIES, region).await?;
        let request = self.ecs(&region).await.list_task_definition_families();
        let request = request.status(TaskDefinitionFamilyStatus::Active);
        let mut families = request.into_paginator().items().send();
        self.names(LIST_FAMILIES, &region, async || families.next().await)
            .await
    }

    /// Reads a list to its end, or to [`MOST_NAMES`].
    async fn names<E, R>(
        &self,
        action: &'static str,
        region: &str,
        mut next: impl AsyncFnMut() -> Option<Result<String, SdkError<E, R>>>,
    ) -> Result<Vec<String>, AwsError>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: StatusOf + Debug + Send + Sync + 'static,
    {
        let mut names = Vec::new();
        while let Some(name) = next().await {
            match name {
                Ok(name) => names.push(last_part(&name)),
                Err(error) => return Err(self.failed(action, region, error).await),
            }
            if names.len() == MOST_NAMES {
                break;
            }
        }
        names.sort();
        Ok(names)
    }

    async fn ecs(&self, region: &str) -> aws_sdk_ecs::Client {
        aws_sdk_ecs::Client::new(&self.in_region(region).await)
    }
}

/// What production runs. `deployments` is empty when CodeDeploy or another controller deploys;
/// then the primary task set says it, and `taskDefinition` where there is none.
fn read(service: &Service) -> Option<EcsService> {
    let of = |status: Option<&str>, definition: Option<&str>| {
        let definition = definition?.to_owned();
        Some((status == Some("PRIMARY"), definition))
    };
    let deployments = service.deployments().iter();
    let deployments: Vec<_> = deployments
        .filter_map(|one| of(one.status(), one.task_definition()))
        .collect();
    let sets = service.task_sets().iter();
    let sets: Vec<_> = sets
        .filter_map(|one| of(one.status(), one.task_definition()))
        .collect();
    let all = if deployments.is_empty() {
        sets
    } else {
        deployments
    };
    let primary = all.iter().find(|(primary, _)| *primary);
    let primary = primary.map(|(_, definition)| definition.as_str());
    let task_definition = primary.or(service.task_definition())?.to_owned();
    let others = all.iter().filter(|(primary, _)| !primary);
    let controller = service.deployment_controller();
    Some(EcsService {
        arn: service.service_arn().unwrap_or_default().to_owned(),
        name: service.service_name().unwrap_or_default().to_owned(),
        status: service.status().unwrap_or("ACTIVE").to_owned(),
        controller: controller.map_or_else(|| "ECS".to_owned(), |one| one.r#type().to_string()),
        task_definition,
        others: others.map(|(_, definition)| definition.clone()).collect(),
    })
}

fn refused(failure: &Failure) -> AwsErrorKind {
    AwsErrorKind::Refused {
        code: failure.reason().unwrap_or("unknown").to_owned(),
        message: failure.detail().unwrap_or("no message").to_owned(),
    }
}

/// The name at the end of an ARN.
fn last_part(arn: &str) -> String {
    let name = arn.rsplit_once('/').map_or(arn, |(_, name)| name);
    name.to_owned()
}

/// Keeps the body of the answer.
#[derive(Clone, Debug, Default)]
struct Body(Arc<Mutex<Vec<u8>>>);

impl Body {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "Body"
    }

    // Before this the body is a stream; from here on it is in memory.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        if let Some(bytes) = context.response().body().bytes() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = bytes.to_vec();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{Deployment, DeploymentController, DeploymentControllerType, TaskSet};

    use super::*;

    fn set(status: &str, definition: &str) -> TaskSet {
        let set = TaskSet::builder().status(status);
        set.task_definition(definition).build()
    }

    #[test]
    fn the_primary_deployment_is_what_runs() {
        let deployment = |status: &str, definition: &str| {
            let one = Deployment::builder().status(status);
            one.task_definition(definition).build()
        };
        let service = Service::builder()
            .service_name("web")
            .task_definition("web:1")
            .deployments(deployment("ACTIVE", "web:1"))
            .deployments(deployment("PRIMARY", "web:2"))
            .build();
        let read = read(&service).unwrap();
        assert_eq!(read.task_definition, "web:2");
        assert_eq!(read.others, ["web:1"]);
        assert_eq!(read.controller, "ECS");
    }

    #[test]
    fn with_code_deploy_the_primary_task_set_is() {
        let controller =
            DeploymentController::builder().r#type(DeploymentControllerType::CodeDeploy);
        let service = Service::builder()
            .task_definition("web:1")
            .deployment_controller(controller.build().unwrap())
            .task_sets(set("ACTIVE", "web:3"))
            .task_sets(set("PRIMARY", "web:2"));
        let found = read(&service.build()).unwrap();
        assert_eq!(found.task_definition, "web:2");
        assert_eq!(found.controller, "CODE_DEPLOY");
        // Before its first deployment there is no task set.
        let new = Service::builder().task_definition("web:1").build();
        assert_eq!(read(&new).unwrap().task_definition, "web:1");
        assert!(read(&Service::builder().build()).is_none());
    }

    #[test]
    fn names_are_the_end_of_arns() {
        for (arn, name) in [
            ("arn:aws:ecs:eu-west-1:123456789012:service/prod/web", "web"),
            ("arn:aws:ecs:eu-west-1:123456789012:service/web", "web"),
            ("web", "web"),
        ] {
            assert_eq!(last_part(arn), name);
        }
    }
}
