//! Operators on values, with automatic conversion of their operands.

use crate::bake::convert::{to_bool, to_number};
use crate::bake::number::Number;
use crate::bake::syntax::{Binary, Unary};
use crate::bake::value::Value;

/// Which operand is at fault, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Left(String),
    Right(String),
    Both(String),
}

pub(super) fn unary(operator: Unary, value: Value) -> Result<Value, String> {
    match operator {
        Unary::Negate => number(value).map(|number| Value::Number(number.negate())),
        Unary::Not if value.is_null() => Err("a bool is required, and this is null".to_owned()),
        Unary::Not => to_bool(value).map(|flag| Value::Bool(!flag)),
    }
}

/// All binary operators but `&&` and `||`, which do not always evaluate both sides.
pub(super) fn binary(operator: Binary, left: Value, right: Value) -> Result<Value, Problem> {
    match operator {
        Binary::Equal => return Ok(Value::Bool(left.equals(&right))),
        Binary::NotEqual => return Ok(Value::Bool(!left.equals(&right))),
        _ => {}
    }
    let left = number(left).map_err(Problem::Left)?;
    let right = number(right).map_err(Problem::Right)?;
    let result = match operator {
        Binary::Less => return Ok(Value::Bool(left < right)),
        Binary::LessOrEqual => return Ok(Value::Bool(left <= right)),
        Binary::Greater => return Ok(Value::Bool(left > right)),
        Binary::GreaterOrEqual => return Ok(Value::Bool(left >= right)),
        Binary::Add => left.checked_add(&right),
        Binary::Subtract => left.checked_subtract(&right),
        Binary::Multiply => left.checked_multiply(&right),
        Binary::Divide => left.checked_divide(&right),
        Binary::Modulo => left.checked_modulo(&right),
        Binary::Equal | Binary::NotEqual | Binary::And | Binary::Or => None,
    };
    result
        .map(Value::Number)
        .ok_or_else(|| Problem::Both(format!("this has no result: {left} and {right}")))
}

fn number(value: Value) -> Result<Number, String> {
    if value.is_null() {
        return Err("a number is required, and this is null".to_owned());
    }
    to_number(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_convert_but_equality_does_not() {
        let sum = binary(Binary::Add, Value::string("1"), Value::integer(1)).unwrap();
        assert_eq!(sum, Value::integer(2));
        let same = binary(Binary::Equal, Value::string("1"), Value::integer(1)).unwrap();
        assert_eq!(same, Value::Bool(false));
        assert_eq!(
            unary(Unary::Negate, Value::string("1")),
            Ok(Value::integer(-1))
        );
        assert_eq!(
            unary(Unary::Not, Value::string("true")),
            Ok(Value::Bool(false))
        );
    }

    #[test]
    fn the_side_at_fault_is_named() {
        let problem = binary(Binary::Less, Value::integer(1), Value::string("x")).unwrap_err();
        assert_eq!(
            problem,
            Problem::Right("a number is required, and \"x\" is not one".to_owned())
        );
    }
}
