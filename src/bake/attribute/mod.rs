//! The attributes of targets and groups as a table: name, shape and merge rule. Reading, merging
//! and overriding all follow it.

pub(crate) mod csv;
pub(crate) mod entry;

use std::collections::BTreeMap;

use self::entry::EntryKind;
use super::convert::{convert, mismatch};
use super::syntax::{Expression, Kind};
use super::target::Entry;
use super::text::Range;
use super::types::Type;
use super::value::Value;

/// One attribute that a block may have.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) merge: Merge,
}

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Flag,
    Texts,
    /// Strings by name; a value may be null in some.
    Map {
        nullable: bool,
    },
    /// Strings in command line form, or objects.
    Entries(EntryKind),
}

/// What happens when a parent or an earlier file has the attribute as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// The later value counts, an empty list too.
    Replace,
    /// The later list follows the earlier one.
    Append,
    /// Name by name; a null does not override.
    ByKey,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Text(String),
    Flag(bool),
    Texts(Vec<String>),
    Map(BTreeMap<String, Option<String>>),
    Entries(Vec<Entry>),
}

const fn spec(name: &'static str, shape: Shape, merge: Merge) -> Spec {
    Spec { name, shape, merge }
}

const MAP: Shape = Shape::Map { nullable: true };

/// The attributes of a target, in the order of `--print`.
pub(crate) static TARGET: &[Spec] = &[
    spec("description", Shape::Text, Merge::Replace),
    spec("inherits", Shape::Texts, Merge::Append),
    spec("annotations", Shape::Texts, Merge::Append),
    spec("attest", Shape::Entries(EntryKind::Attest), Merge::Append),
    spec("context", Shape::Text, Merge::Replace),
    spec("contexts", Shape::Map { nullable: false }, Merge::ByKey),
    spec("dockerfile", Shape::Text, Merge::Replace),
    spec("dockerfile-inline", Shape::Text, Merge::Replace),
    spec("args", MAP, Merge::ByKey),
    spec("labels", MAP, Merge::ByKey),
    spec("tags", Shape::Texts, Merge::Replace),
    spec(
        "cache-from",
        Shape::Entries(EntryKind::Cache),
        Merge::Append,
    ),
    spec("cache-to", Shape::Entries(EntryKind::Cache), Merge::Replace),
    spec("target", Shape::Text, Merge::Replace),
    spec("secret", Shape::Entries(EntryKind::Secret), Merge::Append),
    spec("ssh", Shape::Entries(EntryKind::Ssh), Merge::Append),
    spec("platforms", Shape::Texts, Merge::Replace),
    spec("output", Shape::Entries(EntryKind::Output), Merge::Replace),
    spec("pull", Shape::Flag, Merge::Replace),
    spec("no-cache", Shape::Flag, Merge::Replace),
    spec("network", Shape::Text, Merge::Replace),
    spec("no-cache-filter", Shape::Texts, Merge::Append),
    spec("shm-size", Shape::Text, Merge::Replace),
    spec("ulimits", Shape::Texts, Merge::Append),
    spec("call", Shape::Text, Merge::Replace),
    spec("entitlements", Shape::Texts, Merge::Append),
    spec("extra-hosts", MAP, Merge::ByKey),
];

/// The attributes of a group.
pub(crate) static GROUP: &[Spec] = &[
    spec("description", Shape::Text, Merge::Replace),
    spec("targets", Shape::Texts, Merge::Replace),
];

/// Attributes that newer versions of bake know.
pub(crate) static LATER: &[&str] = &["resources", "policy"];

/// The entry of the table for a target's attribute.
pub(crate) fn target_spec(name: &str) -> Option<&'static Spec> {
    TARGET.iter().find(|spec| spec.name == name)
}

/// Why a value does not fit its attribute.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) message: String,
    /// The element that does not fit.
    element: Option<Element>,
}

#[derive(Debug, PartialEq, Eq)]
enum Element {
    Index(usize),
    Key(String),
}

impl Misfit {
    fn whole(message: impl Into<String>) -> Misfit {
        Misfit {
            message: message.into(),
            element: None,
        }
    }

    /// The range of the element, if the expression writes its elements out, or else all of it.
    pub(crate) fn place(&self, expression: &Expression) -> Range {
        let element = match (&expression.kind, &self.element) {
            (Kind::Tuple(elements), Some(Element::Index(index))) => elements.get(*index),
            (Kind::Object(items), Some(Element::Key(name))) => items
                .iter()
                .find(|(key, _)| matches!(&key.kind, Kind::Text(text) if text == name))
                .map(|(_, value)| value),
            _ => None,
        };
        element.map_or(expression.range, |element| element.range)
    }
}

