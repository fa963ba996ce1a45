//! The images of ECR's repositories in a region: listing, describing and reading their manifests. Deleting is in
//! `ecr_removal`, the repositories themselves are in `ecr_repositories`.
//!
//! Many thousands are asked for, so requests keep to the session's pace. What an answer leaves out, or gives about
//! something else than was asked for, is an error: who deletes by this must not guess.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecr::Client;
use aws_sdk_ecr::primitives::DateTime;
use aws_sdk_ecr::types::{
    DescribeImagesFilter, ImageDetail, ImageIdentifier, ImageStatus, ImageStatusFilter,
};
use jiff::Timestamp;

use super::calls::paced_client;
use super::pages::Pages;
use super::{Aws, AwsError, AwsErrorKind, FoundRepository};
use crate::image::{Digest, media_type};

/// An image as `DescribeImages` tells of it. An image is any manifest here: also an index, also an artifact.
#[derive(Clone, Debug, PartialEq)]
pub struct EcrImage {
    /// Its digest.
    pub digest: Digest,
    /// `imageManifestMediaType`.
    pub media_type: Option<Arc<str>>,
    /// `artifactMediaType`: the type of the config or artifact; absent for indexes.
    pub artifact_type: Option<Arc<str>>,
    /// Its tags.
    pub tags: Vec<String>,
    /// `imageSizeInBytes`.
    pub size: Option<u64>,
    /// `imagePushedAt`.
    pub pushed_at: Option<Timestamp>,
    /// `lastRecordedPullTime`.
    pub pulled_at: Option<Timestamp>,
    /// `subjectManifestDigest`.
    pub subject: Option<Digest>,
    /// `imageStatus`.
    pub status: EcrImageStatus,
}

/// Whether an image can be pulled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EcrImageStatus {
    /// It can; also where ECR says nothing.
    #[default]
    Active,
    /// It is in the archive.
    Archived,
    /// It is on its way out of the archive.
    Activating,
    /// A status that came after this version.
    Other(String),
}

/// A manifest as `BatchGetImage` gives it: the document, whose bytes have the digest that was asked for; or why
/// there is none.
pub type EcrManifest = Result<String, String>;

/// The images of a region, as a session sees them. Cheap to clone.
#[derive(Clone)]
pub struct EcrImages {
    pub(super) aws: Aws,
    pub(super) client: Client,
    pub(super) region: Arc<str>,
    /// The few types that a hundred thousand images have.
    types: Arc<Mutex<HashSet<Arc<str>>>>,
}

impl fmt::Debug for EcrImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcrImages")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

pub(super) const LIST: &str = "ecr:DescribeImages";
const READ: &str = "ecr:BatchGetImage";
/// The most images that a call may name.
pub(super) const IDS: usize = 100;
/// The most that a page may hold.
const PAGE: i32 = 1000;

impl Aws {
    /// The images of a region.
    pub async fn ecr_images(&self, region: &str) -> EcrImages {
        EcrImages {
            aws: self.clone(),
            client: paced_client!(self, aws_sdk_ecr, region),
            region: region.into(),
            types: Arc::default(),
        }
    }
}

impl EcrImages {
    /// The most images that one call of [`Self::describe`], [`Self::manifests`] or [`Self::delete`] may name.
    pub const MOST: usize = IDS;

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Every image of a repository, archived ones included, page by page. An image that is pushed meanwhile may be
    /// missing, and one may come twice.
    pub async fn list(
        &self,
        repository: &FoundRepository,
        mut each: impl FnMut(Vec<EcrImage>),
    ) -> Result<(), AwsError> {
        let mut pages = Pages::of(LIST, &self.region);
        loop {
            let request = self
                .client
                .describe_images()
                .registry_id(&repository.account)
                .repository_name(&repository.name)
                .filter(any_status())
                .max_results(PAGE)
                .set_next_token(pages.token());
            let send = || request.clone().send();
            let answer = self.aws.paced(LIST, &self.region, send).await?;
            let images = answer.image_details.unwrap_or_default();
            let images = self.images(repository, images)?;
            let more = pages.turn_after(images.len(), answer.next_token.as_deref())?;
            each(images);
            if !more {
                return Ok(());
            }
        }
    }

