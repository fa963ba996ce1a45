//! What starts tasks and jobs at a time or on an event: rules of EventBridge, schedules, state machines.
//!
//! Those that are disabled count, too: enabling one must not fail.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};

use super::api_call::Calls;
use super::findings::WantedDefinition;
use super::{AT_ONCE, Look};
use crate::aws::{EventRules, ScheduleTarget, StateMachines};
use crate::prune::Source;

impl Look<'_> {
    fn start(&self, source: Source, by: &str, definition: &str) {
        self.findings.definition(wanted(source, by, definition));
    }

    /// Who looks at no job definition does not care what starts one.
    fn start_job(&self, source: Source, by: &str, definition: &str) {
        if self.settings.batch {
            self.findings.job(wanted(source, by, definition));
        }
    }

    fn calls(&self, source: Source, by: &str, calls: &Calls) {
        for definition in &calls.tasks.definitions {
            self.start(source, by, definition);
        }
        for definition in &calls.jobs.definitions {
            self.start_job(source, by, definition);
        }
        for image in &calls.images {
            self.findings.image(source, by, image, None);
        }
        let jobs = self.settings.batch.then_some(&calls.jobs.unclear);
        let all = calls.unclear.iter().chain(&calls.tasks.unclear);
        for problem in all.chain(jobs.into_iter().flatten()) {
            self.findings.bad_reference(source, by, problem);
        }
    }
}

fn wanted(source: Source, by: &str, definition: &str) -> WantedDefinition {
    WantedDefinition {
        name: definition.to_owned(),
        source,
        by: by.to_owned(),
        digests: BTreeMap::new(),
    }
}

/// Rules of every bus.
pub(super) async fn rules(look: &Look<'_>) {
    look.findings.count(Source::Rule, 0);
    let events = look.place.aws.event_rules(&look.place.region).await;
    let buses = match events.buses().await {
        Ok(buses) => buses,
        Err(error) => return look.findings.failed(&error),
    };
    stream::iter(&buses)
        .for_each_concurrent(AT_ONCE, |bus| rules_of(look, &events, bus))
        .await;
}

async fn rules_of(look: &Look<'_>, events: &EventRules, bus: &str) {
    let rules = match events.rules(bus).await {
        Ok(rules) => rules,
        Err(error) => return look.findings.failed_of(bus, &error),
    };
    look.findings.count(Source::Rule, rules.len());
    stream::iter(rules)
        .for_each_concurrent(AT_ONCE, async |rule| {
            let by = format!("{bus}/{rule}");
            match events.targets(bus, &rule).await {
                Ok(targets) => {
                    for definition in &targets.definitions {
                        look.start(Source::Rule, &by, definition);
                    }
                    for definition in &targets.jobs {
                        look.start_job(Source::Rule, &by, definition);
                    }
                }
                Err(error) => look.findings.failed_of(&by, &error),
            }
        })
        .await;
}

/// Schedules of every group.
pub(super) async fn schedules(look: &Look<'_>) {
    look.findings.count(Source::Schedule, 0);
    let scheduler = look.place.aws.schedules(&look.place.region).await;
    let schedules = match scheduler.list().await {
        Ok(schedules) => schedules,
        Err(error) => return look.findings.failed(&error),
    };
    look.findings.count(Source::Schedule, schedules.len());
    let asked = schedules.iter().filter(|one| may_start(&one.target));
    stream::iter(asked.collect::<Vec<_>>())
        .for_each_concurrent(AT_ONCE, async |schedule| {
            let by = format!("{}/{}", schedule.group, schedule.name);
            match scheduler.target(schedule).await {
                Ok(Some(target)) => look.calls(Source::Schedule, &by, &started(&target)),
                Ok(None) => {}
                Err(error) => look.findings.failed_of(&by, &error),
            }
        })
        .await;
}

/// Whether a target of this ARN may start a container: a cluster, or an action of any API. The list tells no
/// more, and what it does not tell at all may be anything.
fn may_start(arn: &str) -> bool {
    arn.is_empty() || arn.contains(":ecs:") || arn.contains(":aws-sdk:")
}

