//! The removal of one batch, and what ECR answers.

use futures::stream::{self, StreamExt as _};

use super::repository::Work;
use crate::aws::{AwsError, AwsErrorKind, EcrDeletion, EcrFailureCode, EcrImageId, EcrImageStatus};
use crate::image::Digest;
use crate::prune::collect::Found;
use crate::prune::{Event, InUse};

/// How many images of a batch are moved to the archive at once; there is no call for several.
const ARCHIVALS: usize = 16;

/// What became of a batch beside what is told in the result.
pub(super) struct Outcome {
    /// Some image of it stays against the plan.
    pub(super) kept: bool,
    /// What an index lists that ECR still knows.
    pub(super) listed: Vec<Digest>,
    /// What AWS had no time for. It has to be looked at again before it goes.
    pub(super) again: Vec<(Digest, String)>,
}

impl<F, Fut> Work<'_, F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = InUse>,
{
    /// Removes a batch that was checked.
    pub(super) async fn remove(&mut self, archive: bool, batch: &[Digest]) -> Outcome {
        let mut outcome = Outcome {
            kept: false,
            listed: Vec::new(),
            again: Vec::new(),
        };
        if batch.is_empty() {
            return outcome;
        }
        let before = self.result.deleted.len() + self.result.archived.len();
        if archive {
            self.archive(batch, &mut outcome).await;
        } else {
            self.delete(batch, &mut outcome).await;
        }
        self.application.observer.tell(&Event::Removed {
            repository: &self.found.id,
            count: self.result.deleted.len() + self.result.archived.len() - before,
        });
        outcome
    }

    async fn delete(&mut self, batch: &[Digest], outcome: &mut Outcome) {
        let Found { images, name, .. } = self.found;
        let ids: Vec<EcrImageId> = batch.iter().map(|one| EcrImageId::Digest(*one)).collect();
        let answer = match images.delete(name, &ids).await {
            Ok(answer) => answer,
            Err(error) => return self.call_failed(batch, &error, outcome),
        };
        let EcrDeletion { deleted, failures } = answer;
        for id in deleted {
            if let EcrImageId::Digest(digest) = id {
                self.mark(digest);
                self.result.deleted.push(digest);
            }
        }
        for failure in failures {
            let EcrImageId::Digest(digest) = failure.id else {
                continue;
            };
            match failure.code {
                EcrFailureCode::NotFound => {
                    self.mark(digest);
                    self.result.gone.push(digest);
                }
                EcrFailureCode::Referenced => outcome.listed.push(digest),
                code => {
                    self.fail(digest, code.as_str(), &failure.reason, false);
                    outcome.kept = true;
                }
            }
        }
    }

    async fn archive(&mut self, batch: &[Digest], outcome: &mut Outcome) {
        let Found { images, name, .. } = self.found;
        let each = batch
            .iter()
            .map(async |digest| (*digest, images.archive(name, *digest).await));
        let answers: Vec<_> = stream::iter(each)
            .buffer_unordered(ARCHIVALS)
            .collect()
            .await;
        let mut unclear = Vec::new();
        for (digest, answer) in answers {
            match answer {
                Ok(EcrImageStatus::Archived) => self.mark_archived(digest),
                Ok(other) => {
                    let text = format!("its status is {other:?} now");
                    self.fail(digest, "status", &text, false);
                    outcome.kept = true;
                }
                Err(error) if is_gone(&error) => self.call_failed(&[digest], &error, outcome),
                Err(error) => unclear.push((digest, error)),
            }
        }
        if unclear.is_empty() {
            return;
        }
        // A call whose answer was lost may have worked; sent again, ECR refuses it.
        let digests: Vec<Digest> = unclear.iter().map(|(digest, _)| *digest).collect();
        self.archiving.extend(&digests);
        let now = self.describe(&digests).await.unwrap_or_default();
        for (digest, error) in unclear {
            let status = now.get(&digest).map(|image| &image.status);
            if status == Some(&EcrImageStatus::Archived) {
                self.mark_archived(digest);
            } else {
                self.call_failed(&[digest], &error, outcome);
            }
        }
    }

    /// A call failed as a whole.
    fn call_failed(&mut self, batch: &[Digest], error: &AwsError, outcome: &mut Outcome) {
        for digest in batch {
            if is_gone(error) {
                self.mark(*digest);
                self.result.gone.push(*digest);
            } else if error.is_temporary() {
                outcome.again.push((*digest, error.to_string()));
            } else {
                self.fail(*digest, error.action, &error.to_string(), false);
                outcome.kept = true;
            }
        }
    }
}

/// Whether a call failed because what it is about is not there.
fn is_gone(error: &AwsError) -> bool {
    match &error.kind {
        AwsErrorKind::RepositoryNotFound => true,
        AwsErrorKind::NotFound { code, .. } => code == "ImageNotFoundException",
        _ => false,
    }
}
