//! A scripted account that uses images in every way that there is, each by a tag of its own; whole, in
//! pages, or with lists that have no end.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{ACCOUNT, REGION, image};
use crate::support::{Answer, FakeAws};

/// A list of AWS's.
pub(super) struct List {
    /// As the fake tells it.
    pub(super) operation: &'static str,
    /// As a refusal tells it.
    pub(super) action: &'static str,
    /// The member that has the entries.
    entries: &'static str,
    /// The members that have the token of the next page: in the answer, and in the request.
    token: (&'static str, &'static str),
}

const fn list(
    operation: &'static str,
    action: &'static str,
    entries: &'static str,
    token: (&'static str, &'static str),
) -> List {
    List {
        operation,
        action,
        entries,
        token,
    }
}

const LOWER: (&str, &str) = ("nextToken", "nextToken");
const UPPER: (&str, &str) = ("NextToken", "NextToken");
const MARKER: (&str, &str) = ("NextMarker", "Marker");

/// Every list that is read.
pub(super) const LISTS: &[List] = &[
    list("ListClusters", "ecs:ListClusters", "clusterArns", LOWER),
    list("ListServices", "ecs:ListServices", "serviceArns", LOWER),
    list(
        "ListServiceDeployments",
        "ecs:ListServiceDeployments",
        "serviceDeployments",
        LOWER,
    ),
    list(
        "ListDaemons",
        "ecs:ListDaemons",
        "daemonSummariesList",
        LOWER,
    ),
    list(
        "ListDaemonDeployments",
        "ecs:ListDaemonDeployments",
        "daemonDeployments",
        LOWER,
    ),
    list(
        "ListDaemonTaskDefinitions",
        "ecs:ListDaemonTaskDefinitions",
        "daemonTaskDefinitions",
        LOWER,
    ),
    list("ListTasks", "ecs:ListTasks", "taskArns", LOWER),
    list(
        "ListTaskDefinitionFamilies",
        "ecs:ListTaskDefinitionFamilies",
        "families",
        LOWER,
    ),
    list(
        "ListTaskDefinitions",
        "ecs:ListTaskDefinitions",
        "taskDefinitionArns",
        LOWER,
    ),
    list(
        "GET /2015-03-31/functions",
        "lambda:ListFunctions",
        "Functions",
        MARKER,
    ),
    list(
        "GET /2015-03-31/functions/api/aliases",
        "lambda:ListAliases",
        "Aliases",
        MARKER,
    ),
    list(
        "GET /2015-03-31/functions/api/versions",
        "lambda:ListVersionsByFunction",
        "Versions",
        MARKER,
    ),
    list(
        "ListEventBuses",
        "events:ListEventBuses",
        "EventBuses",
        UPPER,
    ),
    list("ListRules", "events:ListRules", "Rules", UPPER),
    list(
        "ListTargetsByRule",
        "events:ListTargetsByRule",
        "Targets",
        UPPER,
    ),
    list(
        "GET /schedules",
        "scheduler:ListSchedules",
        "Schedules",
        UPPER,
    ),
    list(
        "POST /v1/describejobdefinitions",
        "batch:DescribeJobDefinitions",
        "jobDefinitions",
        LOWER,
    ),
    list(
        "POST /v1/describejobqueues",
        "batch:DescribeJobQueues",
        "jobQueues",
        LOWER,
    ),
    list(
        "POST /v1/listjobs",
        "batch:ListJobs",
        "jobSummaryList",
        LOWER,
    ),
    list(
        "ListStateMachines",
        "states:ListStateMachines",
        "stateMachines",
        LOWER,
    ),
    list(
        "ListStateMachineVersions",
        "states:ListStateMachineVersions",
        "stateMachineVersions",
        LOWER,
    ),
    list(
        "GetParametersByPath",
        "ssm:GetParametersByPath",
        "Parameters",
        UPPER,
    ),
];

