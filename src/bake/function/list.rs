//! Lists and tuples.

use super::{Arguments, Context, Function, Problem, fixed, variadic};
use crate::bake::convert::convert;
use crate::bake::eval::element as index_of;
use crate::bake::number::Number;
use crate::bake::text::Range;
use crate::bake::types::{Type, unify};
use crate::bake::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("chunklist", 2, chunk_list),
    variadic("coalescelist", 1, coalesce_list),
    fixed("compact", 1, compact),
    variadic("concat", 1, concat),
    fixed("contains", 2, contains),
    fixed("distinct", 1, distinct),
    fixed("element", 2, element),
    fixed("flatten", 1, flatten),
    fixed("hasindex", 2, has_index),
    fixed("index", 2, index),
    fixed("indexof", 2, index_of_value),
    variadic("range", 1, range),
    fixed("reverselist", 1, reverse_list),
    fixed("slice", 3, slice),
    fixed("sort", 1, sort),
];

/// More numbers than this are refused, as in bake.
const RANGE_LIMIT: usize = 1_024;

/// A list of elements of one type, or a tuple where the original is one.
fn same_kind(original: &Type, values: Vec<Value>) -> Value {
    match original {
        Type::List(element) | Type::Set(element) => Value::List((**element).clone(), values),
        _ => Value::Tuple(values),
    }
}

fn list(value: Value, index: usize) -> Result<(Type, Vec<Value>), Problem> {
    match convert(value, &Type::list(Type::Any)) {
        Ok(Value::List(element, values)) => Ok((element, values)),
        Ok(_) => Err(Problem::argument(index, "a list is required")),
        Err(message) => Err(Problem::argument(index, message)),
    }
}

fn chunk_list(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (element, values) = list(arguments.value(0)?, 0)?;
    let size = usize::try_from(arguments.integer(1)?)
        .map_err(|_| Problem::argument(1, "the size must not be negative"))?;
    let chunk = |values: &[Value]| Value::List(element.clone(), values.to_vec());
    let chunks = match (values.is_empty(), size) {
        (true, _) => Vec::new(),
        (false, 0) => vec![chunk(&values)],
        (false, size) => values.chunks(size).map(chunk).collect(),
    };
    Ok(Value::List(Type::list(element.clone()), chunks))
}

fn coalesce_list(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    for index in 0..arguments.len() {
        let value = arguments.nullable(index);
        if value.is_null() {
            continue;
        }
        match value.elements() {
            Some([]) => {}
            Some(_) => return Ok(value),
            None => return Err(Problem::argument(index, "a list is required")),
        }
    }
    Err(Problem::call("all lists are empty"))
}

fn compact(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (_, values) = match convert(arguments.value(0)?, &Type::list(Type::String)) {
        Ok(Value::List(element, values)) => (element, values),
        Ok(_) => return Err(Problem::argument(0, "a list is required")),
        Err(message) => return Err(Problem::argument(0, message)),
    };
    let filled = |value: Value| match value {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    };
    Ok(Value::strings(values.into_iter().filter_map(filled)))
}

fn concat(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let mut kinds = Vec::with_capacity(arguments.len());
    let mut all = Vec::new();
    for index in 0..arguments.len() {
        let value = arguments.value(index)?;
        kinds.push(value.kind());
        match value {
            Value::List(_, values) | Value::Tuple(values) => all.extend(values),
            other => {
                let message = format!("a list is required, and this is a {}", other.kind());
                return Err(Problem::argument(index, message));
            }
        }
    }
    if kinds.iter().all(|kind| matches!(kind, Type::List(_)))
        && let Some(Type::List(element)) = unify(&kinds)
    {
        let (element, values) = convert(Value::Tuple(all), &Type::List(element))
            .map_err(Problem::call)
            .and_then(|value| list(value, 0))?;
        return Ok(Value::List(element, values));
    }
    Ok(Value::Tuple(all))
}

fn contains(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let values = arguments.elements(0)?;
    let wanted = arguments.nullable(1);
    Ok(Value::Bool(
        values.iter().any(|value| value.equals(&wanted)),
    ))
}

fn distinct(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (element, values) = list(arguments.value(0)?, 0)?;
    let mut kept: Vec<Value> = Vec::with_capacity(values.len());
    for value in values {
        if !kept.iter().any(|other| other.equals(&value)) {
            kept.push(value);
        }
    }
    Ok(Value::List(element, kept))
}

