//! Approvals of CodePipeline.

use crate::approve::{ChooseError, Waiting};
use crate::aws::{AwsError, AwsErrorKind};
use crate::exit;
use crate::ui::Failure;

use super::aws::{self, with_aws};

impl From<ChooseError> for Failure {
    fn from(error: ChooseError) -> Self {
        match &error {
            ChooseError::NoneWaiting { .. } => Self::from_error(exit::HANDOFF, &error)
                .hint("An approval waits when the execution comes to it; --list shows those."),
            ChooseError::NotThese { waiting, .. } => {
                flags(Self::from_error(exit::HANDOFF, &error), waiting)
            }
            ChooseError::Several { waiting, .. } => {
                flags(Self::from_error(exit::USAGE, &error), waiting)
            }
            ChooseError::Moved { .. } => Self::from_error(exit::HANDOFF, &error)
                .hint("Nothing was answered. Look at what waits now with --list, and answer that."),
        }
    }
}

/// What to type for each of those that wait.
fn flags(failure: Failure, waiting: &[Waiting]) -> Failure {
    waiting.iter().fold(failure, |failure, one| {
        let execution = one.execution.as_ref();
        let execution = execution.map(|id| format!(" --execution {id}"));
        failure.hint(format!(
            "Waiting: --stage {} --action {}{}",
            quoted(&one.stage),
            quoted(&one.action),
            execution.unwrap_or_default()
        ))
    })
}

/// Names of stages and actions have letters, digits and `.@-_`; whatever else comes is quoted.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".@-_".contains(c);
    if name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

/// An error of CodePipeline, with what it means for the approval.
pub(in crate::cli) fn approval_failure(error: &AwsError, pipeline: &str) -> Failure {
    let said = |message: String| Failure::with_cause(exit::HANDOFF, message, error);
    let code = match &error.kind {
        AwsErrorKind::Refused { code, .. } | AwsErrorKind::NotFound { code, .. } => code.as_str(),
        _ => "",
    };
    let failure = match code {
        "InvalidApprovalTokenException" => said(format!(
            "the approval of pipeline {pipeline} is not the one that waits any more"
        ))
        .hint("Another execution came to it meanwhile. Look at it with --list, and answer that."),
        "ApprovalAlreadyCompletedException" => said(format!(
            "the approval of pipeline {pipeline} is answered already"
        ))
        .hint("Somebody was faster; the pipeline's history in the console says who."),
        "PipelineNotFoundException" => said(format!(
            "there is no pipeline {pipeline} in {}",
            error.region
        ))
        .hint("Is it another region (--region), or another account?"),
        "StageNotFoundException" | "ActionNotFoundException" => said(format!(
            "pipeline {pipeline} changed while the approval was answered"
        ))
        .hint("Look at what waits now with --list, and answer that."),
        _ => return aws::failure(error),
    };
    with_aws(failure, error)
}
