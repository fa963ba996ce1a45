//! CodePipeline: where a pipeline stands, which approvals wait, and answering them.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{
    ActionCategory, ActionExecutionStatus, ApprovalResult, ApprovalStatus, ExecutionMode,
};
use launchway_buildkit::Secret;

use super::parameter::time;
use super::{Aws, AwsError};

const STATE: &str = "codepipeline:GetPipelineState";
const DECLARATION: &str = "codepipeline:GetPipeline";
const EXECUTIONS: &str = "codepipeline:ListActionExecutions";
const ANSWER: &str = "codepipeline:PutApprovalResult";

/// Action executions of a page, and how many pages are read: an approval that still waits is among
/// the latest thousand.
const PAGE: i32 = 100;
const PAGES: usize = 10;

/// The pipelines of one region.
#[derive(Clone)]
pub struct Pipelines {
    aws: Aws,
    client: Client,
    region: String,
}

impl fmt::Debug for Pipelines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipelines")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A stage as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StageState {
    /// Its name.
    pub name: String,
    /// The execution that is in it, or was last.
    pub execution: Option<String>,
    /// `InProgress`, `Succeeded`, `Failed`, `Stopped`, …; `None` before the first.
    pub status: Option<String>,
    /// Its actions in their order.
    pub actions: Vec<ActionState>,
}

/// An action as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionState {
    /// Its name.
    pub name: String,
    /// `InProgress`, `Succeeded`, `Failed`, `Abandoned`; `None` before the first run.
    pub status: Option<String>,
    /// Since when it has this status.
    pub since: Option<jiff::Timestamp>,
    /// The token of an approval that waits; another one in each execution.
    pub token: Option<Secret>,
}

/// What a pipeline's definition says about approvals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineDeclaration {
    /// Executions run beside one another, and there is no state of the stages.
    pub parallel: bool,
    /// Its manual approvals, by stage and action.
    pub approvals: BTreeMap<(String, String), ApprovalDeclaration>,
}

/// A manual approval as it is configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApprovalDeclaration {
    /// `CustomData`: what the reviewer is told. Variables in it are not resolved.
    pub custom_data: Option<String>,
    /// `ExternalEntityLink`: what to review.
    pub review_link: Option<String>,
}

/// A running action of a pipeline whose executions run beside one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningAction {
    /// Its stage.
    pub stage: String,
    /// Its name.
    pub action: String,
    /// The execution that it belongs to.
    pub execution: String,
    /// When it began.
    pub since: Option<jiff::Timestamp>,
    /// What answers it, where it is an approval.
    pub token: Option<Secret>,
}

/// The answer to an approval.
#[derive(Clone, Debug)]
pub struct ApprovalAnswer<'a> {
    /// The pipeline.
    pub pipeline: &'a str,
    /// The stage.
    pub stage: &'a str,
    /// The action.
    pub action: &'a str,
    /// The token that it waits with.
    pub token: &'a Secret,
    /// Go on, or stop here.
    pub approve: bool,
    /// Why; at most 512 characters.
    pub summary: &'a str,
}

impl Aws {
    /// The pipelines of a region; `None` is the region that the process is configured for.
    pub async fn pipelines(&self, region: Option<&str>) -> Result<Pipelines, AwsError> {
        let region = self.region_for(STATE, region).await?;
        Ok(Pipelines {
            aws: self.clone(),
            client: Client::new(&self.in_region(&region).await),
            region,
        })
    }
}

