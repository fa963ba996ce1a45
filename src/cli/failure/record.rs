//! A release.json that cannot be read, or must not be handed on.

use std::path::Path;

use crate::exit;
use crate::release::record::{NotDeployable, ReadError};
use crate::ui::Failure;

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Io { .. } => Self::from_error(exit::CONFIGURATION, &error).hint(
                "`launchway release` writes it; --record names another file than \
                 launchway-out/release.json.",
            ),
            ReadError::Form { .. } => Self::from_error(exit::CONFIGURATION, &error),
            ReadError::Schema { .. } | ReadError::State { .. } => {
                Self::from_error(exit::CONFIGURATION, &error)
                    .hint("Use the version of Launchway that wrote it.")
            }
        }
    }
}

/// Nothing of the record at `path` may be handed on.
pub(in crate::cli) fn not_deployable(path: &Path, error: NotDeployable) -> Failure {
    let message = format!("the release of {} {error}", path.display());
    Failure::new(exit::HANDOFF, message)
        .hint("Nothing of it may be deployed; mend it and run `launchway release` again.")
}
