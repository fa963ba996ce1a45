//! `a.b`, `a[0]`, `a.*.b` and `a[*].b`.

use super::{Evaluator, Scope};
use crate::bake::convert::{to_number, to_string};
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;
use crate::bake::syntax::{Expression, Kind, Step};
use crate::bake::text::Range;
use crate::bake::types::{Type, unify};
use crate::bake::value::Value;

impl Evaluator<'_> {
    pub(super) fn traverse(
        &self,
        root: &Expression,
        steps: &[Step],
        scope: &Scope<'_>,
    ) -> Result<Value, Fault> {
        if let Kind::Variable(name) = &root.kind
            && scope.get(name).is_none()
        {
            let referenced = match name.as_str() {
                "target" | "group" if scope.sees_blocks() => {
                    Some(self.reference(name, root.range, steps)?)
                }
                "source" if !self.declares("source") => Some(self.source_fact(root.range, steps)?),
                "environment" if !self.declares("environment") => {
                    Some(self.environment_fact(root.range, steps)?)
                }
                _ => None,
            };
            if let Some((value, taken)) = referenced {
                return self.steps(value, root.range, &steps[taken..], scope);
            }
        }
        let value = self.evaluate(root, scope)?;
        self.steps(value, root.range, steps, scope)
    }

    fn steps(
        &self,
        mut value: Value,
        range: Range,
        steps: &[Step],
        scope: &Scope<'_>,
    ) -> Result<Value, Fault> {
        let mut done = range;
        for (index, step) in steps.iter().enumerate() {
            let rest = &steps[index + 1..];
            match step {
                Step::Attribute(name, at) => value = attribute(value, name, *at)?,
                Step::Index(key) => {
                    let position = self.evaluate(key, scope)?;
                    value = element(value, position, key.range)?;
                }
                Step::FullSplat(_) => {
                    return self.splat(value, done, rest, scope);
                }
                Step::AttributeSplat(_) => {
                    let taken = rest
                        .iter()
                        .take_while(|step| matches!(step, Step::Attribute(..)))
                        .count();
                    let value = self.splat(value, done, &rest[..taken], scope)?;
                    return self.steps(value, done, &rest[taken..], scope);
                }
            }
            done = done.to(step.range());
        }
        Ok(value)
    }

    fn splat(
        &self,
        value: Value,
        range: Range,
        steps: &[Step],
        scope: &Scope<'_>,
    ) -> Result<Value, Fault> {
        if let Value::Null(kind) = &value {
            if kind.is_sequence() {
                return Err(Fault::new(range, "cannot splat null")
                    .help("this list has no value here; use coalesce or a condition"));
            }
            return Ok(Value::Tuple(Vec::new()));
        }
        let typed = matches!(value, Value::List(..) | Value::Set(..));
        let element_type = match &value {
            Value::List(element, _) | Value::Set(element, _) => element.clone(),
            _ => Type::Any,
        };
        let elements = match value {
            Value::List(_, values) | Value::Set(_, values) | Value::Tuple(values) => values,
            single => vec![single],
        };
        let results = self.deeper(range, || {
            elements
                .into_iter()
                .map(|element| self.steps(element, range, steps, scope))
                .collect::<Result<Vec<Value>, Fault>>()
        })?;
        if !typed {
            return Ok(Value::Tuple(results));
        }
        let kinds: Vec<Type> = results.iter().map(Value::kind).collect();
        Ok(match unify(&kinds) {
            Some(kind) => Value::List(kind, results),
            None if results.is_empty() && steps.is_empty() => Value::List(element_type, results),
            None if results.is_empty() => Value::List(Type::Any, results),
            None => Value::Tuple(results),
        })
    }
}

/// `value.name`
pub(super) fn attribute(value: Value, name: &str, range: Range) -> Result<Value, Fault> {
    match value {
        Value::Map(_, mut values) | Value::Object(mut values) => match values.remove(name) {
            Some(value) => Ok(value),
            None => Err(Fault::new(range, format!("there is no attribute {name:?}"))
                .maybe_help(did_you_mean(name, values.keys().map(String::as_str)))),
        },
        Value::Null(_) => Err(Fault::new(
            range,
            format!("cannot take the attribute {name:?} of null"),
        )),
        Value::List(..) | Value::Set(..) | Value::Tuple(_) => Err(Fault::new(
            range,
            format!("a {} has no attributes, so no {name:?}", value.kind()),
        )
        .help(format!("for that of each element write [*].{name}"))),
        other => Err(Fault::new(
            range,
            format!("a {} has no attributes, so no {name:?}", other.kind()),
        )),
    }
}

/// `value[key]`
pub(crate) fn element(value: Value, key: Value, range: Range) -> Result<Value, Fault> {
    if key.is_null() {
        return Err(Fault::new(range, "the index is null"));
    }
    match value {
        Value::List(_, mut values) | Value::Tuple(mut values) => {
            let number = to_number(key)
                .map_err(|message| Fault::new(range, format!("bad index: {message}")))?;
            let index = number
                .to_i64()
                .and_then(|index| usize::try_from(index).ok());
            match index {
                Some(index) if index < values.len() => Ok(values.swap_remove(index)),
                _ => Err(Fault::new(
                    range,
                    format!(
                        "there is no element {number}: the list has {}",
                        values.len()
                    ),
                )),
            }
        }
        Value::Map(_, mut values) | Value::Object(mut values) => {
            let name = to_string(key)
                .map_err(|message| Fault::new(range, format!("bad key: {message}")))?;
            match values.remove(&name) {
                Some(value) => Ok(value),
                None => Err(Fault::new(range, format!("there is no element {name:?}"))
                    .maybe_help(did_you_mean(&name, values.keys().map(String::as_str)))),
            }
        }
        Value::Null(_) => Err(Fault::new(range, "cannot take an element of null")),
        Value::Set(..) => Err(Fault::new(range, "the elements of a set have no index")),
        other => Err(Fault::new(
            range,
            format!("a {} has no elements", other.kind()),
        )),
    }
}
