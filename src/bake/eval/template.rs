//! Templates to text.

use std::collections::BTreeMap;

use super::{Evaluator, Scope};
use crate::bake::convert::to_string;
use crate::bake::diagnostic::Fault;
use crate::bake::syntax::{Expression, ForPart, Part};
use crate::bake::value::Value;

impl Evaluator<'_> {
    pub(super) fn render(&self, parts: &[Part], scope: &Scope<'_>) -> Result<String, Fault> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Value(expression) => text.push_str(&self.piece(expression, scope)?),
                Part::If(parsed) => {
                    let branch = if self.condition(&parsed.condition, scope)? {
                        &parsed.then
                    } else {
                        &parsed.otherwise
                    };
                    text.push_str(&self.render(branch, scope)?);
                }
                Part::For(parsed) => text.push_str(&self.render_for(parsed, scope)?),
            }
        }
        Ok(text)
    }

    fn piece(&self, expression: &Expression, scope: &Scope<'_>) -> Result<String, Fault> {
        match self.evaluate(expression, scope)? {
            Value::Null(_) => Err(Fault::new(
                expression.range,
                "this is null, and a template cannot hold null",
            )
            .help("give it a value, or use coalesce or a condition")),
            value => to_string(value).map_err(|message| {
                Fault::new(
                    expression.range,
                    format!("cannot put this into a template: {message}"),
                )
            }),
        }
    }

    fn render_for(&self, parsed: &ForPart, scope: &Scope<'_>) -> Result<String, Fault> {
        let mut text = String::new();
        for (key, value) in self.iterate(&parsed.collection, scope)? {
            let mut names = BTreeMap::from([(parsed.value.clone(), value)]);
            if let Some(name) = &parsed.key {
                names.insert(name.clone(), key);
            }
            text.push_str(&self.render(&parsed.body, &scope.child(names))?);
        }
        Ok(text)
    }
}
