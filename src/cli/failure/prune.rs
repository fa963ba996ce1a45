//! Saved plans that cannot be read, images that cannot be explained, and an ecrm.yaml that cannot be converted.

use crate::aws::AwsError;
use crate::exit;
use crate::prune::EcrmError;
use crate::prune::document::saved::SavedPlanError;
use crate::prune::explain::NotExplained;
use crate::ui::Failure;

use super::aws::with_aws;

/// AWS refused before there was anything to plan.
pub(in crate::cli) fn aws_failure(error: &AwsError) -> Failure {
    with_aws(Failure::from_error(exit::REGISTRY, error), error)
}

/// The same for one of several accounts.
pub(in crate::cli) fn account_failure(account: &str, error: &AwsError) -> Failure {
    let message = format!("the account {account:?} cannot be looked at");
    with_aws(Failure::with_cause(exit::REGISTRY, message, error), error)
}

impl From<SavedPlanError> for Failure {
    fn from(error: SavedPlanError) -> Self {
        Self::from_error(exit::CONFIGURATION, &error)
            .hint("`launchway prune -o FILE` writes a plan.")
    }
}

impl From<NotExplained> for Failure {
    fn from(error: NotExplained) -> Self {
        let failure = Self::from_error(exit::USAGE, &error);
        match error {
            NotExplained::Several { .. } => failure.hint("Give more of the digest."),
            NotExplained::NoTag { .. } | NotExplained::NoDigest { .. } => {
                failure.hint("`launchway prune REPOSITORY --images` lists all of them.")
            }
        }
    }
}

impl From<EcrmError> for Failure {
    fn from(error: EcrmError) -> Self {
        let failure = Self::from_error(exit::CONFIGURATION, &error);
        match error.help() {
            Some(help) => failure.hint(help),
            None => failure,
        }
    }
}
