//! `overrides` merged into a task definition: objects are merged, null removes, anything else
//! replaces. Lists whose elements have a name (containers, environment, secrets, …) may be given as
//! an object by name, so that one variable can be set without repeating the others.
//!
//! What is not named stays as it is, with its place in the template: [`Merged`] remembers which
//! parts of the result came from where, for messages. Whether members exist is `schema`'s work.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::json::{element_path, member_path};
use super::schema::{Shape, TASK_DEFINITION, Type};

/// Where a part of the result was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// At this JSON path of the template.
    Template(String),
    /// In `overrides`.
    Override,
}

/// What merging did.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// JSON path in the result to where that value was written; values below it are from the same
    /// place unless they have an entry of their own.
    pub(super) parts: BTreeMap<String, Part>,
    /// What makes no sense, by JSON path.
    pub(super) slips: Vec<Slip>,
}

/// An override that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    /// The path in the result.
    pub(super) path: String,
    pub(super) kind: SlipKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SlipKind {
    /// Null for something that is not there.
    RemovesNothing,
    /// `containers` and `containerDefinitions`.
    GivenTwice,
    /// A new container without an image is a slip in the name of one that exists.
    NoContainer { name: String, known: Vec<String> },
    /// An element of this list is an object.
    NeedsObject,
    /// An element's name is what it is found by.
    OwnName,
}

/// A list that may be given as an object: its member that holds the name, and the one that a plain
/// value stands for.
fn named_list(member: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match member {
        "containerDefinitions" | "volumes" | "ulimits" => ("name", None),
        "environment" | "properties" => ("name", Some("value")),
        "secrets" | "secretOptions" => ("name", Some("valueFrom")),
        "systemControls" => ("namespace", Some("value")),
        "extraHosts" => ("hostname", Some("ipAddress")),
        "dependsOn" => ("containerName", Some("condition")),
        "resourceRequirements" => ("type", Some("value")),
        "tags" => ("key", Some("value")),
        _ => return None,
    })
}

/// The short name of `containerDefinitions` in `overrides`.
const CONTAINERS: &str = "containers";

/// Merges `overrides` into the task definition.
pub(super) fn merge(target: &mut Map<String, Value>, overrides: &Map<String, Value>) -> Merged {
    let mut merged = Merged::default();
    let mut patch = Map::new();
    for (name, value) in overrides {
        let full = if name == CONTAINERS {
            "containerDefinitions"
        } else {
            name
        };
        if patch.insert(full.to_owned(), value.clone()).is_some() {
            merged.slip(full, SlipKind::GivenTwice);
        }
    }
    let place = Place {
        path: String::new(),
        template: Some(String::new()),
    };
    merged.object(target, &patch, Some(&TASK_DEFINITION), &place);
    merged
}

/// A value in the result, and where it stands in the template if it comes from there.
struct Place {
    path: String,
    template: Option<String>,
}

impl Place {
    fn member(&self, name: &str, from_template: bool) -> Self {
        let template = self.template.as_deref().filter(|_| from_template);
        Self {
            path: member_path(&self.path, name),
            template: template.map(|path| member_path(path, name)),
        }
    }
}

impl Merged {
    fn slip(&mut self, path: &str, kind: SlipKind) {
        self.slips.push(Slip {
            path: path.to_owned(),
            kind,
        });
    }

    fn overridden(&mut self, path: &str) {
        self.parts.insert(path.to_owned(), Part::Override);
    }

    fn object(
        &mut self,
        target: &mut Map<String, Value>,
        patch: &Map<String, Value>,
        shape: Option<&'static Shape>,
        place: &Place,
    ) {
        for (name, value) in patch {
            let kind = shape.and_then(|shape| shape.member(name));
            let old = target.get_mut(name).filter(|old| !old.is_null());
            let here = place.member(name, old.is_some());
            match (value, old) {
                (Value::Null, _) => {
                    if target.shift_remove(name).is_none() {
                        self.slip(&here.path, SlipKind::RemovesNothing);
                    }
                }
                (Value::Object(patch), old) => {
                    let list = named_list(name)
                        .filter(|_| !matches!(old, Some(Value::Object(_))))
                        .filter(|_| !matches!(kind, Some(Type::TextMap)));
                    let shape = match kind {
                        Some(Type::Object(shape) | Type::Objects(shape)) => Some(shape),
                        _ => None,
                    };
                    let fits = matches!(
                        (&old, list),
                        (Some(Value::Array(_)), Some(_)) | (Some(Value::Object(_)), None)
                    );
                    if !fits {
                        let empty = if list.is_some() {
                            Value::Array(Vec::new())
                        } else {
                            Value::Object(Map::new())
                        };
                        target.insert(name.clone(), empty);
                        self.overridden(&here.path);
                    }
                    let here = place.member(name, fits);
                    match target.get_mut(name) {
                        Some(Value::Array(elements)) => {
                            if let Some(list) = list {
                                self.list(elements, patch, list, shape, &here);
                            }
                        }
                        Some(Value::Object(members)) if matches!(kind, Some(Type::TextMap)) => {
                            self.texts(members, patch, &here);
                        }
                        Some(Value::Object(members)) => self.object(members, patch, shape, &here),
                        _ => {}
                    }
                }
                (value, _) => {
                    target.insert(name.clone(), coerced(value, kind));
                    self.overridden(&here.path);
                }
            }
        }
    }

