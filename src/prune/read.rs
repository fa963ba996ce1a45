//! What the document of a manifest says of other manifests, and which documents have to be read at all.
//!
//! Not `image::Document`, which wants whole documents of known types: here anything may come, and only what
//! points elsewhere counts. Members that are not known say nothing; a digest that cannot be read could point at
//! anything, so the whole document counts as unreadable.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::graph::{CACHE_CONFIG, SOCI_V2, is_plain_image, is_schema_1};
use super::{Child, ChildRole, Content, Layer, Links, Manifest, Repository, Status};
use crate::image::{Digest, annotation, media_type};

/// What an attestation's entry in an index says of the image that it is about (BuildKit,
/// docs/attestations/attestation-storage.md).
const DOCKER_REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";

/// The document is no JSON object, or one of its references cannot be read; says line and column.
#[derive(Debug, thiserror::Error)]
#[error("not a manifest that can be read: {0}")]
pub struct LinksError(#[from] serde_json::Error);

/// The members of any manifest that point elsewhere.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyManifest {
    artifact_type: Option<String>,
    config: Option<Entry>,
    manifests: Option<Vec<Entry>>,
    layers: Option<Vec<Entry>>,
    /// Of the artifact manifest that OCI 1.1 had before its release.
    blobs: Option<Vec<Entry>>,
    subject: Option<Entry>,
    annotations: Option<BTreeMap<String, Value>>,
}

/// A descriptor.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    media_type: Option<String>,
    digest: Digest,
    #[serde(default)]
    size: u64,
    artifact_type: Option<String>,
    annotations: Option<BTreeMap<String, Value>>,
}

impl Entry {
    fn media_type(&self) -> &str {
        self.media_type.as_deref().unwrap_or_default()
    }

    fn layer(&self) -> Layer {
        Layer {
            digest: self.digest,
            size: self.size,
        }
    }

    fn child(&self) -> Result<Child, serde_json::Error> {
        let annotations = self.annotations.as_ref();
        let artifact = self.artifact_type.as_deref();
        let of_soci = named(annotations, annotation::SOCI_IMAGE_DIGEST)?;
        let of_attestation = named(annotations, DOCKER_REFERENCE_DIGEST)?;
        let is_attestation =
            annotations.is_some_and(|all| all.contains_key(annotation::DOCKER_REFERENCE_TYPE));
        let role = match artifact {
            _ if is_attestation => ChildRole::Attestation,
            Some(text) if text.starts_with(annotation::SOCI_ARTIFACT_PREFIX) => ChildRole::Soci,
            _ if of_soci.is_some() => ChildRole::Soci,
            None | Some(media_type::OCI_CONFIG | media_type::DOCKER_CONFIG) => ChildRole::Image,
            Some(_) => ChildRole::Other,
        };
        Ok(Child {
            digest: self.digest,
            role,
            of: of_soci.or(of_attestation),
        })
    }
}

/// The digest that an annotation names.
fn named(
    annotations: Option<&BTreeMap<String, Value>>,
    key: &str,
) -> Result<Option<Digest>, serde_json::Error> {
    match annotations.and_then(|all| all.get(key)) {
        None => Ok(None),
        Some(value) => Digest::deserialize(value).map(Some),
    }
}

/// Reads the document of any manifest: image, index, artifact, or the index that old versions of `BuildKit` made of a cache, whose
/// entries are layers.
///
/// # Errors
/// No JSON object, or a digest that cannot be read.
pub fn links(bytes: &[u8]) -> Result<Links, LinksError> {
    let document: AnyManifest = serde_json::from_slice(bytes)?;
    let entries = document.manifests.unwrap_or_default();
    let is_cache = entries.iter().any(|one| one.media_type() == CACHE_CONFIG);
    let is_blob = |entry: &Entry| {
        let kind = entry.media_type();
        is_cache && !media_type::is_index(kind) && !media_type::is_manifest(kind)
    };

    let blobs = document.layers.into_iter().chain(document.blobs).flatten();
    let mut layers: Vec<Layer> = document.config.iter().map(Entry::layer).collect();
    layers.extend(blobs.map(|entry| entry.layer()));
    layers.extend(
        entries
            .iter()
            .filter(|entry| is_blob(entry))
            .map(Entry::layer),
    );
    let children = entries.iter().filter(|entry| !is_blob(entry));

    let config_type = document.config.and_then(|config| config.media_type);
    let artifact_type = if is_cache {
        Some(CACHE_CONFIG.to_owned())
    } else {
        document.artifact_type.or(config_type)
    };
    Ok(Links {
        children: children.map(Entry::child).collect::<Result<_, _>>()?,
        subject: document.subject.map(|subject| subject.digest),
        artifact_type: artifact_type.map(Arc::from),
        soci_index: named(document.annotations.as_ref(), annotation::SOCI_INDEX_DIGEST)?,
        layers,
    })
}

