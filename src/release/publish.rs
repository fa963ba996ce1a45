//! Pushing images by digest: nothing that was pushed has a name yet.

use std::collections::{BTreeMap, BTreeSet};

use launchway_buildkit::{Exporter, Session};

use super::evaluate::{self, Evaluated};
use super::record::StepCount;
use super::soci::PlatformSoci;
use super::solve::{self, Variant};
use super::{Context, FailPoint, ReleaseError, SolveStep, baseline};
use crate::image::{
    Descriptor, Digest, Document, ImageContent, Platform, annotation, compare, media_type,
};
use crate::plan::{ImagePlan, SolvePlan};
use crate::registry::{ReferenceTarget, Repository};
use crate::soci::annotate::annotated_like_buildkit;
use crate::soci::soci_entry;

/// One platform's image in the registry.
#[derive(Clone, Debug)]
pub(super) struct Published {
    /// The platform.
    pub(super) platform: Platform,
    /// The image manifest.
    pub(super) descriptor: Descriptor,
    /// Entries that go with it into the index: its attestations.
    pub(super) companions: Vec<Descriptor>,
    /// The SOCI index that goes with it into the index, after all images.
    pub(super) soci: Option<Descriptor>,
    /// Steps and cache hits of a build that was not evaluated before.
    pub(super) steps: StepCount,
    /// Wall time in milliseconds.
    pub(super) duration_ms: u64,
    /// The image configuration, where it is known.
    pub(super) config: Option<Digest>,
}

/// One platform's image that is to be pushed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<'a> {
    /// What to build.
    pub(super) solve: &'a SolvePlan,
    /// Where it goes.
    pub(super) image: &'a ImagePlan,
    /// What it must be; `None` for `bake` and `build`, which evaluate nothing.
    pub(super) expected: Option<&'a Evaluated>,
    /// The SOCI index (v2) that its manifest names.
    pub(super) soci: Option<SociReference<'a>>,
}

/// A SOCI index that is in the registry.
#[derive(Clone, Copy, Debug)]
pub(super) struct SociReference<'a> {
    /// Its manifest.
    pub(super) index: &'a Descriptor,
    /// What it was made of.
    pub(super) made_of: &'a PlatformSoci,
}

/// Pushes all images at once. The first failure cancels the others.
pub(super) async fn all(
    context: &Context,
    session: &Session,
    caches: &BTreeSet<String>,
    jobs: &[Job<'_>],
) -> Result<Vec<(String, Outcome)>, ReleaseError> {
    solve::all(jobs.iter().map(|job| async move {
        let outcome = one(context, session, caches, *job).await?;
        context.fail_points.pass(FailPoint::FirstManifest);
        Ok((job.solve.target.clone(), outcome))
    }))
    .await
}

/// What became of a push.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// It is in the registry, and is what was expected.
    Published(Box<Published>),
    /// The daemon pushed something else than it had evaluated: its cache was lost in between, or
    /// a base image moved.
    Differs {
        /// The platform.
        platform: Platform,
        /// What was expected.
        evaluated: Digest,
        /// What was pushed.
        published: Digest,
        /// The first difference, for people.
        detail: String,
    },
}

