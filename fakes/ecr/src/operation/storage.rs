//! `UpdateImageStorageClass`: an image goes to the archive, or is called back from it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;

use super::identifier::ImageId;
use crate::clock;
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
    #[serde(borrow)]
    image_id: ImageId<'a>,
    #[serde(borrow)]
    target_storage_class: Cow<'a, str>,
}

pub(super) fn answer(world: &mut World, caller: &Caller, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let request: Request<'_> = super::parse(body)?;
    let account = World::account(caller, request.registry_id.as_deref())?;
    let name = &*request.repository_name;
    let class = &*request.target_storage_class;
    if !matches!(class, "ARCHIVE" | "STANDARD") {
        let constraint = "Member must satisfy enum value set: [STANDARD, ARCHIVE]";
        return Err(ApiError::constraint("targetStorageClass", constraint));
    }
    let consistency = world.consistency;
    let repository = world.repository_mut(&caller.region, account, name)?;
    let image = request
        .image_id
        .find(repository)
        .map_err(|(code, reason)| match code {
            "ImageNotFound" | "ImageTagDoesNotMatchDigest" => {
                ApiError::new("ImageNotFoundException", reason)
            }
            _ => ApiError::invalid(reason),
        })?;
    let digest = image.digest;
    let status = repository.status(image, consistency);
    let mark = repository.mark();
    let status = match (class, status) {
        ("ARCHIVE", ImageStatus::Active) => {
            if let Some(image) = repository.image_mut(digest) {
                image.status = ImageStatus::Archived;
                image.restored = None;
                image.archived_at = Some(clock::now());
            }
            ImageStatus::Archived
        }
        ("STANDARD", ImageStatus::Archived) => {
            if let Some(image) = repository.image_mut(digest) {
                image.status = ImageStatus::Activating;
                image.restored = Some(mark);
                image.activated_at = Some(clock::now());
            }
            ImageStatus::Activating
        }
        (class, status) => {
            let message = format!("The image is {status:?} and cannot be moved to {class}");
            let code = "ImageStorageClassUpdateNotSupportedException";
            return Err(ApiError::new(code, message));
        }
    };
    super::write(&json!({
        "registryId": account,
        "repositoryName": name,
        "imageId": request.image_id,
        "imageStatus": status,
    }))
}
