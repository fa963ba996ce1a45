//! Everything that uses an image: one of each kind, each with an image of its own in `shop/uses`.
//!
//! Most of it is moto's. The proxy answers what moto cannot: tasks with digests, service deployments and revisions,
//! daemons, and the images of a function's earlier versions.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::daemons;
use super::released::Released;
use crate::support::moto::{ACCOUNT, Moto, REGION, cluster, definition};
use crate::support::{Answer, ECR_HOST, Interposer, Memory};

/// An image that is in no ECR: what has to have an image, and is not to protect any.
const ELSEWHERE: &str = "registry.example.com/elsewhere:1";

/// The uses, and how to end each.
pub(super) struct World {
    pub(super) moto: Arc<Moto>,
    /// The names of uses that go on, of those that the proxy tells of.
    told: Arc<Mutex<BTreeSet<&'static str>>>,
    /// The services that are there: moto lists deleted ones, too.
    services: Arc<Mutex<BTreeSet<String>>>,
    digests: Arc<dyn Fn(&str) -> String + Send + Sync>,
    /// What moto answered to the proxies that remember.
    memory: Memory,
}

/// A use that can end: its name, and the names of the images in `shop/uses` that only it protects.
pub(super) const ENDS: [(&str, &[&str]); 15] = [
    ("rollback", &["rollback"]),
    ("service", &["service"]),
    ("daemon", &["daemon", "daemon-before"]),
    ("task set", &["green"]),
    ("blue/green service", &["blue"]),
    ("service of no tasks", &["zero"]),
    ("task", &["task"]),
    ("task alone", &["alone"]),
    ("dual-stack host", &["dual-stack"]),
    ("FIPS host", &["fips"]),
    ("function", &["aliased", "latest"]),
    ("rule", &["rule"]),
    ("schedule", &["schedule"]),
    ("job definition", &["job"]),
    ("state machine", &["machine"]),
];

impl World {
    /// Makes all uses.
    pub(super) fn new(released: &'static Released) -> Self {
        let moto = Arc::new(Moto::start());
        let world = Self {
            moto,
            told: Arc::new(Mutex::new(["rollback", "task", "alone", "daemon"].into())),
            services: Arc::default(),
            digests: Arc::new(|name| released.others[name].digest.clone()),
            memory: Memory::default(),
        };
        world.services();
        world.families();
        world.functions();
        world.events();
        world
    }

    /// A proxy in front of moto that tells of what moto cannot.
    pub(super) fn proxy(&self) -> Interposer {
        self.telling(Interposer::before(self.moto.address()))
    }

    /// The same for a test in which no use begins or ends: moto is asked everything once.
    pub(super) fn still_proxy(&self) -> Interposer {
        let moto = self.moto.address();
        self.telling(Interposer::remembering(moto, &self.memory))
    }

    fn telling(&self, proxy: Interposer) -> Interposer {
        self.tell_tasks(&proxy);
        self.tell_deployments(&proxy);
        self.tell_functions(&proxy);
        self.tell_services(&proxy);
        let (now, before) = (self.digest("daemon"), self.digest("daemon-before"));
        daemons::tell(&proxy, &self.told, now, before);
        Self::tell_nothing(&proxy);
        proxy
    }

    fn digest(&self, name: &str) -> String {
        (self.digests)(name)
    }

    fn by_tag(name: &str) -> String {
        format!("{ECR_HOST}/shop/uses:u-{name}")
    }

    fn by_digest(&self, name: &str) -> String {
        format!("{ECR_HOST}/shop/uses@{}", self.digest(name))
    }

    fn by_both(&self, name: &str) -> String {
        format!("{}@{}", Self::by_tag(name), self.digest(name))
    }

