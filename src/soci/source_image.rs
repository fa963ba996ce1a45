//! An image in a registry as it is before anything is attached to it: its index, and the manifest
//! and configuration of every platform.

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::image::{
    Descriptor, Digest, Document, ImageConfig, Index, InvalidDocument, Manifest, Platform,
    media_type,
};
use crate::registry::{self, Reference, Repository};

/// Documents that are read at once.
const AT_ONCE: usize = 8;
/// The largest configuration that is read: those of images are some kilobytes.
const CONFIG_LIMIT: u64 = 8 << 20;

/// An image with all its platforms.
#[derive(Clone, Debug)]
pub struct SourceImage {
    /// Where it is.
    pub repository: Repository,
    /// What was read: an index or the manifest of a single image.
    pub top: Descriptor,
    /// The bytes of that.
    pub bytes: Bytes,
    /// The index, if it is one.
    pub index: Option<Index>,
    /// The images, in the order of the index. Attestations, nested indexes and other artifacts are
    /// not among them.
    pub images: Vec<PlatformImage>,
}

/// The image for one platform.
#[derive(Clone, Debug)]
pub struct PlatformImage {
    /// What it runs on, by the index or else the configuration.
    pub platform: Platform,
    /// Its manifest.
    pub descriptor: Descriptor,
    /// The bytes of that.
    pub bytes: Bytes,
    /// The same, read.
    pub manifest: Manifest,
    /// The bytes of its configuration.
    pub config: Bytes,
    /// The digests of its uncompressed layers, from the base up.
    pub diff_ids: Vec<Digest>,
}

/// An image cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is nothing under that name.
    #[error("{reference} does not exist")]
    NotFound {
        /// What was asked for.
        reference: Reference,
    },
    /// The index lists a manifest that the registry does not have.
    #[error("{reference} lists {manifest} for {platform}, which the registry does not have")]
    Incomplete {
        /// The index.
        reference: Reference,
        /// The manifest.
        manifest: Digest,
        /// Its platform; `no platform` without one.
        platform: String,
    },
    /// The registry has something else under that name.
    #[error("{reference} is no container image but {found}")]
    NotAnImage {
        /// What was asked for.
        reference: Reference,
        /// What it is: a media type.
        found: String,
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
    /// A document is damaged.
    #[error("cannot read {reference}")]
    Document {
        /// The document.
        reference: Reference,
        /// What is wrong.
        #[source]
        source: InvalidDocument,
    },
    /// A configuration is damaged.
    #[error("the configuration of {reference} is no image configuration")]
    Config {
        /// The manifest.
        reference: Reference,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// Reads an image: two requests per platform and one more, several at once.
pub async fn read(
    registry: &registry::Client,
    reference: &Reference,
) -> Result<SourceImage, SourceError> {
    let reader = Reader {
        registry,
        reference,
    };
    let (top, bytes) = reader
        .manifest(reference)
        .await?
        .ok_or_else(|| SourceError::NotFound {
            reference: reference.clone(),
        })?;
    let repository = reference.repository().clone();
    match reader.parse(&top, &bytes)? {
        Document::Manifest(manifest) => {
            if !is_image(&manifest) {
                return Err(SourceError::NotAnImage {
                    reference: reference.clone(),
                    found: manifest.artifact_type.unwrap_or(manifest.config.media_type),
                });
            }
            let image = reader
                .image(None, top.clone(), bytes.clone(), *manifest)
                .await?;
            Ok(SourceImage {
                repository,
                top,
                bytes,
                index: None,
                images: vec![image],
            })
        }
        Document::Index(index) => {
            let images: Vec<Option<PlatformImage>> = stream::iter(index.images())
                .filter(|entry| std::future::ready(media_type::is_manifest(&entry.media_type)))
                .map(|entry| reader.entry(entry))
                .buffered(AT_ONCE)
                .try_collect()
                .await?;
            Ok(SourceImage {
                repository,
                top,
                bytes,
                images: images.into_iter().flatten().collect(),
                index: Some(*index),
            })
        }
    }
}

struct Reader<'a> {
    registry: &'a registry::Client,
    reference: &'a Reference,
}

impl Reader<'_> {
    /// An entry of the index; `None` if it is no image after all.
    async fn entry(&self, entry: &Descriptor) -> Result<Option<PlatformImage>, SourceError> {
        let reference = self.reference.repository().with_digest(entry.digest);
        let found = self.manifest(&reference).await?;
        let (descriptor, bytes) = found.ok_or_else(|| SourceError::Incomplete {
            reference: self.reference.clone(),
            manifest: entry.digest,
            platform: entry
                .platform
                .as_ref()
                .map_or_else(|| "no platform".to_owned(), ToString::to_string),
        })?;
        match self.parse(&descriptor, &bytes)? {
            Document::Manifest(manifest) if is_image(&manifest) => {
                let platform = entry.platform.clone();
                let image = self.image(platform, descriptor, bytes, *manifest).await?;
                Ok(Some(image))
            }
            _ => Ok(None),
        }
    }

    async fn image(
        &self,
        platform: Option<Platform>,
        descriptor: Descriptor,
        bytes: Bytes,
        manifest: Manifest,
    ) -> Result<PlatformImage, SourceError> {
        let repository = self.reference.repository();
        let reference = repository.with_digest(descriptor.digest);
        let bytes_of_config = self
            .registry
            .read_blob(repository, &manifest.config, CONFIG_LIMIT)
            .await
            .map_err(|source| SourceError::Registry {
                reference: reference.clone(),
                source: Box::new(source),
            })?;
        let config = ImageConfig::parse(&bytes_of_config)
            .map_err(|source| SourceError::Config { reference, source })?;
        let platform = platform
            .or(config.platform)
            .unwrap_or_else(|| Platform::new("", "", None));
        Ok(PlatformImage {
            platform,
            descriptor,
            bytes,
            manifest,
            config: bytes_of_config,
            diff_ids: config.diff_ids,
        })
    }

    async fn manifest(
        &self,
        reference: &Reference,
    ) -> Result<Option<(Descriptor, Bytes)>, SourceError> {
        self.registry
            .get_manifest(reference)
            .await
            .map_err(|source| SourceError::Registry {
                reference: reference.clone(),
                source: Box::new(source),
            })
    }

    fn parse(&self, descriptor: &Descriptor, bytes: &Bytes) -> Result<Document, SourceError> {
        Document::parse(&descriptor.media_type, bytes).map_err(|source| SourceError::Document {
            reference: self.reference.repository().with_digest(descriptor.digest),
            source,
        })
    }
}

/// Whether a manifest is an image that can run, by the type of its configuration.
fn is_image(manifest: &Manifest) -> bool {
    let config = manifest.config.media_type.as_str();
    manifest.artifact_type.is_none()
        && (config == media_type::OCI_CONFIG || config == media_type::DOCKER_CONFIG)
}
