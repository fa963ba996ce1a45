//! State machines of Step Functions, with their published versions: the texts of their definitions.

use std::fmt;

use aws_sdk_sfn::Client;

use super::calls::paced_client;
use super::pages::Pages;
use super::{Aws, AwsError, AwsErrorKind};

const LIST: &str = "states:ListStateMachines";
const VERSIONS: &str = "states:ListStateMachineVersions";
const DESCRIBE: &str = "states:DescribeStateMachine";

/// The most entries of a page.
const PAGE: i32 = 100;

/// The state machines of one region.
#[derive(Clone)]
pub struct StateMachines {
    aws: Aws,
    client: Client,
    region: String,
}

impl fmt::Debug for StateMachines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateMachines")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl Aws {
    /// The state machines of a region.
    pub async fn state_machines(&self, region: &str) -> StateMachines {
        StateMachines {
            aws: self.clone(),
            client: paced_client!(self, aws_sdk_sfn, region),
            region: region.to_owned(),
        }
    }
}

impl StateMachines {
    /// The ARNs of all state machines.
    pub async fn list(&self) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(LIST, &self.region);
        let mut arns = Vec::new();
        loop {
            let request = self.client.list_state_machines().max_results(PAGE);
            let request = request.set_next_token(pages.token());
            let answer = self
                .aws
                .paced(LIST, &self.region, || request.clone().send())
                .await?;
            let machines = answer.state_machines().iter();
            arns.extend(machines.map(|one| one.state_machine_arn().to_owned()));
            if !pages.turn(answer.next_token())? {
                return Ok(arns);
            }
        }
    }

    /// The ARNs of the published versions of a state machine, each of which can be started by itself
    /// or by an alias.
    pub async fn versions(&self, arn: &str) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(VERSIONS, &self.region);
        let mut arns = Vec::new();
        loop {
            let request = self.client.list_state_machine_versions();
            let request = request.state_machine_arn(arn).max_results(PAGE);
            let request = request.set_next_token(pages.token());
            let answer = match self
                .aws
                .paced(VERSIONS, &self.region, || request.clone().send())
                .await
            {
                Ok(answer) => answer,
                Err(error) => return or_gone(error, Vec::new()),
            };
            let versions = answer.state_machine_versions().iter();
            arns.extend(versions.map(|one| one.state_machine_version_arn().to_owned()));
            if !pages.turn(answer.next_token())? {
                return Ok(arns);
            }
        }
    }

    /// The definition of a state machine or of a version, in the Amazon States Language (JSON); `None`
    /// where it is gone.
    pub async fn definition(&self, arn: &str) -> Result<Option<String>, AwsError> {
        let request = self.client.describe_state_machine();
        let request = request.state_machine_arn(arn);
        let answer = self
            .aws
            .paced(DESCRIBE, &self.region, || request.clone().send())
            .await;
        match answer {
            Ok(answer) => Ok(Some(answer.definition().to_owned())),
            Err(error) => or_gone(error, None),
        }
    }
}

/// Step Functions has codes of its own for what is not there.
fn or_gone<T>(error: AwsError, nothing: T) -> Result<T, AwsError> {
    match &error.kind {
        AwsErrorKind::NotFound { .. } => Ok(nothing),
        AwsErrorKind::Refused { code, .. } if code == "StateMachineDoesNotExist" => Ok(nothing),
        _ => Err(error),
    }
}