async fn one(
    context: &Context,
    session: &Session,
    caches: &BTreeSet<String>,
    job: Job<'_>,
) -> Result<Outcome, ReleaseError> {
    let Job {
        solve, image, soci, ..
    } = job;
    let repository = &image.primary.repository;
    let expected = job
        .expected
        .map(|evaluated| Expected::new(&solve.platform, evaluated, soci));
    if let Some(expected) = expected.as_ref().filter(|_| solve.attestations.is_empty())
        && is_there(context, repository, expected.descriptor.digest).await?
    {
        return Ok(expected.published(solve, expected.descriptor.clone(), Vec::new()));
    }
    let mut attributes = solve.exporter.clone();
    let name = context.endpoints.to_connect_to(&repository.to_string());
    attributes.insert("name".to_owned(), name);
    attributes.insert("push".to_owned(), "true".to_owned());
    attributes.insert("push-by-digest".to_owned(), "true".to_owned());
    if let Some(soci) = soci {
        let key = format!("annotation-manifest.{}", annotation::SOCI_INDEX_DIGEST);
        attributes.insert(key, soci.index.digest.to_string());
    }
    let variant = Variant {
        exporter: Some(Exporter {
            kind: "image".to_owned(),
            attributes,
        }),
        cache_imports: evaluate::existing(&solve.cache.imports, caches),
        cache_exports: solve.cache.exports.clone(),
        fresh: expected.is_none(),
        attestations: true,
        pinned: job
            .expected
            .map(|evaluated| evaluated.bases.clone())
            .unwrap_or_default(),
    };
    let solved = solve::run(context, session, solve, SolveStep::Publish, variant).await?;
    let top = top_descriptor(solve, &solved.response)?;
    let (descriptor, companions) = split(context, solve, repository, top).await?;
    if let Some(expected) = expected {
        let Some(other) = expected.other(context, repository, &descriptor).await? else {
            return Ok(expected.published(solve, descriptor, companions));
        };
        if other.annotation_lies {
            withdraw(context, repository, descriptor.digest).await;
        }
        return Ok(Outcome::Differs {
            platform: solve.platform.clone(),
            evaluated: expected.descriptor.digest,
            published: descriptor.digest,
            detail: other.detail,
        });
    }
    Ok(Outcome::Published(Box::new(Published {
        platform: solve.platform.clone(),
        descriptor,
        companions,
        soci: None,
        steps: solved.steps,
        duration_ms: solved.duration_ms,
        config: solved
            .response
            .config_digest()
            .and_then(|digest| digest.parse().ok()),
    })))
}

/// What publishing has to give: the evaluated image, with the name of its SOCI index.
struct Expected<'a> {
    platform: &'a Platform,
    evaluated: &'a Evaluated,
    soci: Option<SociReference<'a>>,
    /// The manifest that the daemon will write, as far as one can tell.
    descriptor: Descriptor,
}

/// What was published instead.
struct Other {
    /// The first difference, for people.
    detail: String,
    /// It names a SOCI index with zTOCs of layers that it does not have.
    annotation_lies: bool,
}

impl<'a> Expected<'a> {
    fn new(
        platform: &'a Platform,
        evaluated: &'a Evaluated,
        soci: Option<SociReference<'a>>,
    ) -> Self {
        let mut descriptor = evaluated.descriptor.clone();
        let annotated =
            soci.and_then(|soci| annotated_like_buildkit(&evaluated.bytes, soci.index.digest).ok());
        if let Some(bytes) = annotated {
            descriptor.digest = Digest::of(&bytes);
            descriptor.size = bytes.len() as u64;
        }
        Self {
            platform,
            evaluated,
            soci,
            descriptor,
        }
    }

    /// `None` when this was published: the same bytes, or at least the same configuration and
    /// layers and the annotation that belongs to them.
    async fn other(
        &self,
        context: &Context,
        repository: &Repository,
        published: &Descriptor,
    ) -> Result<Option<Other>, ReleaseError> {
        if published.digest == self.descriptor.digest {
            return Ok(None);
        }
        let reference = repository.with_digest(published.digest);
        let bytes = baseline::fetch(context, &reference).await?;
        let parsed = Document::parse(&published.media_type, &bytes)
            .ok()
            .and_then(Document::into_manifest);
        let Some(manifest) = parsed else {
            let detail = format!("{} is no image manifest", published.digest);
            return Ok(Some(Other {
                detail,
                annotation_lies: false,
            }));
        };
        let named = manifest.annotations.get(annotation::SOCI_INDEX_DIGEST);
        let content = |digest, manifest| {
            let content = ImageContent::new(digest, manifest);
            BTreeMap::from([(self.platform.clone(), content)])
        };
        let before = content(self.descriptor.digest, &self.evaluated.manifest);
        let difference = compare(&content(published.digest, &manifest), &before);
        let wanted = self.soci.map(|soci| soci.index.digest.to_string());
        let detail = match difference {
            Some(difference) => difference.to_string(),
            None if self.soci.is_some() && named == wanted.as_ref() => return Ok(None),
            None => format!("{} instead of {}", published.digest, self.descriptor.digest),
        };
        let layers: BTreeSet<Digest> = manifest.layers.iter().map(|layer| layer.digest).collect();
        let foreign = |soci: SociReference<'_>| !soci.made_of.layers().is_subset(&layers);
        Ok(Some(Other {
            detail,
            annotation_lies: named.is_some() && self.soci.is_some_and(foreign),
        }))
    }