/// The manifests that have to be read next, sorted. To be called again when they were, until there are none:
/// what an index lists decides about what else is worth a request.
///
/// Of plain images ECR itself tells everything, but for the SOCI index v2 that an annotation names. They are read
/// only where the repository has such an index that nothing lists. What is archived answers every pull with 404:
/// an archived image is never asked for, an archived index is, for it may be on its way back.
pub fn unread(repository: &Repository) -> Vec<Digest> {
    let open = || {
        let manifests = repository.manifests.iter();
        manifests.filter(|one| one.content == Content::NotRead)
    };
    let first: BTreeSet<Digest> = open()
        .filter(|one| may_refer(one))
        .map(|one| one.digest)
        .collect();
    if !first.is_empty() || !has_unlisted_soci(repository) {
        return first.into_iter().collect();
    }
    let images = open().filter(|one| is_plain_image(one) && one.status == Status::Active);
    let images: BTreeSet<Digest> = images.map(|one| one.digest).collect();
    images.into_iter().collect()
}

/// As [`unread`], where the sizes of layers are wanted, too: every manifest that can be pulled, and every other
/// that could refer to something; but none of schema 1, whose bytes do not have their digest.
pub fn unread_exact(repository: &Repository) -> Vec<Digest> {
    let manifests = repository.manifests.iter();
    let wanted: BTreeSet<Digest> = manifests
        .filter(|one| one.content == Content::NotRead)
        .filter(|one| one.status == Status::Active || may_refer(one))
        .filter(|one| !is_schema_1(one))
        .map(|one| one.digest)
        .collect();
    wanted.into_iter().collect()
}

/// Whether the document may name manifests that ECR does not tell of. SOCI indexes v2, cache
/// manifests and images of schema 1 never do.
fn may_refer(manifest: &Manifest) -> bool {
    let artifact = manifest.artifact_type.as_deref();
    let alone = media_type::is_manifest(&manifest.media_type)
        && matches!(artifact, Some(SOCI_V2 | CACHE_CONFIG));
    !alone && !is_plain_image(manifest) && !is_schema_1(manifest)
}

/// Why the parts of a manifest are not known: it could not be read, or nobody did and ECR alone does not tell.
pub(super) fn parts_unknown(manifest: &Manifest) -> Option<&str> {
    match &manifest.content {
        Content::Unreadable(why) => Some(why),
        Content::NotRead if may_refer(manifest) => Some("it was not read"),
        Content::NotRead | Content::Read(_) => None,
    }
}

fn has_unlisted_soci(repository: &Repository) -> bool {
    let mut listed = BTreeSet::new();
    for manifest in &repository.manifests {
        if let Content::Read(links) = &manifest.content {
            listed.extend(links.children.iter().map(|child| child.digest));
        }
    }
    let mut manifests = repository.manifests.iter();
    manifests
        .any(|one| one.artifact_type.as_deref() == Some(SOCI_V2) && !listed.contains(&one.digest))
}

#[cfg(test)]
mod tests {
    use super::super::EcrRepository;
    use super::*;

    const INDEX: &str = include_str!("../../testdata/prune/read/index.json");
    const IMAGE: &str = include_str!("../../testdata/prune/read/image.json");
    const CACHE_INDEX: &str = include_str!("../../testdata/prune/read/cache-index.json");
    const SIGNATURE: &str = include_str!("../../testdata/prune/read/signature.json");
    const ARTIFACT: &str = include_str!("../../testdata/prune/read/artifact.json");

    fn digest(fill: &str) -> Digest {
        format!("sha256:{}", fill.repeat(32)).parse().unwrap()
    }

    #[test]
    fn an_index_lists_images_attestations_and_soci_indexes() {
        let read = links(INDEX.as_bytes()).unwrap();
        let roles: Vec<_> = read
            .children
            .iter()
            .map(|child| (child.digest, child.role, child.of))
            .collect();
        assert_eq!(
            roles,
            [
                (digest("01"), ChildRole::Image, None),
                (digest("02"), ChildRole::Attestation, Some(digest("01"))),
                (digest("03"), ChildRole::Soci, Some(digest("01"))),
                (digest("04"), ChildRole::Other, None),
            ]
        );
        assert_eq!(read.artifact_type, None);
        assert!(read.layers.is_empty());
    }

    #[test]
    fn an_image_names_its_soci_index_and_its_blobs() {
        let read = links(IMAGE.as_bytes()).unwrap();
        assert_eq!(read.soci_index, Some(digest("03")));
        assert_eq!(
            read.artifact_type.as_deref(),
            Some(media_type::OCI_CONFIG),
            "the config's type"
        );
        let sizes: Vec<u64> = read.layers.iter().map(|layer| layer.size).collect();
        assert_eq!(sizes, [2, 1000], "config and layer");
        assert!(read.children.is_empty());
    }

