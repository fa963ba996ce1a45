//! `scan { … }`: which scanner looks at images, and what it may find.

use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &["targets"];

/// `scan { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanSettings {
    /// `targets`: the targets whose images are scanned, groups and patterns resolved; default: all.
    pub targets: Option<std::collections::BTreeSet<String>>,
}

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, names: &Names<'_>) -> Result<ScanSettings, Fault> {
    Ok(ScanSettings {
        targets: reader.targets("targets", names)?,
    })
}