/// A value to an attribute's form. `None` for null: the attribute counts as absent.
pub(crate) fn decode(shape: Shape, value: Value) -> Result<Option<Field>, Misfit> {
    if let (true, Shape::Entries(_)) = (value.is_null(), shape) {
        return Err(Misfit::whole("a list is required, and this is null"));
    }
    if value.is_null() {
        return Ok(None);
    }
    let typed = |value, kind: &Type| convert(value, kind).map_err(Misfit::whole);
    let field = match shape {
        Shape::Text => match typed(value, &Type::String)? {
            Value::String(text) => Field::Text(text),
            _ => return Ok(None),
        },
        Shape::Flag => match typed(value, &Type::Bool)? {
            Value::Bool(flag) => Field::Flag(flag),
            _ => return Ok(None),
        },
        Shape::Texts => Field::Texts(texts(value)?),
        Shape::Map { nullable } => Field::Map(map(value, nullable)?),
        Shape::Entries(kind) => Field::Entries(entries(kind, value)?),
    };
    Ok(Some(field))
}

fn map(value: Value, nullable: bool) -> Result<BTreeMap<String, Option<String>>, Misfit> {
    let have = value.kind();
    let (Value::Map(_, values) | Value::Object(values)) = value else {
        return Err(Misfit::whole(mismatch(&Type::map(Type::String), &have)));
    };
    let mut map = BTreeMap::new();
    for (name, value) in values {
        let misfit = |message: String| Misfit {
            message: format!("{name:?}: {message}"),
            element: Some(Element::Key(name.clone())),
        };
        let text = match convert(value, &Type::String).map_err(misfit)? {
            Value::String(text) => Some(text),
            _ if nullable => None,
            _ => return Err(misfit("a string is required, and this is null".to_owned())),
        };
        map.insert(name, text);
    }
    Ok(map)
}

fn texts(value: Value) -> Result<Vec<String>, Misfit> {
    let kind = Type::list(Type::String);
    let have = value.kind();
    let values = match value {
        Value::List(_, values) | Value::Set(_, values) | Value::Tuple(values) => values,
        Value::String(text) => {
            let message = mismatch(&kind, &have);
            return Err(Misfit::whole(format!("{message}; write [{text:?}]")));
        }
        _ => return Err(Misfit::whole(mismatch(&kind, &have))),
    };
    let mut texts = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let misfit = |message| Misfit {
            message,
            element: Some(Element::Index(index)),
        };
        match convert(value, &Type::String).map_err(misfit)? {
            Value::String(text) => texts.push(text),
            _ => return Err(misfit("a string is required, and this is null".to_owned())),
        }
    }
    Ok(texts)
}

fn entries(kind: EntryKind, value: Value) -> Result<Vec<Entry>, Misfit> {
    let values = match value {
        Value::List(_, values) | Value::Tuple(values) => values,
        other => {
            let message = format!("a list is required, and this is a {}", other.kind());
            return Err(Misfit::whole(message));
        }
    };
    let mut entries = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let found = kind.read_value(value).map_err(|message| Misfit {
            message,
            element: Some(Element::Index(index)),
        })?;
        entries.extend(found);
    }
    Ok(entries)
}

impl Shape {
    /// The value that a reference to the attribute gives.
    pub(crate) fn to_value(self, field: Option<Field>) -> Value {
        match (self, field) {
            (_, Some(Field::Text(text))) => Value::String(text),
            (_, Some(Field::Flag(flag))) => Value::Bool(flag),
            (_, Some(Field::Texts(texts))) => Value::strings(texts),
            (_, Some(Field::Map(map))) => {
                let values = map.into_iter().map(|(name, text)| {
                    (name, text.map_or(Value::Null(Type::String), Value::String))
                });
                Value::Map(Type::String, values.collect())
            }
            (Shape::Entries(kind), field) => {
                let entries = match field {
                    Some(Field::Entries(entries)) => entries,
                    _ => Vec::new(),
                };
                Value::List(
                    kind.value_type(),
                    entries.iter().map(|e| kind.to_value(e)).collect(),
                )
            }
            (Shape::Text, _) => Value::Null(Type::String),
            (Shape::Flag, _) => Value::Null(Type::Bool),
            (Shape::Texts, _) => Value::Null(Type::list(Type::String)),
            (Shape::Map { .. }, _) => Value::Null(Type::map(Type::String)),
        }
    }
}
