//! Base images that a mirror does not give, or not at once.
//!
//! The first pull through a pull-through cache makes the repository and imports the image, and may
//! be answered with 404, 429 or 5xx meanwhile. So a solve that fails for that is run again, a few
//! times. Steps that ended are in the daemon's cache then, and are not repeated. What a daemon says
//! is text; the words looked for are BuildKit's and containerd's.

use std::fmt;
use std::time::Duration;

use launchway_buildkit::{BuildFailure, Error, FailureKind};

use super::Context;
use crate::plan::SolvePlan;
use crate::registry::Reference;

/// A base image that its mirror did not give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorFailure {
    /// The image as the Dockerfile means it: `docker.io/library/debian:12`. Without a tag where
    /// only a layer of it failed.
    pub image: String,
    /// The name that it was asked for by.
    pub mirrored: String,
    /// How the mirror answered.
    pub answer: MirrorAnswer,
    /// The image was only looked up, so no step of this solve has run.
    before_any_step: bool,
}

/// How a mirror answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorAnswer {
    /// It does not have the image, or not yet.
    Missing,
    /// It is busy, broken or out of reach for a moment.
    Busy,
    /// It wants another login, or something else that waiting does not bring.
    Refused,
}

impl fmt::Display for MirrorAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "not found",
            Self::Busy => "busy",
            Self::Refused => "refused",
        })
    }
}

const RESOLVING: &str = "failed to resolve source metadata for ";
const MISSING: &[&str] = &[
    "not found",
    "404",
    "name unknown",
    "name_unknown",
    "manifest unknown",
    "manifest_unknown",
    "does not exist",
];
/// What is about pushes and caches, and never about a base image.
const NO_PULL: &[&str] = &["failed to push", "registry cache"];

impl MirrorFailure {
    /// The base image that made a solve fail, when it comes from a mirror.
    pub(super) fn find(context: &Context, solve: &SolvePlan, error: &Error) -> Option<Self> {
        let Error::BuildFailed(failure) = error else {
            return None;
        };
        let connect_to = |name: &str| context.endpoints.to_connect_to(name);
        Self::of(failure, solve, connect_to)
    }

    fn of(
        failure: &BuildFailure,
        solve: &SolvePlan,
        connect_to: impl Fn(&str) -> String,
    ) -> Option<Self> {
        if failure.kind != FailureKind::Registry || solve.base_images.is_direct() {
            return None;
        }
        let message = failure.message.as_str();
        let bases = &solve.base_images;
        let (image, mirrored, before_any_step) =
            if let Some((_, rest)) = message.split_once(RESOLVING) {
                let (image, _) = rest.split_once(": ")?;
                let reference: Reference = image.parse().ok()?;
                let mirrored = bases.pulled_as(&reference);
                (image.to_owned(), mirrored, true)
            } else if NO_PULL.iter().any(|words| message.contains(words)) {
                return None;
            } else {
                // A layer: its URL names the repository.
                let repository = bases.mirrors.values().find_map(|mirror| {
                    let place = connect_to(&format!("{mirror}/"));
                    let (host, path) = place.split_once('/')?;
                    let (_, rest) = message.split_once(&format!("{host}/v2/{path}"))?;
                    let (repository, _) = rest.split_once("/blobs/")?;
                    Some(format!("{mirror}/{repository}"))
                })?;
                (bases.original(&repository)?, repository, false)
            };
        if image == mirrored {
            return None;
        }
        let lower = message.to_ascii_lowercase();
        let answer = if failure.is_temporary() {
            MirrorAnswer::Busy
        } else if MISSING.iter().any(|words| lower.contains(words)) {
            MirrorAnswer::Missing
        } else {
            MirrorAnswer::Refused
        };
        Some(Self {
            image,
            mirrored,
            answer,
            before_any_step,
        })
    }

    /// How long to wait before the solve is run once more; `None` when that would not help.
    /// `tries` have failed. `no_cache`: a step that has run would run again.
    pub(super) fn pause(&self, tries: u32, no_cache: bool) -> Option<Duration> {
        let limit = match self.answer {
            // A name that is wrong should not take long to be told.
            MirrorAnswer::Missing => 3,
            MirrorAnswer::Busy => 5,
            MirrorAnswer::Refused => 0,
        };
        let possible = tries <= limit && (self.before_any_step || !no_cache);
        possible.then(|| Duration::from_secs(1 << tries.saturating_sub(1)))
    }
}

#[cfg(test)]
pub(super) mod tests;
