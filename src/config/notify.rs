//! `notify "NAME" { … }`: whom a release tells what.

use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &[];

/// `notify "NAME" { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifySettings {
    /// The label.
    pub name: String,
}

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, _: &Names<'_>) -> Result<NotifySettings, Fault> {
    Ok(NotifySettings {
        name: reader.name(),
    })
}
