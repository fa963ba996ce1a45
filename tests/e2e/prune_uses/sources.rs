//! Every source, and how each is told.

use launchway::config::UseSettings;
use launchway::prune::collect::in_use::Cache;
use launchway::prune::{InUse, RefusalCode, Source};

use super::account::{Paging, account, digest};
use super::{collect, keep, nothing, place, refusals, set, tags};
use crate::support::FakeAws;

/// Everything that can be looked at.
pub(super) fn everything() -> UseSettings {
    UseSettings {
        clusters: vec![keep("*", 2)],
        families: vec![keep("job", 2)],
        functions: vec![keep("*", 2)],
        step_functions: true,
        parameters: vec!["/web".to_owned(), "/shop/*".to_owned()],
        ..UseSettings::default()
    }
}

fn of_account(aws: &FakeAws, settings: &UseSettings) -> InUse {
    collect(&[place(&aws.endpoint, "main")], settings, &Cache::default())
}

fn has_digest(found: &InUse, source: Source, start: &str) -> bool {
    let digest = Some(digest(start).parse().unwrap());
    let mut of = found.uses.iter().filter(|one| one.by.source == source);
    of.any(|one| one.image.digest == digest)
}

#[test]
fn every_source_is_found_whole_and_in_pages() {
    let mut calls = Vec::new();
    for paging in [Paging::Whole, Paging::Paged] {
        let aws = account(paging);
        let found = of_account(&aws, &everything());
        assert_eq!(refusals(&found), [], "{paging:?}: {:#?}", found.refusals);
        check(&found);
        calls.push(aws.calls().len());
    }
    assert!(calls[0] < calls[1], "{calls:?}");
}

fn check(found: &InUse) {
    // Deployments, task sets of a service that is scaled to zero, and what deployments go between.
    let expected = [
        "web-6",
        "web-5",
        "revision-5",
        "revision-6",
        "blue-1",
        "blue-2",
        "blue-3",
    ];
    assert_eq!(tags(found, Source::Service), set(&expected));
    assert!(has_digest(found, Source::Service, "6"));
    // The last two that succeeded before the current ones.
    let expected = ["revision-4", "web-4", "revision-2", "web-2"];
    assert_eq!(tags(found, Source::ServiceRevision), set(&expected));
    assert!(has_digest(found, Source::ServiceRevision, "4"));
    assert!(!has_digest(found, Source::ServiceRevision, "3"));
    // What a daemon runs, and what its deployment goes to; what it would go back to.
    let expected = [
        "agent-revision-3",
        "daemon-agent-3",
        "agent-revision-4",
        "daemon-agent-4",
    ];
    assert_eq!(tags(found, Source::Daemon), set(&expected));
    assert!(has_digest(found, Source::Daemon, "d4"));
    let expected = ["agent-revision-1", "daemon-agent-1"];
    assert_eq!(tags(found, Source::DaemonRevision), set(&expected));
    assert!(has_digest(found, Source::DaemonRevision, "d1"));
    assert_eq!(
        tags(found, Source::DaemonTaskDefinition),
        set(&["daemon-job-10", "daemon-job-9"])
    );
    // A stopped task uses nothing; one that drains does. A daemon's has a definition of another kind.
    assert_eq!(
        tags(found, Source::Task),
        set(&["running", "pending", "alone-1", "daemon-agent-2"])
    );
    for start in ["aa", "bb", "cc", "d1"] {
        assert!(has_digest(found, Source::Task, start), "{start}");
    }
    assert_eq!(
        tags(found, Source::TaskDefinition),
        set(&["job-10", "job-2"])
    );
    let expected = ["api-LATEST", "api-1", "api-2", "api-9", "api-10"];
    assert_eq!(tags(found, Source::Function), set(&expected));
    assert!(has_digest(found, Source::Function, "dd"));
    // By family: the latest revision; a disabled rule of another bus counts.
    assert_eq!(tags(found, Source::Rule), set(&["hourly-3", "order-7"]));
    assert_eq!(
        tags(found, Source::Schedule),
        set(&["nightly-7", "weekly-4"])
    );
    // A job waits whose definition is no longer active, and one that has another image than its definition.
    let expected = ["batch-2", "other-1", "batch-1", "pod-1", "pod-other"];
    assert_eq!(tags(found, Source::JobDefinition), set(&expected));
    assert_eq!(
        tags(found, Source::StateMachine),
        set(&["flow-1", "flow-2"])
    );
    assert_eq!(
        tags(found, Source::Parameter),
        set(&["by-document", "by-path"])
    );
    let mut releases: Vec<(String, String)> = found
        .releases
        .iter()
        .map(|one| (one.digest.to_string(), one.at.to_string()))
        .collect();
    releases.sort();
    releases.dedup();
    for (start, at) in [
        ("ee", "2026-03-02T00:00:00Z"),
        ("ff", "2026-03-01T00:00:00Z"),
    ] {
        assert!(
            releases.contains(&(digest(start), at.to_owned())),
            "{releases:?}"
        );
    }
}

