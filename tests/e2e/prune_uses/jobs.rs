//! Job definitions of Batch: the newest revisions, those of live jobs, and those that something starts.

use launchway::config::UseSettings;
use launchway::prune::collect::in_use::Cache;
use launchway::prune::{InUse, RefusalCode, Source};
use serde_json::{Value, json};

use super::{REGION, collect, image, keep, nothing, place, refusals, set, tags};
use crate::support::{Answer, FakeAws};

const DEFINITIONS: &str = "POST /v1/describejobdefinitions";

fn arn(name: &str, revision: u32) -> String {
    format!("arn:aws:batch:{REGION}:123456789012:job-definition/{name}:{revision}")
}

fn definition(name: &str, revision: u32) -> Value {
    json!({ "jobDefinitionName": name, "revision": revision, "type": "container",
        "jobDefinitionArn": arn(name, revision),
        "containerProperties": { "image": image(&format!("{name}-{revision}")) } })
}

/// Twelve revisions of one name, of which the last eleven are active, and one of another.
fn account() -> FakeAws {
    let aws = FakeAws::start();
    aws.respond(DEFINITIONS, |call, _| {
        let definitions: Vec<Value> = if let Some(asked) = call.body.get("jobDefinitions") {
            let asked = asked.as_array()?.iter().filter_map(Value::as_str);
            let known = |name: &&str| name.ends_with("nightly:1");
            asked
                .filter(known)
                .map(|_| definition("nightly", 1))
                .collect()
        } else {
            let all = (2..=12).map(|revision| definition("nightly", revision));
            all.chain([definition("hourly", 1)]).collect()
        };
        Some(Answer::json(json!({ "jobDefinitions": definitions })))
    });
    let queue = json!({ "jobQueueArn": "arn:aws:batch:r:1:job-queue/q", "jobQueueName": "q",
        "state": "ENABLED", "priority": 1, "computeEnvironmentOrder": [] });
    aws.answer(
        "POST /v1/describejobqueues",
        [Answer::json(json!({ "jobQueues": [queue] }))],
    );
    aws.answer(
        "POST /v1/listjobs",
        [Answer::json(json!({ "jobSummaryList": [] }))],
    );
    aws
}

fn found(aws: &FakeAws, settings: &UseSettings) -> InUse {
    collect(&[place(&aws.endpoint, "")], settings, &Cache::default())
}

fn batch() -> UseSettings {
    UseSettings {
        batch: true,
        ..nothing()
    }
}

#[test]
fn the_newest_revisions_are_in_use_and_earlier_ones_are_not() {
    let aws = account();
    let all = found(&aws, &batch());
    assert_eq!(refusals(&all), []);
    let expected = [
        "hourly-1",
        "nightly-8",
        "nightly-9",
        "nightly-10",
        "nightly-11",
        "nightly-12",
    ];
    assert_eq!(tags(&all, Source::JobDefinition), set(&expected));
    assert_eq!(all.sources[0].found, 6);

    let settings = UseSettings {
        jobs: vec![keep("nightly", 1), keep("weekly*", 9)],
        ..batch()
    };
    let some = found(&aws, &settings);
    assert_eq!(tags(&some, Source::JobDefinition), set(&["nightly-12"]));
    let case = (RefusalCode::MatchesNothing, "job \"weekly*\"");
    assert_eq!(refusals(&some), [case]);
}

#[test]
fn live_jobs_use_their_revision_however_old() {
    let aws = account();
    aws.respond("POST /v1/listjobs", |call, _| {
        let job = |revision: u32| {
            json!({ "jobId": "j", "jobName": "j", "jobDefinition": arn("nightly", revision) })
        };
        let jobs = match call.body["jobStatus"].as_str()? {
            "RUNNING" => vec![job(3)],
            "RUNNABLE" => vec![job(1)],
            _ => Vec::new(),
        };
        Some(Answer::json(json!({ "jobSummaryList": jobs })))
    });
    let settings = UseSettings {
        jobs: vec![keep("nightly", 0)],
        ..batch()
    };
    let found = found(&aws, &settings);
    assert_eq!(refusals(&found), []);
    let expected = set(&["nightly-3", "nightly-1"]);
    assert_eq!(tags(&found, Source::JobDefinition), expected);
}

