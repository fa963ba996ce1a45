//! An image as a registry has it, for verbs that look at it: its manifests by platform, and the
//! SOCI index that a snapshotter would find for each.

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use launchway_soci::index::{IMAGE_ANNOTATION, SociIndex, Version};
use serde::Deserialize;

use crate::image::{
    Descriptor, Digest, Document, Index, InvalidDocument, Manifest, Platform, media_type,
};
use crate::registry::{Client, Error, ErrorKind, Reference, Repository};

/// Documents that are read at once.
const AT_ONCE: usize = 8;
/// The largest image configuration that is read.
const CONFIG_LIMIT: u64 = 4 << 20;
/// Docker's image configuration.
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";

/// An image, with one entry per platform.
#[derive(Clone, Debug)]
pub struct Published {
    /// Where it is.
    pub repository: Repository,
    /// The document that the reference names.
    pub descriptor: Descriptor,
    /// That document, byte for byte.
    pub bytes: Bytes,
    /// That document, if it is an image index.
    pub index: Option<Index>,
    /// Its images, in the order of the index. Nested indexes, attestations and other artifacts are
    /// not among them.
    pub images: Vec<PublishedImage>,
}

/// One image of it.
#[derive(Clone, Debug)]
pub struct PublishedImage {
    /// What it runs on, by the index or by its configuration.
    pub platform: Platform,
    /// Its manifest.
    pub descriptor: Descriptor,
    /// The manifest, byte for byte.
    pub bytes: Bytes,
    /// The manifest's content.
    pub manifest: Manifest,
    /// The configuration, byte for byte.
    pub config: Bytes,
    /// SHA-256 of each uncompressed layer, by its configuration.
    pub diff_ids: Vec<Digest>,
}

/// An image could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such tag, digest or repository.
    #[error("there is no image {reference}")]
    NotFound {
        /// What was looked for.
        reference: Reference,
    },
    /// A part of it is missing or is not what it should be.
    #[error("{part} of {reference} {problem}")]
    Part {
        /// The image.
        reference: Reference,
        /// What of it: `the manifest sha256:…`.
        part: String,
        /// The rest of the sentence.
        problem: String,
    },
    /// It has no image for a platform that was asked for.
    #[error(
        "{reference} has no image for {platform}, only for {}",
        list(available)
    )]
    NoPlatform {
        /// The image.
        reference: Reference,
        /// What was asked for.
        platform: Platform,
        /// What there is.
        available: Vec<Platform>,
    },
    /// The registry failed.
    #[error("cannot read {reference}")]
    Registry {
        /// The image.
        reference: Reference,
        /// What the registry said.
        #[source]
        source: Error,
    },
}

fn list(platforms: &[Platform]) -> String {
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// The SOCI index of an image, or why a snapshotter would have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The image names none, and nothing refers to it.
    Nothing,
    /// It is here.
    Index {
        /// The SOCI index manifest.
        descriptor: Descriptor,
        /// What it says.
        index: SociIndex,
    },
    /// The image has one that a snapshotter would not take: it would pull the whole image.
    Unusable {
        /// Which one, where that can be said.
        digest: Option<Digest>,
        /// Why; a sentence without a full stop.
        problem: String,
    },
}

/// The members of an image configuration that matter here.
#[derive(Deserialize)]
struct Config {
    os: String,
    architecture: String,
    variant: Option<String>,
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<Digest>,
}

