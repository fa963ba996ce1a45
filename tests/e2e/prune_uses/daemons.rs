//! Managed daemons of ECS: regions that have none, and what is not told of one.

use launchway::config::UseSettings;
use launchway::prune::collect::in_use::Cache;
use launchway::prune::{InUse, RefusalCode, Source};
use serde_json::json;

use super::account::{Paging, account, daemon_revision};
use super::{REGION, collect, nothing, place, refusals, set, tags};
use crate::support::{Answer, FakeAws};

fn of_account(aws: &FakeAws) -> InUse {
    let settings = UseSettings {
        ecs: true,
        ..nothing()
    };
    collect(&[place(&aws.endpoint, "")], &settings, &Cache::default())
}

/// Where the service does not know the operation, nobody can have made a daemon.
#[test]
fn a_region_without_daemons_has_none() {
    for code in [
        "UnsupportedFeatureException",
        "UnknownOperationException",
        "InvalidAction",
    ] {
        let aws = account(Paging::Whole);
        for list in ["ListDaemons", "ListDaemonTaskDefinitions"] {
            aws.answer(list, [Answer::error(400, code, "no")]);
        }
        let found = of_account(&aws);
        assert_eq!(refusals(&found), [], "{code}");
        for source in [Source::Daemon, Source::DaemonTaskDefinition] {
            assert_eq!(tags(&found, source), set(&[]), "{code}");
            let count = found.sources.iter().find(|one| one.source == source);
            assert_eq!(count.map(|one| one.found), Some(0), "{code}");
        }
        // The task that runs is one of whatever kind.
        assert!(tags(&found, Source::Task).contains("daemon-agent-2"));
        assert!(tags(&found, Source::Service).contains("web-5"));
    }
}

/// What was listed is there, and has to be described; and a failure of the service may pass.
#[test]
fn a_daemon_that_was_listed_has_to_be_described() {
    for (operation, status, code) in [
        ("DescribeDaemon", 400, "UnsupportedFeatureException"),
        ("ListDaemonDeployments", 400, "UnknownOperationException"),
        ("DescribeDaemonRevisions", 400, "InvalidParameterException"),
        ("ListDaemons", 400, "InvalidParameterException"),
        ("ListDaemons", 500, "ServerException"),
        ("ListDaemons", 501, "NotImplemented"),
    ] {
        let aws = account(Paging::Whole);
        aws.answer(operation, [Answer::error(status, code, "no")]);
        let found = of_account(&aws);
        let thing = match operation {
            "ListDaemons" => "prod",
            _ => "prod/agent",
        };
        let name = format!("ecs:{operation} {thing} in {REGION}");
        let case = (RefusalCode::ListFailed, name.as_str());
        let told = refusals(&found);
        assert!(told.contains(&case), "{operation} {code}: {told:?}");
        // What the other calls tell counts all the same.
        let tags = tags(&found, Source::Daemon);
        match operation {
            "DescribeDaemon" => assert!(tags.contains("agent-revision-4")),
            "ListDaemonDeployments" => assert!(tags.contains("agent-revision-3")),
            _ => assert_eq!(tags, set(&[])),
        }
    }
}

/// Nothing else tells what a daemon would start.
#[test]
fn a_daemon_of_which_nothing_is_told_is_refused() {
    let described = |status: &str, revisions: serde_json::Value| {
        let daemon = json!({ "status": status, "currentRevisions": revisions });
        Answer::json(json!({ "daemon": daemon }))
    };
    let none = Answer::json(json!({ "daemonDeployments": [] }));
    for (status, refused) in [
        ("ACTIVE", true),
        ("NEW", true),
        ("DELETE_IN_PROGRESS", false),
    ] {
        let aws = account(Paging::Whole);
        aws.answer("DescribeDaemon", [described(status, json!([]))]);
        aws.answer("ListDaemonDeployments", [none.clone()]);
        let found = of_account(&aws);
        let names = ["daemon prod/agent", "daemon prod/gone"];
        let cases = names.map(|name| (RefusalCode::BadReference, name));
        let expected = if refused { &cases[..] } else { &[] };
        assert_eq!(refusals(&found), expected, "{status}");
    }
    // It runs a revision that ECS does not tell.
    let aws = account(Paging::Whole);
    let revision = json!([{ "arn": daemon_revision("r0") }]);
    aws.answer("DescribeDaemon", [described("ACTIVE", revision)]);
    let found = of_account(&aws);
    let names = ["daemon prod/agent", "daemon prod/gone"];
    let expected = names.map(|name| (RefusalCode::BadReference, name));
    assert_eq!(refusals(&found), expected);
    let detail = &found.refusals[0].detail;
    assert_eq!(detail, "ECS does not tell its revision r0");
}

#[test]
fn a_revision_that_tells_no_image_is_refused() {
    let aws = account(Paging::Whole);
    aws.respond("DescribeDaemonRevisions", |call, _| {
        let arns = call.body["daemonRevisionArns"].as_array()?.iter();
        let found: Vec<_> = arns
            .map(|arn| json!({ "daemonRevisionArn": arn }))
            .collect();
        Some(Answer::json(
            json!({ "daemonRevisions": found, "failures": [] }),
        ))
    });
    let found = of_account(&aws);
    let names: Vec<&str> = refusals(&found).into_iter().map(|(_, name)| name).collect();
    let expected = ["r3", "r4"].map(|name| format!("daemon prod/agent, revision {name}"));
    for name in &expected {
        assert!(names.contains(&name.as_str()), "{names:?}");
    }
}

/// A daemon runs from its definition also when that was deleted; one that is not there is no answer.
#[test]
fn a_definition_that_is_not_there_is_refused_of_what_runs() {
    let aws = account(Paging::Whole);
    let words = "Unable to describe daemon task definition.";
    let answer = Answer::error(400, "ClientException", words);
    aws.answer("DescribeDaemonTaskDefinition", [answer]);
    let found = of_account(&aws);
    let expected = ["r3", "r4"].map(|name| format!("daemon prod/agent, revision {name}"));
    let expected = expected
        .each_ref()
        .map(|name| (RefusalCode::BadReference, name.as_str()));
    assert_eq!(refusals(&found), expected);
}
