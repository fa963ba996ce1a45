//! Expired tags of images that are kept: removed one by one, and never an image's last one, with which it would go.

use std::collections::BTreeSet;

use super::repository::{Halt, Work};
use super::{Failed, SkipReason, Skipped};
use crate::aws::{EcrFailureCode, EcrImage, EcrImageId, EcrImages};
use crate::image::Digest;
use crate::prune::collect::Found;
use crate::prune::{Event, ImagePlan, InUse, RepositoryPlan, RepositoryUses, Verdict};

impl<F, Fut> Work<'_, F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = InUse>,
{
    /// How many tags of the plan are not dealt with.
    pub(super) fn tags_left(&self) -> usize {
        let planned = self.bound.images.iter();
        let planned: usize = planned.map(|image| image.untag.len()).sum();
        let skipped = self.result.skipped.iter().filter(|one| one.tag.is_some());
        let failed = self.result.failed.iter().filter(|one| one.tag.is_some());
        planned.saturating_sub(self.result.untagged.len() + skipped.count() + failed.count())
    }

    /// Removes the tags that the plan lets go, and the plan that it is bound by.
    pub(super) async fn remove_tags(&mut self, plan: &RepositoryPlan) -> Result<(), Halt> {
        let bound: BTreeSet<(Digest, &str)> = self
            .bound
            .images
            .iter()
            .flat_map(|image| {
                let tags = image.untag.iter();
                tags.map(|tag| (image.digest, tag.as_str()))
            })
            .collect();
        let images = plan.images.iter();
        let images: Vec<(&ImagePlan, Vec<&str>)> = images
            .filter(|image| matches!(image.verdict, Verdict::Keep(_)))
            .map(|image| {
                let tags = image.untag.iter().map(String::as_str);
                let tags = tags.filter(|tag| bound.contains(&(image.digest, *tag)));
                (image, tags.collect::<Vec<_>>())
            })
            .filter(|(_, tags)| !tags.is_empty())
            .collect();
        for batch in images.chunks(EcrImages::MOST) {
            let digests: Vec<Digest> = batch.iter().map(|(image, _)| image.digest).collect();
            let (uses, found) = self.look(&digests).await?;
            let uses = uses.index.of(&self.bound.repository);
            let mut going = Vec::new();
            for (image, tags) in batch {
                // An image that is gone, or a tag that moved away, is not ours any more.
                let Some(now) = found.get(&image.digest) else {
                    continue;
                };
                for (tag, verdict) in judge(now, tags, uses) {
                    match verdict {
                        None => going.push((image.digest, tag)),
                        Some(why) => self.result.skipped.push(Skipped {
                            digest: image.digest,
                            tag: Some(tag),
                            why,
                        }),
                    }
                }
            }
            for some in going.chunks(EcrImages::MOST) {
                self.untag(some).await;
            }
        }
        Ok(())
    }

    async fn untag(&mut self, tags: &[(Digest, String)]) {
        let Found { images, name, .. } = self.found;
        let ids: Vec<EcrImageId> = tags
            .iter()
            .map(|(_, tag)| EcrImageId::Tag(tag.clone()))
            .collect();
        let answer = images.delete(name, &ids).await;
        for (digest, tag) in tags {
            let problem = match &answer {
                Ok(answer) => {
                    let id = EcrImageId::Tag(tag.clone());
                    let failure = answer.failures.iter().find(|failure| failure.id == id);
                    failure
                        .filter(|failure| failure.code != EcrFailureCode::NotFound)
                        .map(|failure| (failure.code.as_str(), failure.reason.clone(), false))
                }
                Err(error) => Some((error.action, error.to_string(), error.is_temporary())),
            };
            match problem {
                None => self.result.untagged.push((*digest, tag.clone())),
                Some((code, text, temporary)) => self.result.failed.push(Failed {
                    digest: *digest,
                    tag: Some(tag.clone()),
                    code: code.to_owned(),
                    text,
                    temporary,
                }),
            }
        }
        self.application.observer.tell(&Event::Removed {
            repository: &self.found.id,
            count: tags.len(),
        });
    }
}

/// Of the tags that should go, those that the image has now: whether each may, or why not.
fn judge(
    now: &EcrImage,
    tags: &[&str],
    uses: &RepositoryUses,
) -> Vec<(String, Option<SkipReason>)> {
    let there = tags
        .iter()
        .filter(|tag| now.tags.iter().any(|one| one == **tag));
    let mut judged: Vec<(String, Option<SkipReason>)> = there
        .map(|tag| {
            let user = uses.uses.iter().find(|one| one.tag.as_deref() == Some(tag));
            let why = user.map(|one| SkipReason::InUse { by: one.by.clone() });
            ((*tag).to_owned(), why)
        })
        .collect();
    let going = judged.iter().filter(|(_, why)| why.is_none()).count();
    if going == now.tags.len() {
        // None stays that the plan counted on. One of ours has to.
        if let Some((_, why)) = judged.last_mut() {
            *why = Some(SkipReason::LastTag);
        }
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::EcrImageStatus;
    use crate::prune::{NamedImage, Source, UsedBy};

    fn image(tags: &[&str]) -> EcrImage {
        EcrImage {
            digest: Digest::from_sha256([1; 32]),
            media_type: None,
            artifact_type: None,
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            size: None,
            pushed_at: None,
            pulled_at: None,
            subject: None,
            status: EcrImageStatus::Active,
        }
    }

    fn going(now: &[&str], tags: &[&str], uses: &RepositoryUses) -> Vec<String> {
        let judged = judge(&image(now), tags, uses).into_iter();
        let going = judged.filter(|(_, why)| why.is_none());
        going.map(|(tag, _)| tag).collect()
    }

    #[test]
    fn a_tag_always_stays() {
        let none = RepositoryUses::default();
        assert_eq!(going(&["a", "b", "c"], &["a", "b"], &none), ["a", "b"]);
        // The one that was to stay is gone meanwhile.
        assert_eq!(going(&["a", "b"], &["a", "b"], &none), ["a"]);
        assert!(going(&["a"], &["a"], &none).is_empty());
        // A tag that moved away is nobody's business here.
        assert_eq!(going(&["b", "c"], &["a", "b"], &none), ["b"]);
        assert!(going(&[], &["a"], &none).is_empty());
    }

    #[test]
    fn a_tag_in_use_stays() {
        let uses = RepositoryUses {
            uses: vec![NamedImage {
                tag: Some("a".to_owned()),
                digest: None,
                by: UsedBy {
                    source: Source::Service,
                    name: "prod/web".to_owned(),
                },
            }],
            ..RepositoryUses::default()
        };
        assert_eq!(going(&["a", "b"], &["a", "b"], &uses), ["b"]);
    }
}
