//! Manifests and repositories for tests.

use jiff::{SignedDuration, Timestamp};

use super::{
    Child, ChildRole, Content, EcrRepository, Links, Manifest, NamedImage, Repository, Source,
    Status, UsedBy,
};
use crate::image::{Digest, media_type};

/// The digest with this number.
pub(super) fn digest(number: u64) -> Digest {
    let mut bytes = [0; 32];
    // Digests are not in the order of their numbers.
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    Digest::from_sha256(bytes)
}

/// When the tests run.
pub(super) fn now() -> Timestamp {
    "2026-07-01T12:00:00Z".parse().unwrap()
}

/// So many hours before [`now`].
pub(super) fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

/// A manifest without tags, pushed 1000 hours ago; it was read where ECR does not tell everything.
pub(super) fn manifest(number: u64, media_type: &str) -> Manifest {
    Manifest {
        digest: digest(number),
        media_type: media_type.into(),
        artifact_type: None,
        tags: Vec::new(),
        size: Some(100),
        pushed_at: Some(ago(1000)),
        pulled_at: None,
        subject: None,
        status: Status::Active,
        content: Content::Read(Links::default()),
    }
}

/// An image for one platform, not read.
pub(super) fn image(number: u64, tags: &[&str]) -> Manifest {
    artifact(number, media_type::OCI_CONFIG, tags)
}

/// A manifest with this config type, not read where that needs none.
pub(super) fn artifact(number: u64, artifact_type: &str, tags: &[&str]) -> Manifest {
    let mut one = Manifest {
        artifact_type: Some(artifact_type.into()),
        tags: tags.iter().map(ToString::to_string).collect(),
        content: Content::NotRead,
        ..manifest(number, media_type::OCI_MANIFEST)
    };
    if super::read::parts_unknown(&one).is_some() {
        one.content = Content::Read(Links::default());
    }
    one
}

/// An index of images.
pub(super) fn index(number: u64, tags: &[&str], children: &[u64]) -> Manifest {
    let children = children
        .iter()
        .map(|&child| entry(child, ChildRole::Image, None));
    Manifest {
        tags: tags.iter().map(ToString::to_string).collect(),
        content: Content::Read(Links {
            children: children.collect(),
            ..Links::default()
        }),
        ..manifest(number, media_type::OCI_INDEX)
    }
}

/// An entry of an index.
pub(super) fn entry(number: u64, role: ChildRole, of: Option<u64>) -> Child {
    Child {
        digest: digest(number),
        role,
        of: of.map(digest),
    }
}

/// Something that has this subject.
pub(super) fn referrer(number: u64, artifact_type: &str, subject: u64) -> Manifest {
    let mut one = artifact(number, artifact_type, &[]);
    one.subject = Some(digest(subject));
    one
}

/// The repository `web` with these.
pub(super) fn repository(manifests: Vec<Manifest>) -> Repository {
    Repository {
        id: EcrRepository::private("123456789012", "us-east-1", "web"),
        manifests,
    }
}

/// A service uses it.
pub(super) fn used(tag: Option<&str>, digest: Option<Digest>) -> NamedImage {
    NamedImage {
        tag: tag.map(str::to_owned),
        digest,
        by: UsedBy {
            source: Source::Service,
            name: "prod/web".to_owned(),
        },
    }
}