    #[test]
    fn the_entries_of_a_cache_index_are_layers() {
        let read = links(CACHE_INDEX.as_bytes()).unwrap();
        assert_eq!(read.artifact_type.as_deref(), Some(CACHE_CONFIG));
        assert_eq!(read.children, []);
        assert_eq!(read.layers.len(), 2);
    }

    #[test]
    fn subjects_are_read_from_manifests_and_artifact_manifests() {
        let read = links(SIGNATURE.as_bytes()).unwrap();
        assert_eq!(read.subject, Some(digest("01")));
        assert_eq!(
            read.artifact_type.as_deref(),
            Some("application/vnd.example.signature")
        );
        let read = links(ARTIFACT.as_bytes()).unwrap();
        assert_eq!(read.subject, Some(digest("01")));
        assert_eq!(read.layers.len(), 1, "its blobs");
    }

    #[test]
    fn what_says_nothing_is_no_error_and_what_cannot_be_read_is() {
        for nothing in ["{}", r#"{"manifests":null}"#, r#"{"later":{"digest":1}}"#] {
            assert_eq!(links(nothing.as_bytes()).unwrap(), Links::default());
        }
        for (text, expected) in [
            ("", "EOF"),
            ("[]", "line 1 column"),
            (
                r#"{"manifests":[{"digest":"md5:1"}]}"#,
                "`md5:1` is not a digest",
            ),
            (r#"{"manifests":[{}]}"#, "missing field `digest`"),
            (r#"{"manifests":{}}"#, "invalid type: map"),
            (r#"{"subject":{"digest":7}}"#, "invalid type"),
            (r#"{"manifests":[],"manifests":[]}"#, "duplicate field"),
            (
                r#"{"annotations":{"com.amazon.soci.index-digest":"x"}}"#,
                "`x` is not a digest",
            ),
        ] {
            let error = links(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    fn manifest(fill: &str, media_type: &str, artifact: Option<&str>) -> Manifest {
        Manifest {
            digest: digest(fill),
            media_type: media_type.into(),
            artifact_type: artifact.map(Arc::from),
            tags: Vec::new(),
            size: None,
            pushed_at: None,
            pulled_at: None,
            subject: None,
            status: Status::Active,
            content: Content::NotRead,
        }
    }

    fn repository(manifests: Vec<Manifest>) -> Repository {
        Repository {
            id: EcrRepository::private("123456789012", "us-east-1", "web"),
            manifests,
        }
    }

    #[test]
    fn plain_images_are_read_only_where_a_soci_index_is_nobodys() {
        let mut all = repository(vec![
            manifest("0a", media_type::OCI_INDEX, None),
            manifest("01", media_type::OCI_MANIFEST, Some(media_type::OCI_CONFIG)),
            manifest("03", media_type::OCI_MANIFEST, Some(SOCI_V2)),
            manifest(
                "05",
                media_type::OCI_MANIFEST,
                Some("application/spdx+json"),
            ),
        ]);
        let mut archived = manifest("06", media_type::OCI_MANIFEST, Some(media_type::OCI_CONFIG));
        archived.status = Status::Archived;
        all.manifests.push(archived);
        assert_eq!(unread(&all), [digest("05"), digest("0a")]);
        assert_eq!(
            unread_exact(&all),
            [digest("01"), digest("03"), digest("05"), digest("0a")]
        );

        all.manifests[0].content = Content::Read(links(INDEX.as_bytes()).unwrap());
        all.manifests[3].content = Content::Read(Links::default());
        assert_eq!(unread(&all), [], "the index lists the SOCI index");

        all.manifests[0].content = Content::Unreadable("404".to_owned());
        assert_eq!(
            unread(&all),
            [digest("01")],
            "an image may name it, and the archived one cannot be read"
        );
        all.manifests[1].content = Content::Read(Links::default());
        assert_eq!(unread(&all), []);
    }

    #[test]
    fn images_of_schema_1_are_never_read() {
        let soci = manifest("03", media_type::OCI_MANIFEST, Some(SOCI_V2));
        for kind in media_type::DOCKER_SCHEMA_1 {
            let all = repository(vec![manifest("01", kind, None), soci.clone()]);
            assert_eq!(unread(&all), [], "{kind}");
            assert_eq!(unread_exact(&all), [soci.digest], "{kind}");
        }
    }

    #[test]
    fn archived_indexes_are_asked_for() {
        let mut index = manifest("0a", media_type::DOCKER_MANIFEST_LIST, None);
        index.status = Status::Archived;
        assert_eq!(unread(&repository(vec![index])), [digest("0a")]);
    }
}
