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
use crate::image::{Descriptor, Digest, media_type};
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
    soci: Change<Entry>,
}

impl Publication<'_> {
    /// v2: manifests that name their SOCI indexes, and an image index that lists them.
    pub(super) async fn in_image(&self, choices: &[Choice<'_>]) -> Result<Attached, AttachError> {
        if !self.has_ztocs(choices) {
            return Ok(self.nothing(choices));
        }
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
        let bytes = self.top(&parts, &replacements)?;
        let digest = Digest::of(&bytes);
        let before = self.image.top.digest;
        if digest != before {
            self.put(digest, media_type::OCI_INDEX, bytes.clone())
                .await?;
        }
        let tags = self.tag(digest, bytes).await?;
        let summary = if digest == before {
            Summary::Unchanged
        } else {
            Summary::Attached
        };
        Ok(Attached {
            digest,
            tags,
            platforms: self.platforms(choices, &parts),
            ..self.attached(summary)
        })
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
        if manifest.digest != before {
            self.put(manifest.digest, media_type::OCI_MANIFEST, bytes.into())
                .await?;
        }
        Ok(Part {
            before,
            manifest,
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
        .map_err(AttachError::registry(format!(
            "push the SOCI index of {} to {repository}",
            image.platform
        )))
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

    /// The image index that tags will point at.
    fn top(
        &self,
        parts: &[Part],
        replacements: &BTreeMap<Digest, Replacement>,
    ) -> Result<Bytes, AttachError> {
        let changed = match &self.image.index {
            Some(_) => annotate::image_index(&self.image.bytes, replacements),
            None => match (parts, self.image.images.as_slice()) {
                ([part], [image]) => {
                    let soci = match part.soci {
                        Change::Set(soci) => soci,
                        Change::Keep => None,
                    };
                    annotate::index_around(part.manifest, soci, &image.config)
                }
                // A single manifest was read as one image.
                _ => Ok(self.image.bytes.to_vec()),
            },
        };
        let bytes = changed.map_err(self.cannot_change(self.image.top.digest))?;
        Ok(bytes.into())
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