    fn services(&self) {
        let moto = &self.moto;
        moto.ecs("CreateCluster", &json!({ "clusterName": "prod" }));
        moto.register("service", &self.by_both("service"));
        moto.register("zero", &Self::by_tag("zero"));
        moto.register("blue", &self.by_digest("blue"));
        moto.register("green", &Self::by_tag("green"));
        let create = |name: &str, controller: &str, count: u32| {
            self.listed().insert(name.to_owned());
            let body = json!({
                "cluster": "prod", "serviceName": name, "taskDefinition": format!("{name}:1"),
                "desiredCount": count, "launchType": "EC2",
                "deploymentController": { "type": controller },
            });
            moto.ecs("CreateService", &body);
        };
        create("service", "ECS", 1);
        create("zero", "ECS", 0);
        create("blue", "CODE_DEPLOY", 0);
        let set = json!({ "cluster": "prod", "service": "blue", "taskDefinition": "green:1" });
        moto.ecs("CreateTaskSet", &set);
    }

    fn families(&self) {
        let digest = self.digest("fips");
        let moto = &self.moto;
        let dual = "123456789012.dkr-ecr.ap-northeast-1.on.aws/shop/uses:u-dual-stack";
        moto.register("kept-dual-stack", dual);
        let fips = "123456789012.dkr.ecr-fips.ap-northeast-1.amazonaws.com/shop/uses";
        moto.register("kept-fips", &format!("{fips}@{digest}"));
        // The section has to cover something, whatever ends; and the repository has to have a use.
        moto.register("kept-newest", &format!("{ECR_HOST}/shop/uses:newest"));
        moto.register("elsewhere", ELSEWHERE);
    }

    fn functions(&self) {
        let moto = &self.moto;
        moto.role("r");
        let functions = "/2015-03-31/functions";
        for (name, image) in [
            ("api", self.by_both("aliased")),
            ("other", ELSEWHERE.to_owned()),
        ] {
            let new = json!({
                "FunctionName": name, "PackageType": "Image", "Publish": true,
                "Role": format!("arn:aws:iam::{ACCOUNT}:role/r"), "Code": { "ImageUri": image },
            });
            moto.call("lambda", &format!("POST {functions}"), &new);
        }
        let code = json!({ "ImageUri": self.by_both("latest"), "Publish": true });
        moto.call("lambda", &format!("PUT {functions}/api/code"), &code);
        let alias = json!({ "Name": "live", "FunctionVersion": "1" });
        moto.call("lambda", &format!("POST {functions}/api/aliases"), &alias);
    }

    fn events(&self) {
        let moto = &self.moto;
        let role = format!("arn:aws:iam::{ACCOUNT}:role/r");
        for name in ["rule", "schedule", "machine"] {
            moto.register(name, &Self::by_tag(name));
        }
        let rule = json!({ "Name": "hourly", "ScheduleExpression": "rate(1 hour)" });
        moto.call("events", "AWSEvents.PutRule", &rule);
        // Without a revision: the newest one.
        let target = json!({
            "Id": "1", "Arn": cluster(), "RoleArn": role,
            "EcsParameters": { "TaskDefinitionArn": definition("rule") },
        });
        let targets = json!({ "Rule": "hourly", "Targets": [target] });
        moto.call("events", "AWSEvents.PutTargets", &targets);
        let schedule = json!({
            "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": { "Mode": "OFF" },
            "Target": {
                "Arn": cluster(), "RoleArn": role,
                "EcsParameters": { "TaskDefinitionArn": definition("schedule:1") },
            },
        });
        moto.call("scheduler", "POST /schedules/nightly", &schedule);
        let job = json!({
            "jobDefinitionName": "job", "type": "container",
            "containerProperties": { "image": Self::by_tag("job"), "vcpus": 1, "memory": 128 },
        });
        moto.call("batch", "POST /v1/registerjobdefinition", &job);
        // A parameter that no release wrote.
        let foreign =
            json!({ "Name": "/shop/path/colour", "Type": "String", "Value": "sky blue!" });
        moto.call("ssm", "AmazonSSM.PutParameter", &foreign);
        let states = json!({ "StartAt": "Run", "States": { "Run": {
            "Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": true,
            "Parameters": { "Cluster": cluster(), "TaskDefinition": definition("machine") },
        } } });
        let machine = json!({ "name": "flow", "definition": states.to_string(), "roleArn": role });
        moto.call("states", "AWSStepFunctions.CreateStateMachine", &machine);
    }

