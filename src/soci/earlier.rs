//! What the SOCI indexes of an earlier image know about layers, so that nothing is indexed twice.
//!
//! Only what our own builder made, with the same span size, is taken over: a zTOC of another
//! builder may be one that gives I/O errors in a running container. Nothing here can fail a
//! release: what cannot be read is not known, and a warning says so.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream};
use launchway_soci::index::{IMAGE_ANNOTATION, SociIndex, Version, ZtocEntry};

use super::{KnownLayer, KnownLayers, SociOptions};
use crate::image::{Descriptor, Digest, Document, Index, Manifest, annotation};
use crate::registry::{self, Repository};

/// Documents that are read at once.
const AT_ONCE: usize = 8;
/// Why a layer is left out that only its absence from an index tells us about.
const LEFT_OUT: &str = "an earlier release left it out";

/// What an earlier image tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Its layers, with `repository` as the place of their zTOCs.
    pub known: KnownLayers,
    /// What could not be read, as sentences without a full stop.
    pub warnings: Vec<String>,
}

/// A SOCI index to read, and the image it is for where that is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    index: Digest,
    image: Option<Digest>,
}

/// Reads the SOCI indexes of `image`, an image index or manifest in `repository` whose document is
/// `bytes`: the v2 entries of an image index, the annotation of a manifest; where
/// `options.version` is v1 also what refers to the images.
///
/// A layer counts as left out if our own index of its image lacks it although it holds a smaller
/// one, so that it was not for its size.
///
/// `manifests` are image manifests that the caller has already. Requests, in parallel: one per
/// SOCI index; one per image manifest that is needed and not in `manifests`; for v1 one more per
/// image.
pub async fn find_known(
    registry: &registry::Client,
    repository: &Repository,
    image: &Descriptor,
    bytes: &[u8],
    manifests: &BTreeMap<Digest, Manifest>,
    options: &SociOptions,
) -> Earlier {
    let reader = Reader {
        registry,
        repository,
        options,
    };
    let mut earlier = Earlier::default();
    let mut manifests = manifests.clone();
    let index = match Document::parse(&image.media_type, bytes) {
        Ok(Document::Index(index)) => Some(index),
        Ok(Document::Manifest(manifest)) => {
            manifests.insert(image.digest, *manifest);
            None
        }
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
    let images: Vec<Digest> = match &index {
        Some(index) => index.images().map(|entry| entry.digest).collect(),
        None => vec![image.digest],
    };
    let mut wanted = named_v2(index.as_deref(), &images, &manifests);
    if options.version == Version::V1 {
        wanted.extend(reader.referring(&images, &mut earlier.warnings).await);
    }
    let mut found: Vec<_> = stream::iter(wanted)
        .map(|wanted| async { reader.learn(wanted, &manifests).await })
        .buffered(AT_ONCE)
        .collect()
        .await;
    for one in &mut found {
        earlier.known.merge(std::mem::take(&mut one.known));
        earlier.warnings.append(&mut one.warnings);
    }
    earlier
}

/// The v2 indexes of an image: the entries of its image index. Without any, those that the
/// manifests we have name; more are not fetched for it, since whoever writes the annotation
/// writes the entry too.
fn named_v2(
    index: Option<&Index>,
    images: &[Digest],
    manifests: &BTreeMap<Digest, Manifest>,
) -> BTreeSet<Wanted> {
    let entries = index.into_iter().flat_map(Index::soci_indexes);
    let v2 = entries
        .filter(|entry| entry.artifact_type.as_deref() == Some(Version::V2.artifact_type()))
        .map(|entry| Wanted {
            index: entry.digest,
            image: entry
                .annotations
                .get(annotation::SOCI_IMAGE_DIGEST)
                .and_then(|digest| digest.parse().ok()),
        });
    let named: BTreeSet<Wanted> = v2.collect();
    if !named.is_empty() {
        return named;
    }
    let annotated = images.iter().filter_map(|image| {
        let named = manifests.get(image)?.annotations.get(IMAGE_ANNOTATION)?;
        Some(Wanted {
            index: named.parse().ok()?,
            image: Some(*image),
        })
    });
    annotated.collect()
}

/// What reading needs.
struct Reader<'a> {
    registry: &'a registry::Client,
    repository: &'a Repository,
    options: &'a SociOptions,
}

