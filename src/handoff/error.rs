//! Why there is no hand-off: what is wrong with its content, all of it, or with files on disk.

use std::fmt;
use std::path::PathBuf;

use super::problem::Problem;
use crate::exit;

/// The hand-off of one service cannot be made. Holds everything that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoffError {
    /// The service.
    pub service: String,
    /// At least one problem, in the order of the work: images, task definition, appspec, size.
    pub problems: Vec<Problem>,
}

impl HandoffError {
    /// [`exit::CONFIGURATION`] when a file of the user is wrong, else [`exit::HANDOFF`].
    pub fn exit_code(&self) -> u8 {
        if self.problems.iter().any(Problem::is_configuration) {
            exit::CONFIGURATION
        } else {
            exit::HANDOFF
        }
    }
}

impl std::error::Error for HandoffError {}

impl fmt::Display for HandoffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot hand off service `{}`", self.service)?;
        match self.problems.as_slice() {
            [problem] => write!(f, ": {problem}"),
            problems => problems
                .iter()
                .try_for_each(|problem| write!(f, "\n  {problem}")),
        }
    }
}

/// A template could not be read, or a file not written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A template cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The template.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the hand-off would replace its own template.
    #[error("{} is the template itself; set `output` of the service to another folder", .path.display())]
    OverwritesTemplate {
        /// The template.
        path: PathBuf,
    },
}

impl FolderError {
    /// [`exit::CONFIGURATION`] for a template that is missing or would be overwritten, else
    /// [`exit::HANDOFF`].
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Read { .. } | Self::OverwritesTemplate { .. } => exit::CONFIGURATION,
            Self::Write { .. } => exit::HANDOFF,
        }
    }
}
