//! `ListImages`: ids, one for each tag of an image, or its digest alone.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::describe_images::Filter;
use super::identifier::NamedImage;
use super::page::{LISTS, Page};
use crate::error::ApiError;
use crate::world::{Caller, World};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow)]
    registry_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    repository_name: Cow<'a, str>,
    #[serde(borrow)]
    next_token: Option<Cow<'a, str>>,
    max_results: Option<i64>,
    filter: Option<Filter>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    image_ids: Vec<NamedImage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn answer(world: &World, caller: &Caller, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let request: Request<'_> = super::parse(body)?;
    let account = World::account(caller, request.registry_id.as_deref())?;
    let (region, name) = (&caller.region, &*request.repository_name);
    let repository = world.repository(region, account, name)?;
    let consistency = world.consistency;
    let filter = request.filter.unwrap_or_default();
    let scope = format!("ListImages/{account}/{region}/{name}");
    let token = request.next_token.as_deref();
    let page = Page::new(scope, LISTS, request.max_results, token)?;
    let images = repository.listed(page.place()?, consistency);
    let images = images.filter(|(_, image)| filter.admits(repository, image, consistency));
    let mut image_ids = Vec::new();
    let mut next_token = None;
    for (place, image) in images {
        // All ids of an image come in one page, so that a page can begin at an image.
        let ids = image.tags.len().max(1);
        if !image_ids.is_empty() && image_ids.len() + ids > page.limit {
            next_token = Some(page.token(&place.to_string()));
            break;
        }
        let tags: Vec<Option<&String>> = if image.tags.is_empty() {
            vec![None]
        } else {
            image.tags.iter().map(Some).collect()
        };
        image_ids.extend(tags.into_iter().map(|tag| NamedImage {
            image_digest: image.digest,
            image_tag: tag.map(|tag| Cow::Borrowed(&**tag)),
        }));
    }
    super::write(&Answer {
        image_ids,
        next_token,
    })
}
