//! Manifests of every kind, made from a number. Most are made again whenever they are asked for, since half
//! a million of them would take more memory than the fake may have; those that name others by their digests
//! are made once, and kept.
//!
//! All parts of a release have its number. The blobs that a manifest names do not exist; manifests name each
//! other by their real digests and sizes.
//!
//! Formats: OCI image-spec 1.1; BuildKit's attestations (docs/attestations/attestation-storage.md) and
//! registry cache; SOCI index v2 (soci-snapshotter docs/soci-index-manifest-v2.md); cosign's signature spec.

use std::fmt;
use std::fmt::Write as _;

use bytes::Bytes;

use super::random::Random;
use crate::Digest;
use crate::manifest::{DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};

/// How a manifest is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(super) kind: Kind,
    /// Of the release, or of the image itself.
    pub(super) seed: u64,
    /// Of the base image, whose layers are those of many images.
    pub(super) base: u64,
}

/// What a manifest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An image of a release, that names its SOCI index.
    Platform(Architecture),
    /// BuildKit's attestation of such an image.
    Attestation(Architecture),
    /// The SOCI v2 index of such an image.
    Soci(Architecture),
    /// Cosign's signature of a release's index, to be tagged `sha256-HEX.sig`.
    Signature,
    /// An export of BuildKit's registry cache.
    Cache,
    /// An image of one platform as dockerd pushes it.
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Architecture {
    Amd64,
    Arm64,
}

impl Architecture {
    pub(super) const BOTH: [Self; 2] = [Self::Amd64, Self::Arm64];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

/// The layers of a base image, and those that an image adds to it.
const BASE_LAYERS: u64 = 3;
const OWN_LAYERS: u64 = 3;

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const EMPTY: &str = r#""digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2"#;

/// A manifest that another one names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) digest: Digest,
    pub(super) size: usize,
}

/// As members of a descriptor.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#""digest":"{}","size":{}"#, self.digest, self.size)
    }
}

/// The three manifests of a platform in an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) image: Link,
    pub(super) attestation: Link,
    pub(super) soci: Link,
}

/// The index of a release: the images of both platforms, then what is about them.
pub(super) fn index(parts: [Parts; 2]) -> Bytes {
    let (mut images, mut others) = (Vec::new(), Vec::new());
    for (architecture, parts) in Architecture::BOTH.into_iter().zip(parts) {
        let name = architecture.name();
        let platform = format!(r#""platform":{{"architecture":"{name}","os":"linux"}}"#);
        let Parts {
            image,
            attestation,
            soci,
        } = parts;
        let about = image.digest;
        images.push(format!(
            r#"{{"mediaType":"{OCI_MANIFEST}",{image},{platform}}}"#
        ));
        others.push(format!(
            r#"{{"mediaType":"{OCI_MANIFEST}",{attestation},"annotations":{{"vnd.docker.reference.digest":"{about}","vnd.docker.reference.type":"attestation-manifest"}},"platform":{{"architecture":"unknown","os":"unknown"}}}}"#
        ));
        others.push(format!(
            r#"{{"mediaType":"{OCI_MANIFEST}",{soci},{platform},"artifactType":"application/vnd.amazon.soci.index.v2+json","annotations":{{"com.amazon.soci.image-manifest-digest":"{about}"}}}}"#
        ));
    }
    images.append(&mut others);
    let entries = images.join(",");
    format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{entries}]}}"#).into()
}

impl Recipe {
    /// Another manifest of the same release.
    pub(super) fn part(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The bytes, always the same.
    pub(crate) fn manifest(&self) -> Bytes {
        match self.kind {
            Kind::Platform(architecture) => self.platform(architecture),
            Kind::Attestation(architecture) => self.attestation(architecture),
            Kind::Soci(architecture) => self.soci(architecture),
            Kind::Signature => self.signature(),
            Kind::Cache => self.cache(),
            Kind::Plain => self.plain(),
        }
        .into()
    }

    fn random(&self, part: u64) -> Random {
        Random::of_part(self.seed, part)
    }

    /// Digest and size of each layer, those of the base image first.
    fn layers(&self, architecture: Architecture) -> Vec<(String, u64)> {
        let part = architecture as u64;
        let mut base = Random::of_part(self.base, part);
        let mut own = self.random(10 + part);
        let base = (0..BASE_LAYERS).map(|_| (base.digest(), base.within(1 << 20, 60 << 20)));
        let own = (0..OWN_LAYERS).map(|_| (own.digest(), own.within(1 << 10, 30 << 20)));
        base.chain(own).collect()
    }

    fn platform(&self, architecture: Architecture) -> String {
        let config = self.random(20 + architecture as u64).digest();
        let soci = Digest::of(self.soci(architecture).as_bytes());
        let mut layers = String::new();
        for (digest, size) in self.layers(architecture) {
            separate(&mut layers);
            let _ = write!(
                layers,
                r#"{{"mediaType":"{LAYER}","digest":"{digest}","size":{size}}}"#
            );
        }
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":4821}},"layers":[{layers}],"annotations":{{"com.amazon.soci.index-digest":"{soci}"}}}}"#
        )
    }

