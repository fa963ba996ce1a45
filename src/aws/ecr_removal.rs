//! Taking images out of repositories of ECR: deleting by digest, removing tags, archiving. Whether that may be done
//! is `prune`'s business.

use std::time::Duration;

use aws_sdk_ecr::types::{ImageFailureCode, ImageIdentifier, TargetStorageClass};

use super::ecr_images::{id, status};
use super::{AwsError, EcrImageStatus, EcrImages, FoundRepository};
use crate::image::Digest;

/// What a deletion names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EcrImageId {
    /// The image with all its tags.
    Digest(Digest),
    /// The tag; the last one takes the image with it.
    Tag(String),
}

/// What became of a deletion: everything that was named is in one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EcrDeletion {
    /// What is gone now.
    pub deleted: Vec<EcrImageId>,
    /// What ECR did not delete.
    pub failures: Vec<EcrFailure>,
}

/// What ECR did not delete, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcrFailure {
    /// What was named.
    pub id: EcrImageId,
    /// Why.
    pub code: EcrFailureCode,
    /// ECR's words.
    pub reason: String,
}

/// Why ECR did not delete something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EcrFailureCode {
    /// It is not there: `ImageNotFound`.
    NotFound,
    /// An index lists it: `ImageReferencedByManifestList`.
    Referenced,
    /// Another of ECR's codes.
    Other(String),
    /// The answer does not tell of it.
    Unanswered,
}

impl EcrFailureCode {
    /// ECR's code.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotFound => "ImageNotFound",
            Self::Referenced => "ImageReferencedByManifestList",
            Self::Other(code) => code,
            Self::Unanswered => "no answer",
        }
    }
}

const DELETE: &str = "ecr:BatchDeleteImage";
/// How long after it was decided a removal may be sent, be it the first time: its reasons grow old.
const PATIENCE: Duration = Duration::from_secs(5);
const ARCHIVE: &str = "ecr:UpdateImageStorageClass";

impl EcrImages {
    /// Deletes images and tags, at most [`Self::MOST`]. The call succeeds though nothing may have been deleted.
    pub async fn delete(
        &self,
        repository: &FoundRepository,
        ids: &[EcrImageId],
    ) -> Result<EcrDeletion, AwsError> {
        let named = ids.iter().map(|one| match one {
            EcrImageId::Digest(digest) => id(digest),
            EcrImageId::Tag(tag) => ImageIdentifier::builder().image_tag(tag).build(),
        });
        let request = self
            .client
            .batch_delete_image()
            .registry_id(&repository.account)
            .repository_name(&repository.name)
            .set_image_ids(Some(named.collect()));
        let send = || request.clone().send();
        let answer = self
            .aws
            .paced_within(PATIENCE, DELETE, &self.region, send)
            .await?;
        let failures = answer.failures().iter().map(|failure| {
            let code = match failure.failure_code() {
                Some(ImageFailureCode::ImageNotFound) => EcrFailureCode::NotFound,
                Some(ImageFailureCode::ImageReferencedByManifestList) => EcrFailureCode::Referenced,
                Some(code) => EcrFailureCode::Other(code.as_str().to_owned()),
                None => EcrFailureCode::Other("no code".to_owned()),
            };
            let reason = failure.failure_reason().unwrap_or("no reason").to_owned();
            (failure.image_id(), code, reason)
        });
        Ok(sort(ids, answer.image_ids(), &failures.collect::<Vec<_>>()))
    }

    /// Moves an image to the archive, and tells its status afterwards.
    pub async fn archive(
        &self,
        repository: &FoundRepository,
        digest: Digest,
    ) -> Result<EcrImageStatus, AwsError> {
        let request = self
            .client
            .update_image_storage_class()
            .registry_id(&repository.account)
            .repository_name(&repository.name)
            .image_id(id(&digest))
            .target_storage_class(TargetStorageClass::Archive);
        let send = || request.clone().send();
        let answer = self
            .aws
            .paced_within(PATIENCE, ARCHIVE, &self.region, send)
            .await?;
        Ok(status(answer.image_status()))
    }
}

fn means(id: &EcrImageId, told: &ImageIdentifier) -> bool {
    match id {
        EcrImageId::Digest(digest) => told.image_digest() == Some(digest.to_string().as_str()),
        EcrImageId::Tag(tag) => told.image_tag() == Some(tag),
    }
}

/// What became of everything that was named. A failure counts before a success, and silence is a failure.
fn sort(
    ids: &[EcrImageId],
    deleted: &[ImageIdentifier],
    failures: &[(Option<&ImageIdentifier>, EcrFailureCode, String)],
) -> EcrDeletion {
    let mut result = EcrDeletion::default();
    for id in ids {
        let failure = failures
            .iter()
            .find(|(told, ..)| told.is_some_and(|told| means(id, told)));
        let (code, reason) = match failure {
            Some((_, code, reason)) => (code.clone(), reason.clone()),
            None if deleted.iter().any(|told| means(id, told)) => {
                result.deleted.push(id.clone());
                continue;
            }
            None => (
                EcrFailureCode::Unanswered,
                "ECR's answer does not tell of it".to_owned(),
            ),
        };
        result.failures.push(EcrFailure {
            id: id.clone(),
            code,
            reason,
        });
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_was_named_is_answered_once() {
        let digest = |byte: u8| Digest::from_sha256([byte; 32]);
        let ids = [
            EcrImageId::Digest(digest(1)),
            EcrImageId::Digest(digest(2)),
            EcrImageId::Tag("v1".to_owned()),
            EcrImageId::Digest(digest(3)),
        ];
        let told = ImageIdentifier::builder;
        let deleted = [
            told()
                .image_digest(digest(1).to_string())
                .image_tag("a")
                .build(),
            told()
                .image_digest(digest(1).to_string())
                .image_tag("b")
                .build(),
            told()
                .image_digest(digest(9).to_string())
                .image_tag("v1")
                .build(),
        ];
        let failed = told().image_digest(digest(2).to_string()).build();
        let failures = [(Some(&failed), EcrFailureCode::Referenced, "why".to_owned())];
        let result = sort(&ids, &deleted, &failures);
        assert_eq!(result.deleted, [ids[0].clone(), ids[2].clone()]);
        let failures: Vec<_> = result
            .failures
            .iter()
            .map(|one| (&one.id, &one.code))
            .collect();
        assert_eq!(
            failures,
            [
                (&ids[1], &EcrFailureCode::Referenced),
                (&ids[3], &EcrFailureCode::Unanswered)
            ]
        );
    }
}
