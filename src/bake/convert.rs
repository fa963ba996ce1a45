//! Automatic conversion: giving a value the type that its place asks for.

use std::collections::BTreeMap;

use super::number::Number;
use super::types::{Fields, Type, unify};
use super::value::Value;

/// Converts, or says what was wanted: a fragment such as `a number is required`.
pub(crate) fn convert(value: Value, wanted: &Type) -> Result<Value, String> {
    if let Value::Null(kind) = &value {
        return match wanted {
            Type::Any => Ok(Value::Null(kind.clone())),
            _ if null_fits(kind, wanted) => Ok(Value::Null(wanted.clone())),
            _ => Err(mismatch(wanted, kind)),
        };
    }
    match (wanted, value) {
        (Type::Any, value) => Ok(value),
        (Type::String, value) => to_string(value).map(Value::String),
        (Type::Number, value) => to_number(value).map(Value::Number),
        (Type::Bool, value) => to_bool(value).map(Value::Bool),
        (Type::List(element), value) => {
            let values = sequence(value, wanted)?;
            let (element, values) = elements(values, element)?;
            Ok(Value::List(element, values))
        }
        (Type::Set(element), value) => {
            let values = sequence(value, wanted)?;
            let (element, values) = elements(values, element)?;
            Ok(Value::set(element, values))
        }
        (Type::Map(element), Value::Map(_, values) | Value::Object(values)) => {
            let (names, values): (Vec<String>, Vec<Value>) = values.into_iter().unzip();
            let mut converted = Vec::with_capacity(values.len());
            let common = common(&values, element)?;
            for (name, value) in names.iter().zip(values) {
                converted.push(
                    convert(value, &common)
                        .map_err(|fault| format!("element {name:?}: {fault}"))?,
                );
            }
            Ok(Value::Map(
                common,
                names.into_iter().zip(converted).collect(),
            ))
        }
        (Type::Tuple(kinds), value) => {
            let values = sequence(value, wanted)?;
            if values.len() != kinds.len() {
                return Err(format!(
                    "a tuple of {} elements is required, this has {}",
                    kinds.len(),
                    values.len()
                ));
            }
            let mut converted = Vec::with_capacity(values.len());
            for (index, (value, kind)) in values.into_iter().zip(kinds).enumerate() {
                converted.push(
                    convert(value, kind).map_err(|fault| format!("element {index}: {fault}"))?,
                );
            }
            Ok(Value::Tuple(converted))
        }
        (Type::Object(fields), Value::Map(_, values) | Value::Object(values)) => {
            to_object(values, fields)
        }
        (wanted, value) => Err(mismatch(wanted, &value.kind())),
    }
}

/// Whether a null of one type can be a null of another.
fn null_fits(kind: &Type, wanted: &Type) -> bool {
    match (kind, wanted) {
        (Type::Bool, Type::Number) | (Type::Number, Type::Bool) => false,
        (Type::Any, _) | (Type::Map(_) | Type::Object(_), Type::Map(_) | Type::Object(_)) => true,
        _ => {
            kind.is_primitive() && wanted.is_primitive()
                || kind.is_sequence() && wanted.is_sequence()
        }
    }
}

/// `list of string required, but have number`.
pub(crate) fn mismatch(wanted: &Type, have: &Type) -> String {
    format!("{wanted} required, but have {have}")
}

/// The text of a string, number or bool.
pub(crate) fn to_string(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(mismatch(&Type::String, &other.kind())),
    }
}

pub(crate) fn to_number(value: Value) -> Result<Number, String> {
    match value {
        Value::Number(number) => Ok(number),
        Value::String(text) => Number::parse(&text)
            .ok_or_else(|| format!("a number is required, and {text:?} is not one")),
        other => Err(mismatch(&Type::Number, &other.kind())),
    }
}

pub(crate) fn to_bool(value: Value) -> Result<bool, String> {
    match value {
        Value::Bool(flag) => Ok(flag),
        Value::String(text) => match text.as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => Err(
                format!("a bool is required; write {:?}", text.to_ascii_lowercase()),
            ),
            _ => Err(format!("a bool is required, and {text:?} is not one")),
        },
        other => Err(mismatch(&Type::Bool, &other.kind())),
    }
}

fn sequence(value: Value, wanted: &Type) -> Result<Vec<Value>, String> {
    match value {
        Value::List(_, values) | Value::Set(_, values) | Value::Tuple(values) => Ok(values),
        other => Err(mismatch(wanted, &other.kind())),
    }
}

/// The element type to convert to: the wanted one, or for `any` what all elements share.
fn common(values: &[Value], wanted: &Type) -> Result<Type, String> {
    if *wanted != Type::Any {
        return Ok(wanted.clone());
    }
    if values.is_empty() {
        return Ok(Type::Any);
    }
    let kinds: Vec<Type> = values.iter().map(Value::kind).collect();
    unify(&kinds).ok_or_else(|| "all elements must have the same type".to_owned())
}

fn elements(values: Vec<Value>, wanted: &Type) -> Result<(Type, Vec<Value>), String> {
    let common = common(&values, wanted)?;
    let mut converted = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        converted
            .push(convert(value, &common).map_err(|fault| format!("element {index}: {fault}"))?);
    }
    Ok((common, converted))
}

fn to_object(mut values: BTreeMap<String, Value>, fields: &Fields) -> Result<Value, String> {
    let mut converted = BTreeMap::new();
    for (name, kind) in &fields.types {
        let value = match values.remove(name) {
            Some(value) => {
                convert(value, kind).map_err(|fault| format!("attribute {name:?}: {fault}"))?
            }
            None if fields.optional.contains(name) => Value::Null(kind.clone()),
            None => return Err(format!("attribute {name:?} is required")),
        };
        converted.insert(name.clone(), value);
    }
    // Attributes that the type does not name are dropped, as bake does.
    Ok(Value::Object(converted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primitives_convert_both_ways() {
        assert_eq!(
            convert(Value::string("1"), &Type::Number),
            Ok(Value::integer(1))
        );
        assert_eq!(
            convert(Value::integer(5), &Type::String),
            Ok(Value::string("5"))
        );
        assert_eq!(
            convert(Value::string("1"), &Type::Bool),
            Ok(Value::Bool(true))
        );
        assert_eq!(
            convert(Value::string("True"), &Type::Bool),
            Err("a bool is required; write \"true\"".to_owned())
        );
        assert!(convert(Value::Bool(true), &Type::Number).is_err());
    }

    #[test]
    fn lists_name_the_element_that_does_not_fit() {
        let tuple = Value::Tuple(vec![Value::integer(1), Value::Tuple(vec![])]);
        assert_eq!(
            convert(tuple, &Type::list(Type::String)),
            Err("element 1: string required, but have tuple".to_owned())
        );
    }

    #[test]
    fn nulls_take_the_type_of_their_place() {
        assert_eq!(
            convert(Value::NULL, &Type::String),
            Ok(Value::Null(Type::String))
        );
    }
}
