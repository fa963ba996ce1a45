//! Pushing what came of an image's layers: SOCI indexes, then image manifests, then what names them.
//! `attestations` follow the manifests, and `tags` come last.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use launchway_soci::index::Subject;

use super::layers::{Fates, passes_over};
use super::{
    AttachContext, AttachError, AttachOptions, Attached, AttachedLayer, AttachedPlatform, Choice,
    Summary,
};
use crate::image::{Descriptor, Digest, Index, annotation, media_type};
use crate::registry::{Reference, ReferenceTarget};
use crate::soci::annotate::{self, AnnotateError, Change, Entry, Replacement};
use crate::soci::source_image::{PlatformImage, SourceImage};
use crate::soci::{PushedIndex, SociLayer, push_index};

/// Manifests that are pushed at once.
pub(super) const AT_ONCE: usize = 4;

/// What is published, and where.
pub(super) struct Publication<'a> {
    pub(super) context: &'a AttachContext,
    pub(super) reference: &'a Reference,
    pub(super) image: &'a SourceImage,
    pub(super) options: &'a AttachOptions,
    pub(super) fates: &'a Fates,
}

/// An image manifest and its SOCI index as they are published.
struct Part {
    /// The manifest before.
    before: Digest,
    manifest: Entry,
    /// The manifest's bytes.
    bytes: Bytes,
    soci: Change<Entry>,
}

