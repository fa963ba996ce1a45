//! Rules of EventBridge, of every bus: the task definitions and job definitions that their targets start.

use std::fmt;

use aws_sdk_eventbridge::Client;

use super::calls::paced_client;
use super::pages::Pages;
use super::{Aws, AwsError, AwsErrorKind};

const BUSES: &str = "events:ListEventBuses";
const RULES: &str = "events:ListRules";
const TARGETS: &str = "events:ListTargetsByRule";

/// The most entries of a page.
const PAGE: i32 = 100;

/// The rules of one region.
#[derive(Clone)]
pub struct EventRules {
    aws: Aws,
    client: Client,
    region: String,
}

impl fmt::Debug for EventRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventRules")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// What the targets of a rule start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleTargets {
    /// Task definitions by ARN, which may lack the revision.
    pub definitions: Vec<String>,
    /// Job definitions of AWS Batch by ARN, `NAME:REVISION` or name.
    pub jobs: Vec<String>,
}

impl Aws {
    /// The rules of a region.
    pub async fn event_rules(&self, region: &str) -> EventRules {
        EventRules {
            aws: self.clone(),
            client: paced_client!(self, aws_sdk_eventbridge, region),
            region: region.to_owned(),
        }
    }
}

impl EventRules {
    /// The names of all buses.
    pub async fn buses(&self) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(BUSES, &self.region);
        let mut names = Vec::new();
        loop {
            let request = self.client.list_event_buses().limit(PAGE);
            let request = request.set_next_token(pages.token());
            let answer = self
                .aws
                .paced(BUSES, &self.region, || request.clone().send())
                .await?;
            let buses = answer.event_buses().iter();
            names.extend(buses.filter_map(|bus| bus.name().map(str::to_owned)));
            if !pages.turn(answer.next_token())? {
                return Ok(names);
            }
        }
    }

    /// The names of all rules of a bus, whether they are enabled or not. Empty where the bus is gone.
    pub async fn rules(&self, bus: &str) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(RULES, &self.region);
        let mut names = Vec::new();
        loop {
            let request = self.client.list_rules().event_bus_name(bus).limit(PAGE);
            let request = request.set_next_token(pages.token());
            let answer = self
                .aws
                .paced(RULES, &self.region, || request.clone().send())
                .await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => return or_gone(error, Vec::new()),
            };
            let rules = answer.rules().iter();
            names.extend(rules.filter_map(|rule| rule.name().map(str::to_owned)));
            if !pages.turn(answer.next_token())? {
                return Ok(names);
            }
        }
    }

    /// What the targets of a rule start. Nothing where the rule is gone.
    pub async fn targets(&self, bus: &str, rule: &str) -> Result<RuleTargets, AwsError> {
        let mut pages = Pages::of(TARGETS, &self.region);
        let mut found = RuleTargets::default();
        loop {
            let request = self.client.list_targets_by_rule().event_bus_name(bus);
            let request = request.rule(rule).limit(PAGE);
            let request = request.set_next_token(pages.token());
            let answer = match self
                .aws
                .paced(TARGETS, &self.region, || request.clone().send())
                .await
            {
                Ok(answer) => answer,
                Err(error) => return or_gone(error, RuleTargets::default()),
            };
            for target in answer.targets() {
                let ecs = target.ecs_parameters();
                let ecs = ecs.map(|ecs| ecs.task_definition_arn().to_owned());
                found.definitions.extend(ecs);
                let batch = target.batch_parameters();
                let batch = batch.map(|batch| batch.job_definition().to_owned());
                found.jobs.extend(batch);
            }
            if !pages.turn(answer.next_token())? {
                return Ok(found);
            }
        }
    }
}

/// What was deleted since it was listed is no failure.
fn or_gone<T>(error: AwsError, nothing: T) -> Result<T, AwsError> {
    match error.kind {
        AwsErrorKind::NotFound { .. } => Ok(nothing),
        _ => Err(error),
    }
}
