//! The check that matters: every image that is still there can be pulled, whole.
//!
//! Each manifest is fetched and hashed, and so is every blob of it, whatever it is: images, attestations, SOCI indexes,
//! caches, signatures, what nobody knows. Of an index every entry has to be there. An image for a platform goes through
//! `crane validate` as well, which unpacks its layers: by its own digest, for of an index as a whole crane asks that
//! everything in it is an image.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use launchway_fake_ecr::Digest;
use serde_json::Value;

use crate::support::{Mirror, manifest, part, request};

/// Images that `crane validate` found right, as `repository@digest`. What it looks at is the manifest and its blobs, and
/// these are what their digests say: so it need not look again where the same bytes are there, which is looked at here
/// each time.
static VALID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) indexes: usize,
    pub(super) images: usize,
    pub(super) others: usize,
    pub(super) blobs: usize,
}

/// Collects the registry's garbage, and fails unless every image that the ECR has is whole.
#[track_caller]
pub(super) fn assert_whole(mirror: &mut Mirror) -> Checked {
    mirror.settle();
    let (checked, broken) = look(mirror);
    assert!(broken.is_empty(), "not whole: {broken:#?}");
    assert!(checked.indexes > 0 && checked.images > 0 && checked.others > 0);
    checked
}

/// Looks at every image that the ECR has; returns what is wrong.
pub(super) fn look(mirror: &Mirror) -> (Checked, Vec<String>) {
    look_at(mirror, &mirror.images())
}

/// Looks at these images, as if there were no others.
pub(super) fn look_at(mirror: &Mirror, images: &BTreeSet<String>) -> (Checked, Vec<String>) {
    let mut look = Look {
        address: &mirror.registry.address,
        images,
        fetched: BTreeSet::new(),
        checked: Checked::default(),
        broken: Vec::new(),
    };
    for name in images {
        let (repository, digest) = name.split_once('@').unwrap();
        if let Err(problem) = look.manifest(repository, digest) {
            look.broken.push(format!("{name}: {problem}"));
        }
    }
    (look.checked, look.broken)
}

struct Look<'a> {
    address: &'a str,
    images: &'a BTreeSet<String>,
    /// Blobs that are right, as `repository@digest`.
    fetched: BTreeSet<String>,
    checked: Checked,
    broken: Vec<String>,
}

impl Look<'_> {
    fn manifest(&mut self, repository: &str, digest: &str) -> Result<(), String> {
        let reply = manifest(self.address, repository, digest);
        if reply.status != 200 {
            return Err(format!("its manifest answers {}", reply.status));
        }
        if Digest::of(&reply.body).to_string() != digest {
            return Err("its manifest has another digest".to_owned());
        }
        let document: Value =
            serde_json::from_slice(&reply.body).map_err(|error| error.to_string())?;
        if let Some(entries) = document["manifests"].as_array() {
            self.checked.indexes += 1;
            return self.entries(repository, entries);
        }
        let soci = &document["annotations"]["com.amazon.soci.index-digest"];
        if let Some(soci) = soci.as_str() {
            self.present(repository, soci)?;
        }
        let is_image = is_platform_image(&document);
        self.checked.images += usize::from(is_image);
        self.checked.others += usize::from(!is_image);
        let layers = document["layers"].as_array().into_iter().flatten();
        for blob in std::iter::once(&document["config"]).chain(layers) {
            self.blob(repository, blob)?;
        }
        if is_image {
            self.validate(repository, digest)
        } else {
            Ok(())
        }
    }

    fn entries(&mut self, repository: &str, entries: &[Value]) -> Result<(), String> {
        for entry in entries {
            let media_type = entry["mediaType"].as_str().unwrap_or_default();
            if media_type.contains("manifest") || media_type.contains("image.index") {
                let digest = entry["digest"].as_str().ok_or("an entry has no digest")?;
                self.present(repository, digest)?;
            } else {
                // A cache in the form of an index lists its layers.
                self.blob(repository, entry)?;
            }
        }
        Ok(())
    }

    /// What is there is looked at in its own turn.
    fn present(&self, repository: &str, digest: &str) -> Result<(), String> {
        if self.images.contains(&format!("{repository}@{digest}")) {
            return Ok(());
        }
        Err(format!("{digest} is missing"))
    }

    fn validate(&self, repository: &str, digest: &str) -> Result<(), String> {
        let name = format!("{repository}@{digest}");
        let valid = || VALID.lock().unwrap_or_else(PoisonError::into_inner);
        if valid().contains(&name) {
            return Ok(());
        }
        let reference = format!("{}/{name}", self.address);
        let mut crane = Command::new(part("crane"));
        let done = crane.args(["validate", "--remote", &reference]);
        let done = done.output().unwrap();
        if done.status.success() {
            valid().insert(name);
            return Ok(());
        }
        Err(String::from_utf8_lossy(&done.stderr).into_owned())
    }

    fn blob(&mut self, repository: &str, descriptor: &Value) -> Result<(), String> {
        let digest = descriptor["digest"]
            .as_str()
            .ok_or("a blob has no digest")?;
        let name = format!("{repository}@{digest}");
        if self.fetched.contains(&name) {
            return Ok(());
        }
        let path = format!("/v2/{repository}/blobs/{digest}");
        let reply = request(self.address, "GET", &path, &[], b"");
        let reply = reply.map_err(|error| error.to_string())?;
        if reply.status != 200 {
            return Err(format!("its blob {digest} answers {}", reply.status));
        }
        if Digest::of(&reply.body).to_string() != digest {
            return Err(format!("its blob {digest} has other bytes"));
        }
        if Some(reply.body.len() as u64) != descriptor["size"].as_u64() {
            return Err(format!("its blob {digest} has another size"));
        }
        self.checked.blobs += 1;
        self.fetched.insert(name);
        Ok(())
    }
}

/// Whether a container can be started from it: `crane validate` knows these alone.
fn is_platform_image(document: &Value) -> bool {
    let config = document["config"]["mediaType"].as_str();
    let mut layers = document["layers"].as_array().into_iter().flatten();
    document["artifactType"].is_null()
        && config == Some("application/vnd.oci.image.config.v1+json")
        && layers.all(|layer| {
            let media_type = layer["mediaType"].as_str().unwrap_or_default();
            media_type.starts_with("application/vnd.oci.image.layer.")
        })
}
