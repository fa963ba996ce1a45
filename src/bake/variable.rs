//! Variables: default, declared type, override from the process environment, validation. What the
//! chosen environment of ours says is in `environment`.

use std::collections::BTreeMap;

use super::attribute::csv;
use super::attribute::entry::parse_bool;
use super::convert::{convert, to_bool, to_string};
use super::diagnostic::Fault;
use super::environment;
use super::eval::{Evaluator, Scope};
use super::function::json;
use super::module::Variable;
use super::number::Number;
use super::types::Type;
use super::value::Value;

/// Turns the lookup of variables in the environment off.
const NO_LOOKUP: &str = "BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP";

/// The value of a declared variable: the override if there is one, or else what the chosen
/// environment says, or else the default.
pub(crate) fn resolve(evaluator: &Evaluator<'_>, variable: &Variable) -> Result<Value, Fault> {
    let name = &variable.label.text;
    let override_text = lookup(evaluator, variable);
    let value = match &variable.default {
        None => None,
        Some(default) => {
            let value = evaluator.evaluate(default, &Scope::without_blocks(BTreeMap::new()))?;
            let value = match &variable.declared {
                None => value,
                Some(declared) => convert(value, declared).map_err(|message| {
                    Fault::new(
                        default.range,
                        format!("the default of {name} does not fit its type: {message}"),
                    )
                })?,
            };
            Some(value)
        }
    };
    let value = environment::value(evaluator, variable, value.as_ref())?.or(value);
    let Some((from, text)) = override_text else {
        return Ok(value.unwrap_or_else(|| match &variable.declared {
            Some(declared) => Value::Null(declared.clone()),
            None => Value::string(""),
        }));
    };
    let declared = variable.declared.as_ref();
    parse(&from, &text, declared, value.as_ref()).map_err(|message| {
        Fault::new(
            variable.label.range,
            format!(
                "the environment variable {} does not fit: {message}",
                from.name
            ),
        )
    })
}

/// Where an override comes from.
struct Origin {
    name: String,
    json: bool,
}

/// The process variable that gives this one its value.
pub(crate) fn overriding(evaluator: &Evaluator<'_>, variable: &Variable) -> Option<String> {
    lookup(evaluator, variable).map(|(origin, _)| origin.name)
}

fn lookup(evaluator: &Evaluator<'_>, variable: &Variable) -> Option<(Origin, String)> {
    let inputs = evaluator.inputs();
    if inputs.trial && environment::attribute(evaluator, variable).is_some() {
        return None;
    }
    let environment = inputs.environment;
    if environment
        .get(NO_LOOKUP)
        .is_some_and(|text| parse_bool(text) == Some(true))
    {
        return None;
    }
    let name = &variable.label.text;
    let plain = environment.get(name).map(|text| {
        (
            Origin {
                name: name.clone(),
                json: false,
            },
            text.clone(),
        )
    });
    if plain.is_some() && variable.declared.is_none() {
        return plain;
    }
    let json_name = format!("{name}_JSON");
    if evaluator.module().variables.contains_key(&json_name) {
        return plain;
    }
    match environment.get(&json_name) {
        Some(text) => Some((
            Origin {
                name: json_name,
                json: true,
            },
            text.clone(),
        )),
        None => plain,
    }
}

/// An override's text to a value: of the declared type, or else of the default's.
fn parse(
    from: &Origin,
    text: &str,
    declared: Option<&Type>,
    default: Option<&Value>,
) -> Result<Value, String> {
    match (declared, default) {
        (Some(kind), _) if from.json => {
            let value = json::decode(text)?;
            no_more_than(&value, kind)?;
            convert(value, kind)
        }
        (Some(Type::List(element)), _) => {
            list(text, element).map(|values| Value::List((**element).clone(), values))
        }
        (Some(Type::Set(element)), _) => {
            list(text, element).map(|values| Value::set((**element).clone(), values))
        }
        (Some(Type::Tuple(kinds)), _) => tuple(text, kinds),
        (Some(Type::Map(element)), _) => map(text, element),
        (Some(kind), _) if kind.is_primitive() => primitive(text, kind),
        (Some(Type::Any), _) => Err(format!(
            "a value of type any cannot be read from plain text; set {}_JSON instead",
            from.name
        )),
        (Some(kind), _) => Err(format!(
            "a value of type {kind} cannot be read from plain text; set {}_JSON instead",
            from.name
        )),
        (None, None) => Ok(Value::string(text)),
        (None, Some(default)) => match default.kind() {
            Type::Any => Ok(Value::string(text)),
            kind if kind.is_primitive() => primitive(text, &kind),
            kind => Err(format!(
                "the default is a {kind}, and without a declared type only strings, numbers and \
                 bools can be overridden; declare `type`, for example type = list(string)"
            )),
        },
    }
}

