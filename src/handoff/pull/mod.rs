//! From what describing a task definition gives to a template that can be registered.
//!
//! The input is the answer of ECS `DescribeTaskDefinition` as it came over the wire, never a typed
//! copy of it, so that members which are newer than this version are kept. Taken away are exactly the nine
//! members that registering does not have, and nulls; never `""`, `[]` or `{}`, which mean something in
//! places. Tags stand beside the definition, since CodePipeline refuses them in a template.
//!
//! Reading from ECS and writing files is not done here.

mod mapping;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use mapping::{Mapping, Match};

use super::image_files::pretty;
use super::json::{Document, element_path, member_path};
use super::schema::{self, DESCRIBE_ONLY, MisfitKind};
use super::{Problem, Template};

/// The text is valid JSON and no task definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// The file is not JSON, or has a key twice.
    #[error("{0}")]
    Text(Problem),
    /// Another kind of JSON.
    #[error("this is {found}, not a task definition")]
    NotATaskDefinition {
        /// What it looks like, with an article.
        found: String,
    },
}

/// A task definition that can be registered, and what was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The template: JSON with two spaces, members in the order that ECS gave them.
    pub text: String,
    /// The tags as `RegisterTaskDefinition` takes them, as JSON; absent where there is none.
    pub tags: Option<String>,
    /// The ARN of the revision, when the answer has it.
    pub arn: Option<String>,
    /// The describe-only members that were taken away.
    pub removed: Vec<String>,
    /// The paths of nulls that were taken away.
    pub nulls: Vec<String>,
    /// The paths of members that this version does not know. They are kept.
    pub unknown: Vec<String>,
    /// Containers whose image became a placeholder, with its name.
    pub placeholders: BTreeMap<String, String>,
    /// Keys of tags that AWS reserves for itself, which cannot be registered; left out.
    pub reserved_tags: Vec<String>,
    /// The paths of texts that were there before and look like one of the placeholders; a hand-off
    /// would replace them.
    pub ambiguous: Vec<String>,
}

/// Reads a file that holds the answer of `DescribeTaskDefinition`, or a task definition alone as
/// consoles show it.
///
/// # Errors
/// The text is not JSON; the error has its place.
pub fn parse(file: &Template) -> Result<Value, PullError> {
    Document::parse(file)
        .map(|document| document.value)
        .map_err(PullError::Text)
}

/// Makes a template. `placeholder` says which placeholder stands for a container's image, given
/// the container's name and its image; `None` leaves the image as it is.
///
/// # Errors
/// The JSON is no task definition.
pub fn pull(
    described: &Value,
    placeholder: impl Fn(&str, &str) -> Option<String>,
) -> Result<Pulled, PullError> {
    let (definition, beside) = find(described)?;
    let mut definition = definition.clone();
    let arn = definition.get("taskDefinitionArn").and_then(Value::as_str);
    let arn = arn.map(str::to_owned);
    let mut removed = Vec::new();
    for member in DESCRIBE_ONLY {
        // `shift_remove` keeps the order of the others.
        if definition.shift_remove(member).is_some() {
            removed.push(member.to_owned());
        }
    }
    removed.sort();
    let inside = definition.shift_remove("tags");
    let (tags, reserved_tags) = tags(beside.or(inside.as_ref()));
    let mut nulls = Vec::new();
    let mut definition = Value::Object(definition);
    drop_nulls(&mut definition, "", &mut nulls);
    let unknown = unknown(&definition);
    let placeholders = replace_images(&mut definition, placeholder);
    let mut ambiguous = Vec::new();
    for name in placeholders.values() {
        texts_with(&definition, "", &format!("<{name}>"), &mut ambiguous);
    }
    ambiguous.retain(|path| !is_replaced(path, &definition, &placeholders));
    ambiguous.sort();
    ambiguous.dedup();
    Ok(Pulled {
        text: pretty(&definition),
        tags,
        arn,
        removed,
        nulls,
        unknown,
        placeholders,
        reserved_tags,
        ambiguous,
    })
}