    fn published(
        &self,
        solve: &SolvePlan,
        descriptor: Descriptor,
        companions: Vec<Descriptor>,
    ) -> Outcome {
        let entry = self
            .soci
            .map(|soci| soci_entry(soci.index, descriptor.digest, &solve.platform));
        let mut descriptor =
            Descriptor::new(descriptor.media_type, descriptor.digest, descriptor.size);
        descriptor.platform = Some(solve.platform.clone());
        Outcome::Published(Box::new(Published {
            platform: solve.platform.clone(),
            descriptor,
            companions,
            soci: entry,
            steps: self.evaluated.steps,
            duration_ms: self.evaluated.duration_ms,
            config: Some(self.evaluated.manifest.config.digest),
        }))
    }
}

/// Takes back a manifest whose annotation names the SOCI index of another image. Nobody can have
/// wanted it, so no tag names it, and this is only tidiness: a registry that deletes nothing (ECR,
/// through this API) keeps it until it is pruned.
async fn withdraw(context: &Context, repository: &Repository, published: Digest) {
    let target = ReferenceTarget::Digest(published);
    let _ = context.registry.delete_manifest(repository, &target).await;
}

/// An earlier run may have pushed it already.
async fn is_there(
    context: &Context,
    repository: &Repository,
    digest: Digest,
) -> Result<bool, ReleaseError> {
    let reference = repository.with_digest(digest);
    let found = context
        .registry
        .head_manifest(&reference)
        .await
        .map_err(|source| {
            ReleaseError::registry(format!("cannot see whether {reference} exists"), source)
        })?;
    Ok(found.is_some())
}

fn top_descriptor(
    solve: &SolvePlan,
    response: &launchway_buildkit::SolveResponse,
) -> Result<Descriptor, ReleaseError> {
    let unreadable = |detail: String| ReleaseError::Result {
        solve: solve.name(),
        detail,
    };
    let value = response
        .descriptor()
        .map_err(|error| ReleaseError::build(solve.name(), error))?
        .ok_or_else(|| unreadable("it has no containerimage.descriptor".to_owned()))?;
    serde_json::from_value(value).map_err(|error| unreadable(error.to_string()))
}

/// The image manifest and its attestations. Attestations make the daemon push an index of its
/// own, whose entries become entries of ours.
async fn split(
    context: &Context,
    solve: &SolvePlan,
    repository: &Repository,
    top: Descriptor,
) -> Result<(Descriptor, Vec<Descriptor>), ReleaseError> {
    let mut image = top;
    let mut companions = Vec::new();
    if media_type::is_index(&image.media_type) {
        let reference = repository.with_digest(image.digest);
        let bytes = baseline::fetch(context, &reference).await?;
        let unreadable = |detail: String| ReleaseError::Document {
            reference: reference.to_string(),
            detail,
        };
        let index = Document::parse(&image.media_type, &bytes)
            .map_err(|error| unreadable(format!("{error}: {}", error.problem)))?
            .into_index()
            .ok_or_else(|| unreadable("it is no index".to_owned()))?;
        let mut images = index.images().cloned();
        image = match (images.next(), images.next()) {
            (Some(only), None) => only,
            _ => return Err(unreadable("it does not hold exactly one image".to_owned())),
        };
        companions = index
            .manifests
            .iter()
            .filter(|entry| entry.digest != image.digest)
            .cloned()
            .collect();
    }
    // Nothing of the daemon's own goes into the index (it repeats the manifest's annotations in
    // its descriptor, for one): the same image gives the same index.
    let mut descriptor = Descriptor::new(image.media_type, image.digest, image.size);
    descriptor.platform = Some(solve.platform.clone());
    Ok((descriptor, companions))
}
