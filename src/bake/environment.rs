//! The values that an `environment` block gives to variables.
//!
//! Of a variable's possible values the process environment's comes first, then the chosen
//! environment's, then the default. Environments that are not chosen are tried out as well, so that
//! a slip in production's block is seen while one works on dev; as what they say may be right
//! elsewhere (another branch, another machine), what is found there only warns.

use super::convert::{convert, mismatch};
use super::diagnostic::Fault;
use super::eval::{Evaluator, Inputs, Scope, Seen};
use super::module::{Module, Variable};
use super::suggest::did_you_mean;
use super::syntax::{Attribute, Block};
use super::types::Type;
use super::value::Value;
use super::variable;
use crate::bake::error::BakeError;
use crate::config::EnvironmentChoice;
use crate::config::environment as config;

/// The block of the environment that is asked for.
pub(crate) fn choose<'a>(
    declared: &'a [Block],
    choice: &EnvironmentChoice,
) -> Result<Option<&'a Block>, BakeError> {
    let names = config::names(declared);
    match choice {
        EnvironmentChoice::Named(name) => match config::find(declared, name) {
            Some(block) => Ok(Some(block)),
            None => Err(BakeError::UnknownEnvironment {
                name: name.clone(),
                help: did_you_mean(name, names.iter().map(String::as_str)),
                declared: names,
            }),
        },
        EnvironmentChoice::Required if !names.is_empty() => {
            Err(BakeError::NoEnvironment { declared: names })
        }
        EnvironmentChoice::Required | EnvironmentChoice::Free => Ok(None),
    }
}

/// What the chosen environment says of a variable.
pub(crate) fn attribute<'a>(
    evaluator: &Evaluator<'a>,
    variable: &Variable,
) -> Option<&'a Attribute> {
    let block = evaluator.inputs().chosen?;
    block.body.attribute(&variable.label.text)
}

/// The variable's value in the chosen environment: of the declared type, or else of the default's.
pub(crate) fn value(
    evaluator: &Evaluator<'_>,
    variable: &Variable,
    default: Option<&Value>,
) -> Result<Option<Value>, Fault> {
    let Some(attribute) = attribute(evaluator, variable) else {
        return Ok(None);
    };
    let value = evaluator.evaluate(&attribute.value, &Scope::without_blocks([].into()))?;
    let fitted = match (&variable.declared, default) {
        (Some(declared), _) => convert(value, declared),
        (None, Some(default)) => like(value, &default.kind()),
        (None, None) => Ok(value),
    };
    fitted.map(Some).map_err(|message| {
        let name = &variable.label.text;
        let fault = Fault::new(
            attribute.value.range,
            format!("{name} does not fit its variable: {message}"),
        );
        match variable.declared {
            Some(_) => fault,
            None => fault.help(format!(
                "declare `type` in variable {name:?} if it can be either"
            )),
        }
    })
}

/// A value in the place of a default whose type was not declared: primitives are converted as those
/// of the process environment are; a list does not replace a map, nor a string a list.
fn like(value: Value, kind: &Type) -> Result<Value, String> {
    let have = value.kind();
    let alike = *kind == Type::Any
        || value.is_null()
        || kind.is_sequence() && have.is_sequence()
        || matches!(kind, Type::Map(_) | Type::Object(_))
            && matches!(have, Type::Map(_) | Type::Object(_));
    match kind {
        _ if alike => Ok(value),
        kind if kind.is_primitive() => convert(value, kind),
        kind => Err(mismatch(kind, &have)),
    }
}

/// A warning when the process environment replaces values of the chosen environment.
pub(crate) fn overridden(evaluator: &Evaluator<'_>) -> Option<Fault> {
    let block = evaluator.inputs().chosen?;
    let label = block.labels.first()?;
    let variables = &evaluator.module().variables;
    let names = block.body.attributes.iter().filter_map(|attribute| {
        let variable = variables.get(&attribute.name)?;
        let from = variable::overriding(evaluator, variable)?;
        Some(if from == attribute.name {
            from
        } else {
            format!("{} ({from})", attribute.name)
        })
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    let (come, them) = match names.len() {
        0 => return None,
        1 => ("comes", "it"),
        _ => ("come", "them"),
    };
    Some(
        Fault::elsewhere(format!(
            "{} {come} from the process environment, not from environment {:?}",
            names.join(", "),
            label.text
        ))
        .help(format!("unset {them} there to use what the file says")),
    )
}

/// Whatever is wrong with the values of environments other than the chosen one.
pub(crate) fn try_out_others(module: &Module, inputs: &Inputs<'_>) -> Vec<Fault> {
    let blocks = module.settings.iter();
    blocks
        .filter(|block| block.kind == config::KIND)
        .filter(|block| {
            inputs
                .chosen
                .is_none_or(|chosen| !std::ptr::eq(chosen, *block))
        })
        .flat_map(|block| try_out(module, inputs, block))
        .collect()
}

fn try_out(module: &Module, inputs: &Inputs<'_>, block: &Block) -> Vec<Fault> {
    let inputs = Inputs {
        chosen: Some(block),
        trial: true,
        ..inputs.clone()
    };
    let evaluator = Evaluator::new(module, inputs);
    let mut faults = Vec::new();
    for name in module.variables.keys() {
        let (value, seen) = evaluator.watch(|| evaluator.global(name));
        // Which commit it is depends on where one is: no slip in the file.
        if let (Err(fault), false) = (value, seen.source) {
            faults.push(fault);
        }
    }
    if faults.is_empty() {
        for variable in module.variables.values() {
            let (found, seen) = evaluator.watch(|| variable::validate(&evaluator, variable));
            // `environment.name != "production" || source.branch == "main"` is a guard of
            // production's own runs.
            if seen == Seen::default() {
                faults.extend(found);
            }
        }
    }
    faults.sort_by_key(Fault::range);
    faults.dedup();
    let name = block.labels.first().map_or("", |label| label.text.as_str());
    let within = format!("in environment {name:?}");
    let faults = faults.into_iter();
    faults.map(|fault| fault.within(&within)).collect()
}
