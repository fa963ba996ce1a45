//! Schedules of EventBridge Scheduler, of every group: what their targets start.

use std::fmt;

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::types::{ScheduleSummary, Target};

use super::calls::paced_client;
use super::pages::Pages;
use super::{Aws, AwsError, AwsErrorKind};

const LIST: &str = "scheduler:ListSchedules";
const GET: &str = "scheduler:GetSchedule";

/// The most entries of a page.
const PAGE: i32 = 100;

/// The schedules of one region.
#[derive(Clone)]
pub struct Schedules {
    aws: Aws,
    client: Client,
    region: String,
}

impl fmt::Debug for Schedules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedules")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A schedule, as the list has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedSchedule {
    /// Its group.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// The ARN of its target: of a cluster (`arn:aws:ecs:…:cluster/prod`), of an action of the API
    /// (`arn:aws:scheduler:::aws-sdk:ecs:runTask`), of anything else.
    pub target: String,
}

/// What a schedule starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleTarget {
    /// The ARN of the target.
    pub arn: String,
    /// The ARN of the task definition, with or without a revision.
    pub definition: Option<String>,
    /// What the target is given: JSON, for an action of the API its arguments.
    pub input: Option<String>,
}

impl Aws {
    /// The schedules of a region.
    pub async fn schedules(&self, region: &str) -> Schedules {
        Schedules {
            aws: self.clone(),
            client: paced_client!(self, aws_sdk_scheduler, region),
            region: region.to_owned(),
        }
    }
}

impl Schedules {
    /// All schedules of all groups, whether they are enabled or not.
    pub async fn list(&self) -> Result<Vec<ListedSchedule>, AwsError> {
        let mut pages = Pages::of(LIST, &self.region);
        let mut found = Vec::new();
        loop {
            let request = self.client.list_schedules().max_results(PAGE);
            let request = request.set_next_token(pages.token());
            let answer = self
                .aws
                .paced(LIST, &self.region, || request.clone().send())
                .await?;
            found.extend(answer.schedules().iter().map(listed));
            if !pages.turn(answer.next_token())? {
                return Ok(found);
            }
        }
    }

    /// The target of a schedule; `None` where it is gone: a schedule may delete itself.
    pub async fn target(&self, one: &ListedSchedule) -> Result<Option<ScheduleTarget>, AwsError> {
        let request = self.client.get_schedule().name(&one.name);
        let request = request.group_name(&one.group);
        let answer = match self
            .aws
            .paced(GET, &self.region, || request.clone().send())
            .await
        {
            Ok(answer) => answer,
            Err(error) => {
                return match error.kind {
                    AwsErrorKind::NotFound { .. } => Ok(None),
                    _ => Err(error),
                };
            }
        };
        let Some(found) = answer.target() else {
            let problem = "it tells no target";
            return Err(AwsError::invalid(GET, &self.region, problem));
        };
        Ok(Some(target(found)))
    }
}

fn listed(one: &ScheduleSummary) -> ListedSchedule {
    ListedSchedule {
        group: one.group_name().unwrap_or("default").to_owned(),
        name: one.name().unwrap_or_default().to_owned(),
        target: one.target().map_or("", |target| target.arn()).to_owned(),
    }
}

fn target(one: &Target) -> ScheduleTarget {
    let ecs = one.ecs_parameters();
    ScheduleTarget {
        arn: one.arn().to_owned(),
        definition: ecs.map(|ecs| ecs.task_definition_arn().to_owned()),
        input: one.input().map(str::to_owned),
    }
}
