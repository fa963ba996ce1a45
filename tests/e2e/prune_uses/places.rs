//! Places that the configuration names and that have nothing: most often another account or region than was meant.

use launchway::config::UseSettings;
use launchway::prune::collect::in_use::Cache;
use launchway::prune::{InUse, Place, RefusalCode, RefusalSubject};
use serde_json::json;

use super::account::{Paging, account};
use super::sources::everything;
use super::{REGION, collect, nothing, place, refusals};
use crate::support::{Answer, FakeAws};

/// Clusters and families of either kind, of which there are none.
fn empty() -> FakeAws {
    let aws = FakeAws::start();
    aws.answer("ListClusters", [Answer::json(json!({ "clusterArns": [] }))]);
    aws.answer(
        "ListTaskDefinitionFamilies",
        [Answer::json(json!({ "families": [] }))],
    );
    aws.answer(
        "ListDaemonTaskDefinitions",
        [Answer::json(json!({ "daemonTaskDefinitions": [] }))],
    );
    aws
}

fn with_repositories(aws: &FakeAws, names: &[&str]) {
    let one = |name: &&str| json!({ "registryId": "123456789012", "repositoryName": name });
    let all: Vec<_> = names.iter().map(one).collect();
    aws.answer(
        "DescribeRepositories",
        [Answer::json(json!({ "repositories": all }))],
    );
}

fn declared(aws: &FakeAws, account: &str, repositories: bool) -> Place {
    Place {
        declared: true,
        repositories,
        ..place(&aws.endpoint, account)
    }
}

fn of(place: Place) -> InUse {
    let settings = UseSettings {
        ecs: true,
        ..nothing()
    };
    collect(&[place], &settings, &Cache::default())
}

fn case(name: &str) -> (RefusalCode, &str) {
    (RefusalCode::MatchesNothing, name)
}

#[test]
fn an_account_in_which_nothing_is_used_holds_everything() {
    let found = of(declared(&empty(), "prod", false));
    let name = format!("account \"prod\" in {REGION}");
    assert_eq!(refusals(&found), [case(&name)]);
    let refusal = &found.refusals[0];
    assert_eq!(refusal.subject, RefusalSubject::Everything);
    assert!(!refusal.temporary);
    let allowance = format!("matches-nothing:{name}").parse().unwrap();
    assert!(refusal.clone().judged(&[allowance]).allowed);
    let other = "matches-nothing:account \"dev\" in *".parse().unwrap();
    assert!(!refusal.clone().judged(&[other]).allowed);
}

#[test]
fn the_account_of_the_process_may_be_empty() {
    let found = of(place(&empty().endpoint, ""));
    assert_eq!(refusals(&found), []);
}

#[test]
fn a_region_with_neither_a_use_nor_a_repository_holds_everything() {
    let aws = empty();
    with_repositories(&aws, &[]);
    let found = of(declared(&aws, "", true));
    assert_eq!(refusals(&found), [case(&format!("region {REGION}"))]);
    with_repositories(&aws, &["shop/web"]);
    let found = of(declared(&aws, "", true));
    assert_eq!(refusals(&found), [], "its repository is enough");
    // Whoever only uses images may not be asked for repositories.
    let found = of(declared(&aws, "prod", false));
    assert_eq!(found.refusals.len(), 1);
}

#[test]
fn one_image_in_use_is_enough() {
    let aws = account(Paging::Whole);
    let place = declared(&aws, "prod", true);
    let found = collect(&[place], &everything(), &Cache::default());
    assert_eq!(refusals(&found), []);
    assert!(aws.bodies("DescribeRepositories").is_empty());
}

#[test]
fn each_place_counts_by_itself() {
    let (full, nobody) = (account(Paging::Whole), empty());
    let places = [
        declared(&full, "build", true),
        declared(&nobody, "prod", false),
    ];
    let settings = UseSettings {
        ecs: true,
        ..nothing()
    };
    let found = collect(&places, &settings, &Cache::default());
    assert!(!found.uses.is_empty());
    let name = format!("account \"prod\" in {REGION}");
    assert_eq!(refusals(&found), [case(&name)]);
}

#[test]
fn lists_that_failed_for_good_do_not_hide_it_and_those_that_may_come_back_do() {
    let aws = empty();
    let denied = Answer::error(400, "AccessDeniedException", "no");
    aws.answer("ListClusters", [denied.clone()]);
    let found = of(declared(&aws, "prod", false));
    let call = format!("prod ecs:ListClusters in {REGION}");
    let name = format!("account \"prod\" in {REGION}");
    let failed = (RefusalCode::ListFailed, call.as_str());
    assert_eq!(refusals(&found), [failed, case(&name)]);

    aws.answer("ListClusters", [Answer::throttled()]);
    let found = of(declared(&aws, "prod", false));
    assert_eq!(refusals(&found), [failed]);
    assert!(found.refusals[0].temporary);

    let aws = empty();
    aws.answer("DescribeRepositories", [denied]);
    let found = of(declared(&aws, "prod", true));
    let call = format!("prod ecr:DescribeRepositories in {REGION}");
    let failed = (RefusalCode::ListFailed, call.as_str());
    assert_eq!(refusals(&found), [failed]);
}
