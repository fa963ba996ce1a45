//! What CodeBuild says about the build that Launchway runs in.

use crate::exit;
use crate::ui::Failure;

use super::Environment;

/// `0` once a phase has failed.
const SUCCEEDING: &str = "CODEBUILD_BUILD_SUCCEEDING";

/// Refuses to hand on what was never tested: CodeBuild runs `post_build` after a failed `build` as
/// well. `what` is the beginning of a sentence (`nothing is released`), `verb` how it was called.
pub(super) fn refuse_after_failed_build(
    environment: &Environment,
    what: &str,
    verb: &str,
) -> Result<(), Failure> {
    if environment.get(SUCCEEDING) != Some("0") {
        return Ok(());
    }
    let message = format!("{what}: {SUCCEEDING} is 0, an earlier phase failed");
    Err(Failure::new(exit::HANDOFF, &message).hint(format!(
        "run `launchway {verb}` in the `build` phase, or mend the phase that failed; `post_build` \
         runs after a failed build, too"
    )))
}