fn started(target: &ScheduleTarget) -> Calls {
    let mut calls = match target.arn.rsplit_once(":aws-sdk:") {
        Some((_, action)) => Calls::of_action(action, target.input.as_deref()),
        None => Calls::default(),
    };
    calls.images_in(target.input.as_deref().unwrap_or_default());
    calls.tasks.definitions.extend(target.definition.clone());
    if target.arn.contains(":cluster/") && target.definition.is_none() {
        let text = "its target is a cluster, and tells no task definition";
        calls.unclear.insert(text.to_owned());
    }
    calls
}

/// State machines, with their published versions.
pub(super) async fn state_machines(look: &Look<'_>) {
    look.findings.count(Source::StateMachine, 0);
    let states = look.place.aws.state_machines(&look.place.region).await;
    let machines = match states.list().await {
        Ok(machines) => machines,
        Err(error) => return look.findings.failed(&error),
    };
    look.findings.count(Source::StateMachine, machines.len());
    stream::iter(&machines)
        .for_each_concurrent(AT_ONCE, async |arn| {
            state_machine(look, &states, arn).await;
            let name = state_machine_name(arn);
            match states.versions(arn).await {
                Ok(versions) => {
                    for version in versions {
                        state_machine(look, &states, &version).await;
                    }
                }
                Err(error) => look.findings.failed_of(name, &error),
            }
        })
        .await;
}

async fn state_machine(look: &Look<'_>, states: &StateMachines, arn: &str) {
    let name = state_machine_name(arn);
    if let Some(calls) = look.cache.state_machines.get(arn) {
        return look.calls(Source::StateMachine, name, &calls);
    }
    match states.definition(arn).await {
        Ok(Some(definition)) => {
            let calls = Calls::of_states(&definition);
            look.calls(Source::StateMachine, name, &calls);
            // Only versions never change.
            if name.contains(':') {
                look.cache.state_machines.put(arn.to_owned(), calls);
            }
        }
        Ok(None) => {}
        Err(error) => look.findings.failed_of(name, &error),
    }
}

/// `name`, or `name:3` of a version.
fn state_machine_name(arn: &str) -> &str {
    arn.split_once(":stateMachine:")
        .map_or(arn, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_targets_that_may_start_a_container_are_asked_for() {
        for arn in [
            "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
            "arn:aws:scheduler:::aws-sdk:ecs:runTask",
            "arn:aws-cn:scheduler:::aws-sdk:lambda:updateFunctionCode",
            "",
        ] {
            assert!(may_start(arn), "{arn}");
        }
        assert!(!may_start(
            "arn:aws:lambda:eu-west-1:123456789012:function:f"
        ));
        assert!(!may_start("arn:aws:sqs:eu-west-1:123456789012:queue"));
    }

    #[test]
    fn a_schedule_starts_its_definition_or_what_its_input_names() {
        let target = |arn: &str, definition: Option<&str>, input: Option<&str>| {
            started(&ScheduleTarget {
                arn: arn.to_owned(),
                definition: definition.map(str::to_owned),
                input: input.map(str::to_owned),
            })
        };
        let cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod";
        let read = target(cluster, Some("web"), Some("{}"));
        assert_eq!(
            read.tasks.definitions.into_iter().collect::<Vec<_>>(),
            ["web"]
        );
        assert!(read.unclear.is_empty());
        assert_eq!(target(cluster, None, None).unclear.len(), 1);
        let run = "arn:aws:scheduler:::aws-sdk:ecs:runTask";
        let read = target(run, None, Some(r#"{"TaskDefinition":"web:2"}"#));
        assert_eq!(
            read.tasks.definitions.into_iter().collect::<Vec<_>>(),
            ["web:2"]
        );
        let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/f:1";
        let update = "arn:aws:scheduler:::aws-sdk:lambda:updateFunctionCode";
        let input = format!(r#"{{"FunctionName":"f","ImageUri":"{image}"}}"#);
        let read = target(update, None, Some(&input));
        assert_eq!(read.images.into_iter().collect::<Vec<_>>(), [image]);
    }
}
