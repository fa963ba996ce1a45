//! How a run fails. Whatever happens, digests that were pushed stay, and no tag has moved before
//! [`ReleaseError::Tags`].

use crate::image::{Digest, Platform};
use crate::registry;
use crate::scan::{Report, ScanError};
use crate::soci::PushError;

use super::SolveName;
use super::base_images::MirrorFailure;
use super::record::ReadError;
use super::store::WriteError;

/// A run did not complete.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The daemon could not be used at all.
    #[error("the BuildKit daemon cannot be used")]
    Engine(#[source] launchway_buildkit::Error),
    /// A build failed, or the daemon's push.
    #[error("{solve} failed")]
    Build {
        /// Which one.
        solve: SolveName,
        /// What the daemon said.
        #[source]
        source: Box<launchway_buildkit::Error>,
    },
    /// A base image could not be pulled from its mirror.
    #[error("{solve}: the base image {} cannot be pulled from its mirror as {}", failure.image, failure.mirrored)]
    BaseImage {
        /// Which build.
        solve: SolveName,
        /// The image and its mirror.
        failure: MirrorFailure,
        /// What the daemon said at last.
        #[source]
        source: Box<launchway_buildkit::Error>,
    },
    /// A platform that the daemon cannot run.
    #[error(
        "{solve}: the BuildKit daemon does not build for {}; it builds for {}",
        platform_of(solve),
        list(available)
    )]
    UnsupportedPlatform {
        /// Which solve.
        solve: SolveName,
        /// What the daemon offers.
        available: Vec<Platform>,
    },
    /// The daemon reported a result that is not an image we understand.
    #[error("{solve}: the daemon's result cannot be read: {detail}")]
    Result {
        /// Which solve.
        solve: SolveName,
        /// What is wrong.
        detail: String,
    },
    /// What was pushed is twice not what was evaluated.
    #[error(
        "{solve}: the daemon published {published} although it had evaluated {evaluated}, and did so again when asked again; no tag was moved"
    )]
    Unstable {
        /// Which solve.
        solve: SolveName,
        /// What evaluation reported.
        evaluated: Digest,
        /// What was pushed.
        published: Digest,
    },
    /// What was pushed is twice not what was indexed for SOCI.
    #[error(
        "{solve}: what the daemon published is not what was indexed ({detail}), and was not when everything was done once more; no tag was moved"
    )]
    SociMismatch {
        /// Which solve.
        solve: SolveName,
        /// What differs, for example `layer 3 is sha256:… instead of sha256:…`.
        detail: String,
    },
    /// A SOCI index could not be pushed or read.
    #[error("{what}")]
    Soci {
        /// What was being done, for example `cannot push the SOCI index of web/arm64`.
        what: String,
        /// Why it failed.
        #[source]
        source: Box<PushError>,
    },
    /// The work on a layer's zTOC stopped; a bug.
    #[error("cannot index the layer {layer}")]
    SociLayer {
        /// The layer.
        layer: Digest,
        /// What happened.
        #[source]
        source: std::io::Error,
    },
    /// No temporary folder could be made for zTOCs.
    #[error("cannot make a temporary folder for zTOCs")]
    Scratch(#[source] std::io::Error),
    /// A registry request failed.
    #[error("{doing}")]
    Registry {
        /// What was being done, for example `cannot read the baseline registry/app:production`.
        doing: String,
        /// What the registry said.
        #[source]
        source: Box<registry::Error>,
    },
    /// A document in the registry is not what it should be.
    #[error("{reference} is not an image or index that can be read: {detail}")]
    Document {
        /// The document.
        reference: String,
        /// What is wrong.
        detail: String,
    },
    /// A repository could not be created.
    #[error("cannot create the repository {repository}")]
    CreateRepository {
        /// `registry/repository`.
        repository: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The baseline record could not be read.
    #[error("cannot use the baseline record")]
    BaselineRecord(#[source] ReadError),
    /// The scanner could not work. No tag has moved.
    #[error("the images were not scanned, and no tag was moved")]
    Scan(#[source] ScanError),
    /// Images were refused for what was found in them. No tag has moved.
    #[error("the scan refused {}, and no tag was moved", refused(report))]
    Refused {
        /// Everything that was found.
        report: Box<Report>,
    },
    /// Some tags could not be moved.
    #[error("{} of {} tags were not moved: {}", failed.len(), failed.len() + moved.len(), failed.join(", "))]
    Tags {
        /// References that point at their new image.
        moved: Vec<String>,
        /// References that do not.
        failed: Vec<String>,
        /// The first failure.
        #[source]
        source: Box<registry::Error>,
    },
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl ReleaseError {
    pub(super) fn build(solve: SolveName, source: launchway_buildkit::Error) -> Self {
        Self::Build {
            solve,
            source: Box::new(source),
        }
    }

    /// The failure of a solve, which may be that of a mirror.
    pub(super) fn solve(
        solve: SolveName,
        source: launchway_buildkit::Error,
        mirror: Option<MirrorFailure>,
    ) -> Self {
        match mirror {
            None => Self::build(solve, source),
            Some(failure) => Self::BaseImage {
                solve,
                failure,
                source: Box::new(source),
            },
        }
    }

    /// Whether it says where in a Dockerfile it went wrong. Failures of other kinds need no place.
    pub(super) fn is_located(&self) -> bool {
        match self {
            Self::Build { source, .. } | Self::BaseImage { source, .. } => match &**source {
                launchway_buildkit::Error::BuildFailed(failure) => failure.source.is_some(),
                _ => true,
            },
            _ => true,
        }
    }

    pub(super) fn registry(doing: impl Into<String>, source: registry::Error) -> Self {
        Self::Registry {
            doing: doing.into(),
            source: Box::new(source),
        }
    }
}

fn platform_of(solve: &SolveName) -> String {
    solve
        .platform
        .as_ref()
        .map_or_else(String::new, ToString::to_string)
}

/// `web`, `api and web`, `api, rp and web`.
fn refused(report: &Report) -> String {
    let names: Vec<&str> = report.refused().map(|image| image.name.as_str()).collect();
    match names.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

fn list(platforms: &[Platform]) -> String {
    platforms
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
