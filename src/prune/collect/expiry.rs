//! Lifecycle policies: another hand that deletes, and that knows nothing of what is in use.

use jiff::Timestamp;

use super::Found;
use crate::aws::AwsError;
use crate::prune::{KeepReason, LifecyclePolicy, RepositoryPlan, Verdict, conflicts};

/// Adds a warning for each rule by which ECR itself could take what the plan keeps.
///
/// # Errors
/// The policy could not be asked for. Nothing is deleted by us because of that, so nobody has to stop.
pub(super) async fn warn(
    found: &Found,
    plan: &mut RepositoryPlan,
    now: Timestamp,
) -> Result<(), AwsError> {
    // Where nothing is kept for a reason that a lifecycle policy does not know, there is nothing to ask.
    let known = |reason: &KeepReason| matches!(reason, KeepReason::NoRule);
    let kept = plan.images.iter().any(|image| match &image.verdict {
        Verdict::Keep(reasons) => !reasons.iter().all(known),
        Verdict::Remove(_) => false,
    });
    if !kept {
        return Ok(());
    }
    let Some(text) = found.images.lifecycle_policy(&found.name).await? else {
        return Ok(());
    };
    match text.parse::<LifecyclePolicy>() {
        Ok(policy) => {
            let conflicts = conflicts(&policy, plan, now);
            let texts = conflicts.into_iter().map(|conflict| conflict.text);
            plan.warnings.extend(texts);
        }
        Err(error) => plan.warnings.push(format!(
            "its lifecycle policy may delete what is in use: {error}"
        )),
    }
    Ok(())
}
