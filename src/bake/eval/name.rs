//! Names: loop variables and matrix values, built-ins, top-level attributes, variables.

use super::{Evaluator, Pending, Scope};
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;
use crate::bake::text::Range;
use crate::bake::value::Value;
use crate::bake::variable;

impl Evaluator<'_> {
    /// The value of a bare name.
    pub(super) fn name(&self, name: &str, range: Range, scope: &Scope<'_>) -> Result<Value, Fault> {
        if let Some(value) = scope.get(name) {
            return Ok(value.clone());
        }
        if let Some(value) = self.global(name)? {
            return Ok(value);
        }
        match name {
            "target" | "group" if scope.sees_blocks() => {
                Err(Fault::new(range, format!("{name:?} cannot be used alone"))
                    .help(format!("write {name}.<name>.<attribute>")))
            }
            "target" | "group" => Err(Fault::new(
                range,
                format!("{name:?} cannot be used here: variables and functions come before blocks"),
            )
            .help("a top-level attribute (NAME = …) can use it")),
            "source" => Err(Fault::new(range, "\"source\" cannot be used alone")
                .help("write source.commit, source.branch, …")),
            _ => {
                let mut known = scope.names();
                known.extend(self.module.locals.keys().map(String::as_str));
                known.extend(self.module.variables.keys().map(String::as_str));
                known.extend(self.inputs.builtins.keys().copied());
                known.push("source");
                let help = did_you_mean(name, known)
                    .unwrap_or_else(|| format!("declare it with `variable {name:?} {{}}`"));
                Err(Fault::new(range, format!("there is no variable {name:?}")).help(help))
            }
        }
    }

    /// Whether the files declare this name themselves.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.module.locals.contains_key(name) || self.module.variables.contains_key(name)
    }

    /// A name of the top level, resolved once. `None` when there is none.
    pub(crate) fn global(&self, name: &str) -> Result<Option<Value>, Fault> {
        if let Some(text) = self.inputs.builtins.get(name) {
            return Ok(Some(Value::String(text.clone())));
        }
        if let Some(value) = self.variables.borrow().get(name) {
            return Ok(Some(value.clone()));
        }
        let module = self.module;
        let value = if let Some(local) = module.locals.get(name) {
            self.pending(
                Pending::Variable(name.to_owned()),
                |path| cycle(name, local.name_range, path),
                || self.evaluate(&local.value, &Scope::root()),
            )?
        } else if let Some(declared) = module.variables.get(name) {
            self.pending(
                Pending::Variable(name.to_owned()),
                |path| cycle(name, declared.label.range, path),
                || variable::resolve(self, declared),
            )?
        } else {
            return Ok(None);
        };
        self.variables
            .borrow_mut()
            .insert(name.to_owned(), value.clone());
        Ok(Some(value))
    }
}

fn cycle(name: &str, range: Range, path: &[Pending]) -> Fault {
    Fault::new(
        range,
        format!(
            "the value of {name} depends on itself: {}",
            describe(path, name)
        ),
    )
}

/// `a -> b -> a`
pub(super) fn describe(path: &[Pending], last: &str) -> String {
    let mut text = String::new();
    for item in path {
        match item {
            Pending::Variable(name) => text.push_str(name),
            Pending::Function(name) => {
                text.push_str(name);
                text.push_str("()");
            }
            Pending::Attribute(_, name) => text.push_str(name),
        }
        text.push_str(" -> ");
    }
    text + last
}
