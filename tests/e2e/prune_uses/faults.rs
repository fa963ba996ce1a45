//! What goes wrong with a call: a refusal that names it, the rest of the report, and never a
//! smaller list without a word.

use launchway::config::UseSettings;
use launchway::prune::collect::in_use::Cache;
use launchway::prune::{InUse, Refusal, RefusalCode, RefusalSubject, Source};
use serde_json::json;

use super::account::{LISTS, Paging, READS, account, script};
use super::sources::everything;
use super::{REGION, collect, keep, nothing, place, refusals, set, tags};
use crate::support::{Answer, FakeAws};

fn of_account(aws: &FakeAws, settings: &UseSettings) -> InUse {
    collect(&[place(&aws.endpoint, "main")], settings, &Cache::default())
}

/// A refusal for this call, everywhere; and what was found is a part of the whole.
fn check(found: &InUse, whole: &InUse, action: &str, words: &str) {
    // With the thing that was asked for, where it is one.
    let name = format!("main {action} ");
    let mut refusals_of = found.refusals.iter();
    let refusal = refusals_of.find(|one| one.name.starts_with(&name));
    let refusal = refusal.unwrap_or_else(|| panic!("{name}: {:?}", refusals(found)));
    assert_eq!(refusal.code, RefusalCode::ListFailed);
    let place = format!(" in {REGION}");
    assert!(refusal.name.ends_with(&place), "{}", refusal.name);
    assert_eq!(refusal.subject, RefusalSubject::Everything);
    assert!(refusal.detail.contains(words), "{name}: {}", refusal.detail);
    assert!(!refusal.allowed);
    let unknown = found.uses.iter().find(|one| !whole.uses.contains(one));
    assert_eq!(unknown, None, "{name}");
    // Others are not held up.
    let other = if action.starts_with("lambda") {
        Source::Task
    } else {
        Source::Function
    };
    assert_eq!(tags(found, other), tags(whole, other), "{name}");
}

#[test]
fn each_call_that_is_denied_is_a_refusal() {
    let whole = of_account(&account(Paging::Whole), &everything());
    let lists = LISTS.iter().map(|list| (list.operation, list.action));
    for (operation, action) in lists.chain(READS.iter().copied()) {
        let aws = account(Paging::Whole);
        let words = "User: u is not authorized";
        aws.answer(
            operation,
            [Answer::error(400, "AccessDeniedException", words)],
        );
        let found = of_account(&aws, &everything());
        check(&found, &whole, action, words);
    }
}

#[test]
fn each_list_without_an_end_is_a_refusal() {
    let whole = of_account(&account(Paging::Whole), &everything());
    for list in LISTS {
        let aws = account(Paging::Whole);
        script(&aws, list, Paging::Endless);
        let found = of_account(&aws, &everything());
        check(&found, &whole, list.action, "the list has no end");
    }
}

/// An endpoint that only looks like AWS.
#[test]
fn each_list_without_its_entries_is_a_refusal() {
    let whole = of_account(&account(Paging::Whole), &everything());
    for list in LISTS {
        let aws = account(Paging::Whole);
        aws.answer(list.operation, [Answer::json(json!({}))]);
        let found = of_account(&aws, &everything());
        check(&found, &whole, list.action, "the answer has no ");
    }
}

#[test]
fn a_list_that_breaks_off_is_a_refusal() {
    let aws = FakeAws::start();
    aws.answer(
        "ListClusters",
        [
            Answer::json(json!({ "clusterArns": [], "nextToken": "a" })),
            Answer::error(500, "ServerException", "no"),
        ],
    );
    aws.answer(
        "ListTaskDefinitionFamilies",
        [Answer::json(json!({ "families": [] }))],
    );
    aws.answer(
        "ListDaemonTaskDefinitions",
        [Answer::json(json!({ "daemonTaskDefinitions": [] }))],
    );
    let settings = UseSettings {
        ecs: true,
        ..nothing()
    };
    let found = of_account(&aws, &settings);
    let name = format!("main ecs:ListClusters in {REGION}");
    assert_eq!(refusals(&found), [(RefusalCode::ListFailed, name.as_str())]);
    assert!(found.refusals[0].detail.contains("status 500"));
    assert!(found.refusals[0].temporary);
    assert!(aws.bodies("ListClusters").len() > 2, "it was tried again");
}

#[test]
fn throttling_is_waited_out() {
    let aws = account(Paging::Whole);
    aws.answer(
        "ListTaskDefinitionFamilies",
        [
            Answer::throttled(),
            Answer::json(json!({ "families": ["job"] })),
        ],
    );
    let settings = UseSettings {
        ecs: true,
        families: vec![keep("job", 1)],
        ..nothing()
    };
    let found = of_account(&aws, &settings);
    assert_eq!(refusals(&found), []);
    assert_eq!(tags(&found, Source::TaskDefinition), set(&["job-10"]));
}

#[test]
fn nobody_there_is_a_refusal_of_every_source() {
    let place = place("http://127.0.0.1:1", "");
    let found = collect(&[place], &everything(), &Cache::default());
    let failed = |one: &&Refusal| one.code == RefusalCode::ListFailed;
    assert!(
        found
            .refusals
            .iter()
            .filter(failed)
            .all(|one| !one.temporary)
    );
    let told = found
        .refusals
        .iter()
        .find(|one| one.name.starts_with("scheduler:"));
    let detail = &told.unwrap().detail;
    let way = "scheduler = false looks at no schedule";
    assert!(
        detail.contains("there is no endpoint") && detail.ends_with(way),
        "{detail}"
    );
    let names: Vec<&str> = refusals(&found).into_iter().map(|(_, name)| name).collect();
    for action in [
        "ecs:ListClusters",
        "ecs:ListTaskDefinitionFamilies",
        "ecs:ListDaemonTaskDefinitions",
        "lambda:ListFunctions",
        "events:ListEventBuses",
        "scheduler:ListSchedules",
        "batch:DescribeJobDefinitions",
        "states:ListStateMachines",
        "ssm:GetParameter /web",
        "ssm:GetParametersByPath /shop/*",
    ] {
        let name = format!("{action} in {REGION}");
        assert!(names.contains(&name.as_str()), "{name}: {names:?}");
    }
}

