//! Calls of the ECS API that are written down as JSON: in the input of a schedule, in the definition of a
//! state machine. They start task definitions like any target, only that nobody types them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::image_text;

/// What a text of JSON starts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    /// Task definitions by ARN, `family:revision`, or family.
    pub(super) definitions: BTreeSet<String>,
    /// Texts that look like images of ECR.
    pub(super) images: BTreeSet<String>,
    /// Why it is not known what some call starts.
    pub(super) unclear: BTreeSet<String>,
}

impl Calls {
    /// The call of an action (`runTask`) of the ECS API with these arguments.
    pub(super) fn of_ecs(action: &str, arguments: Option<&str>) -> Self {
        let mut calls = Self::default();
        let arguments = arguments.unwrap_or("{}");
        match serde_json::from_str(arguments) {
            Ok(Value::Object(members)) => calls.ecs(action, &members),
            _ => calls.opaque(action),
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
                if let Some(action) = members.get("Resource").and_then(Value::as_str)
                    && let Some((_, action)) = action.rsplit_once(":ecs:")
                {
                    // `runTask.sync`, `runTask.waitForTaskToken`.
                    let action = action.split('.').next().unwrap_or_default();
                    match members.get("Parameters").or(members.get("Arguments")) {
                        Some(Value::Object(arguments)) => self.ecs(action, arguments),
                        _ => self.opaque(action),
                    }
                }
                members.values().for_each(|value| self.walk(value));
            }
            Value::Array(values) => values.iter().for_each(|value| self.walk(value)),
            Value::String(text) => self.images_in(text),
            _ => {}
        }
    }

    fn ecs(&mut self, action: &str, arguments: &Map<String, Value>) {
        let named = |wanted: &str| {
            let mut members = arguments.iter();
            members.find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        match named("taskDefinition").map(|(_, value)| value) {
            // JSONata.
            Some(Value::String(text)) if text.contains("{%") => self.computed(action),
            // What Scheduler fills in: `<aws.scheduler.execution-id>`.
            Some(Value::String(text)) if text.contains(['<', '$', '{']) => self.computed(action),
            Some(Value::String(text)) if !text.is_empty() => {
                self.definitions.insert(text.clone());
            }
            None if named("taskDefinition.$").is_some() => self.computed(action),
            _ => self.opaque(action),
        }
    }

    fn computed(&mut self, action: &str) {
        let text = format!("the task definition of its {action} is computed when it runs");
        self.unclear.insert(text);
    }

    /// Those that cannot do without a task definition must have one.
    fn opaque(&mut self, action: &str) {
        let starts = ["runTask", "startTask", "createTaskSet"];
        if starts.iter().any(|name| name.eq_ignore_ascii_case(action)) {
            let text = format!("its {action} tells no task definition");
            self.unclear.insert(text);
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
        let read = Calls::of_ecs("runTask", Some(r#"{"TaskDefinition": "web:3"}"#));
        assert_eq!(read.definitions, set(&["web:3"]));
        let read = Calls::of_ecs("runTask", Some(r#"{"taskDefinition": "web"}"#));
        assert_eq!(read.definitions, set(&["web"]));
        for input in [
            None,
            Some("{}"),
            Some("<x>"),
            Some(r#"{"TaskDefinition": 1}"#),
        ] {
            let read = Calls::of_ecs("runTask", input);
            let expected = set(&["its runTask tells no task definition"]);
            assert_eq!(read.unclear, expected, "{input:?}");
        }
        let read = Calls::of_ecs("updateService", Some("{}"));
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
        assert_eq!(read.definitions, set(&expected));
        assert_eq!(read.images, set(&[IMAGE]));
        assert!(read.unclear.is_empty());
    }

    #[test]
    fn what_is_computed_is_not_known() {
        let state = |member: &str, value: Value| {
            let text = serde_json::json!({ "States": { "a": {
                "Resource": "arn:aws:states:::ecs:runTask",
                "Parameters": { member: value }
            } } });
            Calls::of_states(&text.to_string()).unclear.len()
        };
        assert_eq!(state("TaskDefinition.$", "$.definition".into()), 1);
        assert_eq!(state("TaskDefinition", "{% $definition %}".into()), 1);
        assert_eq!(state("Cluster", "prod".into()), 1);
        let all = r#"{"a": {"Resource": "arn:aws:states:::ecs:runTask", "Arguments": "{% $x %}"}}"#;
        assert_eq!(Calls::of_states(all).unclear.len(), 1);
        assert_eq!(Calls::of_states("no JSON").unclear.len(), 1);
    }
}
