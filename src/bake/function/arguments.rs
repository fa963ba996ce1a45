//! Arguments as functions take them: by position, converted, never null unless a function says so.

use crate::bake::convert::{to_bool, to_number, to_string};
use crate::bake::number::Number;
use crate::bake::value::Value;

/// Why a function has no result, and which argument is to blame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) argument: Option<usize>,
    pub(crate) message: String,
}

impl Problem {
    /// The call as a whole.
    pub(crate) fn call(message: impl Into<String>) -> Problem {
        Problem {
            argument: None,
            message: message.into(),
        }
    }

    /// One argument.
    pub(crate) fn argument(index: usize, message: impl Into<String>) -> Problem {
        Problem {
            argument: Some(index),
            message: message.into(),
        }
    }
}

/// See the module's head. Each argument is taken once.
#[derive(Debug)]
pub(crate) struct Arguments(Vec<Value>);

impl Arguments {
    pub(crate) fn new(values: Vec<Value>) -> Arguments {
        Arguments(values)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The argument as it is; null may be.
    pub(crate) fn nullable(&mut self, index: usize) -> Value {
        self.0
            .get_mut(index)
            .map_or(Value::NULL, |slot| std::mem::replace(slot, Value::NULL))
    }

    /// Any value but null.
    pub(crate) fn value(&mut self, index: usize) -> Result<Value, Problem> {
        match self.nullable(index) {
            Value::Null(_) => Err(Problem::argument(index, "this argument must not be null")),
            value => Ok(value),
        }
    }

    pub(crate) fn string(&mut self, index: usize) -> Result<String, Problem> {
        to_string(self.value(index)?).map_err(|message| Problem::argument(index, message))
    }

    pub(crate) fn number(&mut self, index: usize) -> Result<Number, Problem> {
        to_number(self.value(index)?).map_err(|message| Problem::argument(index, message))
    }

    pub(crate) fn bool(&mut self, index: usize) -> Result<bool, Problem> {
        to_bool(self.value(index)?).map_err(|message| Problem::argument(index, message))
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, index: usize) -> Result<i64, Problem> {
        let number = self.number(index)?;
        number
            .to_i64()
            .ok_or_else(|| Problem::argument(index, format!("{number} is no whole number")))
    }

    /// The elements of a list, set or tuple.
    pub(crate) fn elements(&mut self, index: usize) -> Result<Vec<Value>, Problem> {
        match self.value(index)? {
            Value::List(_, values) | Value::Set(_, values) | Value::Tuple(values) => Ok(values),
            other => Err(Problem::argument(
                index,
                format!("a list is required, and this is a {}", other.kind()),
            )),
        }
    }

    /// A list of strings; elements are converted, and none may be null.
    pub(crate) fn strings(&mut self, index: usize) -> Result<Vec<String>, Problem> {
        self.elements(index)?
            .into_iter()
            .map(|value| match value {
                Value::Null(_) => Err(Problem::argument(index, "an element is null")),
                value => to_string(value).map_err(|message| Problem::argument(index, message)),
            })
            .collect()
    }
}
