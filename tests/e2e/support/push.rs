//! Pushing what no build makes: any manifest, of any type, to a registry on this machine.

use launchway::image::Digest;
use serde_json::{Value, json};

use super::wire::request;

/// What can be pushed: a document, and the blobs that it names.
pub(crate) struct Artifact {
    document: Value,
    blobs: Vec<Vec<u8>>,
}

impl Artifact {
    /// An OCI manifest of this type with one small layer of these bytes. Without a type: an image, whose
    /// layer is no archive; `crane validate` would not like it.
    pub(crate) fn of(artifact_type: &str, content: &str) -> Self {
        let config = b"{}".to_vec();
        let layer = content.as_bytes().to_vec();
        let document = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": artifact_type,
            "config": described("application/vnd.oci.empty.v1+json", &config),
            "layers": [described("application/octet-stream", &layer)],
        });
        Self {
            document,
            blobs: vec![config, layer],
        }
    }

    /// What cosign makes: told apart by its layer alone, and by its tag.
    pub(crate) fn signature(content: &str) -> Self {
        let config = format!(r#"{{"architecture":"","os":"","config":{{}},"x":"{content}"}}"#);
        let layer = content.as_bytes().to_vec();
        let document = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": described("application/vnd.oci.image.config.v1+json", config.as_bytes()),
            "layers": [described("application/vnd.dev.cosign.simplesigning.v1+json", &layer)],
        });
        Self {
            document,
            blobs: vec![config.into_bytes(), layer],
        }
    }

    /// An image for one platform with one layer, as [`layers`](super::layers) makes them.
    pub(crate) fn image(architecture: &str, layer: &super::Layer) -> Self {
        let (config, manifest) = super::image(architecture, std::slice::from_ref(layer));
        Self {
            document: serde_json::from_slice(&manifest).unwrap(),
            blobs: vec![config, layer.compressed.clone()],
        }
    }

    /// An index of manifests that are there, each as media type and [`Pushed`].
    pub(crate) fn index<'a>(
        entries: impl IntoIterator<Item = (&'a Pushed, Option<&'a str>)>,
    ) -> Self {
        let manifests: Vec<Value> = entries
            .into_iter()
            .map(|(pushed, architecture)| {
                let mut entry = json!({
                    "mediaType": pushed.media_type, "digest": pushed.digest, "size": pushed.size,
                });
                if let Some(architecture) = architecture {
                    entry["platform"] = json!({ "architecture": architecture, "os": "linux" });
                }
                entry
            })
            .collect();
        let document = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": manifests,
        });
        Self {
            document,
            blobs: Vec::new(),
        }
    }

    /// About this manifest.
    pub(crate) fn about(mut self, subject: &Pushed) -> Self {
        self.document["subject"] = json!({
            "mediaType": subject.media_type, "digest": subject.digest, "size": subject.size,
        });
        self
    }

    /// Pushes it by digest, and under these tags.
    pub(crate) fn push(&self, address: &str, repository: &str, tags: &[&str]) -> Pushed {
        for blob in &self.blobs {
            push_blob(address, repository, blob);
        }
        let bytes = self.document.to_string();
        let digest = Digest::of(&bytes).to_string();
        let media_type = self.document["mediaType"].as_str().unwrap();
        for reference in [&*digest].iter().chain(tags) {
            let path = format!("/v2/{repository}/manifests/{reference}");
            let headers = [("content-type", media_type)];
            let reply = request(address, "PUT", &path, &headers, bytes.as_bytes()).unwrap();
            let said = String::from_utf8_lossy(&reply.body);
            assert_eq!(reply.status, 201, "{path}: {said}");
        }
        Pushed {
            repository: repository.to_owned(),
            digest,
            media_type: media_type.to_owned(),
            size: bytes.len(),
        }
    }
}

/// A manifest in a registry.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    pub(crate) repository: String,
    /// `sha256:…`
    pub(crate) digest: String,
    media_type: String,
    size: usize,
}

impl Pushed {
    /// One that is there.
    pub(crate) fn found(address: &str, repository: &str, digest: &str) -> Self {
        let reply = super::mirror::manifest(address, repository, digest);
        assert_eq!(reply.status, 200, "{repository}@{digest}");
        let media_type = reply.header("content-type").unwrap();
        Self {
            repository: repository.to_owned(),
            digest: digest.to_owned(),
            media_type: media_type.to_owned(),
            size: reply.body.len(),
        }
    }

    /// `repository@digest`
    pub(crate) fn name(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }
}

fn described(media_type: &str, blob: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(blob), "size": blob.len() })
}

fn push_blob(address: &str, repository: &str, blob: &[u8]) {
    let path = format!("/v2/{repository}/blobs/uploads/");
    let reply = request(address, "POST", &path, &[], b"").unwrap();
    assert_eq!(reply.status, 202, "{path}");
    let location = reply.header("location").unwrap();
    let (_, path) = location.split_once(address).unwrap_or(("", location));
    let path = format!("{path}&digest={}", Digest::of(blob));
    let headers = [("content-type", "application/octet-stream")];
    let reply = request(address, "PUT", &path, &headers, blob).unwrap();
    assert_eq!(reply.status, 201, "{path}");
}
