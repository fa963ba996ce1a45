//! The BuildKit daemon and what it reports.

use launchway_buildkit::{Error, FailureKind};

use crate::engine::EngineError;
use crate::exit;
use crate::ui::{Excerpt, Failure, LogTail};

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let mut failure = Self::from_error(error.exit_code(), &error);
        for hint in error.hints() {
            failure = failure.hint(hint);
        }
        failure.with_log(LogTail {
            step: "buildkitd".to_owned(),
            lines: error.log_tail().to_vec(),
        })
    }
}

/// The failure of one build. `doing` says which: `web/arm64 failed`.
pub(super) fn build(doing: &str, error: &Error) -> Failure {
    let code = match error {
        Error::Unreachable { .. }
        | Error::Lost { .. }
        | Error::Cancelled { .. }
        | Error::Rpc { .. } => exit::ENGINE_UNREACHABLE,
        Error::Credentials { .. } => exit::REGISTRY,
        Error::Context { .. } => exit::CONFIGURATION,
        Error::BuildFailed(failure) => match failure.kind {
            FailureKind::Step { .. } | FailureKind::Dockerfile => exit::BUILD_FAILED,
            FailureKind::Registry => exit::REGISTRY,
            FailureKind::Other => exit::BUILD_FAILED,
        },
        _ => exit::UNEXPECTED,
    };
    let mut failure = Failure::with_cause(code, doing, error).temporary(error.is_temporary());
    if let Error::BuildFailed(build) = error {
        if let Some(excerpt) = build.source.as_ref().and_then(Excerpt::from_location) {
            failure = failure.at(excerpt);
        }
        if build.kind == FailureKind::Registry {
            failure = failure.hint(registry_hint(&build.message));
        }
    }
    if matches!(error, Error::Lost { .. }) {
        failure = failure
            .hint("The daemon ended or was restarted; nothing was tagged. Run the same again.")
            .hint("`launchway engine logs` shows what a local daemon said last.");
    }
    failure
}

/// What to do about a registry's answer to the daemon, which reaches us as text.
fn registry_hint(message: &str) -> &'static str {
    let lower = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let missing = [
        "name_unknown",
        "name unknown",
        "does not exist",
        "repository not found",
    ];
    if says(&[
        "no such host",
        "connection refused",
        "i/o timeout",
        "network is unreachable",
    ]) {
        "The daemon cannot reach the registry: check its name, the network and a proxy."
    } else if lower.contains("failed to push") && says(&missing) {
        "Create the repository, or set `create_repositories = true` in the `release` block (ECR)."
    } else if says(&missing) || says(&["not found"]) {
        "Check the name and tag of the image, and that the login may read it."
    } else if says(&[
        "401 unauthorized",
        "unauthorized:",
        "no basic auth",
        "authorization failed",
    ]) {
        "Check the login: `docker login`, a credential helper, or AWS credentials for an ECR host."
    } else if says(&["403 forbidden", "denied", "insufficient_scope"]) {
        "The login is right but may not do this; for ECR the role needs ecr:PutImage, \
         ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload and \
         ecr:BatchCheckLayerAvailability."
    } else {
        "The registry refused the daemon; its answer is above."
    }
}
