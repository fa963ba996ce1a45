//! Why targets and settings do not make a plan. All of these are found before anything runs.

use std::path::PathBuf;

use crate::image::InvalidPlatform;

/// A plan could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A platform is no platform.
    #[error("target {target}: invalid platform")]
    Platform {
        /// The bake target.
        target: String,
        /// What is wrong with it.
        #[source]
        source: InvalidPlatform,
    },
    /// A tag of a target is no reference.
    #[error("target {target}: invalid tag `{tag}`")]
    Tag {
        /// The bake target.
        target: String,
        /// The tag as written.
        tag: String,
        /// What is wrong with it.
        #[source]
        source: crate::registry::InvalidReference,
    },
    /// A tag of the `release` block is no tag.
    #[error("`{tag}` is not a tag that a release can have")]
    ReleaseTag {
        /// The tag as written.
        tag: String,
        /// What is wrong with it.
        #[source]
        source: crate::registry::InvalidTag,
    },
    /// An image that is to be pushed has no name.
    #[error("target {target} has no tags, so there is no repository to push it to")]
    NoRepository {
        /// The bake target.
        target: String,
    },
    /// Two targets would push to the same tag.
    #[error("targets {first} and {second} both want the tag {reference}")]
    SharedTag {
        /// The reference that both name.
        reference: String,
        /// A target.
        first: String,
        /// The other target.
        second: String,
    },
    /// The context directory does not exist.
    #[error("target {target}: the context {} is not a directory", path.display())]
    MissingContext {
        /// The bake target.
        target: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The Dockerfile does not exist.
    #[error("target {target}: there is no Dockerfile {}", path.display())]
    MissingDockerfile {
        /// The bake target.
        target: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Something that bake knows and this version of Launchway does not do.
    #[error("target {target}: {feature} is not available in this version of Launchway")]
    Unavailable {
        /// The bake target.
        target: String,
        /// What was asked for.
        feature: String,
    },
    /// A service's name makes no folder.
    #[error("service `{service}`: a name is letters, digits, `-`, `_` and `.`; it names a folder")]
    ServiceName {
        /// The label.
        service: String,
    },
    /// Two services would write to one folder.
    #[error(
        "services {first} and {second} have the same output folder, where their files would replace each other"
    )]
    SharedFolder {
        /// A service.
        first: String,
        /// The other service.
        second: String,
    },
    /// A release has no tags.
    #[error("release.tags is empty: images without a tag would be lost")]
    NoTags,
    /// The cache repository is no repository.
    #[error("cache.repository: invalid repository `{repository}`")]
    CacheRepository {
        /// As written.
        repository: String,
        /// What is wrong with it.
        #[source]
        source: crate::registry::InvalidReference,
    },
    /// A tag of a target names a digest as well.
    #[error("target {target}: `{tag}` names a digest; what is pushed has a digest of its own")]
    TagWithDigest {
        /// The bake target.
        target: String,
        /// The tag as written.
        tag: String,
    },
    /// A target's output wants what SOCI cannot have.
    #[error(
        "target {target} wants {attribute}={value} in its output, and its SOCI index needs {needed}"
    )]
    SociOutput {
        /// The bake target.
        target: String,
        /// The attribute of the output.
        attribute: String,
        /// Its value.
        value: String,
        /// What SOCI needs.
        needed: &'static str,
    },
    /// A target has the annotation by which an image names its SOCI index.
    #[error("target {target} has the annotation {annotation}, which SOCI sets by itself")]
    SociAnnotation {
        /// The bake target.
        target: String,
        /// The annotation.
        annotation: &'static str,
    },
    /// A service names a target that is not part of the release.
    #[error(
        "service {service}: {placeholder} stands for target `{target}`, which this release does not build"
    )]
    ServiceTarget {
        /// The service.
        service: String,
        /// The placeholder.
        placeholder: String,
        /// The target it stands for.
        target: String,
    },
}

impl PlanError {
    /// What the user may do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRepository { target } => Some(format!(
                "add `tags = [\"REGISTRY/REPOSITORY:TAG\"]` to target \"{target}\""
            )),
            Self::MissingDockerfile { .. } => {
                Some("`dockerfile` is relative to the target's context".to_owned())
            }
            Self::ReleaseTag { tag, .. } if tag.contains('/') || tag.contains(':') => Some(
                "release.tags holds tags alone; the repositories come from each target's tags"
                    .to_owned(),
            ),
            Self::ServiceTarget { .. } => Some(
                "release that target too, or leave the hand-off out with --no-handoff".to_owned(),
            ),
            Self::SociOutput {
                target, attribute, ..
            } => Some(format!(
                "remove `{attribute}` from the output of target \"{target}\", or leave the target out of `targets` in the `soci` block"
            )),
            Self::SociAnnotation { target, .. } => Some(format!(
                "remove it from `annotations` of target \"{target}\""
            )),
            Self::SharedTag { .. } => {
                Some("give each target a repository or a tag of its own".to_owned())
            }
            _ => None,
        }
    }
}
