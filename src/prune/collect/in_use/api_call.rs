//! Calls of the APIs of ECS and Batch that are written down as JSON: in the input of a schedule, in the definition of
//! a state machine. They start task definitions and job definitions like any target, only that nobody types them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::image_text;

/// An API that starts containers.
struct Api {
    /// What its actions have before them in an ARN.
    service: &'static str,
    /// The argument that says what is started.
    member: &'static str,
    /// The same for people.
    label: &'static str,
    /// The actions that cannot do without it.
    starts: &'static [&'static str],
    started: fn(&mut Calls) -> &mut Started,
}

const APIS: [Api; 2] = [
    Api {
        service: "ecs",
        member: "taskDefinition",
        label: "task definition",
        starts: &["runTask", "startTask", "createTaskSet"],
        started: |calls| &mut calls.tasks,
    },
    Api {
        service: "batch",
        member: "jobDefinition",
        label: "job definition",
        starts: &["submitJob"],
        started: |calls| &mut calls.jobs,
    },
];

/// What calls of one API start.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Started {
    /// Definitions by ARN, `name:revision`, or name.
    pub(super) definitions: BTreeSet<String>,
    /// Why it is not known what some call starts.
    pub(super) unclear: BTreeSet<String>,
}

/// What a text of JSON starts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    /// Task definitions of ECS.
    pub(super) tasks: Started,
    /// Job definitions of Batch.
    pub(super) jobs: Started,
    /// Texts that look like images of ECR.
    pub(super) images: BTreeSet<String>,
    /// Why nothing at all is known of it.
    pub(super) unclear: BTreeSet<String>,
}

impl Calls {
    /// The call of an action (`ecs:runTask`) of an API with these arguments.
    pub(super) fn of_action(action: &str, arguments: Option<&str>) -> Self {
        let mut calls = Self::default();
        let arguments = arguments.unwrap_or("{}");
        let members: Option<Map<String, Value>> = serde_json::from_str(arguments).ok();
        if let Some((service, action)) = action.split_once(':') {
            calls.call(service, action, members.as_ref());
        }
        calls.images_in(arguments);
        calls
    }

    /// A definition in the Amazon States Language.
    pub(super) fn of_states(definition: &str) -> Self {
        let mut calls = Self::default();
        match serde_json::from_str(definition) {
            Ok(value) => calls.walk(&value),
            Err(error) => {
                let text = format!("its definition is no JSON: {error}");
                calls.unclear.insert(text);
            }
        }
        calls
    }

    /// Images of ECR in a text of any kind.
    pub(super) fn images_in(&mut self, text: &str) {
        let images = image_text::inside(text).into_iter();
        self.images.extend(images.map(str::to_owned));
    }