    fn listed(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_services(&self, proxy: &Interposer) {
        let services = Arc::clone(&self.services);
        proxy.script("ecs:ListServices", move |_, _| {
            let services = services.lock().unwrap_or_else(PoisonError::into_inner);
            let arns = services.iter();
            let arns =
                arns.map(|name| format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod/{name}"));
            let arns: Vec<String> = arns.collect();
            Some(Answer::json(json!({ "serviceArns": arns })))
        });
    }

    fn tell_tasks(&self, proxy: &Interposer) {
        let told = Arc::clone(&self.told);
        proxy.script("ecs:ListTasks", move |_, _| {
            let told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let tasks = ["task", "alone"].iter().filter(|name| told.contains(*name));
            let arns: Vec<String> = tasks.map(|name| task(name)).collect();
            Some(Answer::json(json!({ "taskArns": arns })))
        });
        // As agents since 1.83 report it; and one whose tag has moved on.
        let images = [
            ("task", self.by_both("task"), self.digest("task")),
            ("alone", Self::by_tag("moved"), self.digest("alone")),
        ];
        proxy.script("ecs:DescribeTasks", move |_, body| {
            let asked = body["tasks"].as_array()?;
            let tasks = images
                .iter()
                .filter(|(name, ..)| asked.contains(&task(name).into()));
            let tasks: Vec<Value> = tasks
                .map(|(name, image, digest)| {
                    json!({
                        "taskArn": task(name), "clusterArn": cluster(), "lastStatus": "RUNNING",
                        "desiredStatus": "RUNNING", "group": "family:elsewhere",
                        "taskDefinitionArn": definition("elsewhere:1"),
                        "containers": [{ "name": "app", "image": image, "imageDigest": digest,
                            "lastStatus": "RUNNING" }],
                    })
                })
                .collect();
            Some(Answer::json(json!({ "tasks": tasks, "failures": [] })))
        });
    }

    /// The service's deployments: what runs, and what a rollback would go back to.
    fn tell_deployments(&self, proxy: &Interposer) {
        let told = Arc::clone(&self.told);
        proxy.script("ecs:ListServiceDeployments", move |_, body| {
            let service = body["service"].as_str()?;
            let told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let mut deployments = Vec::new();
            if service.ends_with("/service") && told.contains("rollback") {
                deployments.push(json!({
                    "serviceDeploymentArn": format!("{service}/d2"), "serviceArn": service,
                    "clusterArn": cluster(), "createdAt": 1_790_000_000, "status": "IN_PROGRESS",
                    "targetServiceRevisionArn": revision("2"),
                }));
                deployments.push(json!({
                    "serviceDeploymentArn": format!("{service}/d1"), "serviceArn": service,
                    "clusterArn": cluster(), "createdAt": 1_780_000_000, "status": "SUCCESSFUL",
                    "targetServiceRevisionArn": revision("1"),
                }));
            }
            Some(Answer::json(json!({ "serviceDeployments": deployments })))
        });
        proxy.script("ecs:DescribeServiceDeployments", |_, body| {
            let found: Vec<Value> = body["serviceDeploymentArns"]
                .as_array()?
                .iter()
                .map(|arn| {
                    json!({
                        "serviceDeploymentArn": arn, "status": "IN_PROGRESS",
                        "sourceServiceRevisions": [{ "arn": revision("1") }],
                        "targetServiceRevision": { "arn": revision("2") },
                    })
                })
                .collect();
            Some(Answer::json(
                json!({ "serviceDeployments": found, "failures": [] }),
            ))
        });
        let (service, rollback) = (self.digest("service"), self.digest("rollback"));
        proxy.script("ecs:DescribeServiceRevisions", move |_, body| {
            let found: Vec<Value> = body["serviceRevisionArns"]
                .as_array()?
                .iter()
                .map(|arn| {
                    let digest = if *arn == revision("2") {
                        &service
                    } else {
                        &rollback
                    };
                    json!({
                        "serviceRevisionArn": arn, "taskDefinition": definition("service:1"),
                        "containerImages": [{ "containerName": "app", "imageDigest": digest,
                            "image": format!("{ECR_HOST}/shop/uses:moved") }],
                    })
                })
                .collect();
            Some(Answer::json(
                json!({ "serviceRevisions": found, "failures": [] }),
            ))
        });
    }

    /// moto gives all versions the newest image, and a digest that it makes up.
    fn tell_functions(&self, proxy: &Interposer) {
        let (aliased, latest) = (self.by_digest("aliased"), self.by_digest("latest"));
        proxy.script("lambda:GetFunction", move |path, _| {
            let image = match path.split_once("/functions/")? {
                (_, rest) if !rest.starts_with("api") => return None,
                (_, rest) if rest.contains("Qualifier=1") => &aliased,
                _ => &latest,
            };
            Some(Answer::json(json!({
                "Configuration": { "FunctionName": "api", "PackageType": "Image" },
                "Code": { "RepositoryType": "ECR", "ResolvedImageUri": image,
                    "ImageUri": format!("{ECR_HOST}/shop/uses:moved") },
            })))
        });
    }

    /// Lists that moto does not have, or only with much around them.
    fn tell_nothing(proxy: &Interposer) {
        proxy.script("batch:DescribeJobQueues", |_, _| {
            let queue = json!({
                "jobQueueName": "queue", "state": "ENABLED", "priority": 1,
                "jobQueueArn": format!("arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/queue"),
                "computeEnvironmentOrder": [],
            });
            Some(Answer::json(json!({ "jobQueues": [queue] })))
        });
        proxy.script("batch:ListJobs", |_, _| {
            Some(Answer::json(json!({ "jobSummaryList": [] })))
        });
        proxy.script("states:ListStateMachineVersions", |_, _| {
            Some(Answer::json(json!({ "stateMachineVersions": [] })))
        });
    }

    /// Ends a use of [`ENDS`].
    pub(super) fn end(&self, name: &str) {
        let moto = &self.moto;
        let delete = |service: &str| {
            let body = json!({ "cluster": "prod", "service": service, "force": true });
            moto.ecs("DeleteService", &body);
            assert!(self.listed().remove(service), "{service}");
        };
        let deregister = |name: &str| {
            let body = json!({ "taskDefinition": format!("{name}:1") });
            moto.ecs("DeregisterTaskDefinition", &body);
        };
        let end = |name: &str| {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            assert!(told.remove(name), "{name}");
        };
        match name {
            "rollback" => end("rollback"),
            "daemon" => end("daemon"),
            "task" => end("task"),
            "task alone" => end("alone"),
            "service" => delete("service"),
            "service of no tasks" => delete("zero"),
            "blue/green service" => delete("blue"),
            "task set" => {
                let body = json!({ "cluster": "prod", "services": ["blue"] });
                let found = moto.ecs("DescribeServices", &body);
                let set = &found["services"][0]["taskSets"][0]["taskSetArn"];
                let body = json!({ "cluster": "prod", "service": "blue", "taskSet": set });
                moto.ecs("DeleteTaskSet", &body);
            }
            "dual-stack host" => deregister("kept-dual-stack"),
            "FIPS host" => deregister("kept-fips"),
            "function" => {
                moto.call("lambda", "DELETE /2015-03-31/functions/api", &json!({}));
            }
            "rule" => {
                let body = json!({ "Rule": "hourly", "Ids": ["1"] });
                moto.call("events", "AWSEvents.RemoveTargets", &body);
            }
            "schedule" => {
                moto.call("scheduler", "DELETE /schedules/nightly", &json!({}));
            }
            "job definition" => {
                let body = json!({ "jobDefinition": "job:1" });
                moto.call("batch", "POST /v1/deregisterjobdefinition", &body);
            }
            "state machine" => {
                let arn = format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:flow");
                let body = json!({ "stateMachineArn": arn });
                moto.call("states", "AWSStepFunctions.DeleteStateMachine", &body);
            }
            other => panic!("{other} cannot end"),
        }
    }

    /// Deploys an image: a service with a task definition of its own.
    pub(super) fn deploy(&self, name: &str, image: &str) {
        self.moto.register(name, image);
        self.listed().insert(name.to_owned());
        let body = json!({
            "cluster": "prod", "serviceName": name, "taskDefinition": format!("{name}:1"),
            "desiredCount": 0, "launchType": "EC2",
        });
        self.moto.ecs("CreateService", &body);
    }
}

fn task(name: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/prod/{name}")
}

fn revision(name: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service-revision/prod/service/{name}")
}
