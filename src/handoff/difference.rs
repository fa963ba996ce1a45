//! What differs between two JSON documents, by path, for people.
//!
//! Objects are compared by key, whatever its place. Lists of named things (containers, variables,
//! secrets) are compared by name, so that one more variable is one difference and not a shift of all that
//! follow; other lists are compared whole. Nothing here knows what a member means.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::json::{element_path, member_path};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The JSON path, with names for indices in lists of named things:
    /// `containerDefinitions[web].cpu`. Empty for the whole document.
    pub path: String,
    /// What is different there.
    pub change: Change,
}

/// What became of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    Added(Value),
    /// It is not there any more.
    Removed(Value),
    /// It is another value.
    Changed {
        /// Before.
        from: Value,
        /// After.
        to: Value,
    },
    /// A list holds its named things in another order.
    Reordered {
        /// The names before.
        from: Vec<String>,
        /// The names after.
        to: Vec<String>,
    },
}

/// `~ path: before -> after`, `+ path: value`, `- path: value`. Values are JSON on one line.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "(all)"
        } else {
            &self.path
        };
        match &self.change {
            Change::Added(value) => write!(f, "+ {path}: {value}"),
            Change::Removed(value) => write!(f, "- {path}: {value}"),
            Change::Changed { from, to } => write!(f, "~ {path}: {from} -> {to}"),
            Change::Reordered { from, to } => {
                let (from, to) = (from.join(", "), to.join(", "));
                write!(f, "~ {path}: order {from} -> {to}")
            }
        }
    }
}

/// Everything that has to change in `from` to make it `to`, in the order of `from`.
pub fn differences(from: &Value, to: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", from, to, &mut found);
    found
}

fn compare(path: &str, from: &Value, to: &Value, found: &mut Vec<Difference>) {
    let mut report = |path: String, change| found.push(Difference { path, change });
    match (from, to) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                let path = member_path(path, key);
                match after.get(key) {
                    Some(other) => compare(&path, value, other, found),
                    None => found.push(Difference {
                        path,
                        change: Change::Removed(value.clone()),
                    }),
                }
            }
            for (key, value) in after {
                if !before.contains_key(key) {
                    found.push(Difference {
                        path: member_path(path, key),
                        change: Change::Added(value.clone()),
                    });
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before != after => {
            match (named(before), named(after)) {
                (Some(before), Some(after)) => lists(path, &before, &after, found),
                _ if before.len() == after.len() && before.iter().all(Value::is_object) => {
                    for (index, (from, to)) in before.iter().zip(after).enumerate() {
                        compare(&element_path(path, index), from, to, found);
                    }
                }
                _ => report(path.to_owned(), changed(from, to)),
            }
        }
        _ if from == to => {}
        _ => report(path.to_owned(), changed(from, to)),
    }
}

fn changed(from: &Value, to: &Value) -> Change {
    Change::Changed {
        from: from.clone(),
        to: to.clone(),
    }
}

/// The elements by `name` (of tags, by `key`), when every one has a name of its own.
fn named(list: &[Value]) -> Option<Vec<(&str, &Value)>> {
    let mut seen = BTreeSet::new();
    list.iter()
        .map(|element| {
            let name = element.get("name").or_else(|| element.get("key"))?;
            let name = name.as_str()?;
            seen.insert(name).then_some((name, element))
        })
        .collect()
}

fn lists(
    path: &str,
    before: &[(&str, &Value)],
    after: &[(&str, &Value)],
    found: &mut Vec<Difference>,
) {
    let find = |list: &[(&str, &Value)], wanted: &str| {
        let mut elements = list.iter();
        elements
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| Value::clone(value))
    };
    let place = |name: &str| format!("{path}[{name}]");
    for (name, value) in before {
        match find(after, name) {
            Some(other) => compare(&place(name), value, &other, found),
            None => found.push(Difference {
                path: place(name),
                change: Change::Removed(Value::clone(value)),
            }),
        }
    }
    for (name, value) in after {
        if find(before, name).is_none() {
            found.push(Difference {
                path: place(name),
                change: Change::Added(Value::clone(value)),
            });
        }
    }
    let common = |list: &[(&str, &Value)], other: &[(&str, &Value)]| -> Vec<String> {
        list.iter()
            .filter(|(name, _)| find(other, name).is_some())
            .map(|(name, _)| (*name).to_owned())
            .collect()
    };
    let (from, to) = (common(before, after), common(after, before));
    if from != to {
        found.push(Difference {
            path: path.to_owned(),
            change: Change::Reordered { from, to },
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(from: &Value, to: &Value) -> Vec<String> {
        differences(from, to)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn equal_documents_have_none() {
        let value = json!({"a": [1, {"b": null}], "c": {}});
        assert!(differences(&value, &value).is_empty());
        assert!(differences(&json!({"a": 1, "b": 2}), &json!({"b": 2, "a": 1})).is_empty());
    }

    #[test]
    fn named_things_are_compared_by_name() {
        let from = json!({"containerDefinitions": [
            {"name": "web", "cpu": 256, "environment": [{"name": "A", "value": "1"}]},
            {"name": "log", "essential": false}
        ], "family": "shop"});
        let to = json!({"containerDefinitions": [
            {"name": "web", "cpu": 512, "environment": [
                {"name": "B", "value": "2"}, {"name": "A", "value": ""}]},
            {"name": "rp"}
        ], "family": "shop", "cpu": "1024"});
        assert_eq!(
            shown(&from, &to),
            [
                "~ containerDefinitions[web].cpu: 256 -> 512",
                r#"~ containerDefinitions[web].environment[A].value: "1" -> """#,
                r#"+ containerDefinitions[web].environment[B]: {"name":"B","value":"2"}"#,
                r#"- containerDefinitions[log]: {"name":"log","essential":false}"#,
                r#"+ containerDefinitions[rp]: {"name":"rp"}"#,
                r#"+ cpu: "1024""#,
            ]
        );
    }

    #[test]
    fn another_order_is_a_difference() {
        let from = json!([{"name": "a"}, {"name": "b"}]);
        let to = json!([{"name": "b"}, {"name": "a"}]);
        assert_eq!(shown(&from, &to), ["~ (all): order a, b -> b, a"]);
    }

    #[test]
    fn other_lists_are_compared_whole_or_by_place() {
        let from = json!({"command": ["a"], "ports": [{"containerPort": 80}]});
        let to = json!({"command": ["a", "b"], "ports": [{"containerPort": 81}]});
        assert_eq!(
            shown(&from, &to),
            [
                r#"~ command: ["a"] -> ["a","b"]"#,
                "~ ports[0].containerPort: 80 -> 81",
            ]
        );
        // A name that is there twice names nothing.
        let twice = json!([{"name": "a"}, {"name": "a"}]);
        assert_eq!(differences(&twice, &json!([{"name": "a"}])).len(), 1);
    }
}
