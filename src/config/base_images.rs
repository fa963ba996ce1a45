//! `base_images { … }`: where base images are pulled from instead of the registries that Dockerfiles
//! name.

use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &["mirrors"];

/// `base_images { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseImages {
    /// `mirrors = { "docker.io" = "HOST/PREFIX" }`: repositories by registry.
    pub mirrors: std::collections::BTreeMap<String, String>,
}

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, _: &Names<'_>) -> Result<BaseImages, Fault> {
    Ok(BaseImages {
        mirrors: reader.map("mirrors")?,
    })
}
