//! Answers of ECR that are not what they look like: lists without entries, lists without an end, and calls that fail
//! where manifests are read.

use jiff::Timestamp;
use launchway::aws::{Aws, AwsSettings, StaticCredentials};
use launchway::prune::{InUse, Place, Plan, Refusal, RefusalCode, Silent, plan};
use launchway_buildkit::Secret;
use launchway_fake_ecr::{Fault, REGION, Rule};
use serde_json::{Value, json};

use super::world::{World, policy, release, rule};
use crate::support::{Answer, FakeAws};

const ACCOUNT: &str = "123456789012";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Does not wait for long.
fn aws(endpoint: &str) -> Aws {
    Aws::new(AwsSettings {
        endpoint_url: Some(endpoint.to_owned()),
        credentials: Some(StaticCredentials {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: Secret::new("planted-key"),
            session_token: None,
        }),
        attempts: Some(2),
        ..AwsSettings::default()
    })
}

/// An ECR with a repository of one index, whose calls answer as a test says.
fn scripted() -> FakeAws {
    let fake = FakeAws::start();
    let repository = json!({ "registryId": ACCOUNT, "repositoryName": "shop/web" });
    let image = json!({
        "registryId": ACCOUNT,
        "repositoryName": "shop/web",
        "imageDigest": format!("sha256:{:0<64}", "ab"),
        "imageManifestMediaType": INDEX,
        "imagePushedAt": 1_700_000_000,
        "imageTags": ["old"],
    });
    fake.answer(
        "DescribeRepositories",
        [Answer::json(json!({ "repositories": [repository] }))],
    );
    fake.answer(
        "DescribeImages",
        [Answer::json(json!({ "imageDetails": [image] }))],
    );
    fake.answer("BatchGetImage", [Answer::json(json!({}))]);
    fake
}

async fn plan_of(aws: Aws) -> Plan {
    let place = Place {
        account: String::new(),
        region: REGION.to_owned(),
        aws,
        repositories: true,
        declared: false,
    };
    let settings = launchway::config::PruneSettings {
        repositories: vec![rule("shop/*", policy())],
        ..launchway::config::PruneSettings::default()
    };
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let uses = InUse::default();
    plan(&[place], &settings, &[], uses, now, &Silent, false).await
}

/// The only case, wherever it is.
fn only(plan: &Plan) -> &Refusal {
    let here = plan.repositories.iter().flat_map(|one| &one.refusals);
    let all: Vec<&Refusal> = plan.refusals.iter().chain(here).collect();
    let [one] = all.as_slice() else {
        panic!("{plan:#?}");
    };
    one
}

#[tokio::test]
async fn lists_without_entries_are_no_empty_lists() {
    for (operation, says) in [
        ("DescribeRepositories", "the answer has no repositories"),
        ("DescribeImages", "the answer has no imageDetails"),
        ("BatchGetImage", "the answer has no images and no failures"),
    ] {
        let fake = scripted();
        fake.answer(operation, [Answer::json(json!({}))]);
        let plan = plan_of(aws(&fake.endpoint)).await;
        let refusal = only(&plan);
        assert_eq!(refusal.code, RefusalCode::ListFailed, "{operation}");
        assert_eq!(refusal.name, format!("ecr:{operation}"));
        assert!(refusal.detail.contains(says), "{}", refusal.detail);
        assert!(!refusal.temporary);
        assert!(plan.has_refusals());
    }
}

/// Asked by name, a repository that is not told of would be one that does not exist.
#[tokio::test]
async fn a_repository_that_is_asked_for_by_name_is_not_missing_for_want_of_a_list() {
    let fake = scripted();
    fake.answer("DescribeRepositories", [Answer::json(json!({}))]);
    let images = aws(&fake.endpoint).ecr_images(REGION).await;
    let error = images.repositories_named(&["shop/web".to_owned()]).await;
    assert_eq!(error.unwrap_err().action, "ecr:DescribeRepositories");
}

#[tokio::test]
async fn a_manifest_that_the_answer_leaves_out_is_a_call_that_failed() {
    let fake = scripted();
    let empty = json!({ "images": [], "failures": [] });
    fake.answer("BatchGetImage", [Answer::json(empty)]);
    let plan = plan_of(aws(&fake.endpoint)).await;
    let refusal = only(&plan);
    assert_eq!(refusal.name, "ecr:BatchGetImage");
    assert!(
        refusal.detail.contains("does not tell of sha256:ab"),
        "{}",
        refusal.detail
    );
}