/// What tags will point at.
pub(super) struct Top {
    pub(super) digest: Digest,
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

impl Publication<'_> {
    /// v2: manifests that name their SOCI indexes, and an image index that lists them. An image
    /// that gets none loses those that it had, which would name zTOCs of other layers or none at
    /// all; one that had none stays as it is, byte for byte.
    pub(super) async fn in_image(&self, choices: &[Choice<'_>]) -> Result<Attached, AttachError> {
        let indexed = self.has_ztocs(choices);
        let (parts, top) = if indexed || self.has_soci(choices) {
            self.rewritten(choices).await?
        } else {
            (Vec::new(), self.unchanged())
        };
        let before = self.image.top.digest;
        if top.digest != before {
            self.put(top.digest, &top.media_type, top.bytes.clone())
                .await?;
        }
        let tags = self.tag(&top).await?;
        let summary = match (indexed, top.digest == before) {
            (true, true) => Summary::Unchanged,
            (true, false) => Summary::Attached,
            (false, true) => Summary::NothingToIndex,
            (false, false) => Summary::Removed,
        };
        Ok(Attached {
            digest: top.digest,
            tags,
            platforms: self.platforms(choices, &parts),
            ..self.attached(summary)
        })
    }

    /// Pushes everything but the document that tags point at, and makes that.
    async fn rewritten(&self, choices: &[Choice<'_>]) -> Result<(Vec<Part>, Top), AttachError> {
        let parts: Vec<Part> = stream::iter(choices)
            .map(|choice| self.part(*choice))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut replacements: BTreeMap<Digest, Replacement> = parts
            .iter()
            .map(|part| {
                let (manifest, soci) = (part.manifest, part.soci);
                (part.before, Replacement { manifest, soci })
            })
            .collect();
        self.attestations(&mut replacements).await?;
        let top = self.top(&parts, &replacements)?;
        Ok((parts, top))
    }

    fn unchanged(&self) -> Top {
        Top {
            digest: self.image.top.digest,
            media_type: self.image.top.media_type.clone(),
            bytes: self.image.bytes.clone(),
        }
    }

    /// Whether an image that is looked at names a SOCI index, or the image index has one for it.
    fn has_soci(&self, choices: &[Choice<'_>]) -> bool {
        let entries = || self.image.index.iter().flat_map(Index::soci_indexes);
        let has_soci = |image: &PlatformImage| {
            let annotations = &image.manifest.annotations;
            let digest = image.descriptor.digest.to_string();
            annotations.contains_key(annotation::SOCI_INDEX_DIGEST)
                || entries().any(|entry| {
                    match entry.annotations.get(annotation::SOCI_IMAGE_DIGEST) {
                        Some(named) => *named == digest,
                        None => entry.platform.as_ref() == Some(&image.platform),
                    }
                })
        };
        let mut looked_at = choices.iter().filter(|choice| choice.is_indexed());
        looked_at.any(|choice| has_soci(choice.image))
    }

    /// v1: SOCI indexes that refer to the manifests, which stay as they are.
    pub(super) async fn beside_image(
        &self,
        choices: &[Choice<'_>],
    ) -> Result<Attached, AttachError> {
        if !self.has_ztocs(choices) {
            return Ok(self.nothing(choices));
        }
        let mut parts = Vec::new();
        let mut summary = Summary::Unchanged;
        for choice in choices.iter().filter(|choice| choice.is_indexed()) {
            let descriptor = &choice.image.descriptor;
            let layers = self.layers(choice.image);
            if layers.is_empty() {
                continue;
            }
            let subject = Subject {
                media_type: descriptor.media_type.clone(),
                digest: descriptor.digest,
                size: descriptor.size,
            };
            let listed = self.referring(descriptor.digest).await?;
            let pushed = self.push(choice.image, &layers, Some(subject)).await?;
            if !listed.contains(&pushed.descriptor.digest) {
                summary = Summary::Attached;
            }
            parts.push(Part {
                before: descriptor.digest,
                manifest: entry(descriptor),
                bytes: choice.image.bytes.clone(),
                soci: Change::Set(Some(entry(&pushed.descriptor))),
            });
        }
        Ok(Attached {
            platforms: self.platforms(choices, &parts),
            ..self.attached(summary)
        })
    }

    /// The SOCI indexes v1 that refer to a manifest.
    async fn referring(&self, manifest: Digest) -> Result<Vec<Digest>, AttachError> {
        let kind = self.options.soci.version.artifact_type();
        let repository = &self.image.repository;
        let listed = self
            .context
            .registry
            .referrers(repository, manifest, Some(kind))
            .await
            .map_err(AttachError::registry(format!(
                "list what refers to {}",
                repository.with_digest(manifest)
            )))?;
        Ok(listed.into_iter().map(|entry| entry.digest).collect())
    }

    /// Pushes the SOCI index of one image, then its manifest, by digest.
    async fn part(&self, choice: Choice<'_>) -> Result<Part, AttachError> {
        let image = choice.image;
        let layers = self.layers(image);
        let soci = if !choice.is_indexed() {
            Change::Keep
        } else if layers.is_empty() {
            Change::Set(None)
        } else {
            let pushed = self.push(image, &layers, None).await?;
            Change::Set(Some(entry(&pushed.descriptor)))
        };
        let before = image.descriptor.digest;
        let annotation = match soci {
            Change::Keep => Change::Keep,
            Change::Set(index) => Change::Set(index.map(|index| index.digest)),
        };
        let bytes = annotate::image_manifest(&image.bytes, annotation)
            .map_err(self.cannot_change(before))?;
        let manifest = Entry {
            digest: Digest::of(&bytes),
            size: bytes.len() as u64,
        };
        let bytes = Bytes::from(bytes);
        if manifest.digest != before {
            self.put(manifest.digest, media_type::OCI_MANIFEST, bytes.clone())
                .await?;
        }
        Ok(Part {
            before,
            manifest,
            bytes,
            soci,
        })
    }

    async fn push(
        &self,
        image: &PlatformImage,
        layers: &[SociLayer],
        subject: Option<Subject>,
    ) -> Result<PushedIndex, AttachError> {
        let repository = &self.image.repository;
        push_index(
            &self.context.registry,
            repository,
            layers,
            subject,
            &self.options.soci,
        )
        .await
        .map_err(|source| AttachError::Push {
            platform: Box::new(image.platform.clone()),
            repository: repository.clone(),
            source: Box::new(source),
        })
    }

    /// The layers of an image that have zTOCs.
    fn layers(&self, image: &PlatformImage) -> Vec<SociLayer> {
        let layers = image.manifest.layers.iter().filter_map(|layer| {
            let settled = self.fates.get(&layer.digest)?;
            let (ztoc, size) = settled.fate.ztoc()?;
            Some(SociLayer {
                layer: layer.digest,
                media_type: layer.media_type.clone(),
                ztoc,
                size,
                repositories: settled.repositories.clone(),
                file: settled.file.clone(),
            })
        });
        layers.collect()
    }

    fn has_ztocs(&self, choices: &[Choice<'_>]) -> bool {
        choices
            .iter()
            .any(|choice| choice.is_indexed() && !self.layers(choice.image).is_empty())
    }

    /// The document that tags will point at: the image index, or the manifest of a single image
    /// that has no SOCI index.
    fn top(
        &self,
        parts: &[Part],
        replacements: &BTreeMap<Digest, Replacement>,
    ) -> Result<Top, AttachError> {
        let index = match (&self.image.index, parts, self.image.images.as_slice()) {
            (Some(_), ..) => annotate::image_index(&self.image.bytes, replacements),
            (None, [part], [image]) => {
                let Change::Set(Some(soci)) = part.soci else {
                    return Ok(Top {
                        digest: part.manifest.digest,
                        media_type: media_type::OCI_MANIFEST.to_owned(),
                        bytes: part.bytes.clone(),
                    });
                };
                annotate::index_around(part.manifest, Some(soci), &image.config)
            }
            // A single manifest was read as one image.
            _ => return Ok(self.unchanged()),
        };
        let index = index.map_err(self.cannot_change(self.image.top.digest))?;
        let digest = Digest::of(&index);
        if digest == self.image.top.digest {
            return Ok(self.unchanged());
        }
        Ok(Top {
            digest,
            media_type: media_type::OCI_INDEX.to_owned(),
            bytes: index.into(),
        })
    }

    pub(super) fn cannot_change(
        &self,
        digest: Digest,
    ) -> impl FnOnce(AnnotateError) -> AttachError {
        let reference = self.image.repository.with_digest(digest);
        move |source| AttachError::Annotate { reference, source }
    }

    /// Puts a document by its digest.
    pub(super) async fn put(
        &self,
        digest: Digest,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<(), AttachError> {
        let repository = &self.image.repository;
        let target = ReferenceTarget::Digest(digest);
        self.context
            .registry
            .put_manifest(repository, &target, media_type, bytes)
            .await
            .map_err(AttachError::registry(format!(
                "push {}",
                repository.with_digest(digest)
            )))?;
        Ok(())
    }

    /// What is said when there is no layer to index.
    fn nothing(&self, choices: &[Choice<'_>]) -> Attached {
        Attached {
            platforms: self.platforms(choices, &[]),
            ..self.attached(Summary::NothingToIndex)
        }
    }

    fn attached(&self, summary: Summary) -> Attached {
        Attached {
            repository: self.image.repository.clone(),
            before: self.image.top.digest,
            digest: self.image.top.digest,
            summary,
            tags: Vec::new(),
            platforms: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn platforms(&self, choices: &[Choice<'_>], parts: &[Part]) -> Vec<AttachedPlatform> {
        let chosen = choices.iter().filter(|choice| choice.chosen);
        let platforms = chosen.map(|choice| {
            let before = choice.image.descriptor.digest;
            let part = parts.iter().find(|part| part.before == before);
            let layers = choice.image.manifest.layers.iter().filter_map(|layer| {
                let settled = self.fates.get(&layer.digest)?;
                Some(AttachedLayer {
                    digest: layer.digest,
                    size: layer.size,
                    fate: settled.fate.clone(),
                })
            });
            let passed_over = passes_over(&choice.image.platform);
            AttachedPlatform {
                platform: choice.image.platform.clone(),
                before,
                manifest: part.map_or(before, |part| part.manifest.digest),
                soci_index: part.and_then(|part| match part.soci {
                    Change::Set(Some(index)) => Some(index.digest),
                    _ => None,
                }),
                layers: if passed_over.is_some() {
                    Vec::new()
                } else {
                    layers.collect()
                },
                passed_over,
            }
        });
        platforms.collect()
    }
}

fn entry(descriptor: &Descriptor) -> Entry {
    Entry {
        digest: descriptor.digest,
        size: descriptor.size,
    }
}
