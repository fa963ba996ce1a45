//! Bake files and launchway.hcl.

use crate::bake::BakeError;
use crate::exit;
use crate::plan::PlanError;
use crate::ui::Failure;

impl From<BakeError> for Failure {
    fn from(error: BakeError) -> Self {
        let failure = Self::from_error(exit::CONFIGURATION, &error);
        match error {
            BakeError::NoEnvironment { .. } => {
                failure.hint("Choose one with --env NAME, or with LAUNCHWAY_ENV.")
            }
            BakeError::UnknownEnvironment { declared, .. } if !declared.is_empty() => failure.hint(
                format!("The configuration declares {}.", declared.join(", ")),
            ),
            _ => failure,
        }
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