    fn attestation(&self, architecture: Architecture) -> String {
        let mut random = self.random(30 + architecture as u64);
        let (config, statement) = (random.digest(), random.digest());
        let size = random.within(2_000, 80_000);
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":167}},"layers":[{{"mediaType":"application/vnd.in-toto+json","digest":"{statement}","size":{size},"annotations":{{"in-toto.io/predicate-type":"https://slsa.dev/provenance/v1"}}}}]}}"#
        )
    }

    fn soci(&self, architecture: Architecture) -> String {
        let mut layers = String::new();
        for (digest, size) in self.layers(architecture) {
            // SOCI's own limit: layers under 10 MiB are not worth an index.
            if size < 10 << 20 {
                continue;
            }
            separate(&mut layers);
            let ztoc = Digest::of(digest.as_bytes());
            let length = size / 500;
            let _ = write!(
                layers,
                r#"{{"mediaType":"application/octet-stream","digest":"{ztoc}","size":{length},"annotations":{{"com.amazon.soci.image-layer-digest":"{digest}","com.amazon.soci.image-layer-mediaType":"{LAYER}","com.amazon.soci.span-size":"4194304"}}}}"#
            );
        }
        // Layers may be the same in two releases, an index without a difference would be one manifest.
        let build = self.random(40 + architecture as u64).next();
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{{"mediaType":"application/vnd.amazon.soci.index.v2+json",{EMPTY}}},"layers":[{layers}],"annotations":{{"com.amazon.soci.build-tool-identifier":"generated {build:016x}"}}}}"#
        )
    }

    fn signature(&self) -> String {
        let mut random = self.random(50);
        let (config, payload) = (random.digest(), random.digest());
        let proof = random.digest();
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":233}},"layers":[{{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","digest":"{payload}","size":252,"annotations":{{"dev.cosignproject.cosign/signature":"{proof}"}}}}]}}"#
        )
    }

    /// An SBOM whose subject is the release's index.
    pub(super) fn sbom(&self, index: &Link) -> Bytes {
        let mut random = self.random(60);
        let (document, size) = (random.digest(), random.within(10_000, 900_000));
        let sbom = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","artifactType":"application/spdx+json","config":{{"mediaType":"application/vnd.oci.empty.v1+json",{EMPTY}}},"layers":[{{"mediaType":"application/spdx+json","digest":"{document}","size":{size}}}],"subject":{{"mediaType":"{OCI_INDEX}",{index}}}}}"#
        );
        sbom.into()
    }

    fn cache(&self) -> String {
        let mut random = self.random(70);
        let (config, count) = (random.digest(), random.within(3, 7));
        let mut layers = String::new();
        for _ in 0..count {
            separate(&mut layers);
            let (digest, size) = (random.digest(), random.within(1 << 10, 90 << 20));
            let _ = write!(
                layers,
                r#"{{"mediaType":"{LAYER}","digest":"{digest}","size":{size}}}"#
            );
        }
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{{"mediaType":"application/vnd.buildkit.cacheconfig.v0","digest":"{config}","size":3010}},"layers":[{layers}]}}"#
        )
    }

    fn plain(&self) -> String {
        let config = self.random(80).digest();
        let mut layers = String::new();
        for (digest, size) in self.layers(Architecture::Amd64) {
            separate(&mut layers);
            let _ = write!(
                layers,
                r#"{{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":{size},"digest":"{digest}"}}"#
            );
        }
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","config":{{"mediaType":"application/vnd.docker.container.image.v1+json","size":6120,"digest":"{config}"}},"layers":[{layers}]}}"#
        )
    }
}

/// A comma before all but the first.
fn separate(list: &mut String) {
    if !list.is_empty() {
        list.push(',');
    }
}
