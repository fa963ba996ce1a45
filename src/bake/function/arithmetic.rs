//! Arithmetic, comparison and logic as functions.

use num_bigint::BigInt;

use super::{Arguments, Context, Function, Problem, fixed, variadic};
use crate::bake::number::Number;
use crate::bake::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("absolute", 1, |_, a| unary(a, Number::absolute)),
    fixed("add", 2, |_, a| binary(a, Number::checked_add)),
    fixed("and", 2, |_, mut a| {
        Ok(Value::Bool(a.bool(0)? & a.bool(1)?))
    }),
    fixed("ceil", 1, |_, a| unary(a, Number::ceil)),
    fixed("divide", 2, |_, a| binary(a, Number::checked_divide)),
    fixed("equal", 2, |_, mut a| {
        Ok(Value::Bool(a.nullable(0).equals(&a.nullable(1))))
    }),
    fixed("floor", 1, |_, a| unary(a, Number::floor)),
    fixed("greaterthan", 2, |_, a| compare(a, |x, y| x > y)),
    fixed("greaterthanorequalto", 2, |_, a| compare(a, |x, y| x >= y)),
    fixed("int", 1, |_, a| unary(a, Number::truncate)),
    fixed("lessthan", 2, |_, a| compare(a, |x, y| x < y)),
    fixed("lessthanorequalto", 2, |_, a| compare(a, |x, y| x <= y)),
    variadic("max", 1, |_, a| pick(a, |x, best| x > best)),
    variadic("min", 1, |_, a| pick(a, |x, best| x < best)),
    fixed("modulo", 2, |_, a| binary(a, Number::checked_modulo)),
    fixed("multiply", 2, |_, a| binary(a, Number::checked_multiply)),
    fixed("negate", 1, |_, a| unary(a, Number::negate)),
    fixed("not", 1, |_, mut a| Ok(Value::Bool(!a.bool(0)?))),
    fixed("notequal", 2, |_, mut a| {
        Ok(Value::Bool(!a.nullable(0).equals(&a.nullable(1))))
    }),
    fixed("or", 2, |_, mut a| Ok(Value::Bool(a.bool(0)? | a.bool(1)?))),
    fixed("parseint", 2, parse_integer),
    fixed("signum", 1, |_, mut a| {
        Ok(Value::integer(a.number(0)?.signum()))
    }),
    fixed("subtract", 2, |_, a| binary(a, Number::checked_subtract)),
];

fn unary(mut arguments: Arguments, run: fn(&Number) -> Number) -> Result<Value, Problem> {
    Ok(Value::Number(run(&arguments.number(0)?)))
}

fn binary(
    mut arguments: Arguments,
    run: fn(&Number, &Number) -> Option<Number>,
) -> Result<Value, Problem> {
    let (left, right) = (arguments.number(0)?, arguments.number(1)?);
    run(&left, &right)
        .map(Value::Number)
        .ok_or_else(|| Problem::call(format!("{left} and {right} have no result")))
}

fn compare(mut arguments: Arguments, run: fn(&Number, &Number) -> bool) -> Result<Value, Problem> {
    Ok(Value::Bool(run(
        &arguments.number(0)?,
        &arguments.number(1)?,
    )))
}

fn pick(mut arguments: Arguments, better: fn(&Number, &Number) -> bool) -> Result<Value, Problem> {
    let mut best = arguments.number(0)?;
    for index in 1..arguments.len() {
        let number = arguments.number(index)?;
        if better(&number, &best) {
            best = number;
        }
    }
    Ok(Value::Number(best))
}

/// Digits beyond 9 are letters; above base 36 upper case letters follow lower case ones.
fn parse_integer(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let text = arguments.string(0)?;
    let base = arguments.integer(1)?;
    let base = u32::try_from(base)
        .ok()
        .filter(|base| (2..=62).contains(base))
        .ok_or_else(|| Problem::argument(1, "the base must be between 2 and 62"))?;
    let bad = || Problem::argument(0, format!("{text:?} is no whole number in base {base}"));
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    if digits.is_empty() {
        return Err(bad());
    }
    let mut value = BigInt::ZERO;
    for c in digits.chars() {
        let digit = match c {
            'A'..='Z' if base > 36 => u32::from(c) - u32::from('A') + 36,
            c => c.to_digit(36).ok_or_else(bad)?,
        };
        if digit >= base {
            return Err(bad());
        }
        value = value * base + digit;
    }
    Ok(Value::Number(Number::from_big_integer(if negative {
        -value
    } else {
        value
    })))
}
