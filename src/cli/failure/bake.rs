//! Bake files and launchway.hcl.

use crate::bake::BakeError;
use crate::exit;
use crate::plan::PlanError;
use crate::ui::Failure;

impl From<BakeError> for Failure {
    fn from(error: BakeError) -> Self {
        Self::from_error(exit::CONFIGURATION, &error)
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let failure = Self::from_error(exit::CONFIGURATION, &error);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
