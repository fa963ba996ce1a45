//! `PutImage`: a manifest, or a further tag for one that is there. Layers are not looked for: there are none.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::identifier::is_tag;
use crate::error::ApiError;
use crate::image::{ImageStatus, NewImage};
use crate::manifest::Facts;
use crate::world::{Caller, World};
use crate::{Digest, clock};

/// 4 MiB
const LARGEST: usize = 4 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow)]
    registry_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    repository_name: Cow<'a, str>,
    image_manifest: String,
    image_manifest_media_type: Option<String>,
    image_tag: Option<String>,
    image_digest: Option<String>,
}

pub(super) fn answer(world: &mut World, caller: &Caller, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let request: Request<'_> = super::parse(body)?;
    let account = World::account(caller, request.registry_id.as_deref())?;
    let name = &*request.repository_name;
    let repository = world.repository_mut(&caller.region, account, name)?;
    if !(1..=LARGEST).contains(&request.image_manifest.len()) {
        let constraint = "Member must have length between 1 and 4194304";
        return Err(ApiError::constraint("imageManifest", constraint));
    }
    let bytes = Bytes::from(request.image_manifest);
    let digest = Digest::of(&bytes);
    if let Some(claimed) = &request.image_digest
        && claimed.parse() != Ok(digest)
    {
        let message = format!("The provided digest '{claimed}' is not that of the manifest");
        return Err(ApiError::new("ImageDigestDoesNotMatchException", message));
    }
    if let Some(tag) = request.image_tag.as_deref() {
        if !is_tag(tag) {
            let constraint = "Member must be a tag of 1 to 300 characters";
            return Err(ApiError::constraint("imageTag", constraint));
        }
        let holder = repository.tagged(tag).map(|image| image.digest);
        if holder == Some(digest) {
            return Err(exists(name, account, digest, Some(tag)));
        }
        if holder.is_some() && repository.is_fixed(tag) {
            let message = format!(
                "The image tag '{tag}' already exists in the '{name}' repository and cannot be \
                 overwritten because the tag is immutable."
            );
            return Err(ApiError::new("ImageTagAlreadyExistsException", message));
        }
    }
    match repository.image_mut(digest) {
        // A push calls an image back from the archive.
        Some(image) if image.status != ImageStatus::Active => {
            image.status = ImageStatus::Active;
            image.activated_at = Some(clock::now());
        }
        Some(_) if request.image_tag.is_none() => return Err(exists(name, account, digest, None)),
        Some(_) => {}
        None => {
            let children = Facts::read(&bytes).children;
            let missing: Vec<String> = children
                .iter()
                .copied()
                .filter(|child| repository.image(*child).is_none())
                .map(|child| child.to_string())
                .collect();
            if !missing.is_empty() {
                let message = format!(
                    "Images with digests '[{}]' do not exist",
                    missing.join(", ")
                );
                return Err(ApiError::new("ReferencedImagesNotFoundException", message));
            }
        }
    }
    let mut image = NewImage::new(bytes.clone(), clock::now());
    if let Some(media_type) = request.image_manifest_media_type {
        image = image.media_type(media_type);
    }
    image.tags.extend(request.image_tag.clone());
    repository.put(&image);
    let media_type = repository
        .image(digest)
        .map(|image| &image.facts.media_type);
    let mut id = json!({ "imageDigest": digest });
    if let Some(tag) = request.image_tag {
        id["imageTag"] = tag.into();
    }
    super::write(&json!({ "image": {
        "registryId": account,
        "repositoryName": name,
        "imageId": id,
        "imageManifest": String::from_utf8_lossy(&bytes),
        "imageManifestMediaType": media_type,
    } }))
}

fn exists(name: &str, account: &str, digest: Digest, tag: Option<&str>) -> ApiError {
    let tag = tag.unwrap_or("null");
    let message = format!(
        "Image with digest '{digest}' and tag '{tag}' already exists in the repository with name \
         '{name}' in registry with id '{account}'"
    );
    ApiError::new("ImageAlreadyExistsException", message)
}
