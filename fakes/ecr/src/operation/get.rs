//! `BatchGetImage`: manifests. An image in the archive cannot be pulled: it is not found.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::identifier::{ImageFailure, ImageId, NOT_FOUND, NamedImage, check_batch};
use crate::error::ApiError;
use crate::image::ImageStatus;
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
    images: Vec<Found<'a>>,
    failures: Vec<ImageFailure<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    image_id: NamedImage<'a>,
    image_manifest: String,
    image_manifest_media_type: &'a str,
}

pub(super) fn answer(world: &World, caller: &Caller, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let request: Request<'_> = super::parse(body)?;
    let account = World::account(caller, request.registry_id.as_deref())?;
    let name = &*request.repository_name;
    let repository = world.repository(&caller.region, account, name)?;
    check_batch(&request.image_ids)?;
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in request.image_ids {
        let image = match id.find(repository) {
            Ok(image) => image,
            Err(reason) => {
                failures.push(id.failed(reason));
                continue;
            }
        };
        if repository.status(image, world.consistency) != ImageStatus::Active {
            failures.push(id.failed((NOT_FOUND, "Requested image not found".to_owned())));
            continue;
        }
        images.push(Found {
            registry_id: account,
            repository_name: name,
            image_id: NamedImage {
                image_digest: image.digest,
                image_tag: id.image_tag,
            },
            image_manifest: String::from_utf8_lossy(&image.content.bytes()).into_owned(),
            image_manifest_media_type: &image.facts.media_type,
        });
    }
    super::write(&Answer { images, failures })
}
