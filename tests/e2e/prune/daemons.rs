//! The managed daemon of the world, which moto knows nothing of: a deployment goes on, and a rollback would go
//! back to what was there before it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::support::moto::{ACCOUNT, REGION, cluster};
use crate::support::{Answer, ECR_HOST, Interposer};

fn arn(rest: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{rest}")
}

fn revision(name: &str) -> String {
    arn(&format!("daemon-revision/prod/agent/{name}"))
}

/// Tells of the daemon as long as `told` has it. It runs `now`, and ran `before`: digests in `shop/uses`.
pub(super) fn tell(
    proxy: &Interposer,
    told: &Arc<Mutex<BTreeSet<&'static str>>>,
    now: String,
    before: String,
) {
    let told = Arc::clone(told);
    proxy.script("ecs:ListDaemons", move |_, _| {
        let told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let daemon = json!({ "daemonArn": arn("daemon/prod/agent"), "status": "ACTIVE" });
        let daemons: Vec<Value> = told
            .contains("daemon")
            .then_some(daemon)
            .into_iter()
            .collect();
        Some(Answer::json(json!({ "daemonSummariesList": daemons })))
    });
    proxy.script("ecs:DescribeDaemon", |_, body| {
        Some(Answer::json(json!({ "daemon": {
            "daemonArn": body["daemonArn"], "clusterArn": cluster(), "status": "ACTIVE",
            "currentRevisions": [{ "arn": revision("1"), "totalRunningCount": 1 }],
        } })))
    });
    proxy.script("ecs:ListDaemonDeployments", |_, body| {
        let one = |number: u32, status: &str| {
            json!({
                "daemonDeploymentArn": arn(&format!("daemon-deployment/prod/agent/{number}")),
                "daemonArn": body["daemonArn"], "status": status, "createdAt": 1_780_000_000 + number,
                "targetDaemonRevisionArn": revision(&number.to_string()),
            })
        };
        let deployments = [one(1, "SUCCESSFUL"), one(2, "IN_PROGRESS")];
        Some(Answer::json(json!({ "daemonDeployments": deployments })))
    });
    proxy.script("ecs:DescribeDaemonDeployments", |_, body| {
        let arns = body["daemonDeploymentArns"].as_array()?.iter();
        let found: Vec<Value> = arns
            .map(|arn| {
                json!({
                    "daemonDeploymentArn": arn, "status": "IN_PROGRESS",
                    "sourceDaemonRevisions": [{ "arn": revision("1") }],
                    "targetDaemonRevision": { "arn": revision("2") },
                })
            })
            .collect();
        Some(Answer::json(
            json!({ "daemonDeployments": found, "failures": [] }),
        ))
    });
    proxy.script("ecs:DescribeDaemonRevisions", move |_, body| {
        let arns = body["daemonRevisionArns"].as_array()?.iter();
        let found: Vec<Value> = arns
            .map(|one| {
                let digest = if *one == revision("2") { &now } else { &before };
                json!({
                    "daemonRevisionArn": one, "daemonTaskDefinitionArn": arn("daemon-task-definition/agent:1"),
                    "containerImages": [{ "containerName": "agent", "imageDigest": digest,
                        "image": format!("{ECR_HOST}/shop/uses:moved") }],
                })
            })
            .collect();
        Some(Answer::json(
            json!({ "daemonRevisions": found, "failures": [] }),
        ))
    });
    proxy.script("ecs:ListDaemonTaskDefinitions", |_, _| {
        Some(Answer::json(json!({ "daemonTaskDefinitions": [] })))
    });
    proxy.script("ecs:DescribeDaemonTaskDefinition", |_, body| {
        Some(Answer::json(json!({ "daemonTaskDefinition": {
            "daemonTaskDefinitionArn": body["daemonTaskDefinition"], "status": "ACTIVE",
            "containerDefinitions": [{ "name": "agent", "image": format!("{ECR_HOST}/shop/uses:moved") }],
        } })))
    });
}
