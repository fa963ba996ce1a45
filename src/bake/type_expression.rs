//! The `type` attribute of variables and the second argument of `convert`: `list(string)`,
//! `object({ name = string, size = optional(number) })`.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::Fault;
use super::suggest::did_you_mean;
use super::syntax::{Call, Expression, Kind};
use super::types::{Fields, Type};

const KEYWORDS: [&str; 4] = ["string", "number", "bool", "any"];
const CONSTRUCTORS: [&str; 5] = ["list", "set", "map", "tuple", "object"];

/// Reads a type. It is syntax, not an expression: `"string"` in quotes is none.
pub(crate) fn read(expression: &Expression) -> Result<Type, Fault> {
    match &expression.kind {
        Kind::Variable(name) => match name.as_str() {
            "string" => Ok(Type::String),
            "number" => Ok(Type::Number),
            "bool" => Ok(Type::Bool),
            "any" => Ok(Type::Any),
            name if CONSTRUCTORS.contains(&name) => Err(Fault::new(
                expression.range,
                format!("the type {name:?} needs the type of its elements"),
            )
            .help(match name {
                "tuple" => "for example tuple([string, number])".to_owned(),
                "object" => "for example object({ name = string })".to_owned(),
                name => format!("for example {name}(string)"),
            })),
            name => Err(unknown(expression, name)),
        },
        Kind::Call(call) => constructor(expression, call),
        Kind::Text(text) if KEYWORDS.contains(&text.as_str()) => Err(Fault::new(
            expression.range,
            "a type is written without quotes",
        )),
        _ => Err(Fault::new(expression.range, "a type is required")
            .help("string, number, bool, any, list(…), set(…), map(…), tuple([…]) or object({…})")),
    }
}

fn unknown(expression: &Expression, name: &str) -> Fault {
    Fault::new(expression.range, format!("unknown type {name:?}"))
        .maybe_help(did_you_mean(name, KEYWORDS.into_iter().chain(CONSTRUCTORS)))
}

fn constructor(expression: &Expression, call: &Call) -> Result<Type, Fault> {
    if call.name == "optional" {
        return Err(Fault::new(
            call.name_range,
            "\"optional\" is for attributes of an object",
        ));
    }
    if !CONSTRUCTORS.contains(&call.name.as_str()) {
        return Err(unknown(expression, &call.name));
    }
    let [argument] = call.arguments.as_slice() else {
        return Err(Fault::new(
            expression.range,
            format!(
                "the type {:?} takes one argument, this has {}",
                call.name,
                call.arguments.len()
            ),
        ));
    };
    match (call.name.as_str(), &argument.kind) {
        ("list", _) => read(argument).map(Type::list),
        ("set", _) => read(argument).map(|element| Type::Set(Box::new(element))),
        ("map", _) => read(argument).map(Type::map),
        ("tuple", Kind::Tuple(elements)) => elements
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Type::Tuple),
        ("tuple", _) => Err(Fault::new(argument.range, "a list of types is required")
            .help("for example tuple([string, number])")),
        (_, Kind::Object(items)) => object(items),
        _ => Err(
            Fault::new(argument.range, "the types of the attributes are required")
                .help("for example object({ name = string })"),
        ),
    }
}

fn object(items: &[(Expression, Expression)]) -> Result<Type, Fault> {
    let mut types = BTreeMap::new();
    let mut optional = BTreeSet::new();
    for (key, value) in items {
        let Kind::Text(name) = &key.kind else {
            return Err(Fault::new(
                key.range,
                "the name of an attribute is required",
            ));
        };
        let kind = match &value.kind {
            Kind::Call(call) if call.name == "optional" => {
                let [inner] = call.arguments.as_slice() else {
                    return Err(Fault::new(value.range, "\"optional\" takes one type")
                        .help("defaults of optional attributes are not supported, as in bake"));
                };
                optional.insert(name.clone());
                read(inner)?
            }
            _ => read(value)?,
        };
        types.insert(name.clone(), kind);
    }
    Ok(Type::Object(Fields { types, optional }))
}
