//! bake's functions. Each file holds one area and one table; this one finds them by name.
//!
//! Functions of bake that are not here yet are listed in [`LATER`], so that the error can say so.

mod arguments;
mod arithmetic;
mod collection;
mod encoding;
mod format;
mod hash;
pub(crate) mod json;
mod list;
mod path;
mod string;
mod time;

use std::collections::BTreeMap;

pub(crate) use arguments::{Arguments, Problem};

use super::value::Value;

/// What functions may know besides their arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) environment: &'a BTreeMap<String, String>,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

/// One function.
pub(crate) struct Function {
    name: &'static str,
    fewest: usize,
    /// `None` for any number.
    most: Option<usize>,
    pub(crate) run: fn(&Context<'_>, Arguments) -> Result<Value, Problem>,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Function {
    /// Whether this number of arguments is right.
    pub(crate) fn takes(&self, count: usize) -> bool {
        count >= self.fewest && self.most.is_none_or(|most| count <= most)
    }

    /// `2 arguments`, `1 or more arguments`.
    pub(crate) fn arity(&self) -> String {
        match self.most {
            Some(most) if most == self.fewest => {
                format!("{most} argument{}", if most == 1 { "" } else { "s" })
            }
            Some(most) => format!("{} to {most} arguments", self.fewest),
            None => format!("{} or more arguments", self.fewest),
        }
    }
}

type Run = fn(&Context<'_>, Arguments) -> Result<Value, Problem>;

/// A function with a fixed number of arguments.
const fn fixed(name: &'static str, count: usize, run: Run) -> Function {
    Function {
        name,
        fewest: count,
        most: Some(count),
        run,
    }
}

/// A function with any number of arguments from `fewest` on.
const fn variadic(name: &'static str, fewest: usize, run: Run) -> Function {
    Function {
        name,
        fewest,
        most: None,
        run,
    }
}

const TABLES: [&[Function]; 9] = [
    arithmetic::FUNCTIONS,
    collection::FUNCTIONS,
    encoding::FUNCTIONS,
    format::FUNCTIONS,
    hash::FUNCTIONS,
    list::FUNCTIONS,
    path::FUNCTIONS,
    string::FUNCTIONS,
    time::FUNCTIONS,
];

/// Evaluated by `eval::call`, because they take their arguments unevaluated.
const SPECIAL: [&str; 3] = ["try", "can", "convert"];

/// Functions of bake that a later version brings.
const LATER: &[&str] = &[
    "bcrypt",
    "bytesslice",
    "cidrhost",
    "cidrnetmask",
    "cidrsubnet",
    "cidrsubnets",
    "formattimestamp",
    "log",
    "pow",
    "rsadecrypt",
    "semvercmp",
    "sethaselement",
    "setintersection",
    "setproduct",
    "setsubtract",
    "setsymmetricdifference",
    "setunion",
    "timeadd",
    "unixtimestampparse",
    "uuidv4",
    "uuidv5",
];

/// The function of this name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .find(|function| function.name == name)
}

/// Whether bake has a function of this name that is missing here.
pub(crate) fn is_later(name: &str) -> bool {
    LATER.contains(&name)
}

/// The names of all functions that can be called.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .map(|function| function.name)
        .chain(SPECIAL)
}

#[cfg(test)]
mod tests;
