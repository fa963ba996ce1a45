//! Function calls: the files' own functions, bake's, and the three that take their arguments
//! unevaluated (`try`, `can`, `convert`).

use std::collections::BTreeMap;

use super::{Evaluator, Pending, Scope};
use crate::bake::convert::convert;
use crate::bake::diagnostic::Fault;
use crate::bake::function::{self, Arguments, Context};
use crate::bake::module::Function;
use crate::bake::suggest::did_you_mean;
use crate::bake::syntax::{Call, Expression};
use crate::bake::text::Range;
use crate::bake::type_expression;
use crate::bake::value::Value;

impl Evaluator<'_> {
    pub(super) fn call(
        &self,
        call: &Call,
        range: Range,
        scope: &Scope<'_>,
    ) -> Result<Value, Fault> {
        match call.name.as_str() {
            "try" => return self.try_each(call, range, scope),
            "can" => {
                let [argument] = exactly(call, range)?;
                return Ok(Value::Bool(self.evaluate(argument, scope).is_ok()));
            }
            "convert" => {
                let [value, wanted] = exactly(call, range)?;
                let wanted = type_expression::read(wanted)?;
                let converted = self.evaluate(value, scope)?;
                return convert(converted, &wanted)
                    .map_err(|message| Fault::new(value.range, message));
            }
            _ => {}
        }
        // bake's own functions cannot be replaced: a second definition is never used.
        let built_in = function::find(&call.name);
        let own = self.module.functions.get(&call.name);
        if built_in.is_none() && own.is_none() {
            return Err(self.unknown_function(call));
        }
        let (arguments, ranges) = self.arguments(call, scope)?;
        let arity = |count: &str| {
            Fault::new(
                range,
                format!("{} takes {count}, and gets {}", call.name, arguments.len()),
            )
        };
        match (built_in, own) {
            (Some(built_in), _) => {
                if !built_in.takes(arguments.len()) {
                    return Err(arity(&built_in.arity()));
                }
                let context = Context {
                    environment: self.inputs.environment,
                    now: self.inputs.now,
                };
                (built_in.run)(&context, Arguments::new(arguments)).map_err(|problem| {
                    let place = problem.argument.and_then(|index| ranges.get(index));
                    let message = format!("{}: {}", call.name, problem.message);
                    Fault::new(place.copied().unwrap_or(range), message)
                })
            }
            (None, Some(own)) => {
                let fewest = own.parameters.len();
                if arguments.len() < fewest || (own.variadic.is_none() && arguments.len() > fewest)
                {
                    let more = if own.variadic.is_some() {
                        " or more"
                    } else {
                        ""
                    };
                    return Err(arity(&format!("{fewest}{more} arguments")));
                }
                self.call_own(own, arguments)
            }
            (None, None) => Err(self.unknown_function(call)),
        }
    }

    fn arguments(&self, call: &Call, scope: &Scope<'_>) -> Result<(Vec<Value>, Vec<Range>), Fault> {
        let mut values = Vec::with_capacity(call.arguments.len());
        let mut ranges = Vec::with_capacity(call.arguments.len());
        for (index, argument) in call.arguments.iter().enumerate() {
            let value = self.evaluate(argument, scope)?;
            if call.expand && index + 1 == call.arguments.len() {
                let Some(elements) = value.elements() else {
                    let message = format!("\"...\" needs a list, and this is a {}", value.kind());
                    return Err(Fault::new(argument.range, message));
                };
                ranges.extend(elements.iter().map(|_| argument.range));
                values.extend(elements.iter().cloned());
            } else {
                values.push(value);
                ranges.push(argument.range);
            }
        }
        Ok((values, ranges))
    }

    fn call_own(&self, function: &Function, arguments: Vec<Value>) -> Result<Value, Fault> {
        let mut arguments = arguments.into_iter();
        let mut names = BTreeMap::new();
        for (name, value) in function.parameters.iter().zip(arguments.by_ref()) {
            names.insert(name.clone(), value);
        }
        if let Some(rest) = &function.variadic {
            names.insert(rest.clone(), Value::Tuple(arguments.collect()));
        }
        let name = &function.label.text;
        self.pending(
            Pending::Function(name.clone()),
            |path| self.cycle(path),
            || self.evaluate(&function.result, &Scope::without_blocks(names)),
        )
    }

    fn try_each(&self, call: &Call, range: Range, scope: &Scope<'_>) -> Result<Value, Fault> {
        let mut last = None;
        for argument in &call.arguments {
            match self.evaluate(argument, scope) {
                Ok(value) => return Ok(value),
                Err(fault) => last = Some(fault),
            }
        }
        Err(match last {
            None => Fault::new(range, "try takes one or more arguments"),
            Some(fault) => fault.within("try: no argument could be evaluated; the last one"),
        })
    }

    fn unknown_function(&self, call: &Call) -> Fault {
        let name = call.name.as_str();
        if function::is_later(name) {
            return Fault::new(
                call.name_range,
                format!("the function {name:?} is known to bake but not available yet"),
            );
        }
        let own = self.module.functions.keys().map(String::as_str);
        let mut known: Vec<&str> = function::names().collect();
        known.extend(own);
        Fault::new(call.name_range, format!("there is no function {name:?}"))
            .maybe_help(did_you_mean(name, known))
    }
}

/// The arguments of a function that takes them unevaluated.
fn exactly<const N: usize>(call: &Call, range: Range) -> Result<[&Expression; N], Fault> {
    let arguments: Vec<&Expression> = call.arguments.iter().collect();
    let count = arguments.len();
    arguments.try_into().map_err(|_| {
        Fault::new(
            range,
            format!("{} takes {N} arguments, and gets {count}", call.name),
        )
    })
}
