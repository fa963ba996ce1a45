//! Types of values, and the one type that two values can both be given (as `? :` and `concat` do).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The type of a value, or a constraint written in a `type` attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Type {
    /// Anything; the type of a bare `null`.
    Any,
    Bool,
    Number,
    String,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(Fields),
}

/// The attributes of an object type.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fields {
    pub(crate) types: BTreeMap<String, Type>,
    /// Names that a constraint does not insist on. Empty in a value's type.
    pub(crate) optional: BTreeSet<String>,
}

impl Type {
    pub(crate) fn list(element: Type) -> Type {
        Type::List(Box::new(element))
    }

    pub(crate) fn map(element: Type) -> Type {
        Type::Map(Box::new(element))
    }

    pub(crate) fn object(types: BTreeMap<String, Type>) -> Type {
        Type::Object(Fields {
            types,
            optional: BTreeSet::new(),
        })
    }

    pub(crate) fn is_primitive(&self) -> bool {
        matches!(self, Type::Bool | Type::Number | Type::String)
    }

    /// List, set or tuple: what a splat walks instead of wrapping.
    pub(crate) fn is_sequence(&self) -> bool {
        matches!(self, Type::List(_) | Type::Set(_) | Type::Tuple(_))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("dynamic"),
            Type::Bool => f.write_str("bool"),
            Type::Number => f.write_str("number"),
            Type::String => f.write_str("string"),
            Type::List(element) => write!(f, "list of {element}"),
            Type::Set(element) => write!(f, "set of {element}"),
            Type::Map(element) => write!(f, "map of {element}"),
            Type::Tuple(_) => f.write_str("tuple"),
            Type::Object(_) => f.write_str("object"),
        }
    }
}

/// The narrowest type that all of these convert to, or `None`. Conversions that can fail for some
/// values (string to number) are not used.
pub(crate) fn unify(types: &[Type]) -> Option<Type> {
    let (first, rest) = types.split_first()?;
    let mut result = first.clone();
    for other in rest {
        result = pair(&result, other)?;
    }
    Some(result)
}

fn pair(a: &Type, b: &Type) -> Option<Type> {
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (Type::Any, other) | (other, Type::Any) => Some(other.clone()),
        (Type::String, other) | (other, Type::String) if other.is_primitive() => Some(Type::String),
        (Type::Tuple(x), Type::Tuple(y)) if x.len() == y.len() => {
            let elements: Option<Vec<Type>> = x.iter().zip(y).map(|(x, y)| pair(x, y)).collect();
            elements.map(Type::Tuple)
        }
        (Type::Tuple(x), Type::Tuple(y)) => {
            let elements: Vec<Type> = x.iter().chain(y).cloned().collect();
            unify(&elements).map(Type::list)
        }
        (Type::Tuple(elements), Type::List(element))
        | (Type::List(element), Type::Tuple(elements)) => {
            join(element, elements.iter()).map(Type::list)
        }
        (Type::Tuple(elements), Type::Set(element))
        | (Type::Set(element), Type::Tuple(elements)) => {
            join(element, elements.iter()).map(|element| Type::Set(Box::new(element)))
        }
        (Type::Set(x), Type::Set(y)) => pair(x, y).map(|element| Type::Set(Box::new(element))),
        (Type::List(x), Type::List(y) | Type::Set(y)) | (Type::Set(x), Type::List(y)) => {
            pair(x, y).map(Type::list)
        }
        (Type::Map(x), Type::Map(y)) => pair(x, y).map(Type::map),
        (Type::Object(x), Type::Object(y)) if x.types.keys().eq(y.types.keys()) => {
            let mut types = BTreeMap::new();
            for (name, kind) in &x.types {
                types.insert(name.clone(), pair(kind, y.types.get(name)?)?);
            }
            Some(Type::object(types))
        }
        (Type::Object(x), Type::Object(y)) => {
            let elements: Vec<Type> = x.types.values().chain(y.types.values()).cloned().collect();
            unify(&elements).map(Type::map)
        }
        (Type::Object(fields), Type::Map(element)) | (Type::Map(element), Type::Object(fields)) => {
            join(element, fields.types.values()).map(Type::map)
        }
        _ => None,
    }
}

fn join<'a>(element: &Type, others: impl Iterator<Item = &'a Type>) -> Option<Type> {
    let mut result = element.clone();
    for other in others {
        result = pair(&result, other)?;
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primitives_meet_at_string() {
        assert_eq!(unify(&[Type::String, Type::Number]), Some(Type::String));
        assert_eq!(unify(&[Type::Bool, Type::String]), Some(Type::String));
        assert_eq!(unify(&[Type::Bool, Type::Number]), None);
        assert_eq!(unify(&[Type::Any, Type::Number]), Some(Type::Number));
    }

    #[test]
    fn tuples_of_different_length_become_lists() {
        let one = Type::Tuple(vec![Type::String]);
        assert_eq!(
            unify(&[one.clone(), Type::Tuple(vec![])]),
            Some(Type::list(Type::String))
        );
        assert_eq!(
            unify(&[one.clone(), Type::list(Type::Number)]),
            Some(Type::list(Type::String))
        );
        assert_eq!(unify(&[one, Type::String]), None);
    }
}
