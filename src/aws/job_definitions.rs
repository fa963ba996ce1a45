//! Job definitions of AWS Batch: the images of their containers, on ECS, on EKS and on several nodes. Jobs are in
//! `batch_jobs`.

use std::fmt;

use aws_sdk_batch::Client;
use aws_sdk_batch::operation::describe_job_definitions::builders::DescribeJobDefinitionsFluentBuilder;
use aws_sdk_batch::types::{
    ContainerProperties, EcsProperties, EksProperties, JobDefinition, JobQueueDetail, JobQueueType,
    NodeProperties, NodeRangeProperty,
};

use super::calls::paced_client;
use super::pages::Pages;
use super::{Aws, AwsError};

const DEFINITIONS: &str = "batch:DescribeJobDefinitions";
pub(super) const QUEUES: &str = "batch:DescribeJobQueues";

/// The most entries of a page.
pub(super) const PAGE: i32 = 100;

/// The job definitions of one region.
#[derive(Clone)]
pub struct JobDefinitions {
    pub(super) aws: Aws,
    pub(super) client: Client,
    pub(super) region: String,
}

impl fmt::Debug for JobDefinitions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobDefinitions")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A revision of a job definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobDefinitionUse {
    /// Its ARN, with the revision.
    pub arn: String,
    /// Its name, without the revision.
    pub family: String,
    /// Counted from 1 for each name.
    pub revision: i32,
    /// The image of every container.
    pub images: Vec<String>,
    /// A job of it may have other images: whoever submits one to EKS may name them.
    pub is_overridable: bool,
}

impl JobDefinitionUse {
    /// `NAME:REVISION`, as `SubmitJob` takes it.
    pub fn name(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }
}

impl Aws {
    /// The job definitions of a region.
    pub async fn job_definitions(&self, region: &str) -> JobDefinitions {
        JobDefinitions {
            aws: self.clone(),
            client: paced_client!(self, aws_sdk_batch, region),
            region: region.to_owned(),
        }
    }
}

impl JobDefinitions {
    /// How many [`Self::named`] takes at once.
    pub const AT_ONCE: usize = 100;

    /// Every active revision.
    pub async fn active(&self) -> Result<Vec<JobDefinitionUse>, AwsError> {
        let request = self.client.describe_job_definitions();
        self.describe(request.status("ACTIVE").max_results(PAGE))
            .await
    }

    /// These revisions, active or not, by ARN or `NAME:REVISION`; at most [`Self::AT_ONCE`]. Those that are gone are left out.
    pub async fn named(&self, arns: &[String]) -> Result<Vec<JobDefinitionUse>, AwsError> {
        let request = self.client.describe_job_definitions();
        self.describe(request.set_job_definitions(Some(arns.to_vec())))
            .await
    }

    async fn describe(
        &self,
        request: DescribeJobDefinitionsFluentBuilder,
    ) -> Result<Vec<JobDefinitionUse>, AwsError> {
        let mut pages = Pages::of(DEFINITIONS, &self.region);
        let mut found = Vec::new();
        loop {
            let request = request.clone().set_next_token(pages.token());
            let answer = self
                .aws
                .paced(DEFINITIONS, &self.region, || request.clone().send())
                .await?;
            found.extend(answer.job_definitions().iter().map(definition));
            if !pages.turn(answer.next_token())? {
                return Ok(found);
            }
        }
    }

    /// The ARNs of all queues whose jobs may have containers of their own.
    pub async fn queues(&self) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(QUEUES, &self.region);
        let mut arns = Vec::new();
        loop {
            let request = self.client.describe_job_queues().max_results(PAGE);
            let request = request.set_next_token(pages.token());
            let answer = self
                .aws
                .paced(QUEUES, &self.region, || request.clone().send())
                .await?;
            arns.extend(answer.job_queues().iter().filter_map(queue));
            if !pages.turn(answer.next_token())? {
                return Ok(arns);
            }
        }
    }
}

/// Jobs of `SageMaker` have no job definitions: `ListJobs` refuses their queues.
fn queue(one: &JobQueueDetail) -> Option<String> {
    if one.job_queue_type() == Some(&JobQueueType::SagemakerTraining) {
        return None;
    }
    one.job_queue_arn().map(str::to_owned)
}

