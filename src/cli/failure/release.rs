//! A run over all images.

use crate::aws::{AwsError, parse_ecr_host};
use crate::exit;
use crate::registry;
use crate::release::{MirrorAnswer, MirrorFailure, ReleaseError, WriteError};
use crate::ui::Failure;

use super::aws::with_aws;
use super::engine::build;
use super::soci::with_push;

impl From<ReleaseError> for Failure {
    fn from(error: ReleaseError) -> Self {
        match &error {
            ReleaseError::Engine(source) => build(&error.to_string(), source),
            ReleaseError::Build { source, .. } => build(&error.to_string(), source),
            ReleaseError::BaseImage {
                failure, source, ..
            } => base_image(build(&error.to_string(), source), failure),
            ReleaseError::UnsupportedPlatform { .. } => {
                Self::from_error(exit::CONFIGURATION, &error)
                    .hint("`launchway doctor` says how to add a platform to this machine.")
                    .hint("Then restart the daemon: `launchway engine stop`.")
            }
            ReleaseError::Result { .. } => Self::from_error(exit::UNEXPECTED, &error),
            ReleaseError::Unstable { .. } => Self::from_error(exit::BUILD_FAILED, &error)
                .hint("The daemon's cache is too small for one release, or something prunes it.")
                .temporary(true),
            ReleaseError::SociMismatch { .. } => Self::from_error(exit::SOCI, &error)
                .hint("The daemon's cache is too small for one release, or something prunes it.")
                .hint("An image with an index of other layers would not start; --no-soci releases without any."),
            ReleaseError::Soci { source, .. } => {
                with_push(Self::from_error(exit::SOCI, &error), source)
                    .hint("Every tag is where it was. --no-soci releases without SOCI indexes.")
            }
            ReleaseError::SociLayer { .. } => Self::from_error(exit::SOCI, &error),
            ReleaseError::Scratch(_) => Self::from_error(exit::UNEXPECTED, &error)
                .hint("TMPDIR says where temporary folders are made."),
            ReleaseError::Registry { source, .. } => {
                with_registry(Self::from_error(exit::REGISTRY, &error), source)
            }
            ReleaseError::Scan(source) => {
                let failure = Self::from_error(super::scan::code(source), &error);
                super::scan::with_scan(failure, source)
            }
            ReleaseError::Refused { report } => super::refused(error.to_string(), report),
            ReleaseError::Tags { moved, source, .. } => {
                let failure = with_registry(Self::from_error(exit::REGISTRY, &error), source);
                let failure = if moved.is_empty() {
                    failure
                } else {
                    failure.hint(format!("These tags were moved: {}.", moved.join(", ")))
                };
                let again = if matches!(source.kind(), registry::ErrorKind::TagImmutable { .. }) {
                    "No image that others follow has moved. An immutable tag keeps its image: release a new commit, or leave the tag out."
                } else {
                    "Every image is in the registry by digest; the same release again moves the rest."
                };
                failure.hint(again)
            }
            ReleaseError::Document { .. } => Self::from_error(exit::REGISTRY, &error),
            ReleaseError::CreateRepository { source, .. } => {
                let failure = Self::from_error(exit::REGISTRY, &error);
                match source.downcast_ref::<AwsError>() {
                    Some(aws) => with_aws(failure, aws),
                    None => failure,
                }
            }
            ReleaseError::BaselineRecord(_) => Self::from_error(exit::CONFIGURATION, &error),
            ReleaseError::Write(_) => Self::from_error(exit::UNEXPECTED, &error),
        }
    }
}

/// What to do about a mirror, instead of what to do about any registry.
fn base_image(mut report: Failure, failure: &MirrorFailure) -> Failure {
    report.hints.clear();
    report = report.hint(match failure.answer {
        MirrorAnswer::Missing => {
            "Check the image's name and tag, and the mirror in the `base_images` block of launchway.hcl."
        }
        MirrorAnswer::Busy => "The mirror is busy or out of reach; the same again may work.",
        MirrorAnswer::Refused => {
            "Check the login to the mirror, and the mirror in the `base_images` block of launchway.hcl."
        }
    });
    let (host, path) = failure.mirrored.split_once('/').unwrap_or_default();
    if failure.answer == MirrorAnswer::Busy || parse_ecr_host(host).is_none() {
        return report;
    }
    let (prefix, _) = path.split_once('/').unwrap_or((path, ""));
    let (registry, _) = failure.image.split_once('/').unwrap_or_default();
    let upstream = match registry {
        "docker.io" => "registry-1.docker.io",
        other => other,
    };
    report
        .hint(format!(
            "ECR needs a pull-through cache rule for {prefix} with the upstream {upstream}, and for Docker Hub, \
             GHCR and GitLab a secret ecr-pullthroughcache/… with a login there."
        ))
        .hint(
            "The first pull needs ecr:BatchImportUpstreamImage and ecr:CreateRepository, every pull \
             ecr:BatchGetImage and ecr:GetDownloadUrlForLayer.",
        )
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Self::from_error(exit::UNEXPECTED, &error)
    }
}

impl From<registry::ConfigError> for Failure {
    fn from(error: registry::ConfigError) -> Self {
        Self::from_error(exit::CONFIGURATION, &error)
    }
}

pub(super) fn with_registry(failure: Failure, error: &registry::Error) -> Failure {
    let failure = failure.temporary(error.is_temporary());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::SolveName;

    #[test]
    fn an_index_of_other_layers_exits_with_the_code_of_soci() {
        let error = ReleaseError::SociMismatch {
            solve: SolveName {
                target: "web".to_owned(),
                platform: Some("linux/arm64".parse().unwrap()),
            },
            detail: "layer 2 differs".to_owned(),
        };
        let failure = Failure::from(error);
        assert_eq!(failure.exit_code(), exit::SOCI);
        assert!(failure.message.starts_with("web/arm64: "), "{failure:?}");
        assert!(!failure.hints.is_empty());
    }
}