impl Pipelines {
    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Where a pipeline stands, stage by stage.
    pub async fn state(&self, pipeline: &str) -> Result<Vec<StageState>, AwsError> {
        let request = self.client.get_pipeline_state().name(pipeline);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Err(self.aws.failed(STATE, &self.region, error).await),
        };
        let stages = answer.stage_states().iter().map(|stage| {
            let execution = stage.latest_execution();
            let actions = stage.action_states().iter().map(|action| {
                let latest = action.latest_execution();
                ActionState {
                    name: action.action_name().unwrap_or_default().to_owned(),
                    status: latest
                        .and_then(|latest| latest.status())
                        .map(|status| status.as_str().to_owned()),
                    since: latest
                        .and_then(|latest| latest.last_status_change())
                        .and_then(time),
                    token: latest.and_then(|latest| latest.token()).map(Secret::new),
                }
            });
            StageState {
                name: stage.stage_name().unwrap_or_default().to_owned(),
                execution: execution.map(|one| one.pipeline_execution_id().to_owned()),
                status: execution.map(|one| one.status().as_str().to_owned()),
                actions: actions.collect(),
            }
        });
        Ok(stages.collect())
    }

    /// What the pipeline's definition says about approvals.
    pub async fn declaration(&self, pipeline: &str) -> Result<PipelineDeclaration, AwsError> {
        let request = self.client.get_pipeline().name(pipeline);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Err(self.aws.failed(DECLARATION, &self.region, error).await),
        };
        let Some(pipeline) = answer.pipeline() else {
            let problem = "there is no pipeline in it";
            return Err(AwsError::invalid(DECLARATION, &self.region, problem));
        };
        let mut approvals = BTreeMap::new();
        for stage in pipeline.stages() {
            for action in stage.actions() {
                let category = action
                    .action_type_id()
                    .map(aws_sdk_codepipeline::types::ActionTypeId::category);
                if category != Some(&ActionCategory::Approval) {
                    continue;
                }
                let configured = |name: &str| {
                    let value = action.configuration()?.get(name)?;
                    Some(value.clone()).filter(|value| !value.is_empty())
                };
                approvals.insert(
                    (stage.name().to_owned(), action.name().to_owned()),
                    ApprovalDeclaration {
                        custom_data: configured("CustomData"),
                        review_link: configured("ExternalEntityLink"),
                    },
                );
            }
        }
        Ok(PipelineDeclaration {
            parallel: pipeline.execution_mode() == Some(&ExecutionMode::Parallel),
            approvals,
        })
    }

    /// The actions that run now, of a pipeline whose executions run beside one another. Their
    /// tokens are the ids of their external executions.
    pub async fn running(&self, pipeline: &str) -> Result<Vec<RunningAction>, AwsError> {
        let mut running = Vec::new();
        let mut next = None;
        for _ in 0..PAGES {
            let request = self
                .client
                .list_action_executions()
                .pipeline_name(pipeline)
                .max_results(PAGE)
                .set_next_token(next);
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(error) => return Err(self.aws.failed(EXECUTIONS, &self.region, error).await),
            };
            let page = answer.action_execution_details().iter();
            let page = page.filter(|one| one.status() == Some(&ActionExecutionStatus::InProgress));
            running.extend(page.map(|one| {
                let result = one.output().and_then(|output| output.execution_result());
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                RunningAction {
                    stage: text(one.stage_name()),
                    action: text(one.action_name()),
                    execution: text(one.pipeline_execution_id()),
                    since: one.start_time().and_then(time),
                    token: result
                        .and_then(|result| result.external_execution_id())
                        .map(Secret::new),
                }
            }));
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        Ok(running)
    }

    /// Answers an approval; returns when it was answered.
    pub async fn answer_approval(
        &self,
        answer: &ApprovalAnswer<'_>,
    ) -> Result<Option<jiff::Timestamp>, AwsError> {
        let status = if answer.approve {
            ApprovalStatus::Approved
        } else {
            ApprovalStatus::Rejected
        };
        let result = ApprovalResult::builder()
            .summary(answer.summary)
            .status(status)
            .build()
            .map_err(|error| AwsError::invalid(ANSWER, &self.region, error))?;
        let request = self
            .client
            .put_approval_result()
            .pipeline_name(answer.pipeline)
            .stage_name(answer.stage)
            .action_name(answer.action)
            .token(answer.token.expose())
            .result(result);
        match request.send().await {
            Ok(answer) => Ok(answer.approved_at().and_then(time)),
            Err(error) => Err(self.aws.failed(ANSWER, &self.region, error).await),
        }
    }
}
