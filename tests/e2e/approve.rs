//! Approvals of CodePipeline, against a scripted AWS: moto knows none.

use launchway::exit;
use serde_json::{Value, json};

use crate::support::{Answer, Engine, FakeAws, Outcome, Project};

struct Setup {
    aws: FakeAws,
    project: Project,
    engine: Engine,
    _folder: tempfile::TempDir,
}

impl Setup {
    /// A pipeline with one approval that waits.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = Self {
            aws: FakeAws::start(),
            project: Project::of("", &[("README", "")]),
            engine: Engine::in_folder(folder.path()),
            _folder: folder,
        };
        setup.aws.answer("GetPipeline", [declaration("QUEUED")]);
        setup
            .aws
            .answer("GetPipelineState", [state(&[("Release", "token-1")])]);
        let approved = json!({ "approvedAt": 1_772_442_102.0 });
        setup
            .aws
            .answer("PutApprovalResult", [Answer::json(approved)]);
        setup
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let arguments = [&["approve"], arguments].concat();
        let mut command = self.engine.command(&self.project, &arguments);
        let outcome = Outcome::of(command.envs(self.aws.environment()).output().unwrap());
        for text in [&outcome.stdout, &outcome.stderr] {
            assert!(!text.contains("token-"), "a token is shown:\n{text}");
        }
        outcome
    }
}

fn approval(name: &str) -> Value {
    json!({
        "name": name,
        "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
        "configuration": {
            "CustomData": "Look at green on the test port",
            "ExternalEntityLink": "https://green.example.com:8443/",
        },
    })
}

fn declaration(mode: &str) -> Answer {
    Answer::json(json!({ "pipeline": {
        "name": "shop", "roleArn": "arn:aws:iam::123456789012:role/pipeline", "executionMode": mode,
        "pipelineType": "V2",
        "stages": [
            { "name": "Build", "actions": [] },
            { "name": "Approve", "actions": [approval("Release"), approval("Legal")] },
        ],
    } }))
}

/// The stage `Approve` with these actions waiting, with their tokens.
fn state(waiting: &[(&str, &str)]) -> Answer {
    let actions: Vec<Value> = waiting
        .iter()
        .map(|(name, token)| {
            json!({ "actionName": name, "latestExecution": {
                "status": "InProgress", "token": token, "lastStatusChange": 1_772_442_102.0 } })
        })
        .collect();
    let status = if waiting.is_empty() {
        "Succeeded"
    } else {
        "InProgress"
    };
    Answer::json(json!({ "pipelineName": "shop", "stageStates": [
        { "stageName": "Build", "actionStates": [],
          "latestExecution": { "pipelineExecutionId": "execution-1", "status": "Succeeded" } },
        { "stageName": "Approve", "actionStates": actions,
          "latestExecution": { "pipelineExecutionId": "execution-1", "status": status } },
    ] }))
}

