//! A build that failed: the daemon's words, the place in the Dockerfile, and what kind it was.
//!
//! BuildKit has no codes for its failures. The kind is taken from the failed operation where the
//! daemon says it, and else from words that BuildKit and containerd have used for years.

use std::fmt;

use tonic::{Code, Status};

use super::details::{self, Details, Operation};
use super::redact_urls;
use crate::SourceLocation;

/// A failed build.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildFailure {
    /// What the daemon says; URLs come without queries.
    pub message: String,
    /// What failed.
    pub kind: FailureKind,
    /// Digest of the step that failed: the key to its name and output in the status updates.
    pub vertex: Option<String>,
    /// The place in the Dockerfile, with the whole file.
    pub source: Option<SourceLocation>,
    /// The gRPC code of the failure; `Unknown` for most.
    pub code: Code,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A step of the Dockerfile failed.
    Step {
        /// The command's exit code; `None` when the step is not a command (a `COPY` of a missing
        /// file) or was killed.
        exit_code: Option<i32>,
    },
    /// The Dockerfile is missing or wrong, or names a stage that is not there.
    Dockerfile,
    /// A registry refused or failed: a pull, a push or a cache.
    Registry,
    /// Anything else.
    Other,
}

// By hand, because `source` is a place in a file here and not an error.
impl fmt::Display for BuildFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BuildFailure {}

impl BuildFailure {
    pub(super) fn from_status(status: &Status) -> Self {
        let Details {
            vertex,
            source,
            operation,
        } = details::decode(status.details());
        Self {
            kind: classify(
                status.message(),
                operation.as_ref(),
                vertex.is_some(),
                source.is_some(),
            ),
            message: redact_urls(status.message()),
            vertex,
            source,
            code: status.code(),
        }
    }

    /// Whether the same build may well succeed a little later. Only failures of registries and of
    /// the daemon itself can be temporary; a step that fails is wrong until somebody mends it.
    pub fn is_temporary(&self) -> bool {
        match self.kind {
            FailureKind::Step { .. } | FailureKind::Dockerfile => false,
            FailureKind::Registry => contains_any(&self.message, TEMPORARY),
            FailureKind::Other => self.code == Code::Unavailable,
        }
    }
}

fn classify(
    message: &str,
    operation: Option<&Operation>,
    has_vertex: bool,
    has_source: bool,
) -> FailureKind {
    // First what ran: a failed command may quote any words.
    if let Some((_, cause)) = message.rsplit_once(STEP_FAILED) {
        return FailureKind::Step {
            exit_code: exit_code(cause),
        };
    }
    if operation == Some(&Operation::Exec) {
        return FailureKind::Step { exit_code: None };
    }
    if let Some(Operation::Source(identifier)) = operation
        && identifier.starts_with("docker-image://")
    {
        return FailureKind::Registry;
    }
    if contains_any(message, DOCKERFILE) {
        return FailureKind::Dockerfile;
    }
    if contains_any(message, REGISTRY) {
        return FailureKind::Registry;
    }
    match (has_source, has_vertex) {
        (true, true) => FailureKind::Step { exit_code: None },
        (true, false) => FailureKind::Dockerfile,
        (false, _) if operation == Some(&Operation::Other) => FailureKind::Step { exit_code: None },
        (false, _) => FailureKind::Other,
    }
}

/// `process "…" did not complete successfully: exit code: 7`.
const STEP_FAILED: &str = "did not complete successfully";

fn exit_code(cause: &str) -> Option<i32> {
    let (_, code) = cause.split_once("exit code: ")?;
    let end = code
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(code.len());
    code[..end].parse().ok()
}

const DOCKERFILE: &[&str] = &[
    "dockerfile parse error",
    "failed to read dockerfile",
    "the Dockerfile cannot be empty",
    "file with no instructions",
    "no build stage in current context",
    "target stage \"",
];

const REGISTRY: &[&str] = &[
    "failed to push",
    "failed to resolve source metadata",
    "failed to authorize",
    "failed to fetch oauth token",
    "failed to fetch anonymous token",
    "failed to configure registry cache",
    "insufficient_scope",
    "pull access denied",
    "push access denied",
    "authorization failed",
    "no basic auth credentials",
    "unexpected status from ",
    "unexpected status code ",
    "httpReadSeeker: failed open",
    "failed to copy: ",
    "failed to do request: ",
    "server message: ",
    "toomanyrequests",
    "error writing manifest blob",
    "error writing layer blob",
    crate::session::NO_CREDENTIALS,
];