/// Rule, schedule and state machine each start a revision that is not among the newest.
fn starters(aws: &FakeAws, of_machine: &str) {
    aws.answer(
        "ListEventBuses",
        [Answer::json(
            json!({ "EventBuses": [{ "Name": "default" }] }),
        )],
    );
    aws.answer(
        "ListRules",
        [Answer::json(json!({ "Rules": [{ "Name": "hourly" }] }))],
    );
    let target = json!({ "Id": "1", "Arn": "arn:aws:batch:r:1:job-queue/q",
        "BatchParameters": { "JobDefinition": "nightly:2", "JobName": "n" } });
    let by_name = json!({ "Id": "2", "Arn": "arn:aws:batch:r:1:job-queue/q",
        "BatchParameters": { "JobDefinition": "hourly", "JobName": "n" } });
    aws.answer(
        "ListTargetsByRule",
        [Answer::json(json!({ "Targets": [target, by_name] }))],
    );
    let submit = json!({ "Arn": "arn:aws:scheduler:::aws-sdk:batch:submitJob" });
    let one = json!({ "Name": "n", "GroupName": "default", "Target": submit });
    aws.answer(
        "GET /schedules",
        [Answer::json(json!({ "Schedules": [one] }))],
    );
    let input = json!({ "JobName": "n", "JobDefinition": arn("nightly", 3), "JobQueue": "q" });
    let target = json!({ "Arn": "arn:aws:scheduler:::aws-sdk:batch:submitJob",
        "RoleArn": "arn:aws:iam::1:role/r", "Input": input.to_string() });
    aws.answer(
        "GET /schedules/n",
        [Answer::json(json!({ "Name": "n", "Target": target }))],
    );
    let machine = format!("arn:aws:states:{REGION}:123456789012:stateMachine:flow");
    aws.answer(
        "ListStateMachines",
        [Answer::json(
            json!({ "stateMachines": [{ "stateMachineArn": machine, "name": "flow",
            "type": "STANDARD", "creationDate": 1 }] }),
        )],
    );
    aws.answer(
        "ListStateMachineVersions",
        [Answer::json(json!({ "stateMachineVersions": [] }))],
    );
    let definition = json!({ "States": { "a": { "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": { "JobDefinition": of_machine, "JobQueue": "q" } } } });
    aws.answer(
        "DescribeStateMachine",
        [Answer::json(
            json!({ "stateMachineArn": machine, "name": "flow", "type": "STANDARD",
            "roleArn": "arn:aws:iam::1:role/r", "creationDate": 1,
            "definition": definition.to_string() }),
        )],
    );
}

fn with_starters() -> UseSettings {
    UseSettings {
        jobs: vec![keep("nightly", 1)],
        events: true,
        scheduler: true,
        step_functions: true,
        ..batch()
    }
}

#[test]
fn what_something_starts_is_in_use() {
    let aws = account();
    starters(&aws, "nightly:1");
    let all = found(&aws, &with_starters());
    assert_eq!(refusals(&all), []);
    assert_eq!(tags(&all, Source::JobDefinition), set(&["nightly-12"]));
    assert_eq!(tags(&all, Source::Rule), set(&["nightly-2", "hourly-1"]));
    assert_eq!(tags(&all, Source::Schedule), set(&["nightly-3"]));
    assert_eq!(tags(&all, Source::StateMachine), set(&["nightly-1"]));
    let names: Vec<String> = all.uses.iter().map(|one| one.by.to_string()).collect();
    for name in [
        "rule default/hourly, job definition nightly:2",
        "schedule default/n, job definition nightly:3",
        "state machine flow, job definition nightly:1",
    ] {
        assert!(names.iter().any(|one| one == name), "{name}: {names:#?}");
    }
}

#[test]
fn what_cannot_be_found_in_this_account_may_be_in_another() {
    for of_machine in [
        "other:1",
        "other",
        "arn:aws:batch:us-east-1:1:job-definition/a",
    ] {
        let aws = account();
        starters(&aws, of_machine);
        let all = found(&aws, &with_starters());
        let case = (RefusalCode::BadReference, "state machine flow");
        assert_eq!(refusals(&all), [case], "{of_machine}");
    }
}

#[test]
fn who_looks_at_no_job_definition_asks_batch_nothing() {
    let aws = account();
    starters(&aws, "{% $job %}");
    let settings = UseSettings {
        jobs: Vec::new(),
        batch: false,
        ..with_starters()
    };
    let all = found(&aws, &settings);
    assert_eq!(refusals(&all), []);
    assert!(all.uses.is_empty());
    assert!(aws.bodies(DEFINITIONS).is_empty());
    let settings = with_starters();
    let case = (RefusalCode::BadReference, "state machine flow");
    assert_eq!(refusals(&found(&aws, &settings)), [case]);
}