    /// Merges into an object whose values are texts.
    fn texts(&mut self, target: &mut Map<String, Value>, patch: &Map<String, Value>, at: &Place) {
        for (name, value) in patch {
            let path = member_path(&at.path, name);
            if value.is_null() {
                if target.shift_remove(name).is_none() {
                    self.slip(&path, SlipKind::RemovesNothing);
                }
            } else {
                target.insert(name.clone(), coerced(value, Some(Type::Text)));
                self.overridden(&path);
            }
        }
    }

    /// Merges an object by name into a list.
    fn list(
        &mut self,
        elements: &mut Vec<Value>,
        patch: &Map<String, Value>,
        (key, plain): (&'static str, Option<&'static str>),
        shape: Option<&'static Shape>,
        place: &Place,
    ) {
        let containers = key == "name" && place.path == "containerDefinitions";
        let named = |element: &Value, name: &str| element.get(key).is_some_and(|own| own == name);
        // Removing comes first, so that every element has its final index when it is merged into.
        let removed = |name: &str| patch.get(name).is_some_and(Value::is_null);
        for (name, _) in patch.iter().filter(|(name, _)| removed(name)) {
            if !elements.iter().any(|element| named(element, name)) {
                let path = member_path(&place.path, name);
                self.slip(&path, SlipKind::RemovesNothing);
            }
        }
        let mut kept = Vec::new();
        for (old, element) in std::mem::take(elements).into_iter().enumerate() {
            let name = element.get(key).and_then(Value::as_str);
            if name.is_some_and(removed) {
                continue;
            }
            if let Some(template) = place.template.as_deref().filter(|_| old != kept.len()) {
                self.parts.insert(
                    element_path(&place.path, kept.len()),
                    Part::Template(element_path(template, old)),
                );
            }
            kept.push((old, element));
        }
        let known = |kept: &[(usize, Value)]| {
            let names = kept.iter().filter_map(|(_, element)| element[key].as_str());
            names.map(str::to_owned).collect::<Vec<_>>()
        };
        for (name, value) in patch.iter().filter(|(_, value)| !value.is_null()) {
            let found = kept.iter().position(|(_, element)| named(element, name));
            let index = found.unwrap_or(kept.len());
            let path = element_path(&place.path, index);
            let mut patch = match (value, plain) {
                (Value::Object(members), _) => members.clone(),
                (value, Some(plain)) => Map::from_iter([(plain.to_owned(), value.clone())]),
                (_, None) => {
                    let path = member_path(&place.path, name);
                    self.slip(&path, SlipKind::NeedsObject);
                    continue;
                }
            };
            if patch.shift_remove(key).is_some_and(|own| own != *name) {
                self.slip(&member_path(&path, key), SlipKind::OwnName);
                continue;
            }
            if found.is_none() {
                if containers && !patch.contains_key("image") {
                    let known = known(&kept);
                    let name = name.clone();
                    self.slip(&place.path, SlipKind::NoContainer { name, known });
                    continue;
                }
                let element = Map::from_iter([(key.to_owned(), Value::from(name.as_str()))]);
                kept.push((usize::MAX, Value::Object(element)));
                self.overridden(&path);
            }
            let old = kept[index].0;
            let from_template = place.template.as_deref().filter(|_| found.is_some());
            let here = Place {
                path,
                template: from_template.map(|path| element_path(path, old)),
            };
            if let Some(members) = kept[index].1.as_object_mut() {
                self.object(members, &patch, shape, &here);
            }
        }
        elements.extend(kept.into_iter().map(|(_, element)| element));
    }
}

/// The value as its member's type, where nothing is lost: ECS takes `cpu` of a task as a text and
/// `cpu` of a container as a number, and nobody should have to know. Nulls in objects go.
fn coerced(value: &Value, kind: Option<Type>) -> Value {
    match (value, kind) {
        (Value::Number(number), Some(Type::Text)) => number.to_string().into(),
        (Value::Bool(flag), Some(Type::Text)) => flag.to_string().into(),
        (Value::String(text), Some(Type::Number)) => match text.parse::<i64>() {
            Ok(number) if number.to_string() == *text => number.into(),
            _ => value.clone(),
        },
        (Value::Array(elements), Some(Type::Texts)) => elements
            .iter()
            .map(|element| coerced(element, Some(Type::Text)))
            .collect(),
        (Value::Array(elements), Some(Type::Objects(shape))) => elements
            .iter()
            .map(|element| coerced(element, Some(Type::Object(shape))))
            .collect(),
        (Value::Object(members), Some(Type::Object(shape))) => members
            .iter()
            .map(|(name, value)| (name.clone(), coerced(value, shape.member(name))))
            .collect(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests;