/// Reads the manifests and configurations of an image: those of `platforms`, or of all if none are
/// named.
pub async fn read(
    registry: &Client,
    reference: &Reference,
    platforms: &[Platform],
) -> Result<Published, ReadError> {
    let reader = Reader {
        registry,
        reference,
    };
    let found = registry.get_manifest(reference).await;
    let found = found.map_err(|source| reader.failed(source))?;
    let (descriptor, bytes) = found.ok_or_else(|| ReadError::NotFound {
        reference: reference.clone(),
    })?;
    let (index, images) = match Document::parse(&descriptor.media_type, &bytes) {
        Ok(Document::Manifest(_)) => (None, vec![(descriptor.clone(), Some(bytes.clone()))]),
        Ok(Document::Index(index)) => {
            let images = index
                .images()
                .filter(|entry| media_type::is_manifest(&entry.media_type))
                .filter(|entry| wanted(entry, platforms));
            let images = images.map(|entry| (entry.clone(), None)).collect();
            (Some(*index), images)
        }
        Err(error) => return Err(reader.invalid("the document", &error)),
    };
    let images: Vec<Option<PublishedImage>> = stream::iter(images)
        .map(|(descriptor, bytes)| reader.image(descriptor, bytes))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let images: Vec<PublishedImage> = images.into_iter().flatten().collect();
    let missing = platforms
        .iter()
        .find(|platform| images.iter().all(|image| image.platform != **platform));
    if let Some(platform) = missing {
        let available = match &index {
            Some(index) => index.platforms().into_iter().cloned().collect(),
            None => images.into_iter().map(|image| image.platform).collect(),
        };
        return Err(ReadError::NoPlatform {
            reference: reference.clone(),
            platform: platform.clone(),
            available,
        });
    }
    Ok(Published {
        repository: reference.repository().clone(),
        descriptor,
        bytes,
        index,
        images,
    })
}

/// Whether an entry may be for one of the platforms. One without platform may be for any.
fn wanted(entry: &Descriptor, platforms: &[Platform]) -> bool {
    platforms.is_empty()
        || entry
            .platform
            .as_ref()
            .is_none_or(|platform| platforms.contains(platform))
}

/// Whether a manifest is an image that can run, by the type of its configuration.
fn is_image(manifest: &Manifest) -> bool {
    let config = manifest.config.media_type.as_str();
    manifest.artifact_type.is_none()
        && (config == media_type::OCI_CONFIG || config == DOCKER_CONFIG)
}

struct Reader<'a> {
    registry: &'a Client,
    reference: &'a Reference,
}

impl Reader<'_> {
    /// One image. `None` for an entry of an index that is no image after all; `bytes` are there if
    /// it is no entry.
    async fn image(
        &self,
        descriptor: Descriptor,
        bytes: Option<Bytes>,
    ) -> Result<Option<PublishedImage>, ReadError> {
        let is_entry = bytes.is_none();
        let part = format!("the manifest {}", descriptor.digest);
        let repository = self.reference.repository();
        let bytes = match bytes {
            Some(bytes) => bytes,
            None => {
                let found = self
                    .registry
                    .get_manifest(&repository.with_digest(descriptor.digest))
                    .await;
                match found.map_err(|source| self.failed(source))? {
                    Some((_, bytes)) => bytes,
                    None => return Err(self.part(part, "is not in the registry")),
                }
            }
        };
        let manifest = Document::parse(&descriptor.media_type, &bytes)
            .map_err(|error| self.invalid(&part, &error))?
            .into_manifest()
            .ok_or_else(|| self.part(part, "is an index inside an index"))?;
        if is_entry && !is_image(&manifest) {
            return Ok(None);
        }
        let (config, config_bytes) = self.config(&manifest).await?;
        let (os, architecture) = (&config.os, &config.architecture);
        let own = || Platform::new(os, architecture, config.variant.as_deref());
        Ok(Some(PublishedImage {
            platform: descriptor.platform.clone().unwrap_or_else(own),
            descriptor,
            bytes,
            manifest,
            config: config_bytes,
            diff_ids: config.rootfs.diff_ids,
        }))
    }

    async fn config(&self, manifest: &Manifest) -> Result<(Config, Bytes), ReadError> {
        let part = || format!("the configuration {}", manifest.config.digest);
        let repository = self.reference.repository();
        let bytes = self
            .registry
            .read_blob(repository, &manifest.config, CONFIG_LIMIT)
            .await
            .map_err(|error| match about_content(&error) {
                Some(problem) => self.part(part(), &problem),
                None => self.failed(error),
            })?;
        let config = serde_json::from_slice(&bytes)
            .map_err(|error| self.part(part(), &format!("is not that of an image: {error}")))?;
        Ok((config, bytes))
    }

    fn failed(&self, source: Error) -> ReadError {
        ReadError::Registry {
            reference: self.reference.clone(),
            source,
        }
    }

    fn part(&self, part: String, problem: &str) -> ReadError {
        ReadError::Part {
            reference: self.reference.clone(),
            part,
            problem: problem.to_owned(),
        }
    }

    fn invalid(&self, part: &str, error: &InvalidDocument) -> ReadError {
        self.part(part.to_owned(), &format!("is {error}: {}", error.problem))
    }
}

