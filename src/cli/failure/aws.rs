//! Calls to AWS that failed, whatever they were for.

use crate::aws::AwsError;
use crate::exit;
use crate::ui::Failure;

/// A failed call that speaks for itself.
pub(in crate::cli) fn failure(error: &AwsError) -> Failure {
    with_aws(Failure::from_error(exit::HANDOFF, error), error)
}

/// A call that failed while `doing` something.
pub(in crate::cli) fn failure_while(doing: &str, error: &AwsError) -> Failure {
    with_aws(Failure::with_cause(exit::HANDOFF, doing, error), error)
}

/// What AWS's error says about another try, and what to do about it.
pub(super) fn with_aws(failure: Failure, error: &AwsError) -> Failure {
    let failure = failure.temporary(error.is_temporary());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
