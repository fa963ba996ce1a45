//! ecrm.yaml, the configuration of ecrm (github.com/fujiwara/ecrm, as of v0.7), made into a `prune` block
//! with the same meaning. Where the meaning cannot be the same, the block has a comment and the caller a note.
//!
//! Works on text alone: reading and writing files is the caller's work.

mod document;
mod duration;
mod error;
mod write;

use std::path::Path;

pub use self::error::{EcrmError, EcrmProblem};

/// A `prune` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The text, with a newline at its end.
    pub hcl: String,
    /// What means something else than it did, in the order of the block.
    pub notes: Vec<Note>,
}

/// Something that means something else now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The line of ecrm.yaml, from 1; absent where something is missing there.
    pub line: Option<usize>,
    /// What, for people.
    pub text: String,
}

/// Converts the text of an ecrm.yaml. `path` is for messages.
///
/// # Errors
/// What ecrm itself would refuse; keys that it does not have, which it ignores and somebody believed in; names that
/// nothing can have.
pub fn convert(text: &str, path: &Path) -> Result<Conversion, EcrmError> {
    let config = document::read(text, path)?;
    Ok(write::block(&config, path))
}

#[cfg(test)]
mod tests;