#[test]
fn uses_and_counts_say_who() {
    let aws = account(Paging::Whole);
    let found = of_account(&aws, &everything());
    let names: Vec<String> = found.uses.iter().map(|one| one.by.to_string()).collect();
    for name in [
        "service prod/web, task definition web:5",
        "service prod/web, revision r6",
        "service revision prod/web, revision r4, task definition web:4",
        "daemon prod/agent, revision r4",
        "daemon revision prod/agent, revision r1, daemon task definition agent:1",
        "daemon task definition job:10",
        "task prod/daemon, daemon task definition agent:2",
        "task prod/running",
        "task prod/draining, task definition alone:1",
        "task definition job:10",
        "function api:$LATEST",
        "rule shop/order, task definition order:7",
        "schedule night/weekly, task definition weekly:4",
        "job definition batch:1",
        "job definition of job j-pod:1",
        "state machine flow:1, task definition flow:1",
        "parameter /web",
    ] {
        assert!(names.iter().any(|one| one == name), "{name}: {names:#?}");
    }
    let count = |source| {
        let count = found.sources.iter().find(|one| one.source == source);
        let count = count.unwrap();
        assert_eq!(
            (count.account.as_str(), count.region.as_str()),
            ("main", super::REGION)
        );
        (count.found, count.images)
    };
    assert_eq!(count(Source::Service), (2, 7));
    assert_eq!(count(Source::ServiceRevision), (2, 4));
    assert_eq!(count(Source::Daemon), (2, 4));
    assert_eq!(count(Source::DaemonRevision), (1, 2));
    assert_eq!(count(Source::DaemonTaskDefinition), (2, 2));
    assert_eq!(count(Source::Task).0, 4);
    assert_eq!(count(Source::Function), (1, 6));
    // Only jobs of EKS are asked for one by one.
    let jobs = aws.bodies("POST /v1/describejobs");
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!(jobs[0]["jobs"], serde_json::json!(["j-pod:1"]));
    assert_eq!(count(Source::Rule), (2, 2));
    assert_eq!(count(Source::Schedule), (3, 2));
}

/// Everything but lists is asked for once.
#[test]
fn a_second_look_asks_for_lists_alone() {
    let aws = account(Paging::Whole);
    let cache = Cache::default();
    let places = [place(&aws.endpoint, "main")];
    let first = collect(&places, &everything(), &cache);
    let before = |operation: &str| aws.bodies(operation).len();
    let definitions = before("DescribeTaskDefinition");
    let daemons = ["DescribeDaemonRevisions", "DescribeDaemonTaskDefinition"];
    let daemons = daemons.map(|operation| (operation, before(operation)));
    let (functions, revisions) = (
        before("GET /2015-03-31/functions/api"),
        before("DescribeServiceRevisions"),
    );
    let second = collect(&places, &everything(), &cache);
    assert_eq!(first, second);
    let added = |operation: &str, earlier: usize| aws.bodies(operation).len() - earlier;
    // By family (a rule, a schedule), and `family:revision` (a schedule, two versions of a machine).
    assert_eq!(added("DescribeTaskDefinition", definitions), 5);
    // The version that is not published.
    assert_eq!(added("GET /2015-03-31/functions/api", functions), 1);
    // The one that a deployment goes to, whose images may not be resolved yet, and one that ECS does not know.
    assert_eq!(added("DescribeServiceRevisions", revisions), 1);
    let last = aws.bodies("DescribeServiceRevisions");
    let last = last.last().unwrap()["serviceRevisionArns"]
        .as_array()
        .unwrap();
    assert_eq!(last.len(), 2, "{last:?}");
    // The same of a daemon, whose definitions are all asked for by revision.
    assert_eq!(
        daemons.map(|(operation, earlier)| added(operation, earlier)),
        [1, 0]
    );
    assert_eq!(aws.bodies("GetParameterHistory").len(), 2);
}

/// ecrm's fault 6: a section that matches nothing leaves everything unprotected, without a word.
#[test]
fn a_section_that_matches_nothing_is_refused() {
    let aws = account(Paging::Whole);
    let settings = UseSettings {
        clusters: vec![keep("prod", 2), keep("staging-*", 2)],
        families: vec![keep("none", 1)],
        functions: vec![keep("zip", 1)],
        parameters: vec!["/none".to_owned()],
        ..UseSettings::default()
    };
    let found = of_account(&aws, &settings);
    let expected = [
        "cluster \"staging-*\"",
        "family \"none\"",
        "function \"zip\"",
        "parameter \"/none\"",
    ];
    let expected = expected.map(|name| (RefusalCode::MatchesNothing, name));
    assert_eq!(refusals(&found), expected);
}

/// A section that matches in one of several places is fine, and uses of all places count.
#[test]
fn several_places_are_one() {
    let aws = account(Paging::Whole);
    let empty = FakeAws::start();
    for (operation, member) in [
        ("ListClusters", "clusterArns"),
        ("ListTaskDefinitionFamilies", "families"),
        ("ListDaemonTaskDefinitions", "daemonTaskDefinitions"),
    ] {
        let answer = serde_json::json!({ member: [] });
        empty.answer(operation, [crate::support::Answer::json(answer)]);
    }
    let settings = UseSettings {
        ecs: true,
        clusters: vec![keep("prod", 2)],
        ..nothing()
    };
    let places = [
        place(&empty.endpoint, "empty"),
        place(&aws.endpoint, "main"),
    ];
    let found = collect(&places, &settings, &Cache::default());
    assert_eq!(refusals(&found), []);
    assert!(!tags(&found, Source::Service).is_empty());
    let accounts: Vec<&str> = found
        .sources
        .iter()
        .map(|one| one.account.as_str())
        .collect();
    assert!(accounts.contains(&"empty") && accounts.contains(&"main"));
}