/// What is asked for one by one, or in batches.
pub(super) const READS: &[(&str, &str)] = &[
    ("DescribeServices", "ecs:DescribeServices"),
    ("DescribeTasks", "ecs:DescribeTasks"),
    (
        "DescribeServiceDeployments",
        "ecs:DescribeServiceDeployments",
    ),
    ("DescribeServiceRevisions", "ecs:DescribeServiceRevisions"),
    ("DescribeTaskDefinition", "ecs:DescribeTaskDefinition"),
    ("DescribeDaemon", "ecs:DescribeDaemon"),
    ("DescribeDaemonDeployments", "ecs:DescribeDaemonDeployments"),
    ("DescribeDaemonRevisions", "ecs:DescribeDaemonRevisions"),
    (
        "DescribeDaemonTaskDefinition",
        "ecs:DescribeDaemonTaskDefinition",
    ),
    ("GET /2015-03-31/functions/api", "lambda:GetFunction"),
    ("GET /schedules/nightly", "scheduler:GetSchedule"),
    ("POST /v1/describejobs", "batch:DescribeJobs"),
    ("DescribeStateMachine", "states:DescribeStateMachine"),
    ("GetParameter", "ssm:GetParameter"),
    ("GetParameterHistory", "ssm:GetParameterHistory"),
];

/// How lists are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    /// In one page.
    Whole,
    /// An empty page with a token, one with the first entry, one with the rest.
    Paged,
    /// The same page again and again.
    Endless,
}

fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

fn definition(name: &str) -> String {
    arn("ecs", &format!("task-definition/{name}"))
}

fn revision(name: &str) -> String {
    arn("ecs", &format!("service-revision/prod/web/{name}"))
}

pub(super) fn daemon_revision(name: &str) -> String {
    arn("ecs", &format!("daemon-revision/prod/agent/{name}"))
}

fn daemon_definition(name: &str) -> String {
    arn("ecs", &format!("daemon-task-definition/{name}"))
}

fn service(name: &str) -> String {
    arn("ecs", &format!("service/prod/{name}"))
}

/// A digest that is told from others by its beginning.
pub(super) fn digest(start: &str) -> String {
    format!("sha256:{start:0<64}")
}

/// The account.
pub(super) fn account(paging: Paging) -> FakeAws {
    let aws = FakeAws::start();
    for list in LISTS {
        script(&aws, list, paging);
    }
    ecs(&aws);
    daemons(&aws);
    others(&aws);
    aws
}

/// Scripts one list.
pub(super) fn script(aws: &FakeAws, list: &'static List, paging: Paging) {
    aws.respond(list.operation, move |call, _| {
        let mut all = entries(list.operation, &call.body);
        let (answered, asked) = list.token;
        let token = call.body.get(asked).and_then(Value::as_str);
        // Only some lists have two entries; the others are wholly in the second page.
        let (page, next) = match (paging, token) {
            (Paging::Whole, _) => (all, None),
            (Paging::Endless, _) => (all, Some("again")),
            (Paging::Paged, None) => (Vec::new(), Some("first")),
            (Paging::Paged, Some("first")) => {
                all.truncate(1);
                (all, Some("rest"))
            }
            (Paging::Paged, Some(_)) => (all.split_off(all.len().min(1)), None),
        };
        let mut body = Map::new();
        body.insert(list.entries.to_owned(), page.into());
        if let Some(next) = next {
            body.insert(answered.to_owned(), next.into());
        }
        Some(Answer::json(body.into()))
    });
}

