//! A client of the fake, and manifests for it.

use aws_sdk_ecr::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_ecr::{Client, Config};
use launchway_fake_ecr::{Digest, FakeEcr, NewImage, REGION};
use serde_json::json;

/// A client with the key `AKIAEXAMPLE`, which does not try again.
pub(crate) fn client(fake: &FakeEcr) -> Client {
    client_as(fake, "AKIAEXAMPLE", REGION)
}

pub(crate) fn client_as(fake: &FakeEcr, key: &str, region: &str) -> Client {
    client_at(&fake.endpoint(), key, region)
}

pub(crate) fn client_at(endpoint: &str, key: &str, region: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::from_keys(key, "secret", None))
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// An image of one layer of this size.
pub(crate) fn image(size: u64) -> NewImage {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": Digest::of(b"config"),
            "size": 7
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": Digest::of(&size.to_be_bytes()),
            "size": size
        }],
    });
    NewImage::new(manifest.to_string(), 1_700_000_000.0)
}

/// An index of these images.
pub(crate) fn index(children: &[&NewImage]) -> NewImage {
    let entries: Vec<_> = children
        .iter()
        .map(|child| {
            json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": child.digest(),
                "size": child.manifest().len(),
            })
        })
        .collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": entries,
    });
    NewImage::new(manifest.to_string(), 1_700_000_001.0)
}

/// An artifact about an image.
pub(crate) fn referrer(subject: &NewImage, artifact_type: &str) -> NewImage {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": artifact_type,
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": Digest::of(b"{}"),
            "size": 2
        },
        "layers": [],
        "subject": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": subject.digest(),
            "size": subject.manifest().len(),
        },
        "annotations": { "about": artifact_type },
    });
    NewImage::new(manifest.to_string(), 1_700_000_002.0)
}

pub(crate) fn by_digest(digest: Digest) -> ImageIdentifier {
    ImageIdentifier::builder()
        .image_digest(digest.to_string())
        .build()
}

pub(crate) fn by_tag(tag: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_tag(tag).build()
}
