//! `environment "NAME" { VARIABLE = value … }`: values of variables for one environment.

use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &[];

/// `environment "NAME" { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The label.
    pub name: String,
}

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, _: &Names<'_>) -> Result<Environment, Fault> {
    Ok(Environment {
        name: reader.name(),
    })
}