fn entries(operation: &str, body: &Value) -> Vec<Value> {
    let of = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let in_prod = of("cluster").ends_with("/prod");
    let all = match operation {
        "ListClusters" => json!([arn("ecs", "cluster/default"), arn("ecs", "cluster/prod")]),
        "ListServices" if in_prod => json!([service("web"), service("blue"), service("gone")]),
        "ListServiceDeployments" => {
            let one = |number: u32, status: &str| {
                json!({
                    "serviceDeploymentArn": arn("ecs", &format!("service-deployment/prod/web/d{number}")),
                    "status": status,
                    "createdAt": 1_760_000_000 + number,
                    "targetServiceRevisionArn": revision(&format!("r{number}")),
                })
            };
            let states = [
                (1, "SUCCESSFUL"),
                (2, "SUCCESSFUL"),
                (3, "ROLLBACK_SUCCESSFUL"),
            ];
            let later = [(4, "SUCCESSFUL"), (5, "SUCCESSFUL"), (6, "IN_PROGRESS")];
            let states = states.into_iter().chain(later);
            states.map(|(number, status)| one(number, status)).collect()
        }
        "ListDaemons" if of("clusterArn").ends_with("/prod") => {
            let one = |name: &str, status: &str| json!({ "daemonArn": arn("ecs", &format!("daemon/prod/{name}")), "status": status });
            json!([one("agent", "ACTIVE"), one("gone", "DELETE_IN_PROGRESS")])
        }
        "ListDaemonDeployments" if of("daemonArn").ends_with("/agent") => {
            let states = [
                (0, "SUCCESSFUL"),
                (1, "SUCCESSFUL"),
                (2, "ROLLBACK_SUCCESSFUL"),
                (3, "SUCCESSFUL"),
                (4, "IN_PROGRESS"),
            ];
            let one = |(number, status): (u32, &str)| {
                json!({
                    "daemonDeploymentArn": arn("ecs", &format!("daemon-deployment/prod/agent/d{number}")),
                    "status": status,
                    "createdAt": 1_760_000_000 + number,
                    "targetDaemonRevisionArn": daemon_revision(&format!("r{number}")),
                })
            };
            states.map(one).into_iter().collect()
        }
        "ListDaemonTaskDefinitions" => {
            let names = ["agent:4", "job:1", "job:10", "job:9"];
            let one = |name| json!({ "arn": daemon_definition(name), "status": "ACTIVE" });
            names.map(one).into_iter().collect()
        }
        "ListTasks" if in_prod && of("desiredStatus") == "RUNNING" => {
            json!([
                arn("ecs", "task/prod/running"),
                arn("ecs", "task/prod/pending"),
                arn("ecs", "task/prod/daemon"),
            ])
        }
        "ListTasks" if in_prod => {
            json!([
                arn("ecs", "task/prod/draining"),
                arn("ecs", "task/prod/stopped")
            ])
        }
        "ListTaskDefinitionFamilies" => json!(["web", "job"]),
        "ListTaskDefinitions" => match of("familyPrefix") {
            // In no order, with a family whose name begins like the one that is asked for.
            "job" => json!([
                definition("job:2"),
                definition("job-old:9"),
                definition("job:10"),
                definition("job:1")
            ]),
            _ => json!([
                definition("web:6"),
                definition("web:5"),
                definition("web:4")
            ]),
        },
        "GET /2015-03-31/functions" => json!([
            { "FunctionName": "zip", "FunctionArn": arn("lambda", "function:zip"), "PackageType": "Zip" },
            { "FunctionName": "api", "FunctionArn": arn("lambda", "function:api"), "PackageType": "Image" },
        ]),
        "GET /2015-03-31/functions/api/aliases" => json!([
            { "Name": "live", "FunctionVersion": "2",
              "RoutingConfig": { "AdditionalVersionWeights": { "1": 0.1 } } },
        ]),
        "GET /2015-03-31/functions/api/versions" => {
            let versions = ["$LATEST", "1", "2", "3", "9", "10"];
            let versions = versions.map(|version| json!({ "Version": version }));
            versions.into_iter().collect()
        }
        "ListEventBuses" => json!([{ "Name": "default" }, { "Name": "shop" }]),
        "ListRules" => match of("EventBusName") {
            "shop" => json!([{ "Name": "order", "State": "DISABLED" }]),
            _ => json!([{ "Name": "hourly", "State": "ENABLED" }]),
        },
        "ListTargetsByRule" => {
            let target = |definition: String| {
                json!({ "Id": "1", "Arn": arn("ecs", "cluster/prod"), "RoleArn": "arn:aws:iam::1:role/r",
                    "EcsParameters": { "TaskDefinitionArn": definition } })
            };
            let sqs = json!({ "Id": "2", "Arn": arn("sqs", "queue") });
            match of("Rule") {
                "hourly" => json!([sqs, target(definition("hourly:3"))]),
                _ => json!([target(definition("order"))]),
            }
        }
        "GET /schedules" => {
            let one = |name: &str, target: &str| json!({ "Name": name, "GroupName": "night", "State": "DISABLED", "Target": { "Arn": target } });
            json!([
                one("nightly", &arn("ecs", "cluster/prod")),
                one("weekly", "arn:aws:scheduler:::aws-sdk:ecs:runTask"),
                one("queue", &arn("sqs", "queue")),
            ])
        }
        "POST /v1/describejobdefinitions" => {
            let one = |name: &str, revision: u32| {
                json!({ "jobDefinitionName": name, "revision": revision, "type": "container",
                    "jobDefinitionArn": arn("batch", &format!("job-definition/{name}:{revision}")),
                    "containerProperties": { "image": image(&format!("{name}-{revision}")) } })
            };
            let container = json!([{ "image": image("pod-1") }]);
            let pod = json!({ "jobDefinitionName": "pod", "revision": 1, "type": "container",
                "jobDefinitionArn": arn("batch", "job-definition/pod:1"),
                "eksProperties": { "podProperties": { "containers": container } } });
            match body.get("jobDefinitions") {
                Some(_) => json!([one("batch", 1)]),
                None => json!([one("batch", 2), one("other", 1), pod]),
            }
        }
        "POST /v1/describejobqueues" => json!([
            { "jobQueueArn": arn("batch", "job-queue/q"), "jobQueueName": "q", "state": "ENABLED",
              "priority": 1, "computeEnvironmentOrder": [] },
        ]),
        "POST /v1/listjobs" if of("jobStatus") == "RUNNABLE" => {
            let job = |definition: &str| {
                json!({ "jobId": format!("j-{definition}"), "jobName": "j",
                    "jobDefinition": arn("batch", &format!("job-definition/{definition}")) })
            };
            json!([job("batch:2"), job("batch:1"), job("pod:1")])
        }
        "ListStateMachines" => json!([
            { "stateMachineArn": arn("states", "stateMachine:flow"), "name": "flow", "type": "STANDARD",
              "creationDate": 1_760_000_000 },
        ]),
        "ListStateMachineVersions" => json!([
            { "stateMachineVersionArn": arn("states", "stateMachine:flow:1"), "creationDate": 1_760_000_000 },
        ]),
        "GetParametersByPath" => json!([
            parameter("/shop/other", "a b"),
            parameter(
                "/shop/web",
                &format!("{}@{}", image("by-path"), digest("ab"))
            ),
        ]),
        _ => json!([]),
    };
    all.as_array().cloned().unwrap_or_default()
}