const TEMPORARY: &[&str] = &[
    "429 Too Many Requests",
    "toomanyrequests",
    "500 Internal Server Error",
    "502 Bad Gateway",
    "503 Service Unavailable",
    "504 Gateway Timeout",
    "i/o timeout",
    "TLS handshake timeout",
    "connection reset by peer",
    "connection refused",
    "unexpected EOF",
    "temporary failure in name resolution",
    "Client.Timeout exceeded",
];

fn contains_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::super::details::tests::encode;
    use super::*;

    fn failure(message: &str, details: &[(&str, &str)]) -> BuildFailure {
        BuildFailure::from_status(&Status::with_details(
            Code::Unknown,
            message,
            encode(details).into(),
        ))
    }

    const SOURCE: (&str, &str) = (
        "Source",
        r#"{"info":{"filename":"Dockerfile"},"ranges":[{"start":{"line":1}}]}"#,
    );
    const VERTEX: (&str, &str) = ("Vertex", r#"{"digest":"sha256:ab"}"#);

    #[test]
    fn tells_the_kinds_apart() {
        let step = |exit_code| FailureKind::Step { exit_code };
        for (message, details, kind) in [
            (
                r#"process "/bin/sh -c exit 7" did not complete successfully: exit code: 7"#,
                &[SOURCE, VERTEX][..],
                step(Some(7)),
            ),
            (
                r#"process "/bin/sh -c echo failed to push" did not complete successfully: exit code: 137: context canceled: killed"#,
                &[VERTEX],
                step(Some(137)),
            ),
            (
                r#"failed to compute cache key: "/nope": not found"#,
                &[SOURCE, VERTEX],
                step(None),
            ),
            (
                "dockerfile parse error on line 3: unknown instruction: RUNN",
                &[SOURCE],
                FailureKind::Dockerfile,
            ),
            (
                "failed to read dockerfile: open Dockerfile: no such file or directory",
                &[],
                FailureKind::Dockerfile,
            ),
            (
                "target stage \"web\" could not be found",
                &[],
                FailureKind::Dockerfile,
            ),
            (
                "a:1: failed to resolve source metadata for docker.io/library/a:1: not found",
                &[SOURCE],
                FailureKind::Registry,
            ),
            (
                "failed to push localhost:5000/a: unexpected status from HEAD request: 403",
                &[],
                FailureKind::Registry,
            ),
            (
                "server message: insufficient_scope: authorization failed",
                &[VERTEX],
                FailureKind::Registry,
            ),
            (
                "granting entitlement network.host is not allowed",
                &[],
                FailureKind::Other,
            ),
        ] {
            assert_eq!(failure(message, details).kind, kind, "{message}");
        }
    }

    #[test]
    fn an_image_that_cannot_be_pulled_is_a_registry_failure() {
        let solve = (
            "Solve",
            r#"{"op":{"Op":{"source":{"identifier":"docker-image://a"}}}}"#,
        );
        assert_eq!(
            failure("not found", &[VERTEX, solve]).kind,
            FailureKind::Registry
        );
    }

    #[test]
    fn only_registries_that_are_busy_or_broken_are_temporary() {
        for (message, temporary) in [
            (
                "failed to push a: unexpected status: 503 Service Unavailable",
                true,
            ),
            (
                "failed to do request: Head \"https://r/v2\": dial tcp: i/o timeout",
                true,
            ),
            ("failed to push a: 403 Forbidden", false),
            (
                r#"process "503 Service Unavailable" did not complete successfully: exit code: 1"#,
                false,
            ),
        ] {
            assert_eq!(failure(message, &[]).is_temporary(), temporary, "{message}");
        }
    }

    #[test]
    fn keeps_the_place_and_cuts_signatures_out_of_urls() {
        let failure = failure(
            "failed to copy: Get https://s3/x?sig=1: EOF",
            &[SOURCE, VERTEX],
        );
        assert_eq!(
            failure.message,
            "failed to copy: Get https://s3/x?<redacted>: EOF"
        );
        assert_eq!(failure.vertex.as_deref(), Some("sha256:ab"));
        assert_eq!(failure.source.unwrap().ranges[0].start_line, 1);
    }
}
