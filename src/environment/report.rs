//! Differences as they are shown: without secrets. Also the JSON of `environment diff`.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::difference::{Change, Difference, differences};
use super::path::Path;
use super::secret::Secrets;

/// What differs between two environments.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The first environment.
    pub from: String,
    /// The second.
    pub to: String,
    /// Every place, in the order variables, plan, settings, hand-off.
    pub differences: Vec<Shown>,
}

/// One place, with what may be shown of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Where; the first step is `variables`, `plan`, `settings` or `handoff`.
    #[serde(serialize_with = "as_text")]
    pub path: Path,
    /// How.
    pub kind: Kind,
    /// In the first environment; absent where it has none, and for secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// In the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
    /// It differs in secrets alone, which are not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

/// How the second environment differs from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// Both have it.
    Changed,
    /// A list has the same things in another order.
    Reordered,
}

impl Report {
    /// Compares what [`super::view`] made of two environments.
    pub fn new((from, a): (&str, &Value), (to, b): (&str, &Value)) -> Self {
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            differences: without_secrets(a, b, differences(a, b)),
        }
    }
}

/// What has to change in `a` to make it `b`, without secrets. Lists whose things only have others
/// between them now are not told of as reordered: where those are added is no news.
pub fn compare(a: &Value, b: &Value) -> Vec<Shown> {
    let mut found = differences(a, b);
    found.retain(|one| !matches!(one.change, Change::Reordered { moved: false, .. }));
    without_secrets(a, b, found)
}

fn without_secrets(a: &Value, b: &Value, differences: Vec<Difference>) -> Vec<Shown> {
    let mut secrets = Secrets::default();
    secrets.gather(a);
    secrets.gather(b);
    let differences = differences.into_iter();
    differences
        .map(|one| show(one.path, one.change, &secrets))
        .collect()
}

/// On one line: `~ path: before -> after`, `+ path: value`, `- path: value`. Values are JSON.
impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.kind {
            Kind::Added => '+',
            Kind::Removed => '-',
            Kind::Changed | Kind::Reordered => '~',
        };
        let path = match self.path.to_string() {
            path if path.is_empty() => "(all)".to_owned(),
            path => path,
        };
        write!(f, "{mark} {path}: ")?;
        if self.secret {
            return f.write_str(match self.kind {
                Kind::Added | Kind::Removed => "a secret",
                Kind::Changed | Kind::Reordered => "a secret, differs",
            });
        }
        match (&self.from, &self.to) {
            (Some(from), Some(to)) if self.kind == Kind::Reordered => {
                write!(f, "order {} -> {}", names(from), names(to))
            }
            (Some(from), Some(to)) => write!(f, "{from} -> {to}"),
            (Some(value), None) | (None, Some(value)) => write!(f, "{value}"),
            (None, None) => Ok(()),
        }
    }
}

fn names(list: &Value) -> String {
    let names = list.as_array().into_iter().flatten();
    let names: Vec<&str> = names.filter_map(Value::as_str).collect();
    names.join(", ")
}

fn show(path: Path, change: Change, secrets: &Secrets) -> Shown {
    let names = |names: Vec<String>| Some(Value::from(names));
    let (kind, from, to) = match change {
        Change::Added(value) => (Kind::Added, None, Some(value)),
        Change::Removed(value) => (Kind::Removed, Some(value), None),
        Change::Changed { from, to } => (Kind::Changed, Some(from), Some(to)),
        Change::Reordered { from, to, .. } => {
            return Shown {
                path,
                kind: Kind::Reordered,
                from: names(from),
                to: names(to),
                secret: false,
            };
        }
    };
    let whole = Secrets::at(&path);
    let hide = |value: &Option<Value>| value.as_ref().map(|value| secrets.hide(value, whole));
    let (hidden_from, hidden_to) = (hide(&from), hide(&to));
    let touched = hidden_from != from || hidden_to != to;
    let single = |value: &Option<Value>| {
        let value = value.as_ref();
        value.is_none_or(|value| !value.is_object() && !value.is_array())
    };
    // What is left tells nothing: a secret by itself, or two values that look the same now.
    let secret = touched && (hidden_from == hidden_to || single(&from) && single(&to));
    Shown {
        path,
        kind,
        from: hidden_from.filter(|_| !secret),
        to: hidden_to.filter(|_| !secret),
        secret,
    }
}

fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(a: &Value, b: &Value) -> Vec<String> {
        compare(a, b).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn task_definitions_are_compared_on_one_line_each() {
        let from = json!({"containerDefinitions": [
            {"name": "web", "cpu": 256, "environment": [{"name": "A", "value": "1"}]},
            {"name": "log", "essential": false}
        ], "family": "shop", "command": ["a"], "ports": [{"containerPort": 80}]});
        let to = json!({"containerDefinitions": [
            {"name": "web", "cpu": 512, "environment": [
                {"name": "B", "value": "2"}, {"name": "A", "value": ""}]},
            {"name": "rp"}
        ], "cpu": "1024", "command": ["a", "b"], "ports": [{"containerPort": 81}],
            "family": "shop"});
        assert_eq!(
            lines(&from, &to),
            [
                "~ containerDefinitions[web].cpu: 256 -> 512",
                r#"~ containerDefinitions[web].environment[A].value: "1" -> """#,
                r#"+ containerDefinitions[web].environment[B]: {"name":"B","value":"2"}"#,
                r#"- containerDefinitions[log]: {"name":"log","essential":false}"#,
                r#"+ containerDefinitions[rp]: {"name":"rp"}"#,
                r#"~ command: ["a"] -> ["a","b"]"#,
                "~ ports[0].containerPort: 80 -> 81",
                r#"+ cpu: "1024""#,
            ]
        );
        let from = json!([{"name": "a"}, {"name": "b"}]);
        let to = json!([{"name": "b"}, {"name": "a"}]);
        assert_eq!(lines(&from, &to), ["~ (all): order a, b -> b, a"]);
        assert!(compare(&from, &from).is_empty());
    }

    #[test]
    fn secrets_of_task_definitions_are_not_shown() {
        let with = |password: &str, more: Value| {
            let mut environment = vec![
                json!({"name": "DB_PASSWORD", "value": password}),
                json!({"name": "DSN", "value": format!("mysql://app:x{password}x@db/shop")}),
            ];
            environment.extend(more.as_array().unwrap().clone());
            json!({"containerDefinitions": [{"name": "web", "environment": environment}]})
        };
        let from = with("planted-one", json!([]));
        let to = with(
            "planted-two",
            json!([{"name": "API_TOKEN", "value": "planted-three"}]),
        );
        let shown = lines(&from, &to);
        assert_eq!(
            shown,
            [
                "~ containerDefinitions[web].environment[DB_PASSWORD].value: a secret, differs",
                "~ containerDefinitions[web].environment[DSN].value: a secret, differs",
                "+ containerDefinitions[web].environment[API_TOKEN]: \
                 {\"name\":\"API_TOKEN\",\"value\":\"<redacted>\"}",
            ]
        );
        let json = serde_json::to_string(&compare(&from, &to)).unwrap();
        assert!(!json.contains("planted"), "{json}");
    }

    #[test]
    fn secrets_differ_and_are_not_shown() {
        let a = json!({"variables": {
            "token": "first-token", "url": "https://first-token@x", "level": "debug",
            "both": ["first-token", 1], "pair": {"key": "a", "n": 1},
        }});
        let b = json!({"variables": {
            "token": "second-token", "url": "https://second-token@x", "level": "warn",
            "both": ["second-token", 1], "password": "third-secret",
            "more": {"user": "u", "password": "fourth-secret"}, "pair": {"key": "b", "n": 2},
        }});
        let report = Report::new(("dev", &a), ("production", &b));
        let text = serde_json::to_string_pretty(&report).unwrap();
        for planted in ["first-token", "second-token", "third", "fourth"] {
            assert!(!text.contains(planted), "{text}");
        }
        let shown: Vec<String> = report
            .differences
            .iter()
            .map(|one| format!("{} {:?} {:?} {:?}", one.path, one.kind, one.to, one.secret))
            .collect();
        assert_eq!(
            shown,
            [
                "variables.token Changed None true",
                "variables.url Changed None true",
                "variables.level Changed Some(String(\"warn\")) false",
                "variables.both Changed None true",
                "variables.pair.key Changed None true",
                "variables.pair.n Changed Some(Number(2)) false",
                "variables.password Added None true",
                "variables.more Added Some(Object {\"user\": String(\"u\"), \"password\": \
                 String(\"<redacted>\")}) false",
            ]
        );
    }
}