fn parameter(name: &str, value: &str) -> Value {
    json!({ "Name": name, "Type": "String", "Value": value, "Version": 3, "LastModifiedDate": 1_760_000_000 })
}

fn ecs(aws: &FakeAws) {
    aws.respond("DescribeServices", |call, _| {
        let asked = call.body["services"].as_array()?;
        let deployment = |status: &str, name: &str| {
            json!({ "status": status, "taskDefinition": definition(name) })
        };
        let web = json!({
            "serviceArn": service("web"), "serviceName": "web", "status": "ACTIVE",
            "taskDefinition": definition("web:6"),
            "deployments": [deployment("PRIMARY", "web:6"), deployment("ACTIVE", "web:5")],
            "deploymentController": { "type": "ECS" },
            "currentServiceRevisions": [{ "arn": revision("r5") }],
        });
        let blue = json!({
            "serviceArn": service("blue"), "serviceName": "blue", "status": "DRAINING", "desiredCount": 0,
            "taskDefinition": definition("blue:1"), "deployments": [],
            "taskSets": [deployment("PRIMARY", "blue:2"), deployment("DRAINING", "blue:3")],
            "deploymentController": { "type": "CODE_DEPLOY" },
        });
        let known = BTreeMap::from([(service("web"), web), (service("blue"), blue)]);
        let (mut services, mut failures) = (Vec::new(), Vec::new());
        for arn in asked.iter().filter_map(Value::as_str) {
            match known.get(arn) {
                Some(service) => services.push(service.clone()),
                None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
            }
        }
        Some(Answer::json(json!({ "services": services, "failures": failures })))
    });
    aws.respond("DescribeServiceDeployments", |call, _| {
        let asked = call.body["serviceDeploymentArns"].as_array()?;
        let found = asked.iter().map(|arn| {
            json!({ "serviceDeploymentArn": arn, "status": "IN_PROGRESS",
                "sourceServiceRevisions": [{ "arn": revision("r5") }, { "arn": revision("r0") }],
                "targetServiceRevision": { "arn": revision("r6") } })
        });
        let found: Vec<Value> = found.collect();
        Some(Answer::json(
            json!({ "serviceDeployments": found, "failures": [] }),
        ))
    });
    aws.respond("DescribeServiceRevisions", |call, _| {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in call.body["serviceRevisionArns"].as_array()? {
            let name = arn.as_str()?.rsplit_once('/')?.1;
            // From before ECS wrote them down.
            if name == "r0" {
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
                continue;
            }
            let number = name.trim_start_matches('r');
            found.push(json!({
                "serviceRevisionArn": arn, "taskDefinition": definition(&format!("web:{number}")),
                "containerImages": [{ "containerName": "app", "image": image(&format!("revision-{number}")),
                    "imageDigest": digest(number) }],
            }));
        }
        Some(Answer::json(json!({ "serviceRevisions": found, "failures": failures })))
    });
    aws.respond("DescribeTasks", |call, _| {
        let tasks = call.body["tasks"].as_array()?.iter().map(|arn| {
            let (_, name) = arn.as_str().unwrap().rsplit_once('/').unwrap();
            let container = match name {
                // What ECS tells since agent 1.83.
                "running" => json!({ "name": "app", "image": format!("{}@{}", image("running"), digest("aa")) }),
                "pending" => json!({ "name": "app", "image": image("pending"), "imageDigest": digest("bb") }),
                // Its image is the definition's.
                "draining" => json!({ "name": "app", "imageDigest": digest("cc") }),
                "daemon" => json!({ "name": "agent", "imageDigest": digest("d1") }),
                _ => json!({ "name": "app", "image": image("stopped") }),
            };
            json!({ "taskArn": arn, "lastStatus": match name {
                    "draining" => "DEACTIVATING", "stopped" => "STOPPED", "pending" => "PENDING", _ => "RUNNING",
                },
                "taskDefinitionArn": match name {
                    "daemon" => daemon_definition("agent:2"), _ => definition("alone:1"),
                },
                "containers": [container] })
        });
        let tasks: Vec<Value> = tasks.collect();
        Some(Answer::json(json!({ "tasks": tasks, "failures": [] })))
    });
    aws.respond("DescribeTaskDefinition", |call, _| {
        let name = call.body["taskDefinition"].as_str()?;
        let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
        let (family, number) = name.split_once(':').unwrap_or((name, "7"));
        Some(Answer::json(json!({ "taskDefinition": {
            "taskDefinitionArn": definition(&format!("{family}:{number}")),
            "status": "INACTIVE",
            "containerDefinitions": [
                { "name": "app", "image": image(&format!("{family}-{number}")) },
                { "name": "proxy", "image": "public.example.com/envoy:1" },
            ],
        } })))
    });
}

