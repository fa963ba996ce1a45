//! One expression to one value.

use std::collections::BTreeMap;

use super::{Evaluator, Scope};
use crate::bake::convert::{convert, to_bool, to_string};
use crate::bake::diagnostic::Fault;
use crate::bake::syntax::{Binary, Conditional, Expression, Kind};
use crate::bake::types::{Type, unify};
use crate::bake::value::Value;

impl Evaluator<'_> {
    /// Evaluates `expression`; names that `scope` does not have are looked up in the module.
    pub(crate) fn evaluate(
        &self,
        expression: &Expression,
        scope: &Scope<'_>,
    ) -> Result<Value, Fault> {
        self.deeper(expression.range, || self.evaluate_kind(expression, scope))
    }

    fn evaluate_kind(&self, expression: &Expression, scope: &Scope<'_>) -> Result<Value, Fault> {
        let range = expression.range;
        match &expression.kind {
            Kind::Null => Ok(Value::NULL),
            Kind::Bool(flag) => Ok(Value::Bool(*flag)),
            Kind::Number(number) => Ok(Value::Number(number.clone())),
            Kind::Text(text) => Ok(Value::String(text.clone())),
            Kind::Template(parts) => self.render(parts, scope).map(Value::String),
            Kind::Wrapped(inner) => self.evaluate(inner, scope),
            Kind::Tuple(elements) => elements
                .iter()
                .map(|element| self.evaluate(element, scope))
                .collect::<Result<Vec<Value>, Fault>>()
                .map(Value::Tuple),
            Kind::Object(items) => self.object(items, scope),
            Kind::Variable(name) => self.name(name, range, scope),
            Kind::Conditional(conditional) => self.conditional(conditional, scope),
            Kind::Call(call) => self.call(call, range, scope),
            Kind::Traversal(root, steps) => self.traverse(root, steps, scope),
            Kind::Unary(operator, operand) => {
                let value = self.evaluate(operand, scope)?;
                super::operator::unary(*operator, value)
                    .map_err(|message| Fault::new(operand.range, message))
            }
            Kind::Binary(Binary::And, sides) => self.logical(sides, false, scope),
            Kind::Binary(Binary::Or, sides) => self.logical(sides, true, scope),
            Kind::Binary(operator, sides) => {
                let left = self.evaluate(&sides.0, scope)?;
                let right = self.evaluate(&sides.1, scope)?;
                super::operator::binary(*operator, left, right).map_err(|problem| match problem {
                    super::operator::Problem::Left(message) => Fault::new(sides.0.range, message),
                    super::operator::Problem::Right(message) => Fault::new(sides.1.range, message),
                    super::operator::Problem::Both(message) => Fault::new(range, message),
                })
            }
            Kind::For(parsed) => self.for_expression(parsed, scope),
        }
    }

    fn object(
        &self,
        items: &[(Expression, Expression)],
        scope: &Scope<'_>,
    ) -> Result<Value, Fault> {
        let mut values = BTreeMap::new();
        for (key, value) in items {
            let name = self.key(key, scope)?;
            values.insert(name, self.evaluate(value, scope)?);
        }
        Ok(Value::Object(values))
    }

    /// The key of an object's item, as a string.
    pub(super) fn key(&self, key: &Expression, scope: &Scope<'_>) -> Result<String, Fault> {
        match self.evaluate(key, scope)? {
            Value::Null(_) => Err(Fault::new(key.range, "a key must not be null")),
            value => to_string(value)
                .map_err(|message| Fault::new(key.range, format!("bad key: {message}"))),
        }
    }

    /// A bool that must not be null.
    pub(super) fn condition(
        &self,
        expression: &Expression,
        scope: &Scope<'_>,
    ) -> Result<bool, Fault> {
        match self.evaluate(expression, scope)? {
            Value::Null(_) => Err(Fault::new(expression.range, "the condition is null")
                .help("it must be true or false")),
            value => to_bool(value).map_err(|message| Fault::new(expression.range, message)),
        }
    }

    /// Both branches get one type, so both are evaluated; an error in the branch that is not
    /// taken does not count.
    fn conditional(&self, conditional: &Conditional, scope: &Scope<'_>) -> Result<Value, Fault> {
        let condition = self.condition(&conditional.condition, scope)?;
        let (taken, other) = if condition {
            (&conditional.then, &conditional.otherwise)
        } else {
            (&conditional.otherwise, &conditional.then)
        };
        let value = self.evaluate(taken, scope)?;
        let Ok(other) = self.evaluate(other, scope) else {
            return Ok(value);
        };
        let (have, alternative) = (value.kind(), other.kind());
        if have == alternative || alternative == Type::Any {
            return Ok(value);
        }
        let Some(common) = unify(&[have.clone(), alternative.clone()]) else {
            let range = conditional.then.range.to(conditional.otherwise.range);
            return Err(Fault::new(
                range,
                format!("the results have different types: {have} and {alternative}"),
            )
            .help("both sides of the colon must be of one type"));
        };
        convert(value, &common).map_err(|message| Fault::new(taken.range, message))
    }

    /// `&&` and `||`: the right side is not looked at when the left one decides.
    fn logical(
        &self,
        sides: &(Expression, Expression),
        decides: bool,
        scope: &Scope<'_>,
    ) -> Result<Value, Fault> {
        if self.condition(&sides.0, scope)? == decides {
            return Ok(Value::Bool(decides));
        }
        self.condition(&sides.1, scope).map(Value::Bool)
    }
}