    /// Some images, those that are there; at most [`Self::MOST`].
    pub async fn describe(
        &self,
        repository: &FoundRepository,
        digests: &[Digest],
    ) -> Result<BTreeMap<Digest, EcrImage>, AwsError> {
        let mut found = BTreeMap::new();
        // ECR refuses the whole call for one image that is not there, and names it in words alone.
        let mut open = vec![digests.to_vec()];
        while let Some(mut some) = open.pop() {
            if some.is_empty() {
                continue;
            }
            match self.describe_present(repository, &some).await {
                Ok(images) => found.extend(images),
                Err(error) => {
                    let AwsErrorKind::NotFound { code, message } = &error.kind else {
                        return Err(error);
                    };
                    if code != "ImageNotFoundException" {
                        return Err(error);
                    }
                    if some.len() == 1 {
                        continue;
                    }
                    let named = |digest: &&Digest| message.contains(&digest.hex());
                    let mut missing = some.iter().filter(named).copied();
                    if let (Some(one), None) = (missing.next(), missing.next()) {
                        some.retain(|digest| *digest != one);
                    } else {
                        let rest = some.split_off(some.len() / 2);
                        open.push(rest);
                    }
                    open.push(some);
                }
            }
        }
        Ok(found)
    }

    async fn describe_present(
        &self,
        repository: &FoundRepository,
        digests: &[Digest],
    ) -> Result<Vec<(Digest, EcrImage)>, AwsError> {
        let request = self
            .client
            .describe_images()
            .registry_id(&repository.account)
            .repository_name(&repository.name)
            .filter(any_status())
            .set_image_ids(Some(digests.iter().map(id).collect()));
        let send = || request.clone().send();
        let answer = self.aws.paced(LIST, &self.region, send).await?;
        let images = answer.image_details.unwrap_or_default();
        let images = self.images(repository, images)?;
        let images: BTreeMap<Digest, EcrImage> =
            images.into_iter().map(|one| (one.digest, one)).collect();
        // Not to be told of an image is not to be told that it is gone.
        if let Some(missing) = digests.iter().find(|digest| !images.contains_key(digest)) {
            let problem = format!("it does not tell of {missing}");
            return Err(AwsError::invalid(LIST, &self.region, problem));
        }
        Ok(images.into_iter().collect())
    }

    /// The manifests of some images, each of which comes back once; at most [`Self::MOST`]. The call may succeed
    /// though no manifest could be read: ECR names those as failures, or gave other bytes.
    ///
    /// # Errors
    /// Also where the answer leaves out one that was asked for: nothing is known of that one.
    pub async fn manifests(
        &self,
        repository: &FoundRepository,
        digests: &[Digest],
    ) -> Result<Vec<(Digest, EcrManifest)>, AwsError> {
        let types = media_type::MANIFESTS.map(str::to_owned);
        let request = self
            .client
            .batch_get_image()
            .registry_id(&repository.account)
            .repository_name(&repository.name)
            .set_image_ids(Some(digests.iter().map(id).collect()))
            .set_accepted_media_types(Some(types.to_vec()));
        let send = || request.clone().send();
        let answer = self.aws.paced(READ, &self.region, send).await?;
        let mut read = HashMap::new();
        for failure in answer.failures() {
            let id = failure.image_id().and_then(ImageIdentifier::image_digest);
            let code = failure
                .failure_code()
                .map_or("no code", |code| code.as_str());
            let reason = failure.failure_reason().unwrap_or("no reason");
            read.insert(id.map(str::to_owned), Err(format!("{code}: {reason}")));
        }
        for image in answer.images.unwrap_or_default() {
            let id = image.image_id.and_then(|id| id.image_digest);
            // An image may come once for each of its tags.
            if let Some(document) = image.image_manifest {
                read.insert(id, Ok(document));
            }
        }
        let each = digests.iter().map(|digest| {
            let manifest = match read.remove(&Some(digest.to_string())) {
                Some(Ok(document)) => verified(document, *digest),
                Some(Err(why)) => Err(why),
                None => {
                    let problem = format!("it does not tell of {digest}");
                    return Err(AwsError::invalid(READ, &self.region, problem));
                }
            };
            Ok((*digest, manifest))
        });
        each.collect()
    }

    fn images(
        &self,
        repository: &FoundRepository,
        details: Vec<ImageDetail>,
    ) -> Result<Vec<EcrImage>, AwsError> {
        let mut types = self.types.lock().unwrap_or_else(PoisonError::into_inner);
        let images = details.into_iter();
        let images = images.map(|detail| image(repository, detail, &mut types));
        let images: Result<_, _> = images.collect();
        images.map_err(|problem: String| AwsError::invalid(LIST, &self.region, problem))
    }
}

fn any_status() -> DescribeImagesFilter {
    DescribeImagesFilter::builder()
        .image_status(ImageStatusFilter::Any)
        .build()
}