/// One daemon, which a deployment changes; one that was deleted since it was listed.
fn daemons(aws: &FakeAws) {
    aws.respond("DescribeDaemon", |call, _| {
        let arn = call.body["daemonArn"].as_str()?;
        Some(if arn.ends_with("/agent") {
            Answer::json(json!({ "daemon": { "daemonArn": arn, "status": "ACTIVE",
                "currentRevisions": [{ "arn": daemon_revision("r3"), "totalRunningCount": 2 }] } }))
        } else {
            Answer::error(400, "DaemonNotFoundException", "no")
        })
    });
    aws.respond("DescribeDaemonDeployments", |call, _| {
        let asked = call.body["daemonDeploymentArns"].as_array()?;
        let found = asked.iter().map(|arn| {
            json!({ "daemonDeploymentArn": arn, "status": "IN_PROGRESS",
                "sourceDaemonRevisions": [{ "arn": daemon_revision("r3") }],
                "targetDaemonRevision": { "arn": daemon_revision("r4") } })
        });
        let found: Vec<Value> = found.collect();
        Some(Answer::json(
            json!({ "daemonDeployments": found, "failures": [] }),
        ))
    });
    aws.respond("DescribeDaemonRevisions", |call, _| {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in call.body["daemonRevisionArns"].as_array()? {
            let name = arn.as_str()?.rsplit_once('/')?.1;
            // What ECS has forgotten, nobody goes back to.
            if name == "r0" {
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
                continue;
            }
            let number = name.trim_start_matches('r');
            found.push(json!({
                "daemonRevisionArn": arn,
                "daemonTaskDefinitionArn": daemon_definition(&format!("agent:{number}")),
                "containerImages": [{ "containerName": "agent", "imageDigest": digest(&format!("d{number}")),
                    "image": image(&format!("agent-revision-{number}")) }],
            }));
        }
        Some(Answer::json(json!({ "daemonRevisions": found, "failures": failures })))
    });
    aws.respond("DescribeDaemonTaskDefinition", |call, _| {
        let arn = call.body["daemonTaskDefinition"].as_str()?;
        let (family, number) = arn.rsplit_once('/')?.1.split_once(':')?;
        Some(Answer::json(json!({ "daemonTaskDefinition": {
            "daemonTaskDefinitionArn": arn, "status": "DELETED",
            "containerDefinitions": [
                { "name": "agent", "image": image(&format!("daemon-{family}-{number}")) },
                { "name": "logs", "image": "public.example.com/logs:1" },
            ],
        } })))
    });
}