#[tokio::test]
async fn a_repository_that_is_deleted_meanwhile_is_left_out() {
    let fake = scripted();
    let gone = Answer::error(400, "RepositoryNotFoundException", "It does not exist");
    fake.answer("DescribeImages", [gone]);
    let plan = plan_of(aws(&fake.endpoint)).await;
    assert!(
        plan.repositories.is_empty() && !plan.has_refusals(),
        "{plan:#?}"
    );
}

/// Two tokens in turn.
fn circle(fake: &FakeAws, operation: &str, entries: &'static str, of: Value) {
    let (answered, asked) = match operation {
        "GetParameterHistory" => ("NextToken", "NextToken"),
        _ => ("nextToken", "nextToken"),
    };
    fake.respond(operation, move |call, turn| {
        assert!(turn < 50, "it goes round and round");
        let next = match call.body.get(asked).and_then(Value::as_str) {
            Some("a") => "b",
            _ => "a",
        };
        Some(Answer::json(json!({ entries: of.clone(), answered: next })))
    });
}

#[tokio::test]
async fn lists_that_go_round_in_a_circle_end() {
    let fake = FakeAws::start();
    let repository = json!([{ "registryId": ACCOUNT, "repositoryName": "shop/web" }]);
    circle(&fake, "DescribeRepositories", "repositories", repository);
    let parameter = json!([{ "Name": "/web", "Type": "String", "Value": "x", "Version": 1 }]);
    circle(&fake, "GetParameterHistory", "Parameters", parameter);
    let aws = aws(&fake.endpoint);
    let error = aws.ecr_images(REGION).await.repositories().await;
    let error = error.unwrap_err();
    assert_eq!(error.action, "ecr:DescribeRepositories");
    let store = aws.parameter_store(Some(REGION)).await.unwrap();
    let error = store.history("/web", false).await.unwrap_err();
    assert_eq!(error.action, "ssm:GetParameterHistory");

    let fake = scripted();
    circle(&fake, "DescribeImages", "imageDetails", json!([]));
    let plan = plan_of(self::aws(&fake.endpoint)).await;
    let refusal = only(&plan);
    assert_eq!(refusal.name, "ecr:DescribeImages");
    let says = "the list has no end";
    assert!(refusal.detail.contains(says), "{}", refusal.detail);
}

#[tokio::test]
async fn a_history_without_versions_is_no_empty_history() {
    let fake = FakeAws::start();
    fake.answer("GetParameterHistory", [Answer::json(json!({}))]);
    let aws = aws(&fake.endpoint);
    let store = aws.parameter_store(Some(REGION)).await.unwrap();
    let error = store.history("/web", false).await.unwrap_err();
    assert_eq!(error.action, "ssm:GetParameterHistory");
}

#[tokio::test]
async fn a_call_that_reads_manifests_and_fails_is_no_manifest_that_cannot_be_read() {
    for (fault, temporary) in [
        (Fault::Throttled, true),
        (Fault::Server(500), true),
        (Fault::Reset, true),
        (Fault::AccessDenied, false),
    ] {
        let mut world = World::new();
        world.aws = aws(&world.fake.endpoint());
        let web = world.fake.repository("shop/web");
        release(&web, "old", 90.0);
        release(&web, "young", 1.0);
        world.service_uses(&web, ":young");
        world.settings.allow = vec!["unreadable-manifest".parse().unwrap()];
        let failing = Rule::new(fault.clone()).operation("BatchGetImage");
        world.fake.fail(failing);
        let plan = world.plan().await;
        let refusal = only(&plan);
        assert_eq!(refusal.code, RefusalCode::ListFailed, "{fault:?}");
        assert_eq!(refusal.name, "ecr:BatchGetImage");
        assert_eq!(refusal.temporary, temporary, "{fault:?}");
        assert!(!refusal.allowed && plan.has_refusals());
        world.apply(&plan).await;
        assert_eq!(web.len(), 6, "{fault:?}");
    }
}
