//! Values of expressions.

use std::collections::BTreeMap;

use super::number::Number;
use super::types::Type;

/// A value. Maps and objects iterate in key order, sets in the order of their elements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    /// Null; with a type where the place that it came from has one.
    Null(Type),
    Bool(bool),
    Number(Number),
    String(String),
    /// Elements of one type.
    List(Type, Vec<Value>),
    /// Distinct elements of one type, sorted.
    Set(Type, Vec<Value>),
    /// Values of one type.
    Map(Type, BTreeMap<String, Value>),
    /// What `[…]` gives: each element has a type of its own.
    Tuple(Vec<Value>),
    /// What `{…}` gives: each attribute has a type of its own.
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// A bare `null`.
    pub(crate) const NULL: Value = Value::Null(Type::Any);

    pub(crate) fn string(text: impl Into<String>) -> Value {
        Value::String(text.into())
    }

    pub(crate) fn integer(value: i64) -> Value {
        Value::Number(Number::from_integer(value))
    }

    /// A count of something in memory.
    pub(crate) fn count(value: usize) -> Value {
        Value::integer(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// A list of strings.
    pub(crate) fn strings(texts: impl IntoIterator<Item = String>) -> Value {
        Value::List(Type::String, texts.into_iter().map(Value::String).collect())
    }

    /// A set: sorts and drops what is there twice.
    pub(crate) fn set(element: Type, mut values: Vec<Value>) -> Value {
        values.sort();
        values.dedup();
        Value::Set(element, values)
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Value::Null(_))
    }

    pub(crate) fn kind(&self) -> Type {
        match self {
            Value::Null(kind) => kind.clone(),
            Value::Bool(_) => Type::Bool,
            Value::Number(_) => Type::Number,
            Value::String(_) => Type::String,
            Value::List(element, _) => Type::List(Box::new(element.clone())),
            Value::Set(element, _) => Type::Set(Box::new(element.clone())),
            Value::Map(element, _) => Type::Map(Box::new(element.clone())),
            Value::Tuple(values) => Type::Tuple(values.iter().map(Value::kind).collect()),
            Value::Object(values) => Type::object(
                values
                    .iter()
                    .map(|(name, value)| (name.clone(), value.kind()))
                    .collect(),
            ),
        }
    }

    /// The elements of a list, set or tuple.
    pub(crate) fn elements(&self) -> Option<&[Value]> {
        match self {
            Value::List(_, values) | Value::Set(_, values) | Value::Tuple(values) => Some(values),
            _ => None,
        }
    }

    /// The attributes of an object or map.
    pub(crate) fn attributes(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Value::Map(_, values) | Value::Object(values) => Some(values),
            _ => None,
        }
    }

    /// Keys and values as `for` sees them: indexes for lists and tuples, the element itself for
    /// sets, names for maps and objects. `None` for everything that cannot be walked.
    pub(crate) fn entries(&self) -> Option<Vec<(Value, Value)>> {
        match self {
            Value::List(_, values) | Value::Tuple(values) => Some(
                values
                    .iter()
                    .enumerate()
                    .map(|(index, value)| (Value::count(index), value.clone()))
                    .collect(),
            ),
            Value::Set(_, values) => Some(
                values
                    .iter()
                    .map(|value| (value.clone(), value.clone()))
                    .collect(),
            ),
            Value::Map(_, values) | Value::Object(values) => Some(
                values
                    .iter()
                    .map(|(name, value)| (Value::String(name.clone()), value.clone()))
                    .collect(),
            ),
            _ => None,
        }
    }

    /// `==`: values of different types are different, nulls are equal.
    pub(crate) fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null(_), Value::Null(_)) => true,
            (Value::Tuple(a), Value::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b))
            }
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|((x, a), (y, b))| x == y && a.equals(b))
            }
            _ => self == other,
        }
    }
}