fn others(aws: &FakeAws) {
    aws.respond("GET /2015-03-31/functions/api", |call, _| {
        let version = call.body["Qualifier"].as_str()?.trim_start_matches('$');
        let host = image("").replace("shop:", "shop");
        Some(Answer::json(json!({
            "Configuration": { "FunctionName": "api", "PackageType": "Image" },
            "Code": { "RepositoryType": "ECR", "ImageUri": image(&format!("api-{version}")),
                "ResolvedImageUri": format!("{host}@{}", digest("dd")) },
        })))
    });
    let schedule = |target: Value| Answer::json(json!({ "Name": "n", "Target": target }));
    let role = "arn:aws:iam::123456789012:role/r";
    aws.answer(
        "GET /schedules/nightly",
        [schedule(
            json!({ "Arn": arn("ecs", "cluster/prod"), "RoleArn": role,
            "EcsParameters": { "TaskDefinitionArn": definition("nightly") } }),
        )],
    );
    let input = json!({ "TaskDefinition": "weekly:4", "Cluster": "prod" }).to_string();
    aws.answer(
        "GET /schedules/weekly",
        [schedule(
            json!({ "Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask", "RoleArn": role,
            "Input": input }),
        )],
    );
    // Whoever submits a job to EKS may name another image.
    aws.respond("POST /v1/describejobs", |call, _| {
        let jobs = call.body["jobs"].as_array()?.iter();
        let container = json!([{ "image": image("pod-other") }]);
        let job = |id: &Value| {
            let of_eks = id.as_str().is_some_and(|id| id.contains("pod"));
            let pod = json!({ "podProperties": { "containers": container } });
            json!({ "jobId": id, "jobName": "j", "jobQueue": "q", "status": "RUNNABLE",
                "eksProperties": of_eks.then_some(pod) })
        };
        let jobs: Vec<Value> = jobs.map(job).collect();
        Some(Answer::json(json!({ "jobs": jobs })))
    });
    aws.respond("DescribeStateMachine", |call, _| {
        let arn = call.body["stateMachineArn"].as_str()?;
        let name = if arn.ends_with(":1") { "flow:1" } else { "flow:2" };
        let definition = json!({ "States": { "run": { "Type": "Task",
            "Resource": "arn:aws:states:::ecs:runTask.sync",
            "Parameters": { "TaskDefinition": name } } } });
        Some(Answer::json(json!({ "stateMachineArn": arn, "name": "flow",
            "definition": definition.to_string(), "roleArn": "arn:aws:iam::1:role/r", "type": "STANDARD",
            "creationDate": 1_760_000_000 })))
    });
    let document = |tag: &str, start: &str, at: &str| {
        let digest = digest(start);
        let reference = image("").replace("shop:", "shop") + "@" + &digest;
        json!({ "schema": "launchway.parameter/v1", "releasedAt": at,
            "images": { "web": { "tag": tag, "digest": digest, "reference": reference } } })
        .to_string()
    };
    let now = document("by-document", "ee", "2026-03-02T00:00:00Z");
    let before = document("before", "ff", "2026-03-01T00:00:00Z");
    let value = json!({ "Parameter": parameter("/web", &now) });
    aws.respond("GetParameter", move |call, _| {
        Some(match call.body["Name"].as_str()? {
            "/web" => Answer::json(value.clone()),
            _ => Answer::error(400, "ParameterNotFound", ""),
        })
    });
    let versions = json!([parameter("/web", &before), parameter("/web", &now)]);
    aws.answer(
        "GetParameterHistory",
        [Answer::json(json!({ "Parameters": versions }))],
    );
}