impl Reader<'_> {
    /// The v1 indexes that refer to images.
    async fn referring(&self, images: &[Digest], warnings: &mut Vec<String>) -> Vec<Wanted> {
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
                Ok(list) => wanted.extend(list.into_iter().map(|entry| Wanted {
                    index: entry.digest,
                    image: Some(image),
                })),
                Err(error) => {
                    let image = self.repository.with_digest(image);
                    warnings.push(format!("cannot look for SOCI indexes of {image}: {error}"));
                }
            }
        }
        wanted
    }

    /// What one SOCI index says.
    async fn learn(&self, wanted: Wanted, manifests: &BTreeMap<Digest, Manifest>) -> Earlier {
        let mut earlier = Earlier::default();
        let index = match self.read_index(wanted.index).await {
            Ok(index) => index,
            Err(problem) => {
                let reference = self.repository.with_digest(wanted.index);
                let warning = format!("cannot use the earlier SOCI index {reference}: {problem}");
                earlier.warnings.push(warning);
                return earlier;
            }
        };
        if index.build_tool != self.options.build_tool {
            return earlier;
        }
        let same_spans = |span_size| span_size == self.options.span_size;
        for entry in index.ztocs.iter().filter(|e| same_spans(e.span_size)) {
            let known = KnownLayer::Indexed {
                ztoc: entry.digest,
                size: entry.size,
                repositories: vec![self.repository.clone()],
                file: None,
            };
            earlier.known.insert(entry.layer, known);
        }
        let Some(image) = wanted.image else {
            return earlier;
        };
        let fetched;
        let manifest = match manifests.get(&image) {
            Some(manifest) => manifest,
            None => match self.read_manifest(image).await {
                Ok(manifest) => {
                    fetched = manifest;
                    &fetched
                }
                Err(problem) => {
                    let reference = self.repository.with_digest(image);
                    let warning = format!("cannot read the earlier image {reference}: {problem}");
                    earlier.warnings.push(warning);
                    return earlier;
                }
            },
        };
        for layer in left_out(manifest, &index, self.options) {
            let reason = LEFT_OUT.to_owned();
            earlier.known.insert(layer, KnownLayer::LeftOut { reason });
        }
        earlier
    }

    async fn read_index(&self, digest: Digest) -> Result<SociIndex, String> {
        let reference = self.repository.with_digest(digest);
        match self.registry.get_manifest(&reference).await {
            Ok(Some((_, bytes))) => SociIndex::parse(&bytes).map_err(|error| error.to_string()),
            Ok(None) => Err("it is not in the registry".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn read_manifest(&self, digest: Digest) -> Result<Manifest, String> {
        let reference = self.repository.with_digest(digest);
        match self.registry.get_document(&reference).await {
            Ok(Some((_, Document::Manifest(manifest)))) => Ok(*manifest),
            Ok(Some((_, Document::Index(_)))) => Err("it is an index inside an index".to_owned()),
            Ok(None) => Err("it is not in the registry".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The layers of an image that its index leaves out for another reason than their size. The limit
/// that the index was made with is not written down, but no layer in it is below it. With spans of
/// another size there may have been another reason.
fn left_out(manifest: &Manifest, index: &SociIndex, options: &SociOptions) -> Vec<Digest> {
    let indexed: BTreeSet<Digest> = index.ztocs.iter().map(|entry| entry.layer).collect();
    let layers = &manifest.layers;
    let smallest = layers
        .iter()
        .filter(|layer| indexed.contains(&layer.digest))
        .map(|layer| layer.size)
        .min();
    let same_spans = |entry: &ZtocEntry| entry.span_size == options.span_size;
    let Some(smallest) = smallest.filter(|_| index.ztocs.iter().all(same_spans)) else {
        return Vec::new();
    };
    let limit = smallest.max(options.min_layer_size);
    layers
        .iter()
        .filter(|layer| layer.size >= limit && !indexed.contains(&layer.digest))
        .map(|layer| layer.digest)
        .collect()
}

#[cfg(test)]
mod tests;
