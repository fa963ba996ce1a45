//! From a reference to what can be scanned: the image manifests of an index, without the
//! attestations and SOCI indexes that stand beside them.

use std::collections::BTreeMap;

use crate::image::{Digest, Document, ImageConfig, Manifest, Platform, media_type};
use crate::registry::{self, Client, Reference};

use super::Subject;

/// The largest configuration that is read: those of images are some kilobytes.
const CONFIG_LIMIT: u64 = 8 << 20;

/// A reference does not lead to anything that can be scanned.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// There is nothing under that name.
    #[error("{reference} does not exist")]
    NotFound {
        /// What was asked for.
        reference: Reference,
    },
    /// The registry failed.
    #[error("cannot read {reference}")]
    Registry {
        /// What was asked for.
        reference: Reference,
        /// Why.
        #[source]
        source: Box<registry::Error>,
    },
    /// There is no container image under that name.
    #[error("{reference} is no container image but {found}")]
    NotAnImage {
        /// What was asked for.
        reference: Reference,
        /// What it is: a media type, `an index without images`.
        found: String,
    },
    /// An index lists something that is no manifest, so that an image in it would go unscanned.
    #[error("{reference} lists {entry}, which is {found} and not an image manifest")]
    Nested {
        /// The index.
        reference: Reference,
        /// The entry.
        entry: Digest,
        /// Its media type.
        found: String,
    },
    /// An index has two images for one platform.
    #[error("{reference} lists two images for {platform}")]
    Twice {
        /// The index.
        reference: Reference,
        /// The platform.
        platform: String,
    },
}

/// Looks up what a reference (a tag or digest, of an index or a manifest) holds.
pub async fn resolve(registry: &Client, reference: &Reference) -> Result<Subject, ResolveError> {
    let failed = |source| ResolveError::Registry {
        reference: reference.clone(),
        source: Box::new(source),
    };
    let found = registry.get_document(reference).await.map_err(failed)?;
    let (top, document) = found.ok_or_else(|| ResolveError::NotFound {
        reference: reference.clone(),
    })?;
    let not_an_image = |found: String| ResolveError::NotAnImage {
        reference: reference.clone(),
        found,
    };
    let mut manifests: BTreeMap<Platform, Digest> = BTreeMap::new();
    match document {
        Document::Manifest(manifest) => {
            let platform = platform_of(registry, reference, &manifest).await;
            let platform = platform.map_err(failed)?;
            let platform = platform.ok_or_else(|| {
                not_an_image(manifest.artifact_type.unwrap_or(manifest.config.media_type))
            })?;
            manifests.insert(platform, top.digest);
        }
        Document::Index(index) => {
            for entry in index.images() {
                if !media_type::is_manifest(&entry.media_type) {
                    return Err(ResolveError::Nested {
                        reference: reference.clone(),
                        entry: entry.digest,
                        found: entry.media_type.clone(),
                    });
                }
                let platform = match &entry.platform {
                    Some(platform) => platform.clone(),
                    None => unnamed(),
                };
                let text = platform.to_string();
                if manifests.insert(platform, entry.digest).is_some() {
                    return Err(ResolveError::Twice {
                        reference: reference.clone(),
                        platform: text,
                    });
                }
            }
            if manifests.is_empty() {
                return Err(not_an_image("an index without images".to_owned()));
            }
        }
    }
    Ok(Subject {
        name: reference.to_string(),
        repository: reference.repository().clone(),
        digest: top.digest,
        manifests,
        changed: true,
    })
}

/// What a single image runs on, by its configuration; `None` for what is no image.
async fn platform_of(
    registry: &Client,
    reference: &Reference,
    manifest: &Manifest,
) -> Result<Option<Platform>, registry::Error> {
    let config = manifest.config.media_type.as_str();
    let is_image = manifest.artifact_type.is_none()
        && (config == media_type::OCI_CONFIG || config == media_type::DOCKER_CONFIG);
    if !is_image {
        return Ok(None);
    }
    let repository = reference.repository();
    let bytes = registry
        .read_blob(repository, &manifest.config, CONFIG_LIMIT)
        .await?;
    let config = ImageConfig::parse(&bytes).ok();
    Ok(Some(
        config
            .and_then(|config| config.platform)
            .unwrap_or_else(unnamed),
    ))
}

/// The platform of an image that does not name one.
fn unnamed() -> Platform {
    Platform::new("unknown", "unknown", None)
}