    fn walk(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                // `arn:aws:states:::ecs:runTask.sync`, `arn:aws:states:::aws-sdk:batch:submitJob`.
                if let Some(resource) = members.get("Resource").and_then(Value::as_str)
                    && let Some((rest, action)) = resource.rsplit_once(':')
                    && let Some((_, service)) = rest.rsplit_once(':')
                {
                    // `runTask.sync`, `runTask.waitForTaskToken`.
                    let action = action.split('.').next().unwrap_or_default();
                    let arguments = members.get("Parameters").or(members.get("Arguments"));
                    self.call(service, action, arguments.and_then(Value::as_object));
                }
                members.values().for_each(|value| self.walk(value));
            }
            Value::Array(values) => values.iter().for_each(|value| self.walk(value)),
            Value::String(text) => self.images_in(text),
            _ => {}
        }
    }

    fn call(&mut self, service: &str, action: &str, arguments: Option<&Map<String, Value>>) {
        let mut apis = APIS.iter();
        let Some(api) = apis.find(|api| api.service == service) else {
            return;
        };
        let started = (api.started)(self);
        let named = |wanted: &str| {
            let mut members = arguments.into_iter().flatten();
            members.find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        let computed = || format!("the {} of its {action} is computed when it runs", api.label);
        match named(api.member).map(|(_, value)| value) {
            // JSONata (`{%`), and what Scheduler fills in: `<aws.scheduler.execution-id>`.
            Some(Value::String(text)) if text.contains(['<', '$', '{']) => {
                started.unclear.insert(computed());
            }
            Some(Value::String(text)) if !text.is_empty() => {
                started.definitions.insert(text.clone());
            }
            None if named(&format!("{}.$", api.member)).is_some() => {
                started.unclear.insert(computed());
            }
            _ => {
                let mut starts = api.starts.iter();
                if starts.any(|name| name.eq_ignore_ascii_case(action)) {
                    let text = format!("its {action} tells no {}", api.label);
                    started.unclear.insert(text);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1";

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn arguments_of_a_schedule_name_a_definition() {
        let read = Calls::of_action("ecs:runTask", Some(r#"{"TaskDefinition": "web:3"}"#));
        assert_eq!(read.tasks.definitions, set(&["web:3"]));
        let read = Calls::of_action("ecs:runTask", Some(r#"{"taskDefinition": "web"}"#));
        assert_eq!(read.tasks.definitions, set(&["web"]));
        for input in [
            None,
            Some("{}"),
            Some("<x>"),
            Some(r#"{"TaskDefinition": 1}"#),
        ] {
            let read = Calls::of_action("ecs:runTask", input);
            let expected = set(&["its runTask tells no task definition"]);
            assert_eq!(read.tasks.unclear, expected, "{input:?}");
        }
        let read = Calls::of_action("ecs:updateService", Some("{}"));
        assert_eq!(read, Calls::default());
    }

    #[test]
    fn every_state_that_starts_a_task_is_found() {
        let text = serde_json::json!({
            "StartAt": "a",
            "States": {
                "a": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::ecs:runTask.sync",
                    "Parameters": { "Cluster": "prod", "TaskDefinition": "web:3" }
                },
                "b": { "Type": "Map", "ItemProcessor": { "States": { "c": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::aws-sdk:ecs:runTask",
                    "Arguments": { "TaskDefinition": "arn:aws:ecs:eu-west-1:1:task-definition/api" }
                } } } },
                "d": { "Type": "Task", "Resource": "arn:aws:states:::eks:runJob", "Parameters": {
                    "Job": { "spec": { "containers": [{ "image": IMAGE }] } }
                } },
            }
        });
        let read = Calls::of_states(&text.to_string());
        let expected = ["arn:aws:ecs:eu-west-1:1:task-definition/api", "web:3"];
        assert_eq!(read.tasks.definitions, set(&expected));
        assert_eq!(read.images, set(&[IMAGE]));
        assert!(read.unclear.is_empty() && read.tasks.unclear.is_empty());
    }

    #[test]
    fn what_is_computed_is_not_known() {
        let state = |member: &str, value: Value| {
            let text = serde_json::json!({ "States": { "a": {
                "Resource": "arn:aws:states:::ecs:runTask",
                "Parameters": { member: value }
            } } });
            Calls::of_states(&text.to_string()).tasks.unclear.len()
        };
        assert_eq!(state("TaskDefinition.$", "$.definition".into()), 1);
        assert_eq!(state("TaskDefinition", "{% $definition %}".into()), 1);
        assert_eq!(state("Cluster", "prod".into()), 1);
        let all = r#"{"a": {"Resource": "arn:aws:states:::ecs:runTask", "Arguments": "{% $x %}"}}"#;
        assert_eq!(Calls::of_states(all).tasks.unclear.len(), 1);
        assert_eq!(Calls::of_states("no JSON").unclear.len(), 1);
    }

    #[test]
    fn jobs_of_batch_are_started_by_schedules_and_states() {
        let read = Calls::of_action("batch:submitJob", Some(r#"{"JobDefinition": "nightly:3"}"#));
        assert_eq!(read.jobs.definitions, set(&["nightly:3"]));
        assert_eq!(read.tasks, Started::default());
        let read = Calls::of_action("batch:submitJob", None);
        assert_eq!(
            read.jobs.unclear,
            set(&["its submitJob tells no job definition"])
        );
        for (resource, member, value, expected) in [
            ("batch:submitJob.sync", "JobDefinition", "nightly", (1, 0)),
            (
                "aws-sdk:batch:submitJob",
                "JobDefinition",
                "nightly",
                (1, 0),
            ),
            ("batch:submitJob", "JobDefinition.$", "$.job", (0, 1)),
            ("batch:submitJob", "JobDefinition", "{% $job %}", (0, 1)),
            ("batch:listJobs", "JobQueue", "q", (0, 0)),
        ] {
            let text = serde_json::json!({ "States": { "a": {
                "Resource": format!("arn:aws:states:::{resource}"),
                "Parameters": { member: value }
            } } });
            let jobs = Calls::of_states(&text.to_string()).jobs;
            let found = (jobs.definitions.len(), jobs.unclear.len());
            assert_eq!(found, expected, "{resource} {member}");
        }
    }
}