/// Indexes beyond the end start again at the front.
fn element(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let values = match arguments.value(0)? {
        Value::List(_, values) | Value::Tuple(values) => values,
        other => {
            let message = format!("a list is required, and this is a {}", other.kind());
            return Err(Problem::argument(0, message));
        }
    };
    let index = arguments.integer(1)?;
    let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
    let place = index
        .checked_rem_euclid(count)
        .and_then(|place| usize::try_from(place).ok());
    place
        .and_then(|place| values.into_iter().nth(place))
        .ok_or_else(|| Problem::argument(0, "the list is empty"))
}

fn flatten(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    fn add(value: Value, all: &mut Vec<Value>) {
        match value {
            Value::List(_, values) | Value::Set(_, values) | Value::Tuple(values) => {
                for value in values {
                    add(value, all);
                }
            }
            value => all.push(value),
        }
    }
    let mut all = Vec::new();
    for value in arguments.elements(0)? {
        add(value, &mut all);
    }
    Ok(Value::Tuple(all))
}

fn has_index(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (collection, key) = (arguments.value(0)?, arguments.value(1)?);
    let key_fits = match (&collection, &key) {
        (Value::List(..) | Value::Tuple(_), Value::Number(_))
        | (Value::Map(..) | Value::Object(_), Value::String(_)) => true,
        (Value::List(..) | Value::Tuple(_) | Value::Map(..) | Value::Object(_), _) => false,
        _ => return Err(Problem::argument(0, "a list or a map is required")),
    };
    Ok(Value::Bool(
        key_fits && index_of(collection, key, Range::default()).is_ok(),
    ))
}

fn index(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (collection, key) = (arguments.value(0)?, arguments.value(1)?);
    index_of(collection, key, Range::default())
        .map_err(|fault| Problem::argument(1, fault.message()))
}

fn index_of_value(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let values = arguments.elements(0)?;
    let wanted = arguments.nullable(1);
    match values.iter().position(|value| value.equals(&wanted)) {
        Some(place) => Ok(Value::count(place)),
        None => Err(Problem::argument(1, "this is not in the list")),
    }
}

fn range(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let zero = Number::from_integer(0);
    let (start, end, step) = match arguments.len() {
        1 => (zero.clone(), arguments.number(0)?, None),
        2 => (arguments.number(0)?, arguments.number(1)?, None),
        3 => (
            arguments.number(0)?,
            arguments.number(1)?,
            Some(arguments.number(2)?),
        ),
        _ => return Err(Problem::call("one, two or three numbers are required")),
    };
    let down = step.as_ref().map_or(end < start, |step| *step < zero);
    let step = step.unwrap_or_else(|| Number::from_integer(if down { -1 } else { 1 }));
    if step.is_zero() {
        return Err(Problem::argument(2, "the step must not be zero"));
    }
    if down && end > start || !down && end < start {
        return Err(Problem::argument(1, "the step leads away from the end"));
    }
    let mut numbers = Vec::new();
    let mut number = start;
    while if down { number > end } else { number < end } {
        if numbers.len() >= RANGE_LIMIT {
            return Err(Problem::call(format!(
                "these are more than {RANGE_LIMIT} numbers"
            )));
        }
        let next = number.checked_add(&step);
        numbers.push(Value::Number(number));
        match next {
            Some(next) => number = next,
            None => break,
        }
    }
    Ok(Value::List(Type::Number, numbers))
}

fn reverse_list(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let value = arguments.value(0)?;
    let kind = value.kind();
    match value {
        Value::List(_, mut values) | Value::Set(_, mut values) | Value::Tuple(mut values) => {
            values.reverse();
            Ok(same_kind(&kind, values))
        }
        _ => Err(Problem::argument(
            0,
            format!("a list is required, and this is a {kind}"),
        )),
    }
}

fn slice(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let value = arguments.value(0)?;
    let kind = value.kind();
    let (Value::List(_, values) | Value::Tuple(values)) = value else {
        return Err(Problem::argument(
            0,
            format!("a list is required, and this is a {kind}"),
        ));
    };
    let mut bound = |index: usize| {
        let bound = arguments.integer(index)?;
        usize::try_from(bound)
            .ok()
            .filter(|bound| *bound <= values.len())
            .ok_or_else(|| {
                Problem::argument(
                    index,
                    format!("{bound} is outside of the list of {}", values.len()),
                )
            })
    };
    let (start, end) = (bound(1)?, bound(2)?);
    match values.get(start..end) {
        Some(part) => Ok(same_kind(&kind, part.to_vec())),
        None => Err(Problem::argument(2, "the end is before the start")),
    }
}

fn sort(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let mut texts = arguments.strings(0)?;
    texts.sort();
    Ok(Value::strings(texts))
}
