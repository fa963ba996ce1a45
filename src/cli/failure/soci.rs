//! SOCI indexes of images in a registry.

use crate::exit;
use crate::registry::ErrorKind;
use crate::soci::attach::AttachError;
use crate::soci::source_image::SourceError;
use crate::soci::{LookError, PushError};
use crate::ui::Failure;

use super::release::with_registry;

const DAMAGED: &str = "The image is damaged. Build it or push it again.";

impl From<&SourceError> for Failure {
    fn from(error: &SourceError) -> Self {
        match error {
            SourceError::Registry { source, .. } => {
                with_registry(Self::from_error(exit::REGISTRY, error), source)
            }
            SourceError::NotFound { .. } => Self::from_error(exit::REGISTRY, error)
                .hint("Check its name and tag, and that the login may read it."),
            SourceError::Incomplete { .. } => Self::from_error(exit::SOCI, error).hint(
                "It was copied without all of its platforms. Copy it again with `crane copy` or \
                 `skopeo copy --all`.",
            ),
            SourceError::NotAnImage { .. } => Self::from_error(exit::SOCI, error).hint(
                "Only container images have SOCI indexes. Name the image, not what was attached \
                 to it.",
            ),
            SourceError::Config { .. } => Self::from_error(exit::SOCI, error).hint(DAMAGED),
            SourceError::Document { .. } => Self::from_error(exit::REGISTRY, error).hint(DAMAGED),
        }
    }
}

/// What to do about a SOCI index that cannot be pushed.
pub(super) fn with_push(failure: Failure, error: &PushError) -> Failure {
    match error {
        PushError::Registry(source) => with_registry(failure, source),
        // Only what is there is reused, so the next run does not find it and makes it.
        PushError::Lost { .. } => failure
            .hint("It was removed since this run looked for it. Run it again: the layer is indexed anew then.")
            .temporary(true),
    }
}

impl From<LookError> for Failure {
    fn from(error: LookError) -> Self {
        Self::from(&error)
    }
}

impl From<&LookError> for Failure {
    fn from(error: &LookError) -> Self {
        let plain = |code| Self::from_error(code, error);
        match error {
            LookError::Registry { source, .. } => with_registry(plain(exit::REGISTRY), source),
            LookError::NoSuchPlatform { there, .. } => {
                let there: Vec<String> = there.iter().map(ToString::to_string).collect();
                plain(exit::SOCI).hint(format!("It has images for {}.", there.join(", ")))
            }
            LookError::Source(source) => source.into(),
        }
    }
}

impl From<AttachError> for Failure {
    fn from(error: AttachError) -> Self {
        const NOTHING_MOVED: &str = "No tag has moved.";
        let plain = |code| Self::from_error(code, &error);
        match &error {
            AttachError::Look(look) => look.into(),
            AttachError::Push { source, .. } => {
                let code = match **source {
                    PushError::Registry(_) => exit::REGISTRY,
                    PushError::Lost { .. } => exit::SOCI,
                };
                let failure = with_push(plain(code), source);
                let failure = match **source {
                    PushError::Registry(_) => failure,
                    PushError::Lost { .. } => failure.hint("--no-cache indexes all layers anew."),
                };
                failure.hint(NOTHING_MOVED)
            }
            AttachError::Registry { source, .. } => {
                with_registry(plain(exit::REGISTRY), source).hint(NOTHING_MOVED)
            }
            AttachError::TagMoved { .. } => plain(exit::SOCI)
                .hint("Somebody pushed meanwhile; their image is untouched.")
                .temporary(true),
            AttachError::Tags {
                image,
                moved,
                source,
                ..
            } => {
                let failure = with_registry(plain(exit::REGISTRY), source)
                    .hint(format!("The image with its SOCI indexes is {image}."));
                let failure = if moved.is_empty() {
                    failure.hint(NOTHING_MOVED)
                } else {
                    failure.hint(format!("These tags were moved: {}.", moved.join(", ")))
                };
                if matches!(source.kind(), ErrorKind::TagImmutable { .. }) {
                    failure.hint("Give the result a tag of its own with --tag.")
                } else {
                    failure
                }
            }
            AttachError::Annotate { .. } => plain(exit::SOCI).hint(DAMAGED).hint(NOTHING_MOVED),
            AttachError::Indexer { .. } => plain(exit::UNEXPECTED)
                .hint("This is a bug in Launchway; please report it with the layer's digest.")
                .hint(NOTHING_MOVED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Digest;

    #[test]
    fn a_lost_ztoc_is_named_with_what_to_do() {
        let error = AttachError::Push {
            platform: Box::new("linux/arm64".parse().unwrap()),
            repository: "r.example/app".parse().unwrap(),
            source: Box::new(PushError::Lost {
                ztoc: Digest::of("ztoc"),
                layer: Digest::of("layer"),
                repositories: vec!["r.example/app".parse().unwrap()],
                file: None,
            }),
        };
        let failure = Failure::from(error);
        assert_eq!(failure.exit_code(), exit::TEMPORARY);
        let ztoc = Digest::of("ztoc").to_string();
        let text = format!("{failure:?}");
        assert!(text.contains(&ztoc), "{text}");
        assert!(failure.hints.iter().any(|hint| hint.contains("--no-cache")));
        assert!(
            failure
                .hints
                .iter()
                .any(|hint| hint.contains("Run it again"))
        );
    }
}
