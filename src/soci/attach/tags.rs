//! Moving tags, when everything that they will name is in the registry.

use super::publish::{Publication, Top};
use super::{AttachError, MovedTag};
use crate::registry::{ReferenceTarget, Tag};

impl Publication<'_> {
    /// Moves the tags: the one that was read, unless others were asked for. It must still point at
    /// what was read, or somebody's push would be lost. Registries cannot do that in one step, so
    /// a push in the moment between looking and moving is not seen.
    pub(super) async fn tag(&self, top: &Top) -> Result<Vec<MovedTag>, AttachError> {
        let read = match self.reference.target() {
            ReferenceTarget::Tag(tag) => Some(tag),
            ReferenceTarget::Digest(_) => self.reference.tag().cloned(),
        };
        let mut wanted: Vec<Tag> = self.options.tags.clone();
        if wanted.is_empty() {
            wanted.extend(read.clone());
        }
        let mut tags: Vec<MovedTag> = Vec::new();
        for tag in wanted {
            let reference = self.image.repository.with_tag(tag.clone());
            let failed = |source| AttachError::Tags {
                failed: reference.clone(),
                image: self.image.repository.with_digest(top.digest),
                moved: tags
                    .iter()
                    .filter(|one| one.moved)
                    .map(|one| one.tag.to_string())
                    .collect(),
                source: Box::new(source),
            };
            let now = self.context.registry.head_manifest(&reference).await;
            let now = now.map_err(failed)?.map(|found| found.digest);
            if now == Some(top.digest) {
                tags.push(MovedTag { tag, moved: false });
                continue;
            }
            if read.as_ref() == Some(&tag) && now != Some(self.image.top.digest) {
                return Err(AttachError::TagMoved {
                    reference,
                    read: self.image.top.digest,
                    now,
                });
            }
            self.context
                .registry
                .put_manifest(
                    &self.image.repository,
                    &ReferenceTarget::Tag(tag.clone()),
                    &top.media_type,
                    top.bytes.clone(),
                )
                .await
                .map_err(failed)?;
            tags.push(MovedTag { tag, moved: true });
        }
        Ok(tags)
    }
}