fn definition(one: &JobDefinition) -> JobDefinitionUse {
    let mut images = Vec::new();
    container(one.container_properties(), &mut images);
    ecs(one.ecs_properties(), &mut images);
    eks(one.eks_properties(), &mut images);
    nodes(one.node_properties(), &mut images);
    let mut ranges = ranges(one.node_properties()).iter();
    let is_overridable =
        one.eks_properties().is_some() || ranges.any(|range| range.eks_properties().is_some());
    JobDefinitionUse {
        arn: one.job_definition_arn().unwrap_or_default().to_owned(),
        family: one.job_definition_name().unwrap_or_default().to_owned(),
        // A revision that is not told is as good as the newest one.
        revision: one.revision().unwrap_or(i32::MAX),
        images,
        is_overridable,
    }
}

fn ranges(one: Option<&NodeProperties>) -> &[NodeRangeProperty] {
    one.map_or(&[], |nodes| nodes.node_range_properties())
}

/// The images of a job of several nodes.
pub(super) fn nodes(one: Option<&NodeProperties>, images: &mut Vec<String>) {
    for range in ranges(one) {
        container(range.container(), images);
        ecs(range.ecs_properties(), images);
        eks(range.eks_properties(), images);
    }
}

fn container(one: Option<&ContainerProperties>, images: &mut Vec<String>) {
    images.extend(one.and_then(|one| one.image().map(str::to_owned)));
}

fn ecs(one: Option<&EcsProperties>, images: &mut Vec<String>) {
    for task in one.map_or(&[][..], |one| one.task_properties()) {
        let containers = task.containers().iter();
        images.extend(containers.filter_map(|one| one.image().map(str::to_owned)));
    }
}

fn eks(one: Option<&EksProperties>, images: &mut Vec<String>) {
    if let Some(pod) = one.and_then(|one| one.pod_properties()) {
        let containers = pod.containers().iter().chain(pod.init_containers());
        images.extend(containers.filter_map(|one| one.image().map(str::to_owned)));
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_batch::types::{
        EcsTaskProperties, EksContainer, EksPodProperties, TaskContainerProperties,
    };

    use super::*;

    #[test]
    fn only_queues_of_sagemaker_are_left_out() {
        let told = |kind: Option<&str>| {
            let one = JobQueueDetail::builder().job_queue_arn("q");
            let one = one.set_job_queue_type(kind.map(JobQueueType::from));
            queue(&one.build()).is_some()
        };
        assert!(!told(Some("SAGEMAKER_TRAINING")));
        for kind in [None, Some("ECS"), Some("EKS"), Some("SOMETHING_NEW")] {
            assert!(told(kind), "{kind:?}");
        }
    }

    #[test]
    fn containers_of_every_kind_of_job_count() {
        let plain = |image: &str| ContainerProperties::builder().image(image).build();
        let ecs = |image: &str| {
            let container = TaskContainerProperties::builder().image(image).build();
            let task = EcsTaskProperties::builder().containers(container).build();
            EcsProperties::builder().task_properties(task).build()
        };
        let eks = |image: &str, first: &str| {
            let container = |image: &str| EksContainer::builder().image(image).build();
            let pod = EksPodProperties::builder().containers(container(image));
            let pod = pod.init_containers(container(first)).build();
            EksProperties::builder().pod_properties(pod).build()
        };
        let range = NodeRangeProperty::builder().container(plain("d"));
        let range = range.ecs_properties(ecs("e")).eks_properties(eks("f", "g"));
        let nodes = NodeProperties::builder().node_range_properties(range.build());
        let built = JobDefinition::builder()
            .job_definition_name("nightly")
            .revision(3)
            .container_properties(plain("a"))
            .ecs_properties(ecs("b"))
            .eks_properties(eks("c", "c2"))
            .node_properties(nodes.build())
            .build();
        let read = definition(&built);
        assert_eq!(read.name(), "nightly:3");
        assert_eq!(read.family, "nightly");
        assert_eq!(read.images, ["a", "b", "c", "c2", "d", "e", "f", "g"]);
        assert!(read.is_overridable);
        let built = JobDefinition::builder().ecs_properties(ecs("b"));
        assert!(!definition(&built.build()).is_overridable);
        let range = NodeRangeProperty::builder().eks_properties(eks("f", "g"));
        let nodes = NodeProperties::builder().node_range_properties(range.build());
        let built = JobDefinition::builder().node_properties(nodes.build());
        assert!(definition(&built.build()).is_overridable);
    }
}
