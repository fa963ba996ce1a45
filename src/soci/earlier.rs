//! What the SOCI indexes of an earlier image know about layers, so that nothing is indexed twice.
//!
//! Only what our own builder made, with the same span size, is taken over: a zTOC of another
//! builder may be one that gives I/O errors in a running container. Nothing here can fail a
//! release: what cannot be read is not known, and a warning says so.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream};
use launchway_soci::index::{IMAGE_ANNOTATION, SociIndex, Version, ZtocEntry};

use super::{KnownLayer, KnownLayers, SociOptions};
use crate::image::{Descriptor, Digest, Document};
use crate::registry::{self, Repository};

/// Requests that are made at once.
const AT_ONCE: usize = 8;

/// What an earlier image tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Its layers, with `repository` as the place of their zTOCs.
    pub known: KnownLayers,
    /// What could not be read, as sentences without a full stop.
    pub warnings: Vec<String>,
}

/// Reads the SOCI indexes of `image`, an image index or manifest in `repository` whose document is
/// `bytes`: the v2 entries of an image index, the annotation of a manifest; where
/// `options.version` is v1 also what refers to the images.
///
/// A zTOC is known only if the registry has it: a SOCI index outlives its blobs where a registry
/// was cleaned up or restored, and without the zTOC there is no lazy start. A layer that no index
/// has is unknown: why it was left out stands in no index.
///
/// Requests, in parallel: one per SOCI index and one per zTOC of ours; for v1 one more per image.
pub async fn find_known(
    registry: &registry::Client,
    repository: &Repository,
    image: &Descriptor,
    bytes: &[u8],
    options: &SociOptions,
) -> Earlier {
    let reader = Reader {
        registry,
        repository,
        options,
    };
    let mut earlier = Earlier::default();
    let document = match Document::parse(&image.media_type, bytes) {
        Ok(document) => document,
        Err(error) => {
            let reference = repository.with_digest(image.digest);
            let warning = format!(
                "the earlier image {reference} is {error}: {}",
                error.problem
            );
            earlier.warnings.push(warning);
            return earlier;
        }
    };
    let mut wanted = named_v2(&document);
    if options.version == Version::V1 {
        let images: Vec<Digest> = match &document {
            Document::Index(index) => index.images().map(|entry| entry.digest).collect(),
            Document::Manifest(_) => vec![image.digest],
        };
        wanted.extend(reader.referring(&images, &mut earlier.warnings).await);
    }
    let read: Vec<_> = stream::iter(wanted)
        .map(|index| async move { (index, reader.read_index(index).await) })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut ours = Vec::new();
    for (index, result) in read {
        match result {
            Ok(entries) => ours.push((index, entries)),
            Err(problem) => {
                let reference = repository.with_digest(index);
                let warning = format!("cannot use the earlier SOCI index {reference}: {problem}");
                earlier.warnings.push(warning);
            }
        }
    }
    let presence = reader.presence(&ours).await;
    for (index, entries) in &ours {
        reader.believe(*index, entries, &presence, &mut earlier);
    }
    earlier
}

/// The v2 indexes of an image: the entries of its image index, or the one that its manifest names.
/// Image manifests are not fetched for it, since whoever writes their annotation writes the entry
/// too.
fn named_v2(document: &Document) -> BTreeSet<Digest> {
    match document {
        Document::Index(index) => index
            .soci_indexes()
            .filter(|entry| entry.artifact_type.as_deref() == Some(Version::V2.artifact_type()))
            .map(|entry| entry.digest)
            .collect(),
        Document::Manifest(manifest) => {
            let named = manifest.annotations.get(IMAGE_ANNOTATION);
            named
                .and_then(|digest| digest.parse().ok())
                .into_iter()
                .collect()
        }
    }
}

/// Whether the registry has a zTOC, by its digest.
type Presence = BTreeMap<Digest, Result<bool, registry::Error>>;

/// What reading needs.
#[derive(Clone, Copy)]
struct Reader<'a> {
    registry: &'a registry::Client,
    repository: &'a Repository,
    options: &'a SociOptions,
}

impl Reader<'_> {
    /// The v1 indexes that refer to images.
    async fn referring(&self, images: &[Digest], warnings: &mut Vec<String>) -> Vec<Digest> {
        let kind = Some(Version::V1.artifact_type());
        let lists: Vec<_> = stream::iter(images.iter().copied())
            .map(|image| async move {
                let list = self.registry.referrers(self.repository, image, kind).await;
                (image, list)
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let mut wanted = Vec::new();
        for (image, list) in lists {
            match list {
                Ok(list) => wanted.extend(list.into_iter().map(|entry| entry.digest)),
                Err(error) => {
                    let image = self.repository.with_digest(image);
                    warnings.push(format!("cannot look for SOCI indexes of {image}: {error}"));
                }
            }
        }
        wanted
    }

    /// The zTOCs of a SOCI index that were made as we would make them; none of another builder.
    async fn read_index(&self, digest: Digest) -> Result<Vec<ZtocEntry>, String> {
        let reference = self.repository.with_digest(digest);
        let bytes = match self.registry.get_manifest(&reference).await {
            Ok(Some((_, bytes))) => bytes,
            Ok(None) => return Err("it is not in the registry".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        let mut index = SociIndex::parse(&bytes).map_err(|error| error.to_string())?;
        if index.build_tool != self.options.build_tool {
            return Ok(Vec::new());
        }
        let span_size = self.options.span_size;
        index.ztocs.retain(|entry| entry.span_size == span_size);
        Ok(index.ztocs)
    }

    /// Asks for every zTOC once, however many indexes name it.
    async fn presence(&self, indexes: &[(Digest, Vec<ZtocEntry>)]) -> Presence {
        let entries = indexes.iter().flat_map(|(_, entries)| entries);
        let ztocs: BTreeSet<Digest> = entries.map(|entry| entry.digest).collect();
        stream::iter(ztocs)
            .map(|ztoc| async move { (ztoc, self.registry.has_blob(self.repository, ztoc).await) })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await
    }

    /// Adds the zTOCs of one index that are there, and says what is not.
    fn believe(
        &self,
        index: Digest,
        entries: &[ZtocEntry],
        presence: &Presence,
        earlier: &mut Earlier,
    ) {
        let reference = self.repository.with_digest(index);
        let mut lost = BTreeSet::new();
        let mut unsure = None;
        for entry in entries {
            match presence.get(&entry.digest) {
                Some(Ok(true)) => {
                    let known = KnownLayer::Indexed {
                        ztoc: entry.digest,
                        size: entry.size,
                        diff_id: None,
                        repositories: vec![self.repository.clone()],
                        file: None,
                    };
                    earlier.known.insert(entry.layer, known);
                }
                Some(Err(error)) => unsure = Some(error),
                Some(Ok(false)) | None => {
                    lost.insert(entry.digest.to_string());
                }
            }
        }
        if !lost.is_empty() {
            let lost: Vec<String> = lost.into_iter().collect();
            let lost = lost.join(", ");
            earlier.warnings.push(format!(
                "the earlier SOCI index {reference} names zTOCs that the registry does not have, \
                 so their layers count as new: {lost}"
            ));
        }
        if let Some(error) = unsure {
            earlier.warnings.push(format!(
                "cannot see whether the registry has the zTOCs of the earlier SOCI index \
                 {reference}: {error}"
            ));
        }
    }
}

#[cfg(test)]
mod tests;