pub(super) fn id(digest: &Digest) -> ImageIdentifier {
    ImageIdentifier::builder()
        .image_digest(digest.to_string())
        .build()
}

fn verified(document: String, digest: Digest) -> EcrManifest {
    let found = Digest::of(&document);
    if found == digest {
        Ok(document)
    } else {
        Err(format!("the bytes that ECR gave have the digest {found}"))
    }
}

fn image(
    repository: &FoundRepository,
    detail: ImageDetail,
    types: &mut HashSet<Arc<str>>,
) -> Result<EcrImage, String> {
    let other = |what: Option<&str>, wanted: &str| what.is_some_and(|what| what != wanted);
    if other(detail.registry_id(), &repository.account)
        || other(detail.repository_name(), &repository.name)
    {
        return Err(format!(
            "it tells of another repository than {}",
            repository.name
        ));
    }
    let read = |text: &str| text.parse::<Digest>().map_err(|error| error.to_string());
    let digest = detail.image_digest().ok_or("an image has no digest")?;
    let digest = read(digest)?;
    let subject = detail
        .subject_manifest_digest()
        .filter(|text| !text.is_empty());
    let mut intern = |text: Option<String>| {
        let text = text.filter(|text| !text.is_empty())?;
        if let Some(known) = types.get(text.as_str()) {
            return Some(Arc::clone(known));
        }
        let new: Arc<str> = text.into();
        types.insert(Arc::clone(&new));
        Some(new)
    };
    Ok(EcrImage {
        digest,
        subject: subject.map(read).transpose()?,
        size: detail
            .image_size_in_bytes()
            .and_then(|size| u64::try_from(size).ok()),
        pushed_at: detail.image_pushed_at().and_then(time),
        pulled_at: detail.last_recorded_pull_time().and_then(time),
        status: status(detail.image_status()),
        media_type: intern(detail.image_manifest_media_type),
        artifact_type: intern(detail.artifact_media_type),
        tags: detail.image_tags.unwrap_or_default(),
    })
}

pub(super) fn status(status: Option<&ImageStatus>) -> EcrImageStatus {
    match status {
        None | Some(ImageStatus::Active) => EcrImageStatus::Active,
        Some(ImageStatus::Archived) => EcrImageStatus::Archived,
        Some(ImageStatus::Activating) => EcrImageStatus::Activating,
        Some(other) => EcrImageStatus::Other(other.as_str().to_owned()),
    }
}

fn time(time: &DateTime) -> Option<Timestamp> {
    let nanoseconds = i32::try_from(time.subsec_nanos()).ok()?;
    Timestamp::new(time.secs(), nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> FoundRepository {
        FoundRepository {
            account: "123456789012".to_owned(),
            name: "shop/web".to_owned(),
        }
    }

    #[test]
    fn types_are_stored_once() {
        let mut types = HashSet::new();
        let detail = |byte: &str| {
            ImageDetail::builder()
                .image_digest(format!("sha256:{}", byte.repeat(32)))
                .image_manifest_media_type(media_type::OCI_INDEX)
                .build()
        };
        let one = image(&repository(), detail("00"), &mut types).unwrap();
        let two = image(&repository(), detail("11"), &mut types).unwrap();
        assert!(Arc::ptr_eq(
            one.media_type.as_ref().unwrap(),
            two.media_type.as_ref().unwrap()
        ));
        assert_eq!(one.artifact_type, None);
    }

    #[test]
    fn an_answer_about_something_else_is_no_answer() {
        let mut types = HashSet::new();
        let digest = format!("sha256:{}", "00".repeat(32));
        let detail = ImageDetail::builder().image_digest(&digest);
        let other = detail.clone().repository_name("shop/api").build();
        assert!(image(&repository(), other, &mut types).is_err());
        let other = detail.clone().registry_id("210987654321").build();
        assert!(image(&repository(), other, &mut types).is_err());
        let nameless = ImageDetail::builder().build();
        assert!(image(&repository(), nameless, &mut types).is_err());
        let odd = detail.clone().subject_manifest_digest("sha512:00").build();
        assert!(image(&repository(), odd, &mut types).is_err());
        assert!(image(&repository(), detail.build(), &mut types).is_ok());
    }

    #[test]
    fn bytes_must_have_their_digest() {
        assert!(verified("{}".to_owned(), Digest::of("{}")).is_ok());
        assert!(verified("{ }".to_owned(), Digest::of("{}")).is_err());
    }
}
