//! `BatchDeleteImage`: tags and images, one id after the other, as far as indexes allow.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Done;
use super::identifier::{ImageFailure, ImageId, NamedImage, Reason, check_batch};
use crate::Digest;
use crate::error::ApiError;
use crate::late::Consistency;
use crate::repository::RepositoryState;
use crate::state::Deletion;
use crate::world::{Caller, World};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow)]
    registry_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    repository_name: Cow<'a, str>,
    #[serde(borrow, default)]
    image_ids: Vec<ImageId<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    image_ids: Vec<NamedImage<'a>>,
    failures: Vec<ImageFailure<'a>>,
}

pub(super) fn answer(world: &mut World, caller: &Caller, body: &[u8]) -> Result<Done, ApiError> {
    let request: Request<'_> = super::parse(body)?;
    let account = World::account(caller, request.registry_id.as_deref())?;
    let name = &*request.repository_name;
    let consistency = world.consistency;
    let repository = world.repository_mut(&caller.region, account, name)?;
    check_batch(&request.image_ids)?;
    let mut answer = Answer {
        image_ids: Vec::new(),
        failures: Vec::new(),
    };
    let mut deletions = Vec::new();
    for id in request.image_ids {
        match delete(repository, &id, consistency) {
            Ok((names, deleted)) => {
                answer.image_ids.extend(names);
                deletions.extend(deleted.map(|digest| Deletion {
                    account: account.to_owned(),
                    region: caller.region.clone(),
                    repository: name.to_owned(),
                    digest,
                }));
            }
            Err(reason) => answer.failures.push(id.failed(reason)),
        }
    }
    let body = super::write(&answer)?;
    Ok(Done { body, deletions })
}

type Effect = (Vec<NamedImage<'static>>, Option<Digest>);

/// What was removed, by its names; and the image that went with it.
fn delete(
    repository: &mut RepositoryState,
    id: &ImageId<'_>,
    consistency: Consistency,
) -> Result<Effect, Reason> {
    let image = id.find(repository)?;
    let digest = image.digest;
    let named = |tag: &str| NamedImage {
        image_digest: digest,
        image_tag: Some(Cow::Owned(tag.to_owned())),
    };
    if let Some(tag) = &id.image_tag
        && image.tags.len() > 1
    {
        repository.untag(tag);
        return Ok((vec![named(tag)], None));
    }
    let mut names: Vec<_> = image.tags.iter().map(|tag| named(tag)).collect();
    if names.is_empty() {
        names.push(NamedImage {
            image_digest: digest,
            image_tag: None,
        });
    }
    let lists = repository.lists_of(digest, consistency);
    if !lists.is_empty() {
        let lists: Vec<String> = lists.iter().map(Digest::to_string).collect();
        let reason = format!(
            "Requested image referenced by manifest list: [{}]",
            lists.join(", ")
        );
        return Err(("ImageReferencedByManifestList", reason));
    }
    repository.delete(digest, consistency);
    Ok((names, Some(digest)))
}
