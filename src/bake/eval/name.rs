//! Names: loop variables and matrix values, built-ins, top-level attributes, variables.

use super::{Evaluator, Pending, Scope, Seen};
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
            "environment" => Err(Fault::new(range, "\"environment\" cannot be used alone")
                .help("write environment.name")),
            _ => {
                let mut known = scope.names();
                known.extend(self.module.locals.keys().map(String::as_str));
                known.extend(self.module.variables.keys().map(String::as_str));
                known.extend(self.inputs.builtins.keys().copied());
                known.extend(["source", "environment"]);
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
        if let Some(known) = self.variables.borrow().get(name) {
            let made_from = self.made_from.borrow().get(name).copied();
            self.saw(made_from.unwrap_or_default());
            return known.clone().map(Some);
        }
        let module = self.module;
        let pending = Pending::Variable(name.to_owned());
        let (result, seen) = if let Some(local) = module.locals.get(name) {
            let work = || self.evaluate(&local.value, &Scope::root());
            self.watch(|| self.pending(pending, |path| self.cycle(path), work))
        } else if let Some(declared) = module.variables.get(name) {
            let work = || variable::resolve(self, declared);
            self.watch(|| self.pending(pending, |path| self.cycle(path), work))
        } else {
            return Ok(None);
        };
        if seen != Seen::default() {
            self.made_from.borrow_mut().insert(name.to_owned(), seen);
        }
        self.variables
            .borrow_mut()
            .insert(name.to_owned(), result.clone());
        result.map(Some)
    }

    /// The error for things that need each other. It is the same from wherever the circle is
    /// entered, so that it is reported once.
    pub(super) fn cycle(&self, path: &[Pending]) -> Fault {
        let mut circle: Vec<&Pending> = path.iter().collect();
        let first = (0..circle.len())
            .min_by_key(|index| circle[*index])
            .unwrap_or(0);
        circle.rotate_left(first);
        circle.extend(circle.first().copied());
        let names: Vec<String> = circle.iter().map(ToString::to_string).collect();
        let name = names.first().cloned().unwrap_or_default();
        let message = format!("{name} depends on itself: {}", names.join(" -> "));
        match circle.first().and_then(|item| self.place(item)) {
            Some(range) => Fault::new(range, message),
            None => Fault::elsewhere(message),
        }
    }

    /// Where something that is being resolved is declared.
    fn place(&self, item: &Pending) -> Option<Range> {
        let module = self.module;
        match item {
            Pending::Variable(name) => module
                .locals
                .get(name)
                .map(|local| local.name_range)
                .or_else(|| {
                    module
                        .variables
                        .get(name)
                        .map(|variable| variable.label.range)
                }),
            Pending::Function(name) => module
                .functions
                .get(name)
                .map(|function| function.label.range),
            Pending::Attribute { row, attribute, .. } => {
                let block = self.rows.borrow().get(*row)?.block(module)?;
                block
                    .body
                    .attribute(attribute)
                    .map(|attribute| attribute.name_range)
            }
        }
    }
}
