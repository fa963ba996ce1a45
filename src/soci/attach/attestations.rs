//! Attestations of images whose manifests were replaced.
//!
//! Only what links them to their images changes (see [`annotate::attestation`]); the statements are
//! blobs of their own and stay.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::AttachError;
use super::publish::{AT_ONCE, Publication};
use crate::image::{Descriptor, Digest};
use crate::soci::annotate::{self, Change, DOCKER_REFERENCE_DIGEST, Entry, Replacement};

impl Publication<'_> {
    /// Lets attestations follow the images that were replaced: adds theirs to the replacements.
    pub(super) async fn attestations(
        &self,
        replacements: &mut BTreeMap<Digest, Replacement>,
    ) -> Result<(), AttachError> {
        let about_replaced = |entry: &&Descriptor| {
            let image = entry
                .annotations
                .get(DOCKER_REFERENCE_DIGEST)
                .and_then(|digest| digest.parse::<Digest>().ok());
            let replaced = image.and_then(|image| Some((image, replacements.get(&image)?)));
            replaced.is_some_and(|(image, replacement)| replacement.manifest.digest != image)
        };
        let entries = self.image.index.iter().flat_map(|index| &index.manifests);
        let attestations: Vec<&Descriptor> = entries.filter(about_replaced).collect();
        let images = &*replacements;
        let followed: Vec<Option<(Digest, Replacement)>> = stream::iter(attestations)
            .map(|entry| self.attestation(entry.digest, images))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        replacements.extend(followed.into_iter().flatten());
        Ok(())
    }

    /// An attestation's manifest that names the new image, pushed. `None` for one that names none,
    /// or that is not in the registry; its entry stays then.
    async fn attestation(
        &self,
        digest: Digest,
        images: &BTreeMap<Digest, Replacement>,
    ) -> Result<Option<(Digest, Replacement)>, AttachError> {
        let reference = self.image.repository.with_digest(digest);
        let found = self.context.registry.get_manifest(&reference).await;
        let found = found.map_err(AttachError::registry(format!(
            "read the attestation {reference}"
        )))?;
        let Some((descriptor, before)) = found else {
            return Ok(None);
        };
        let after = annotate::attestation(&before, images).map_err(self.cannot_change(digest))?;
        let manifest = Entry {
            digest: Digest::of(&after),
            size: after.len() as u64,
        };
        if manifest.digest == digest {
            return Ok(None);
        }
        self.put(manifest.digest, &descriptor.media_type, after.into())
            .await?;
        let soci = Change::Keep;
        Ok(Some((digest, Replacement { manifest, soci })))
    }
}
