//! `ListImageReferrers`: the artifacts whose subject is an image.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::describe_images::StatusFilter;
use super::page::{Limits, Page};
use crate::Digest;
use crate::error::ApiError;
use crate::world::{Caller, World};

const LIMITS: Limits = Limits {
    default: 20,
    most: 50,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow)]
    registry_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    repository_name: Cow<'a, str>,
    #[serde(borrow)]
    subject_id: Subject<'a>,
    filter: Option<Filter>,
    #[serde(borrow)]
    next_token: Option<Cow<'a, str>>,
    max_results: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject<'a> {
    #[serde(borrow)]
    image_digest: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    artifact_types: Option<Vec<String>>,
    artifact_status: Option<StatusFilter>,
}

pub(super) fn answer(world: &World, caller: &Caller, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let request: Request<'_> = super::parse(body)?;
    let account = World::account(caller, request.registry_id.as_deref())?;
    let (region, name) = (&caller.region, &*request.repository_name);
    let repository = world.repository(region, account, name)?;
    let subject: Digest = request.subject_id.image_digest.parse().map_err(|_| {
        ApiError::invalid("Invalid parameter at 'subjectId.imageDigest': not a digest")
    })?;
    let filter = request.filter.unwrap_or_default();
    let status = filter.artifact_status.unwrap_or(StatusFilter::Active);
    let scope = format!("ListImageReferrers/{account}/{region}/{name}/{subject}");
    let token = request.next_token.as_deref();
    let page = Page::new(scope, LIMITS, request.max_results, token)?;
    let mut referrers = Vec::new();
    let mut next_token = None;
    for (place, image) in repository.referrers(subject, page.place()?) {
        let artifact_type = image.facts.artifact_type.as_deref();
        let wanted = filter.artifact_types.as_ref().is_none_or(|wanted| {
            let artifact_type = artifact_type.unwrap_or_default();
            wanted.iter().any(|wanted| wanted == artifact_type)
        });
        let stored = repository.status(image, world.consistency);
        if !wanted || !status.admits(stored) {
            continue;
        }
        if referrers.len() == page.limit {
            next_token = Some(page.token(&place.to_string()));
            break;
        }
        let bytes = image.content.bytes();
        let mut entry = json!({
            "digest": image.digest,
            "mediaType": image.facts.media_type,
            "size": bytes.len(),
            "annotations": annotations(&bytes),
            "artifactStatus": stored,
        });
        if let Some(artifact_type) = artifact_type {
            entry["artifactType"] = artifact_type.into();
        }
        referrers.push(entry);
    }
    let mut answer = json!({ "referrers": referrers });
    if let Some(token) = next_token {
        answer["nextToken"] = token.into();
    }
    super::write(&answer)
}

/// The annotations of a manifest itself.
fn annotations(manifest: &[u8]) -> Map<String, Value> {
    let document = serde_json::from_slice::<Value>(manifest);
    let annotations = document.ok().and_then(|document| {
        let annotations = document.get("annotations")?.as_object()?;
        Some(annotations.clone())
    });
    annotations.unwrap_or_default()
}
