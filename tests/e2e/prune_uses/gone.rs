//! What is deleted between two calls is gone, and uses nothing; what may not be asked for is not gone.

use launchway::config::UseSettings;
use launchway::prune::collect::in_use::Cache;
use launchway::prune::{InUse, RefusalCode, Source};
use serde_json::json;

use super::account::{Paging, account};
use super::{REGION, collect, nothing, place, refusals, set, tags};
use crate::support::{Answer, FakeAws};

fn of(aws: &FakeAws, settings: &UseSettings) -> InUse {
    collect(&[place(&aws.endpoint, "")], settings, &Cache::default())
}

fn events() -> UseSettings {
    UseSettings {
        events: true,
        ..nothing()
    }
}

#[test]
fn a_bus_that_is_gone_has_no_rules() {
    let aws = account(Paging::Whole);
    let answer = |code: &'static str| {
        aws.respond("ListRules", move |call, _| {
            Some(match call.body["EventBusName"].as_str()? {
                "shop" => Answer::error(400, code, "Event bus shop does not exist."),
                _ => Answer::json(json!({ "Rules": [{ "Name": "hourly" }] })),
            })
        });
    };
    answer("ResourceNotFoundException");
    let found = of(&aws, &events());
    assert_eq!(refusals(&found), []);
    assert_eq!(tags(&found, Source::Rule), set(&["hourly-3"]));
    answer("AccessDeniedException");
    let name = format!("events:ListRules shop in {REGION}");
    let found = of(&aws, &events());
    assert_eq!(refusals(&found), [(RefusalCode::ListFailed, name.as_str())]);
}

#[test]
fn a_queue_that_is_gone_has_no_jobs() {
    let settings = UseSettings {
        batch: true,
        ..nothing()
    };
    let name = format!("batch:ListJobs q in {REGION}");
    let failed = (RefusalCode::ListFailed, name.as_str());
    for (code, left, expected) in [
        ("ClientException", None, &[][..]),
        ("ClientException", Some("DELETED"), &[]),
        ("ClientException", Some("VALID"), &[failed]),
        ("AccessDeniedException", None, &[failed]),
    ] {
        let aws = account(Paging::Whole);
        let queue = |status: &str| {
            let arn = format!("arn:aws:batch:{REGION}:123456789012:job-queue/q");
            json!({ "jobQueueArn": arn, "jobQueueName": "q", "state": "DISABLED",
                "status": status, "priority": 1, "computeEnvironmentOrder": [] })
        };
        aws.respond("POST /v1/describejobqueues", move |call, _| {
            let queues: Vec<_> = match call.body.get("jobQueues") {
                Some(_) => left.map(queue).into_iter().collect(),
                None => vec![queue("VALID")],
            };
            Some(Answer::json(json!({ "jobQueues": queues })))
        });
        let error = Answer::error(400, code, "Job queue does not exist");
        aws.answer("POST /v1/listjobs", [error]);
        let found = of(&aws, &settings);
        assert_eq!(refusals(&found), expected, "{code} {left:?}");
        let active = set(&["batch-2", "other-1", "pod-1"]);
        assert_eq!(tags(&found, Source::JobDefinition), active);
    }
}

#[test]
fn a_parameter_that_is_gone_has_no_history_and_still_counts() {
    let settings = UseSettings {
        parameters: vec!["/shop/*".to_owned()],
        ..nothing()
    };
    let aws = account(Paging::Whole);
    let gone = Answer::error(400, "ParameterNotFound", "");
    aws.answer("GetParameterHistory", [gone]);
    let found = of(&aws, &settings);
    assert_eq!(refusals(&found), []);
    assert_eq!(tags(&found, Source::Parameter), set(&["by-path"]));
    let denied = Answer::error(400, "AccessDeniedException", "no");
    aws.answer("GetParameterHistory", [denied]);
    assert_eq!(refusals(&of(&aws, &settings)).len(), 1);
}