/// An answer that leaves something out, or says that it failed by itself.
#[test]
fn a_batch_of_which_a_part_failed_is_a_refusal() {
    let arn = "arn:aws:ecs:ap-northeast-1:123456789012:service/prod/web";
    let failure = json!({ "arn": arn, "reason": "ACCESS_DENIED", "detail": "no" });
    for (failures, thing, words) in [
        (json!([failure]), "prod/web", "ACCESS_DENIED"),
        (json!([]), "prod", "3 were asked for, and it tells of 0"),
    ] {
        let aws = account(Paging::Whole);
        let answer = json!({ "services": [], "failures": failures });
        aws.answer("DescribeServices", [Answer::json(answer)]);
        let settings = UseSettings {
            ecs: true,
            ..nothing()
        };
        let found = of_account(&aws, &settings);
        let name = format!("main ecs:DescribeServices {thing} in {REGION}");
        let refusal = found.refusals.iter().find(|one| one.name == name);
        let refusal = refusal.unwrap_or_else(|| panic!("{name}: {:?}", refusals(&found)));
        assert!(refusal.detail.contains(words), "{}", refusal.detail);
    }
}

/// Services of which ECS keeps no service deployments are used by what else they tell.
#[test]
fn a_service_without_service_deployments_is_no_failure() {
    for code in ["ServiceNotFoundException", "UnsupportedFeatureException"] {
        let aws = account(Paging::Whole);
        aws.answer("ListServiceDeployments", [Answer::error(400, code, "no")]);
        let settings = UseSettings {
            ecs: true,
            ..nothing()
        };
        let found = of_account(&aws, &settings);
        assert_eq!(refusals(&found), [], "{code}");
        assert!(tags(&found, Source::Service).contains("web-5"));
    }
}

/// A job that waits has an image, whatever Batch says of it.
#[test]
fn a_job_that_is_listed_and_not_told_is_refused() {
    let aws = account(Paging::Whole);
    let none = Answer::json(json!({ "jobs": [] }));
    aws.answer("POST /v1/describejobs", [none]);
    let settings = UseSettings {
        batch: true,
        ..nothing()
    };
    let found = of_account(&aws, &settings);
    let expected = [(RefusalCode::BadReference, "job definition of job j-pod:1")];
    assert_eq!(refusals(&found), expected);
}

#[test]
fn images_that_cannot_be_read_are_refused_by_the_name_of_who_has_them() {
    let aws = account(Paging::Whole);
    let broken = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/Shop:1";
    let answer = json!({ "taskDefinition": {
        "taskDefinitionArn": "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/job:10",
        "containerDefinitions": [
            { "name": "a", "image": broken },
            { "name": "b", "image": "Not An Image" },
        ],
    } });
    aws.answer("DescribeTaskDefinition", [Answer::json(answer)]);
    let settings = UseSettings {
        ecs: true,
        clusters: vec![keep("default", 1)],
        families: vec![keep("job", 1)],
        ..nothing()
    };
    let found = of_account(&aws, &settings);
    let expected = [(RefusalCode::BadReference, "task definition job:10")];
    assert_eq!(refusals(&found), expected);
    assert!(found.refusals[0].detail.contains(broken));
}

/// Below a path, a plain word is somebody's setting; a digest is what a release writes.
#[test]
fn plain_words_below_a_path_are_left_alone() {
    let digest = format!("sha256:{}", "a".repeat(64));
    for (value, refused) in [("debug", false), (digest.as_str(), true)] {
        let aws = FakeAws::start();
        let parameter =
            json!({ "Name": "/shop/mode", "Type": "String", "Value": value, "Version": 1 });
        let answer = Answer::json(json!({ "Parameters": [parameter] }));
        aws.answer("GetParametersByPath", [answer]);
        let settings = UseSettings {
            parameters: vec!["/shop/*".to_owned()],
            ..nothing()
        };
        let found = of_account(&aws, &settings);
        let case = (RefusalCode::BadReference, "parameter /shop/mode");
        let expected: Vec<_> = refused.then_some(case).into_iter().collect();
        assert_eq!(refusals(&found), expected, "{value}");
        let told = found
            .warnings
            .iter()
            .any(|one| one.contains("/shop/mode protects nothing"));
        assert_eq!(told, !refused, "{:?}", found.warnings);
    }
}

#[test]
fn a_parameter_without_a_repository_protects_nothing_and_says_so() {
    for (value, words) in [
        ("v1.2.3", "it may hold a tag"),
        (
            "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "a digest",
        ),
        ("top secret", "nothing that names an image"),
    ] {
        let aws = FakeAws::start();
        let parameter =
            json!({ "Name": "/web", "Type": "SecureString", "Value": value, "Version": 1 });
        aws.answer(
            "GetParameter",
            [Answer::json(json!({ "Parameter": parameter }))],
        );
        let settings = UseSettings {
            parameters: vec!["/web".to_owned()],
            ..nothing()
        };
        let found = of_account(&aws, &settings);
        assert_eq!(
            refusals(&found),
            [(RefusalCode::BadReference, "parameter /web")]
        );
        let detail = &found.refusals[0].detail;
        assert!(
            detail.contains(words) && !detail.contains(value),
            "{detail}"
        );
    }
}