/// Looks up the SOCI index of an image as a snapshotter does: the one that the manifest's
/// annotation names, in the same repository (v2); else the first v1 index that refers to it.
///
/// # Errors
/// Only where the registry fails: what is wrong with the index is in the result.
pub async fn find_index(
    registry: &Client,
    repository: &Repository,
    image: &PublishedImage,
) -> Result<Found, Error> {
    let (digest, version) = match image.manifest.annotations.get(IMAGE_ANNOTATION) {
        Some(named) => match named.parse::<Digest>() {
            Ok(digest) => (digest, Version::V2),
            Err(error) => {
                let problem = format!("the annotation {IMAGE_ANNOTATION} names no index: {error}");
                return Ok(unusable(None, problem));
            }
        },
        None => {
            let kind = Some(Version::V1.artifact_type());
            let referring = registry
                .referrers(repository, image.descriptor.digest, kind)
                .await?;
            match referring.first() {
                Some(first) => (first.digest, Version::V1),
                None => return Ok(Found::Nothing),
            }
        }
    };
    let source = match version {
        Version::V1 => "the list of referrers",
        Version::V2 => "the image's annotation",
    };
    let document = registry.get_manifest(&repository.with_digest(digest)).await;
    let (descriptor, bytes) = match document {
        Ok(Some(document)) => document,
        Ok(None) => {
            let problem = format!("{source} names {digest}, which is not in {repository}");
            return Ok(unusable(Some(digest), problem));
        }
        Err(error) => match about_content(&error) {
            Some(problem) => {
                let problem = format!("the SOCI index {digest} {problem}");
                return Ok(unusable(Some(digest), problem));
            }
            None => return Err(error),
        },
    };
    let index = match SociIndex::parse(&bytes) {
        Ok(index) => index,
        Err(error) => return Ok(unusable(Some(digest), format!("{digest} is {error}"))),
    };
    let problem = if index.version != version {
        Some(format!(
            "{source} names {digest}, which is of another version"
        ))
    } else if descriptor.media_type != media_type::OCI_MANIFEST {
        Some(format!("{digest} is stored as {}", descriptor.media_type))
    } else {
        index
            .subject
            .as_ref()
            .filter(|subject| subject.digest != image.descriptor.digest)
            .map(|subject| format!("{digest} is about {}, not this image", subject.digest))
    };
    Ok(match problem {
        Some(problem) => unusable(Some(digest), problem),
        None => Found::Index { descriptor, index },
    })
}

fn unusable(digest: Option<Digest>, problem: String) -> Found {
    Found::Unusable { digest, problem }
}

/// What is wrong with a document or blob, as the end of a sentence that begins with it; `None` if
/// the error is about the way to it.
pub(super) fn about_content(error: &Error) -> Option<String> {
    Some(match error.kind() {
        ErrorKind::NotFound | ErrorKind::RepositoryNotFound => "is not in the registry".to_owned(),
        ErrorKind::Digest { actual, .. } => format!("is damaged: its content is {actual}"),
        ErrorKind::Length { expected, actual } if actual > expected => {
            format!("has more than the {expected} bytes of its descriptor")
        }
        ErrorKind::Length { expected, actual } => {
            format!("has {actual} bytes, not the {expected} of its descriptor")
        }
        ErrorKind::TooLarge { limit } => format!("is larger than {limit} bytes"),
        _ => return None,
    })
}
