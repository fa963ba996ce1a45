//! SSM parameters.

use crate::aws::AwsErrorKind;
use crate::exit;
use crate::parameter::{SameParameter, ValueError, WriteError};
use crate::ui::Failure;

use super::aws::with_aws;

impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        Self::from_error(exit::CONFIGURATION, &error).hint(error.hint())
    }
}

impl From<SameParameter> for Failure {
    fn from(error: SameParameter) -> Self {
        Self::from_error(exit::CONFIGURATION, &error)
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let failure = Self::from_error(exit::HANDOFF, &error);
        match &error {
            WriteError::Aws { source, .. } => {
                let failure = with_aws(failure, source);
                match &source.kind {
                    AwsErrorKind::Refused { code, .. } => match refused(code) {
                        Some(hint) => failure.hint(hint),
                        None => failure,
                    },
                    _ => failure,
                }
            }
            WriteError::OtherKind { found, .. } => failure.hint(format!(
                "SSM cannot change a parameter's type: write type = \"{found}\" in the block, or \
                 delete the parameter."
            )),
            WriteError::Contended { .. } => failure.temporary(true),
        }
    }
}

/// What SSM's own error codes ask for.
fn refused(code: &str) -> Option<&'static str> {
    Some(match code {
        "ParameterMaxVersionLimitExceeded" => {
            "It has 100 versions, and the oldest has a label, which SSM does not delete: move or \
             remove that label."
        }
        "ParameterLimitExceeded" => {
            "The account has no room for another standard parameter: delete some, or set tier = \
             \"advanced\"."
        }
        "InvalidKeyId" => {
            "Check `key`: an enabled symmetric KMS key of this region, as id, ARN or alias/NAME."
        }
        "ParameterPatternMismatchException" => {
            "The parameter was made with an allowed pattern that the value does not match."
        }
        _ => return None,
    })
}
