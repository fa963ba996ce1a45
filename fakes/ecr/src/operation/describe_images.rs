//! `DescribeImages`: pages of a repository, or details of the images that are asked for.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::identifier::{ImageId, check_batch};
use super::page::{LISTS, Page};
use crate::Digest;
use crate::error::ApiError;
use crate::image::{Image, ImageStatus};
use crate::late::Consistency;
use crate::repository::RepositoryState;
use crate::world::{Caller, World};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow)]
    registry_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    repository_name: Cow<'a, str>,
    #[serde(borrow)]
    image_ids: Option<Vec<ImageId<'a>>>,
    #[serde(borrow)]
    next_token: Option<Cow<'a, str>>,
    max_results: Option<i64>,
    filter: Option<Filter>,
}

/// `DescribeImagesFilter`, which is also that of `ListImages`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    tag_status: Option<TagStatus>,
    image_status: Option<StatusFilter>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum TagStatus {
    Tagged,
    Untagged,
    Any,
}

/// Of images, and of referrers.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum StatusFilter {
    Active,
    Archived,
    Activating,
    Any,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    image_details: Vec<Detail<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    image_digest: Digest,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    image_tags: &'a [String],
    image_size_in_bytes: u64,
    image_pushed_at: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_recorded_pull_time: Option<f64>,
    image_manifest_media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_media_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_manifest_digest: Option<Digest>,
    image_status: ImageStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_archived_at: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_activated_at: Option<f64>,
}

pub(super) fn answer(world: &World, caller: &Caller, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let request: Request<'_> = super::parse(body)?;
    let account = World::account(caller, request.registry_id.as_deref())?;
    let (region, name) = (&caller.region, &*request.repository_name);
    let repository = world.repository(region, account, name)?;
    let consistency = world.consistency;
    let filter = request.filter.unwrap_or_default();
    let detail = |image| detail(account, name, repository, image, consistency);
    if let Some(ids) = request.image_ids {
        check_batch(&ids)?;
        if request.next_token.is_some() || request.max_results.is_some() {
            return Err(ApiError::invalid(
                "nextToken and maxResults cannot be used with imageIds",
            ));
        }
        let mut image_details: Vec<Detail<'_>> = Vec::with_capacity(ids.len());
        for id in &ids {
            let found = id.find(repository).map_err(|(code, reason)| match code {
                "InvalidImageDigest" | "InvalidImageTag" | "MissingDigestAndTag" => {
                    ApiError::invalid(reason)
                }
                _ => not_found(id, account, name),
            })?;
            if !filter.admits(repository, found, consistency) {
                return Err(not_found(id, account, name));
            }
            let known = image_details.iter();
            if known
                .into_iter()
                .all(|known| known.image_digest != found.digest)
            {
                image_details.push(detail(found));
            }
        }
        return super::write(&Answer {
            image_details,
            next_token: None,
        });
    }
    let scope = format!("DescribeImages/{account}/{region}/{name}");
    let token = request.next_token.as_deref();
    let page = Page::new(scope, LISTS, request.max_results, token)?;
    let mut image_details = Vec::with_capacity(page.limit);
    let mut next_token = None;
    for (place, image) in repository.listed(page.place()?, consistency) {
        if !filter.admits(repository, image, consistency) {
            continue;
        }
        if image_details.len() == page.limit {
            next_token = Some(page.token(&place.to_string()));
            break;
        }
        image_details.push(detail(image));
    }
    super::write(&Answer {
        image_details,
        next_token,
    })
}

fn detail<'a>(
    account: &'a str,
    name: &'a str,
    repository: &RepositoryState,
    image: &'a Image,
    consistency: Consistency,
) -> Detail<'a> {
    Detail {
        registry_id: account,
        repository_name: name,
        image_digest: image.digest,
        image_tags: &image.tags,
        image_size_in_bytes: repository.size(image),
        image_pushed_at: image.pushed,
        last_recorded_pull_time: image.pulled,
        image_manifest_media_type: &image.facts.media_type,
        artifact_media_type: image.facts.artifact_type.as_deref(),
        subject_manifest_digest: image.facts.subject,
        image_status: repository.status(image, consistency),
        last_archived_at: image.archived_at,
        last_activated_at: image.activated_at,
    }
}

fn not_found(id: &ImageId<'_>, account: &str, name: &str) -> ApiError {
    let digest = id.image_digest.as_deref().unwrap_or("null");
    let tag = id.image_tag.as_deref().unwrap_or("null");
    let message = format!(
        "The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within \
         the repository with name '{name}' in the registry with id '{account}'"
    );
    ApiError::new("ImageNotFoundException", message)
}

impl Filter {
    /// Whether an image is of what is asked for. Without a word: only active ones.
    pub(super) fn admits(
        self,
        repository: &RepositoryState,
        image: &Image,
        consistency: Consistency,
    ) -> bool {
        let tagged = match self.tag_status {
            Some(TagStatus::Tagged) => !image.tags.is_empty(),
            Some(TagStatus::Untagged) => image.tags.is_empty(),
            Some(TagStatus::Any) | None => true,
        };
        let wanted = self.image_status.unwrap_or(StatusFilter::Active);
        tagged && wanted.admits(repository.status(image, consistency))
    }
}

impl StatusFilter {
    pub(super) fn admits(self, status: ImageStatus) -> bool {
        match self {
            Self::Active => status == ImageStatus::Active,
            Self::Archived => status == ImageStatus::Archived,
            Self::Activating => status == ImageStatus::Activating,
            Self::Any => true,
        }
    }
}