/// The JSON paths of all members that this version does not know, in the order of the document.
fn unknown(definition: &Value) -> Vec<String> {
    let misfits = definition.as_object().map(schema::misfits);
    let misfits = misfits.into_iter().flatten();
    misfits
        .filter(|misfit| matches!(misfit.kind, MisfitKind::Unknown { .. }))
        .map(|misfit| misfit.path)
        .collect()
}

/// The task definition in the answer, and the tags beside it.
fn find(described: &Value) -> Result<(&Map<String, Value>, Option<&Value>), PullError> {
    let wrong = |found: &str| PullError::NotATaskDefinition {
        found: found.to_owned(),
    };
    let Value::Object(members) = described else {
        return Err(wrong(kind(described)));
    };
    let (definition, tags) = match members.get("taskDefinition") {
        Some(Value::Object(inner)) => (inner, members.get("tags")),
        _ => (members, None),
    };
    match definition.get("containerDefinitions") {
        Some(Value::Array(_)) => Ok((definition, tags)),
        Some(other) => Err(wrong(&format!(
            "an object whose `containerDefinitions` is {}",
            kind(other)
        ))),
        None if members.contains_key("services") => Err(wrong("the description of services")),
        None if members.contains_key("taskDefinitionArns") => {
            Err(wrong("a list of task definitions' ARNs"))
        }
        None => Err(wrong("an object without `containerDefinitions`")),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The tags that can be registered, as JSON, and the keys of the others. `tags: []` is refused by
/// ECS, so it is as good as none.
fn tags(found: Option<&Value>) -> (Option<String>, Vec<String>) {
    let mut reserved = Vec::new();
    let mut kept = Vec::new();
    for tag in found.and_then(Value::as_array).into_iter().flatten() {
        let key = tag.get("key").and_then(Value::as_str).unwrap_or_default();
        if key.to_ascii_lowercase().starts_with("aws:") {
            reserved.push(key.to_owned());
        } else {
            let mut tag = tag.clone();
            drop_nulls(&mut tag, "", &mut Vec::new());
            kept.push(tag);
        }
    }
    let text = (!kept.is_empty()).then(|| pretty(&Value::Array(kept)));
    (text, reserved)
}

fn drop_nulls(value: &mut Value, path: &str, dropped: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.retain(|key, member| {
                if member.is_null() {
                    dropped.push(member_path(path, key));
                }
                !member.is_null()
            });
            for (key, member) in members.iter_mut() {
                drop_nulls(member, &member_path(path, key), dropped);
            }
        }
        Value::Array(elements) => {
            let mut index = 0;
            elements.retain_mut(|element| {
                let path = element_path(path, index);
                index += 1;
                if element.is_null() {
                    dropped.push(path);
                    return false;
                }
                drop_nulls(element, &path, dropped);
                true
            });
        }
        _ => {}
    }
}

fn replace_images(
    definition: &mut Value,
    placeholder: impl Fn(&str, &str) -> Option<String>,
) -> BTreeMap<String, String> {
    let mut replaced = BTreeMap::new();
    let containers = definition.get_mut("containerDefinitions");
    for container in containers
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let name = container.get("name").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        let Some(Value::String(image)) = container.get_mut("image") else {
            continue;
        };
        if let Some(found) = placeholder(&name, image) {
            *image = format!("<{found}>");
            replaced.insert(name, found);
        }
    }
    replaced
}

/// Whether this path is the image of a container that was replaced.
fn is_replaced(path: &str, definition: &Value, placeholders: &BTreeMap<String, String>) -> bool {
    let index = path
        .strip_prefix("containerDefinitions[")
        .and_then(|rest| rest.strip_suffix("].image"))
        .and_then(|index| index.parse::<usize>().ok());
    let Some(index) = index else {
        return false;
    };
    let name = &definition["containerDefinitions"][index]["name"];
    placeholders.contains_key(name.as_str().unwrap_or_default())
}

fn texts_with(value: &Value, path: &str, needle: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains(needle) => found.push(path.to_owned()),
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                texts_with(element, &element_path(path, index), needle, found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                texts_with(member, &member_path(path, key), needle, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
