//! What ECS `RegisterTaskDefinition` takes: names of members and their types, for finding slips that
//! AWS would report in the deploy stage, or not at all.
//!
//! It says what looks wrong and changes nothing. Values (enums, ranges) are not its concern.

mod members;

use serde_json::{Map, Value};

use super::json::{element_path, member_path};

pub(super) use members::TASK_DEFINITION;

/// The members of an object, in the order of the API's documentation.
#[derive(Debug)]
pub(super) struct Shape(&'static [(&'static str, Type)]);

/// The type of a member.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type {
    Text,
    Number,
    Flag,
    Texts,
    Numbers,
    /// An object with any keys and texts as values.
    TextMap,
    Object(&'static Shape),
    Objects(&'static Shape),
    /// Not looked into.
    Any,
}

/// What `DescribeTaskDefinition` adds and `RegisterTaskDefinition` refuses.
pub(super) const DESCRIBE_ONLY: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

impl Shape {
    /// The type of a member, if there is one of that name.
    pub(super) fn member(&self, name: &str) -> Option<Type> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }
}

impl Type {
    /// What a value of this type is called in a message.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::Texts => "a list of texts",
            Self::Numbers => "a list of numbers",
            Self::TextMap => "an object of texts",
            Self::Object(_) => "an object",
            Self::Objects(_) => "a list of objects",
            Self::Any => "anything",
        }
    }

    fn fits(self, value: &Value) -> bool {
        let all = |test: fn(&Value) -> bool| value.as_array().is_some_and(|v| v.iter().all(test));
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::Texts => all(Value::is_string),
            Self::Numbers => all(Value::is_number),
            Self::TextMap => value
                .as_object()
                .is_some_and(|members| members.values().all(Value::is_string)),
            Self::Object(_) => value.is_object(),
            Self::Objects(_) => all(Value::is_object),
            Self::Any => true,
        }
    }
}

/// Something that the API does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// JSON path of the value.
    pub(super) path: String,
    pub(super) kind: MisfitKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MisfitKind {
    /// No member has this name.
    Unknown {
        name: String,
        known: Vec<&'static str>,
    },
    /// The member's type is another.
    Type { expected: &'static str },
}

/// Everything below `value` that does not fit, in the order of the document.
pub(super) fn misfits(value: &Map<String, Value>) -> Vec<Misfit> {
    let mut found = Vec::new();
    walk(value, &TASK_DEFINITION, "", &mut found);
    found
}

fn walk(members: &Map<String, Value>, shape: &Shape, path: &str, found: &mut Vec<Misfit>) {
    for (name, value) in members {
        let path = member_path(path, name);
        let Some(kind) = shape.member(name) else {
            found.push(Misfit {
                path,
                kind: MisfitKind::Unknown {
                    name: name.clone(),
                    known: shape.names().collect(),
                },
            });
            continue;
        };
        if !kind.fits(value) {
            found.push(Misfit {
                path: path.clone(),
                kind: MisfitKind::Type {
                    expected: kind.noun(),
                },
            });
        }
        match (kind, value) {
            (Type::Object(shape), Value::Object(members)) => walk(members, shape, &path, found),
            (Type::Objects(shape), Value::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    if let Value::Object(members) = element {
                        walk(members, shape, &element_path(&path, index), found);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(value: &Value) -> Vec<String> {
        let found = misfits(value.as_object().unwrap());
        found.into_iter().map(|misfit| misfit.path).collect()
    }

    #[test]
    fn slips_are_found_at_any_depth() {
        let value = json!({
            "family": "f", "cpu": 256, "taskRoleARN": "x",
            "containerDefinitions": [
                {"name": "a", "portMappings": [{"containerPort": 80, "hostport": 80}]},
                {"name": "b", "environment": [{"name": "A", "value": "", "valueFrom": ""}],
                 "logConfiguration": {"options": {"any-thing": "x"}, "secretOptions": []}}
            ]
        });
        assert_eq!(
            paths(&value),
            [
                "cpu",
                "taskRoleARN",
                "containerDefinitions[0].portMappings[0].hostport",
                "containerDefinitions[1].environment[0].valueFrom",
            ]
        );
    }

    #[test]
    fn the_top_has_the_members_that_describing_and_registering_share() {
        let names: Vec<_> = TASK_DEFINITION.names().collect();
        // 18 that both have, and `tags`, which only registering takes.
        assert_eq!(names.len(), 19);
        assert!(DESCRIBE_ONLY.iter().all(|name| !names.contains(name)));
    }
}
