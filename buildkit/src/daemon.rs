//! What a daemon says about itself: version, workers, cache records.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bollard_buildkit_proto::moby::buildkit::v1 as control;
use bollard_buildkit_proto::moby::buildkit::v1::types;
use bollard_buildkit_proto::pb;

use crate::timestamp::system_time;

/// The daemon's version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// `github.com/moby/buildkit`, or that of a fork.
    pub package: String,
    /// For example `v0.33.1`.
    pub version: String,
    /// The commit.
    pub revision: String,
    /// Version of the built-in Dockerfile frontend; empty before BuildKit v0.28.
    pub dockerfile_version: String,
}

/// `moby.buildkit.v1.InfoResponse`, with a field that the generated message lacks.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct InfoReply {
    #[prost(message, optional, tag = "1")]
    version: Option<VersionReply>,
}

/// `moby.buildkit.v1.types.BuildkitVersion`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct VersionReply {
    #[prost(string, tag = "1")]
    package: String,
    #[prost(string, tag = "2")]
    version: String,
    #[prost(string, tag = "3")]
    revision: String,
    #[prost(string, tag = "4")]
    dockerfile_version: String,
}

impl From<InfoReply> for Info {
    fn from(reply: InfoReply) -> Self {
        let VersionReply {
            package,
            version,
            revision,
            dockerfile_version,
        } = reply.version.unwrap_or_default();
        Self {
            package,
            version,
            revision,
            dockerfile_version,
        }
    }
}

/// A worker: what runs steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worker {
    /// The daemon's name for it; stays the same as long as its state does.
    pub id: String,
    /// `org.mobyproject.buildkit.worker.snapshotter` and others.
    pub labels: BTreeMap<String, String>,
    /// What it can build, as `linux/amd64` or `linux/arm/v7`; its own platform is first.
    pub platforms: Vec<String>,
}

impl From<types::WorkerRecord> for Worker {
    fn from(record: types::WorkerRecord) -> Self {
        Self {
            id: record.id,
            labels: record.labels.into_iter().collect(),
            platforms: record.platforms.iter().map(platform).collect(),
        }
    }
}

/// `os/architecture[/variant]`.
fn platform(platform: &pb::Platform) -> String {
    let mut text = format!("{}/{}", platform.os, platform.architecture);
    if !platform.variant.is_empty() {
        text.push('/');
        text.push_str(&platform.variant);
    }
    text
}

/// A record of the daemon's cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageRecord {
    /// The daemon's name for it.
    pub id: String,
    /// Bytes on disk, without those of its parents.
    pub size: u64,
    /// A build is using it now.
    pub in_use: bool,
    /// It can still change: a local source or a cache mount.
    pub mutable: bool,
    /// Other records need it.
    pub shared: bool,
    /// `regular`, `internal`, `frontend`, `source.local`, `source.git.checkout` or
    /// `exec.cachemount`.
    pub record_type: String,
    /// For people: `local source for context`, `mount / from exec …`.
    pub description: String,
    /// When it was made.
    pub created_at: Option<SystemTime>,
    /// When it was last used; `None` when it never was.
    pub last_used: Option<SystemTime>,
    /// How often it was used.
    pub usage_count: u64,
    /// The records below it.
    pub parents: Vec<String>,
}

impl From<control::UsageRecord> for UsageRecord {
    fn from(record: control::UsageRecord) -> Self {
        Self {
            id: record.id,
            size: u64::try_from(record.size).unwrap_or(0),
            in_use: record.in_use,
            mutable: record.mutable,
            shared: record.shared,
            record_type: record.record_type,
            description: record.description,
            created_at: record.created_at.and_then(system_time),
            last_used: record.last_used_at.and_then(system_time),
            usage_count: u64::try_from(record.usage_count).unwrap_or(0),
            parents: record.parents,
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn reads_the_version_of_the_frontend_from_its_wire_form() {
        // Field 1 of the reply holds fields 2 and 4 of the version.
        let bytes = b"\x0a\x0e\x12\x05v0.33\x22\x051.2.3";
        let info = Info::from(InfoReply::decode(&bytes[..]).unwrap());
        assert_eq!(info.version, "v0.33");
        assert_eq!(info.dockerfile_version, "1.2.3");
        assert_eq!(Info::from(InfoReply::default()), Info::default());
    }

    #[test]
    fn prints_platforms_with_their_variant() {
        let arm = pb::Platform {
            os: "linux".into(),
            architecture: "arm".into(),
            variant: "v7".into(),
            ..Default::default()
        };
        assert_eq!(platform(&arm), "linux/arm/v7");
        assert_eq!(
            platform(&pb::Platform {
                variant: String::new(),
                ..arm
            }),
            "linux/arm"
        );
    }
}
