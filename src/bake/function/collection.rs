//! Maps and objects, and functions for any collection.

use std::collections::BTreeMap;

use super::{Arguments, Context, Function, Problem, fixed, variadic};
use crate::bake::convert::convert;
use crate::bake::types::{Type, unify};
use crate::bake::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    variadic("coalesce", 1, coalesce),
    fixed("keys", 1, keys),
    fixed("length", 1, length),
    fixed("lookup", 3, lookup),
    variadic("merge", 0, merge),
    fixed("values", 1, values),
    fixed("zipmap", 2, zip_map),
];

/// The first argument that is not null, converted to the type that all share.
fn coalesce(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let all: Vec<Value> = (0..arguments.len())
        .map(|index| arguments.nullable(index))
        .collect();
    let kinds: Vec<Type> = all.iter().map(Value::kind).collect();
    let common =
        unify(&kinds).ok_or_else(|| Problem::call("all arguments must have the same type"))?;
    let first = all
        .into_iter()
        .find(|value| !value.is_null())
        .ok_or_else(|| Problem::call("all arguments are null"))?;
    convert(first, &common).map_err(Problem::call)
}

fn map(value: Value, index: usize) -> Result<(Option<Type>, BTreeMap<String, Value>), Problem> {
    match value {
        Value::Map(element, values) => Ok((Some(element), values)),
        Value::Object(values) => Ok((None, values)),
        other => Err(Problem::argument(
            index,
            format!("a map is required, and this is a {}", other.kind()),
        )),
    }
}

fn keys(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (element, map) = map(arguments.value(0)?, 0)?;
    let names: Vec<Value> = map.into_keys().map(Value::String).collect();
    Ok(match element {
        Some(_) => Value::List(Type::String, names),
        None => Value::Tuple(names),
    })
}

fn values(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (element, map) = map(arguments.value(0)?, 0)?;
    let values: Vec<Value> = map.into_values().collect();
    Ok(match element {
        Some(element) => Value::List(element, values),
        None => Value::Tuple(values),
    })
}

fn length(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let value = arguments.value(0)?;
    let count = value
        .elements()
        .map(<[Value]>::len)
        .or_else(|| value.attributes().map(BTreeMap::len))
        .ok_or_else(|| {
            let message = format!(
                "a list or a map is required, and this is a {}",
                value.kind()
            );
            Problem::argument(0, message)
        })?;
    Ok(Value::count(count))
}

fn lookup(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (element, mut map) = map(arguments.value(0)?, 0)?;
    let key = arguments.string(1)?;
    let default = arguments.value(2)?;
    match (map.remove(&key), element) {
        (Some(value), _) => Ok(value),
        (None, Some(element)) => {
            convert(default, &element).map_err(|message| Problem::argument(2, message))
        }
        (None, None) => Ok(default),
    }
}

/// Later arguments win; nulls are left out.
fn merge(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let mut kinds = Vec::with_capacity(arguments.len());
    let mut all = BTreeMap::new();
    for index in 0..arguments.len() {
        let value = arguments.nullable(index);
        if value.is_null() {
            continue;
        }
        kinds.push(value.kind());
        all.extend(map(value, index)?.1);
    }
    Ok(match kinds.as_slice() {
        [Type::Map(element), rest @ ..] if rest.iter().all(|kind| *kind == kinds[0]) => {
            Value::Map((**element).clone(), all)
        }
        _ => Value::Object(all),
    })
}

fn zip_map(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let names = arguments.strings(0)?;
    let value = arguments.value(1)?;
    let kind = value.kind();
    let (Value::List(_, values) | Value::Tuple(values)) = value else {
        return Err(Problem::argument(
            1,
            format!("a list is required, and this is a {kind}"),
        ));
    };
    if names.len() != values.len() {
        return Err(Problem::call(format!(
            "there are {} keys and {} values",
            names.len(),
            values.len()
        )));
    }
    let map: BTreeMap<String, Value> = names.into_iter().zip(values).collect();
    Ok(match kind {
        Type::List(element) => Value::Map(*element, map),
        _ => Value::Object(map),
    })
}
