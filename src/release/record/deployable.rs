//! Whether the images of a record may be deployed.

use super::{Record, State};

/// Why nothing of a record may be deployed. Ends a sentence that begins with the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDeployable {
    /// The scan refused an image, and no tag has moved.
    #[error("is `refused`: the scan refused an image of it, and no tag has moved")]
    Refused,
}

impl Record {
    /// What every verb asks that hands a record's images on. A release that was published and did
    /// not complete has all its images in the registry by digest, and may be.
    pub fn deployable(&self) -> Result<(), NotDeployable> {
        match self.state {
            State::Published | State::Complete => Ok(()),
            State::Refused => Err(NotDeployable::Refused),
        }
    }
}