#[test]
fn one_approval_that_waits_is_answered() {
    let setup = Setup::new();
    let outcome = setup.run(&["shop", "--yes", "--summary", "green is fine"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(
        outcome.stdout,
        "Approve/Release of shop is approved, execution execution-1\n"
    );
    assert_eq!(
        setup.aws.bodies("PutApprovalResult"),
        [json!({
            "pipelineName": "shop", "stageName": "Approve", "actionName": "Release",
            "token": "token-1", "result": { "summary": "green is fine", "status": "Approved" },
        })]
    );
    let outcome = setup.run(&[
        "shop",
        "--execution",
        "execution-1",
        "--reject",
        "--format",
        "json",
    ]);
    let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(answer["status"], "rejected");
    assert_eq!(answer["at"], "2026-03-02T09:01:42Z");
    let bodies = setup.aws.bodies("PutApprovalResult");
    assert_eq!(bodies[1]["result"]["status"], "Rejected");
}

#[test]
fn nobody_is_approved_by_accident() {
    let setup = Setup::new();
    let outcome = setup.run(&["shop"]);
    outcome.assert_failed(exit::USAGE, &["nobody to ask", "--yes", "--execution"]);
    let long = "x".repeat(513);
    let outcome = setup.run(&["shop", "--yes", "--summary", &long]);
    outcome.assert_failed(
        exit::USAGE,
        &["has 513 characters, and CodePipeline takes 512"],
    );
    assert!(setup.aws.calls().is_empty(), "nothing was asked");
    let outcome = setup.run(&["shop", "--execution", "execution-0"]);
    outcome.assert_failed(
        exit::HANDOFF,
        &[
            "no approval of execution execution-0",
            "--stage Approve --action Release --execution execution-1",
        ],
    );
    setup.aws.answer(
        "GetPipelineState",
        [state(&[("Release", "token-1"), ("Legal", "token-2")])],
    );
    let outcome = setup.run(&["shop", "--yes"]);
    outcome.assert_failed(
        exit::USAGE,
        &[
            "2 approvals are waiting",
            "--action Release",
            "--action Legal",
        ],
    );
    assert!(setup.aws.bodies("PutApprovalResult").is_empty());
    let outcome = setup.run(&["shop", "--yes", "--action", "Legal"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(setup.aws.bodies("PutApprovalResult")[0]["token"], "token-2");
}

#[test]
fn what_waits_is_listed_with_what_reviewers_are_told() {
    let setup = Setup::new();
    let outcome = setup.run(&["shop", "--list"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    for text in [
        "Approve  Release  2026-03-02 09:01\n",
        "execution-1",
        "Look at green on the test port",
        "https://green.example.com:8443/",
        "/codepipeline/pipelines/shop/view?region=ap-northeast-1",
    ] {
        assert!(outcome.stdout.contains(text), "{}", outcome.stdout);
    }
    let outcome = setup.run(&["shop", "--list", "--format", "json"]);
    let rows: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(rows[0]["customData"], "Look at green on the test port");
    assert_eq!(rows[0]["since"], "2026-03-02T09:01:42Z");

    // Without the permission to read the definition there is less to show.
    setup.aws.answer(
        "GetPipeline",
        [Answer::error(400, "AccessDeniedException", "no")],
    );
    let outcome = setup.run(&["shop", "--list"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(!outcome.stdout.contains("Look at green"));
    assert!(
        outcome.stderr.contains("needs codepipeline:GetPipeline."),
        "{}",
        outcome.stderr
    );

    setup.aws.answer("GetPipelineState", [state(&[])]);
    let outcome = setup.run(&["shop", "--list"]);
    assert_eq!(outcome.code, Some(0));
    let stands = "no approval is waiting in pipeline shop: Build succeeded, Approve succeeded";
    assert!(outcome.stderr.contains(stands), "{}", outcome.stderr);
    setup
        .run(&["shop", "--yes"])
        .assert_failed(exit::HANDOFF, &[stands]);
}

#[test]
fn executions_beside_one_another_have_tokens_of_another_kind() {
    let setup = Setup::new();
    setup.aws.answer("GetPipeline", [declaration("PARALLEL")]);
    let action = |execution: &str, stage: &str, action: &str, status: &str| {
        json!({ "pipelineExecutionId": execution, "stageName": stage, "actionName": action,
                "status": status, "startTime": 1_772_442_102.0,
                "output": { "executionResult": { "externalExecutionId": format!("token-of-{execution}") } } })
    };
    let first = [
        action("b", "Approve", "Release", "InProgress"),
        action("b", "Build", "Build", "Succeeded"),
        action("c", "Build", "Build", "InProgress"),
    ];
    let second = [action("a", "Approve", "Release", "InProgress")];
    setup.aws.answer(
        "ListActionExecutions",
        [
            Answer::json(json!({ "actionExecutionDetails": first, "nextToken": "more" })),
            Answer::json(json!({ "actionExecutionDetails": second })),
            Answer::json(json!({ "actionExecutionDetails": first, "nextToken": "more" })),
            Answer::json(json!({ "actionExecutionDetails": second })),
        ],
    );
    let outcome = setup.run(&["shop", "--yes"]);
    outcome.assert_failed(
        exit::USAGE,
        &["2 approvals", "--execution a", "--execution b"],
    );
    let outcome = setup.run(&["shop", "--execution", "a"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let bodies = setup.aws.bodies("PutApprovalResult");
    assert_eq!(bodies[0]["token"], "token-of-a");
}

#[test]
fn refusals_of_codepipeline_say_what_to_do() {
    for (operation, answer, code, says) in [
        (
            "PutApprovalResult",
            Answer::error(400, "InvalidApprovalTokenException", "The token is invalid"),
            exit::HANDOFF,
            &["is not the one that waits any more", "--list"][..],
        ),
        (
            "PutApprovalResult",
            Answer::error(400, "ApprovalAlreadyCompletedException", "done"),
            exit::HANDOFF,
            &["answered already"],
        ),
        (
            "PutApprovalResult",
            Answer::error(400, "ActionNotFoundException", "gone"),
            exit::HANDOFF,
            &["changed while the approval was answered"],
        ),
        (
            "GetPipeline",
            Answer::error(400, "PipelineNotFoundException", "none"),
            exit::HANDOFF,
            &["there is no pipeline shop in ap-northeast-1", "--region"],
        ),
        (
            "GetPipelineState",
            Answer::throttled(),
            exit::TEMPORARY,
            &["too many requests"],
        ),
        (
            "GetPipelineState",
            Answer::expired(),
            exit::HANDOFF,
            &["ExpiredTokenException", "renew the temporary key"],
        ),
        (
            "PutApprovalResult",
            Answer::error(400, "AccessDeniedException", "no"),
            exit::HANDOFF,
            &["needs codepipeline:PutApprovalResult in ap-northeast-1"],
        ),
    ] {
        let setup = Setup::new();
        setup.aws.answer(operation, [answer]);
        setup.run(&["shop", "--yes"]).assert_failed(code, says);
    }
}
