//! SOCI indexes of images in a registry.

use crate::exit;
use crate::registry::ErrorKind;
use crate::soci::attach::AttachError;
use crate::soci::published::ReadError;
use crate::ui::Failure;

use super::release::with_registry;

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Registry { source, .. } => {
                with_registry(Self::from_error(exit::REGISTRY, &error), source)
            }
            ReadError::NotFound { .. } => Self::from_error(exit::REGISTRY, &error)
                .hint("Check its name and tag, and that the login may read it."),
            ReadError::Part { .. } => Self::from_error(exit::SOCI, &error).hint(
                "Copy or push the image again, with all of its platforms: `crane copy`, \
                 `skopeo copy --all`.",
            ),
            ReadError::NoPlatform { .. } => Self::from_error(exit::SOCI, &error),
        }
    }
}

impl From<AttachError> for Failure {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Source(source) => source.into(),
            error => Self::from(&error),
        }
    }
}

impl From<&AttachError> for Failure {
    fn from(error: &AttachError) -> Self {
        const NOTHING_MOVED: &str = "No tag has moved.";
        match error {
            AttachError::Registry { source, .. } => {
                with_registry(Self::from_error(exit::REGISTRY, error), source).hint(NOTHING_MOVED)
            }
            AttachError::DiffId { .. } => Self::from_error(exit::SOCI, error)
                .hint("The image is damaged: no runtime could unpack it. Build or push it again.")
                .hint(NOTHING_MOVED),
            AttachError::TagMoved { .. } => Self::from_error(exit::SOCI, error)
                .hint("Somebody pushed meanwhile; their image is untouched.")
                .temporary(true),
            AttachError::Tags {
                image,
                moved,
                source,
                ..
            } => {
                let failure = with_registry(Self::from_error(exit::REGISTRY, error), source)
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
            AttachError::Source(_) | AttachError::Annotate { .. } => {
                Self::from_error(exit::SOCI, error)
            }
            AttachError::Indexer { .. } => Self::from_error(exit::UNEXPECTED, error),
        }
    }
}
