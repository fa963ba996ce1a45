//! Texts to syntax trees: HCL through `hcl-edit`, JSON through a small reader with positions.

mod hcl;
pub(crate) mod json;

use super::diagnostic::Fault;
use super::syntax::Body;
#[cfg(test)]
use super::syntax::Expression;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Hcl,
    Json,
}

/// Reads a whole file. `file` is its index in the sources.
pub(crate) fn parse(text: &str, syntax: Syntax, file: usize) -> Result<Body, Fault> {
    match syntax {
        Syntax::Hcl => hcl::parse_body(text, file),
        Syntax::Json => json::parse_body(text, file),
    }
}

/// Reads one expression.
#[cfg(test)]
pub(crate) fn parse_expression(text: &str, file: usize) -> Result<Expression, Fault> {
    hcl::parse_expression(text, file, &|offset| offset)
}
