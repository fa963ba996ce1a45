//! Jobs of AWS Batch that run or wait, and the images that they have: those of their definition, unless whoever
//! submitted one named others, which on EKS is possible.

use aws_sdk_batch::types::{
    EcsPropertiesDetail, EksPropertiesDetail, JobDetail, JobStatus, JqStatus,
};

use super::job_definitions::{JobDefinitions, PAGE, QUEUES, nodes};
use super::pages::Pages;
use super::{AwsError, AwsErrorKind};

const LIST: &str = "batch:ListJobs";
const DESCRIBE: &str = "batch:DescribeJobs";
/// The code of every error that is the caller's fault.
const CLIENT: &str = "ClientException";

/// The states of a job that will start a container, or has one.
const ALIVE: [JobStatus; 5] = [
    JobStatus::Submitted,
    JobStatus::Pending,
    JobStatus::Runnable,
    JobStatus::Starting,
    JobStatus::Running,
];

/// A job, as the list has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedJob {
    /// Its id.
    pub id: String,
    /// The ARN of its definition, with the revision.
    pub definition: Option<String>,
}

/// What a job uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobUse {
    /// Its id.
    pub id: String,
    /// The image of every container.
    pub images: Vec<String>,
}

impl JobDefinitions {
    /// How many [`Self::jobs`] takes at once.
    pub const JOBS_AT_ONCE: usize = 100;

    /// The jobs of a queue that run or wait, each once; none where the queue is gone.
    pub async fn jobs_of(&self, queue: &str) -> Result<Vec<ListedJob>, AwsError> {
        match self.listed(queue).await {
            // Batch has one code for whatever is wrong with a request, so that only asking for it tells.
            Err(AwsError {
                kind: AwsErrorKind::Refused { code, .. },
                ..
            }) if code == CLIENT && self.is_gone(queue).await? => Ok(Vec::new()),
            result => result,
        }
    }

    /// Whether there is no such queue any more.
    async fn is_gone(&self, queue: &str) -> Result<bool, AwsError> {
        let request = self.client.describe_job_queues().job_queues(queue);
        let answer = self
            .aws
            .paced(QUEUES, &self.region, || request.clone().send())
            .await?;
        let mut there = answer.job_queues().iter();
        Ok(there.all(|one| one.status() == Some(&JqStatus::Deleted)))
    }

    async fn listed(&self, queue: &str) -> Result<Vec<ListedJob>, AwsError> {
        let mut found = Vec::new();
        for status in ALIVE {
            let mut pages = Pages::of(LIST, &self.region);
            loop {
                let request = self.client.list_jobs().job_queue(queue);
                let request = request.job_status(status.clone()).max_results(PAGE);
                let request = request.set_next_token(pages.token());
                let answer = self
                    .aws
                    .paced(LIST, &self.region, || request.clone().send())
                    .await?;
                found.extend(answer.job_summary_list().iter().map(|job| ListedJob {
                    id: job.job_id().unwrap_or_default().to_owned(),
                    definition: job.job_definition().map(str::to_owned),
                }));
                if !pages.turn(answer.next_token())? {
                    break;
                }
            }
        }
        // One may go from state to state between the lists.
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Jobs by id, at most [`Self::JOBS_AT_ONCE`]. Those that Batch does not know are left out.
    pub async fn jobs(&self, ids: &[String]) -> Result<Vec<JobUse>, AwsError> {
        let request = self.client.describe_jobs().set_jobs(Some(ids.to_vec()));
        let answer = self
            .aws
            .paced(DESCRIBE, &self.region, || request.clone().send())
            .await?;
        Ok(answer.jobs().iter().map(job).collect())
    }
}

fn job(one: &JobDetail) -> JobUse {
    let mut images = Vec::new();
    let container = one.container().and_then(|container| container.image());
    images.extend(container.map(str::to_owned));
    ecs(one.ecs_properties(), &mut images);
    eks(one.eks_properties(), &mut images);
    nodes(one.node_properties(), &mut images);
    JobUse {
        id: one.job_id().unwrap_or_default().to_owned(),
        images,
    }
}

fn ecs(one: Option<&EcsPropertiesDetail>, images: &mut Vec<String>) {
    for task in one.map_or(&[][..], |one| one.task_properties()) {
        let containers = task.containers().iter();
        images.extend(containers.filter_map(|one| one.image().map(str::to_owned)));
    }
}

fn eks(one: Option<&EksPropertiesDetail>, images: &mut Vec<String>) {
    if let Some(pod) = one.and_then(|one| one.pod_properties()) {
        let containers = pod.containers().iter().chain(pod.init_containers());
        images.extend(containers.filter_map(|one| one.image().map(str::to_owned)));
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_batch::types::{
        ContainerDetail, ContainerProperties, EcsTaskDetails, EksContainerDetail,
        EksPodPropertiesDetail, NodeProperties, NodeRangeProperty, TaskContainerDetails,
    };

    use super::*;

    #[test]
    fn containers_of_every_kind_count() {
        let container = ContainerDetail::builder().image("a").build();
        let task = TaskContainerDetails::builder().image("b").build();
        let task = EcsTaskDetails::builder().containers(task).build();
        let ecs = EcsPropertiesDetail::builder().task_properties(task).build();
        let pod = |image: &str| EksContainerDetail::builder().image(image).build();
        let pod = EksPodPropertiesDetail::builder()
            .containers(pod("c"))
            .init_containers(pod("d"));
        let eks = EksPropertiesDetail::builder().pod_properties(pod.build());
        let node = ContainerProperties::builder().image("e").build();
        let range = NodeRangeProperty::builder().container(node).build();
        let nodes = NodeProperties::builder().node_range_properties(range);
        let built = JobDetail::builder()
            .job_id("1")
            .container(container)
            .ecs_properties(ecs)
            .eks_properties(eks.build())
            .node_properties(nodes.build())
            .build();
        let read = job(&built);
        assert_eq!(read.id, "1");
        assert_eq!(read.images, ["a", "b", "c", "d", "e"]);
    }
}
