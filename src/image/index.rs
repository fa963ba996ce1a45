//! Image indexes (image-spec 1.1, image-index.md) and Docker's manifest lists: reading them, and
//! assembling them from the manifests of each platform.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Descriptor, Digest, Platform, annotation, media_type};

/// A list of manifests, usually one image per platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// The document's own media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What kind of artifact this is; absent for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The manifests, in the order that clients search for their platform.
    pub manifests: Vec<Descriptor>,
    /// The manifest that this index is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Arbitrary metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// All other members, untouched.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

/// These manifests cannot stand in one index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// There is nothing to list.
    #[error("an image index needs at least one manifest")]
    Empty,
    /// An image's platform is not known, so no client could choose it.
    #[error("the manifest {digest} has no platform")]
    NoPlatform {
        /// The manifest.
        digest: Digest,
    },
    /// Two images are for the same platform; clients would take the first one.
    #[error("{platform} is there twice: {first} and {second}")]
    PlatformTwice {
        /// The platform.
        platform: Box<Platform>,
        /// The manifest that came first.
        first: Digest,
        /// The other one.
        second: Digest,
    },
    /// An entry is itself an index, or no manifest at all.
    #[error("{digest} is of type {media_type}, not an image manifest")]
    NotAManifest {
        /// The entry.
        digest: Digest,
        /// Its type.
        media_type: String,
    },
    /// Docker's list cannot carry annotations, artifact types or OCI manifests.
    #[error("an index of Docker manifests cannot carry annotations")]
    DockerAnnotations,
}

impl Index {
    /// Joins manifests in the order given. The result is an OCI index, unless every entry is a
    /// Docker manifest: then it is a Docker manifest list, as old clients of such images expect.
    ///
    /// Equal arguments give equal bytes (see [`Self::to_bytes`]), so an index that is assembled
    /// again keeps its digest.
    pub fn assemble(
        manifests: Vec<Descriptor>,
        annotations: BTreeMap<String, String>,
    ) -> Result<Self, AssembleError> {
        if manifests.is_empty() {
            return Err(AssembleError::Empty);
        }
        let mut seen: BTreeMap<&Platform, Digest> = BTreeMap::new();
        for entry in &manifests {
            let digest = entry.digest;
            if !media_type::is_manifest(&entry.media_type) {
                let media_type = entry.media_type.clone();
                return Err(AssembleError::NotAManifest { digest, media_type });
            }
            if !is_image(entry) {
                continue;
            }
            let Some(platform) = &entry.platform else {
                return Err(AssembleError::NoPlatform { digest });
            };
            if let Some(first) = seen.insert(platform, digest) {
                return Err(AssembleError::PlatformTwice {
                    platform: Box::new(platform.clone()),
                    first,
                    second: digest,
                });
            }
        }
        let docker = manifests
            .iter()
            .all(|entry| entry.media_type == media_type::DOCKER_MANIFEST);
        if docker && !annotations.is_empty() {
            return Err(AssembleError::DockerAnnotations);
        }
        let media_type = if docker {
            media_type::DOCKER_MANIFEST_LIST
        } else {
            media_type::OCI_INDEX
        };
        Ok(Self {
            schema_version: 2,
            media_type: Some(media_type.to_owned()),
            artifact_type: None,
            manifests,
            subject: None,
            annotations,
            other: BTreeMap::new(),
        })
    }

    /// The document: compact JSON with members in the specification's order and maps sorted.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// The media type to publish it with.
    pub fn media_type(&self) -> &str {
        self.media_type.as_deref().unwrap_or(media_type::OCI_INDEX)
    }

    /// The entries that are images to run: no attestations, no SOCI indexes, no other artifacts.
    pub fn images(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.iter().filter(|entry| is_image(entry))
    }

    /// The image for a platform.
    pub fn image(&self, platform: &Platform) -> Option<&Descriptor> {
        self.images()
            .find(|entry| entry.platform.as_ref() == Some(platform))
    }

    /// The platforms that there are images for.
    pub fn platforms(&self) -> BTreeSet<&Platform> {
        self.images()
            .filter_map(|entry| entry.platform.as_ref())
            .collect()
    }

    /// The entries that are SOCI index manifests.
    pub fn soci_indexes(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.iter().filter(|entry| is_soci_index(entry))
    }
}

