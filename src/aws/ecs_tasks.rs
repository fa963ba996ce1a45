//! The tasks of a cluster: which images their containers have, by text and by digest.

use aws_sdk_ecs::types::{DesiredStatus, Task};

use super::AwsError;
use super::ecs_usage::{Described, EcsUsage, PAGE};
use super::pages::Pages;

const LIST: &str = "ecs:ListTasks";
const DESCRIBE: &str = "ecs:DescribeTasks";

/// A task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskUse {
    /// Its ARN.
    pub arn: String,
    /// `service:web`, `family:job`, or what it was started with.
    pub group: Option<String>,
    /// `PROVISIONING`, `PENDING`, `RUNNING`, …, `STOPPED`.
    pub status: String,
    /// The ARN of its task definition.
    pub definition: Option<String>,
    /// Its containers.
    pub containers: Vec<ContainerUse>,
}

/// A container of a task, or of a service revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerUse {
    /// Its name.
    pub name: String,
    /// The image as the definition has it; with the digest appended since agent 1.83. Not every
    /// container has one: those that AWS adds to a task may lack it.
    pub image: Option<String>,
    /// The digest of what was pulled.
    pub digest: Option<String>,
}

impl EcsUsage {
    /// How many tasks [`Self::describe_tasks`] takes at once.
    pub const TASKS_AT_ONCE: usize = 100;

    /// The ARNs of all tasks of a cluster, of every launch type: those that run or are being started (ECS
    /// wants both to be `RUNNING`; it never wants a task to be `PENDING`), and those that ECS wants stopped,
    /// which may still drain.
    pub async fn tasks(&self, cluster: &str) -> Result<Vec<String>, AwsError> {
        let mut arns = Vec::new();
        for wanted in [DesiredStatus::Running, DesiredStatus::Stopped] {
            let mut pages = Pages::of(LIST, &self.region);
            loop {
                let request = self.client.list_tasks().cluster(cluster);
                let request = request.desired_status(wanted.clone()).max_results(PAGE);
                let request = request.set_next_token(pages.token());
                let answer = self
                    .aws
                    .paced(LIST, &self.region, || request.clone().send())
                    .await?;
                arns.extend_from_slice(answer.task_arns());
                if !pages.turn(answer.next_token())? {
                    break;
                }
            }
        }
        // A task may come to an end between the two.
        arns.sort();
        arns.dedup();
        Ok(arns)
    }

    /// Tasks of a cluster, at most [`Self::TASKS_AT_ONCE`]. One that is gone is no failure.
    pub async fn describe_tasks(
        &self,
        cluster: &str,
        arns: &[String],
    ) -> Result<Described<TaskUse>, AwsError> {
        let request = self.client.describe_tasks().cluster(cluster);
        let request = request.set_tasks(Some(arns.to_vec()));
        let answer = self
            .aws
            .paced(DESCRIBE, &self.region, || request.clone().send())
            .await?;
        Ok(Described {
            found: answer.tasks().iter().map(task).collect(),
            failures: self.failures(
                DESCRIBE,
                (arns.len(), answer.tasks().len()),
                answer.failures(),
            ),
        })
    }
}

fn task(task: &Task) -> TaskUse {
    let containers = task.containers().iter().map(|one| ContainerUse {
        name: one.name().unwrap_or_default().to_owned(),
        image: one.image().map(str::to_owned),
        digest: one.image_digest().map(str::to_owned),
    });
    TaskUse {
        arn: task.task_arn().unwrap_or_default().to_owned(),
        group: task.group().map(str::to_owned),
        status: task.last_status().unwrap_or_default().to_owned(),
        definition: task.task_definition_arn().map(str::to_owned),
        containers: containers.collect(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Container;

    use super::*;

    #[test]
    fn a_task_tells_text_and_digest() {
        let container = Container::builder().name("app").image("web:1");
        let built = Task::builder()
            .task_arn("arn")
            .last_status("PENDING")
            .task_definition_arn("web:3")
            .containers(container.image_digest("sha256:1").build())
            .containers(Container::builder().name("added").build())
            .build();
        let read = task(&built);
        assert_eq!(read.status, "PENDING");
        assert_eq!(read.definition.as_deref(), Some("web:3"));
        assert_eq!(read.containers[0].image.as_deref(), Some("web:1"));
        assert_eq!(read.containers[0].digest.as_deref(), Some("sha256:1"));
        assert_eq!(read.containers[1].image, None);
    }
}
