//! `parameter "NAME" { … }`: an SSM parameter that a release writes.

use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &[];

/// `parameter "NAME" { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterSettings {
    /// The label.
    pub name: String,
}

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, _: &Names<'_>) -> Result<ParameterSettings, Fault> {
    Ok(ParameterSettings {
        name: reader.name(),
    })
}