/// An attribute that an object type does not have is dropped in expressions, but in JSON from
/// outside it is a slip.
fn no_more_than(value: &Value, kind: &Type) -> Result<(), String> {
    match (value, kind) {
        (Value::Object(values), Type::Object(fields)) => {
            values
                .iter()
                .try_for_each(|(name, value)| match fields.types.get(name) {
                    Some(kind) => no_more_than(value, kind),
                    None => Err(format!("the type has no attribute {name:?}")),
                })
        }
        (Value::Object(values), Type::Map(element)) => values
            .values()
            .try_for_each(|value| no_more_than(value, element)),
        (Value::Tuple(values), Type::List(element) | Type::Set(element)) => values
            .iter()
            .try_for_each(|value| no_more_than(value, element)),
        (Value::Tuple(values), Type::Tuple(kinds)) => values
            .iter()
            .zip(kinds)
            .try_for_each(|(value, kind)| no_more_than(value, kind)),
        _ => Ok(()),
    }
}

fn primitive(text: &str, kind: &Type) -> Result<Value, String> {
    match kind {
        Type::Bool => parse_bool(text)
            .map(Value::Bool)
            .ok_or_else(|| format!("a bool is required, and {text:?} is not one")),
        Type::Number => text
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| format!("a number is required, and {text:?} is not one")),
        Type::String => Ok(Value::string(text)),
        other => Err(format!(
            "its elements are {other}; set the variable's _JSON form instead"
        )),
    }
}

fn list(text: &str, element: &Type) -> Result<Vec<Value>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    csv::fields(text, ',')?
        .iter()
        .map(|field| primitive(field, element))
        .collect()
}

fn tuple(text: &str, kinds: &[Type]) -> Result<Value, String> {
    let fields = csv::fields(text, ',')?;
    if fields.len() != kinds.len() {
        return Err(format!(
            "{} elements are required, this has {}",
            kinds.len(),
            fields.len()
        ));
    }
    let values = fields
        .iter()
        .zip(kinds)
        .map(|(field, kind)| primitive(field, kind));
    values.collect::<Result<_, _>>().map(Value::Tuple)
}

fn map(text: &str, element: &Type) -> Result<Value, String> {
    let mut values = BTreeMap::new();
    let records = if text.is_empty() {
        Vec::new()
    } else {
        csv::fields(text, ',')?
    };
    for record in records {
        let mut pair = csv::fields(&record, ':')?.into_iter();
        let (Some(key), Some(value), None) = (pair.next(), pair.next(), pair.next()) else {
            return Err(format!("{record:?} is not of the form key:value"));
        };
        values.insert(key, primitive(&value, element)?);
    }
    Ok(Value::Map(element.clone(), values))
}

/// Resolves all variables, and then checks their validations. Reports every problem.
pub(crate) fn check(evaluator: &Evaluator<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let module = evaluator.module();
    for name in module.variables.keys() {
        if let Err(fault) = evaluator.global(name) {
            faults.push(fault);
        }
    }
    if !faults.is_empty() {
        // One cycle is found from each of its members; once is enough.
        faults.sort_by_key(Fault::range);
        faults.dedup();
        return faults;
    }
    for variable in module.variables.values() {
        faults.extend(validate(evaluator, variable));
    }
    faults
}

/// Checks the validations of one variable.
pub(crate) fn validate(evaluator: &Evaluator<'_>, variable: &Variable) -> Vec<Fault> {
    let scope = Scope::without_blocks(BTreeMap::new());
    let mut faults = Vec::new();
    for validation in &variable.validations {
        let range = validation.condition.range;
        let passed = evaluator
            .evaluate(&validation.condition, &scope)
            .and_then(|value| {
                if value.is_null() {
                    return Err(
                        Fault::new(range, "the condition is null").help("it must be true or false")
                    );
                }
                to_bool(value).map_err(|message| Fault::new(range, message))
            });
        match passed {
            Ok(true) => {}
            Err(fault) => faults.push(fault),
            Ok(false) => match evaluator.evaluate(&validation.message, &scope) {
                Err(fault) => faults.push(fault),
                Ok(message) => {
                    let name = &variable.label.text;
                    let text = to_string(message)
                        .unwrap_or_else(|_| "the condition does not hold".to_owned());
                    faults.push(Fault::new(
                        range,
                        format!("the variable {name} is not valid: {text}"),
                    ));
                }
            },
        }
    }
    faults
}
