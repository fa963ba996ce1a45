//! What a manifest is, from what ECR says, what was read, and its tags.

use super::tag::{Tags, referrer};
use crate::image::media_type;
use crate::prune::{Content, Kind, Manifest};

/// Config type of a SOCI index that has a subject.
pub(crate) const SOCI_V1: &str = "application/vnd.amazon.soci.index.v1+json";
/// Config type of a SOCI index that its image names.
pub(crate) const SOCI_V2: &str = "application/vnd.amazon.soci.index.v2+json";
/// Config type of `BuildKit`'s caches.
pub(crate) const CACHE_CONFIG: &str = "application/vnd.buildkit.cacheconfig.v0";
/// `BuildKit`'s attestations with `oci-artifact=true`; otherwise they look like images.
const ATTESTATION: &str = "application/vnd.docker.attestation.manifest.v1+json";
/// The manifest type for artifacts that OCI 1.1 dropped before its release.
const ARTIFACT_MANIFEST: &str = "application/vnd.oci.artifact.manifest.v1+json";
/// Types of cosign: signatures and bundles.
const SIGNATURES: [&str; 2] = [
    "application/vnd.dev.cosign.",
    "application/vnd.dev.sigstore.",
];

/// Whether ECR alone says that it is an image for one platform: it lists nothing.
pub(crate) fn is_plain_image(manifest: &Manifest) -> bool {
    media_type::is_manifest(&manifest.media_type)
        && is_image_config(manifest.artifact_type.as_deref())
}

/// Whether it is an image of Docker's withdrawn schema 1: history and layers, and no word of other manifests. The bytes
/// of a signed one do not have its digest, which leaves the signatures out, so that reading one shows nothing.
pub(crate) fn is_schema_1(manifest: &Manifest) -> bool {
    media_type::DOCKER_SCHEMA_1.contains(&&*manifest.media_type)
}

fn is_image_config(kind: Option<&str>) -> bool {
    matches!(
        kind,
        Some(media_type::OCI_CONFIG | media_type::DOCKER_CONFIG)
    )
}

/// The artifact type: what the document says goes before what ECR derived from it.
pub(crate) fn artifact_type(manifest: &Manifest) -> Option<&str> {
    match &manifest.content {
        Content::Read(links) if links.artifact_type.is_some() => links.artifact_type.as_deref(),
        _ => manifest.artifact_type.as_deref(),
    }
}

/// What it is by itself. `is_about` tells whether the document or ECR names a subject. What others say of it comes
/// later: in an index an attestation, which looks like an image, is marked as one.
pub(super) fn kind(manifest: &Manifest, tags: &Tags, is_about: bool) -> Kind {
    let artifact = artifact_type(manifest);
    let is_signature =
        artifact.is_some_and(|kind| SIGNATURES.iter().any(|prefix| kind.starts_with(prefix)));
    if media_type::is_index(&manifest.media_type) {
        return match artifact {
            Some(CACHE_CONFIG) => Kind::Cache,
            _ if tags.is_referrer() => by_tag(tags),
            _ if is_signature => Kind::Signature,
            _ if is_about => Kind::Referrer,
            None => Kind::Index,
            kind if is_image_config(kind) => Kind::Index,
            Some(_) => Kind::Unknown,
        };
    }
    if media_type::is_manifest(&manifest.media_type) {
        return match artifact {
            Some(CACHE_CONFIG) => Kind::Cache,
            Some(SOCI_V1) => Kind::SociV1,
            Some(SOCI_V2) => Kind::SociV2,
            Some(ATTESTATION) => Kind::Attestation,
            _ if is_signature || tags.is_referrer() => Kind::Signature,
            _ if is_about => Kind::Referrer,
            kind if is_image_config(kind) => Kind::Image,
            _ => Kind::Unknown,
        };
    }
    if is_schema_1(manifest) {
        return if tags.is_referrer() {
            Kind::Signature
        } else {
            Kind::Image
        };
    }
    let is_artifact = &*manifest.media_type == ARTIFACT_MANIFEST;
    if is_artifact && (is_about || tags.is_referrer()) {
        Kind::Referrer
    } else {
        Kind::Unknown
    }
}

/// An index at `sha256-<hex>` lists referrers; one at `sha256-<hex>.sig` is signed itself.
fn by_tag(tags: &Tags) -> Kind {
    let bare = |(tag, _): &(String, _)| referrer(tag).is_some_and(|(_, suffix)| suffix.is_empty());
    if tags.referrer.iter().any(bare) {
        Kind::ReferrersIndex
    } else {
        Kind::Signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prune::testing::manifest;

    #[test]
    fn kinds_follow_types_subjects_and_tags() {
        let hex = "ab".repeat(32);
        let (bare, signed) = (format!("sha256-{hex}"), format!("sha256-{hex}.sig"));
        let (bare, signed) = (bare.as_str(), signed.as_str());
        let (index, image) = (media_type::OCI_INDEX, media_type::OCI_MANIFEST);
        let config = media_type::OCI_CONFIG;
        let [plain_1, signed_1] = media_type::DOCKER_SCHEMA_1;
        let cases: [(&str, &str, &[&str], bool, Kind); 24] = [
            (image, config, &[], false, Kind::Image),
            (image, config, &["v1"], false, Kind::Image),
            (
                media_type::DOCKER_MANIFEST,
                media_type::DOCKER_CONFIG,
                &[],
                false,
                Kind::Image,
            ),
            (image, config, &[], true, Kind::Referrer),
            (image, config, &[signed], false, Kind::Signature),
            (image, config, &[signed, "v1"], false, Kind::Image),
            (
                image,
                "application/vnd.dev.sigstore.bundle.v0.3+json",
                &[],
                true,
                Kind::Signature,
            ),
            (image, SOCI_V1, &[], true, Kind::SociV1),
            (image, SOCI_V2, &[], false, Kind::SociV2),
            (image, CACHE_CONFIG, &["buildcache"], false, Kind::Cache),
            (image, ATTESTATION, &[], true, Kind::Attestation),
            (image, "application/spdx+json", &[], true, Kind::Referrer),
            (image, "application/spdx+json", &[], false, Kind::Unknown),
            (image, "", &["v1"], false, Kind::Unknown),
            (index, "", &["v1"], false, Kind::Index),
            (index, "", &[bare], false, Kind::ReferrersIndex),
            (index, "", &[signed], false, Kind::Signature),
            (index, CACHE_CONFIG, &["x"], false, Kind::Cache),
            (
                index,
                "application/vnd.example.set",
                &["v1"],
                false,
                Kind::Unknown,
            ),
            (
                ARTIFACT_MANIFEST,
                "application/spdx+json",
                &[],
                true,
                Kind::Referrer,
            ),
            ("application/x", "", &[], true, Kind::Unknown),
            (signed_1, "", &["v1"], false, Kind::Image),
            (plain_1, "", &[], false, Kind::Image),
            (plain_1, "", &[signed], false, Kind::Signature),
        ];
        for (media, artifact, tags, is_about, expected) in cases {
            let mut one = manifest(1, media);
            one.artifact_type = (!artifact.is_empty()).then(|| artifact.into());
            one.tags = tags.iter().map(ToString::to_string).collect();
            let found = kind(&one, &Tags::of(&one.tags, one.digest), is_about);
            assert_eq!(found, expected, "{media} {artifact} {tags:?} {is_about}");
        }
    }
}
