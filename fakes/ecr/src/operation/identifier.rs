//! `ImageIdentifier`: a tag, a digest or both; and `ImageFailure`, which says why one could not be served.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::error::ApiError;
use crate::image::Image;
use crate::repository::RepositoryState;

/// As it came, so that it can be given back.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageId<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) image_digest: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) image_tag: Option<Cow<'a, str>>,
}

/// An image that an answer names.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NamedImage<'a> {
    pub(super) image_digest: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_tag: Option<Cow<'a, str>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageFailure<'a> {
    pub(super) image_id: ImageId<'a>,
    pub(super) failure_code: &'static str,
    pub(super) failure_reason: String,
}

/// A code and a reason, before it is said of which image.
pub(super) type Reason = (&'static str, String);

pub(super) const NOT_FOUND: &str = "ImageNotFound";

impl<'a> ImageId<'a> {
    /// The image of this name, or the code and reason of a failure.
    pub(super) fn find<'r>(&self, repository: &'r RepositoryState) -> Result<&'r Image, Reason> {
        let not_found = || (NOT_FOUND, "Requested image not found".to_owned());
        let digest = match &self.image_digest {
            Some(text) => Some(text.parse::<Digest>().map_err(|_| {
                let reason = "Invalid request parameters: image digest should satisfy the regex \
                              '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'";
                ("InvalidImageDigest", reason.to_owned())
            })?),
            None => None,
        };
        if let Some(tag) = &self.image_tag
            && !is_tag(tag)
        {
            let reason = format!("Invalid request parameters: '{tag}' is not a tag");
            return Err(("InvalidImageTag", reason));
        }
        match (digest, &self.image_tag) {
            (None, None) => {
                let reason = "Invalid request parameters: both tag and digest cannot be null";
                Err(("MissingDigestAndTag", reason.to_owned()))
            }
            (Some(digest), None) => repository.image(digest).ok_or_else(not_found),
            (None, Some(tag)) => repository.tagged(tag).ok_or_else(not_found),
            (Some(digest), Some(tag)) => {
                let image = repository.tagged(tag).ok_or_else(not_found)?;
                if image.digest == digest {
                    return Ok(image);
                }
                let reason = "Requested image tag does not match the requested digest";
                Err(("ImageTagDoesNotMatchDigest", reason.to_owned()))
            }
        }
    }

    pub(super) fn failed(self, (failure_code, failure_reason): Reason) -> ImageFailure<'a> {
        ImageFailure {
            image_id: self,
            failure_code,
            failure_reason,
        }
    }
}

/// Whether a text can be a tag.
pub(super) fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = text.bytes();
    text.len() <= 300
        && bytes.next().is_some_and(word)
        && bytes.all(|byte| word(byte) || byte == b'.' || byte == b'-')
}

/// A batch has 1 to 100 ids.
pub(super) fn check_batch(ids: &[ImageId<'_>]) -> Result<(), ApiError> {
    let constraint = match ids.len() {
        0 => "Member must have length greater than or equal to 1",
        1..=100 => return Ok(()),
        _ => "Member must have length less than or equal to 100",
    };
    Err(ApiError::constraint("imageIds", constraint))
}
