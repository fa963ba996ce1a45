//! Hand-off files.

use crate::handoff::{FolderError, HandoffError, Problem};
use crate::ui::Failure;

impl From<HandoffError> for Failure {
    fn from(error: HandoffError) -> Self {
        let mut failure = Self::from_error(error.exit_code(), &error);
        for hint in error.problems.iter().filter_map(Problem::hint) {
            if !failure.hints.contains(&hint) {
                failure = failure.hint(hint);
            }
        }
        failure
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        Self::from_error(error.exit_code(), &error)
    }
}