/// Whether an entry of an index is an image, and not something about one.
fn is_image(entry: &Descriptor) -> bool {
    let unknown = entry
        .platform
        .as_ref()
        .is_some_and(|platform| platform.os() == "unknown");
    entry.artifact_type.is_none()
        && !unknown
        && !entry
            .annotations
            .contains_key(annotation::DOCKER_REFERENCE_TYPE)
}

fn is_soci_index(entry: &Descriptor) -> bool {
    entry
        .artifact_type
        .as_deref()
        .is_some_and(|kind| kind.starts_with(annotation::SOCI_ARTIFACT_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;

    fn image(platform: &str, media_type: &str) -> Descriptor {
        let mut entry = Descriptor::new(media_type, Digest::of(platform), 100);
        entry.platform = Some(platform.parse().unwrap());
        entry
    }

    fn oci(platform: &str) -> Descriptor {
        image(platform, media_type::OCI_MANIFEST)
    }

    #[test]
    fn writes_the_same_bytes_for_the_same_images() {
        let entries = vec![oci("linux/amd64"), oci("linux/arm64")];
        let annotations = BTreeMap::from([
            ("z".to_owned(), "1".to_owned()),
            ("a".to_owned(), "2".to_owned()),
        ]);
        let index = Index::assemble(entries, annotations).unwrap();
        let bytes = index.to_bytes().unwrap();
        let digest = |platform: &str| Digest::of(platform);
        let expected = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":100,"platform":{{"architecture":"amd64","os":"linux"}}}},{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":100,"platform":{{"architecture":"arm64","os":"linux"}}}}],"annotations":{{"a":"2","z":"1"}}}}"#,
            digest("linux/amd64"),
            digest("linux/arm64"),
        );
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        let read = Document::parse(media_type::OCI_INDEX, &bytes).unwrap();
        assert_eq!(read.into_index().unwrap(), index);
    }

    #[test]
    fn only_docker_manifests_make_a_docker_list() {
        let docker = || image("linux/amd64", media_type::DOCKER_MANIFEST);
        let list = Index::assemble(vec![docker()], BTreeMap::new()).unwrap();
        assert_eq!(list.media_type(), media_type::DOCKER_MANIFEST_LIST);
        let mixed = Index::assemble(vec![docker(), oci("linux/arm64")], BTreeMap::new()).unwrap();
        assert_eq!(mixed.media_type(), media_type::OCI_INDEX);
        let annotations = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        let error = Index::assemble(vec![docker()], annotations).unwrap_err();
        assert_eq!(error, AssembleError::DockerAnnotations);
    }

    #[test]
    fn refuses_what_clients_could_not_choose_from() {
        let assemble = |entries| Index::assemble(entries, BTreeMap::new()).unwrap_err();
        assert_eq!(assemble(vec![]), AssembleError::Empty);
        let mut bare = oci("linux/amd64");
        bare.platform = None;
        let digest = bare.digest;
        assert_eq!(assemble(vec![bare]), AssembleError::NoPlatform { digest });
        let twice = assemble(vec![oci("linux/arm64"), oci("linux/arm64")]);
        assert!(twice.to_string().starts_with("linux/arm64 is there twice"));
        let nested = assemble(vec![image("linux/amd64", media_type::OCI_INDEX)]);
        assert!(nested.to_string().contains("not an image manifest"));
    }

    #[test]
    fn tells_images_from_what_is_about_them() {
        let mut soci = oci("linux/amd64");
        soci.artifact_type = Some("application/vnd.amazon.soci.index.v2+json".to_owned());
        let mut attestation = oci("linux/amd64");
        attestation.platform = Some(Platform::new("unknown", "unknown", None));
        attestation.annotations.insert(
            annotation::DOCKER_REFERENCE_TYPE.to_owned(),
            "attestation-manifest".to_owned(),
        );
        let entries = vec![oci("linux/amd64"), attestation, soci.clone()];
        let index = Index::assemble(entries, BTreeMap::new()).unwrap();
        assert_eq!(index.images().count(), 1);
        assert_eq!(index.soci_indexes().collect::<Vec<_>>(), [&soci]);
        let platform = "linux/amd64".parse().unwrap();
        assert_eq!(index.platforms(), BTreeSet::from([&platform]));
        assert!(index.image(&platform).is_some());
        assert!(index.image(&"linux/arm64".parse().unwrap()).is_none());
    }
}
