//! Building everything, and learning every digest, without pushing anything (D1).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use launchway_buildkit::{Exporter, Session};

use super::blobs::Documents;
use super::record::StepCount;
use super::solve::{self, Variant};
use super::{Context, Event, ReleaseError, SolveStep};
use crate::image::{Descriptor, Digest, Document, ImageContent, Manifest, Platform, media_type};
use crate::plan::{CacheReference, SolvePlan};
use crate::registry::Reference;

/// What one solve would publish.
#[derive(Clone, Debug)]
pub(super) struct Evaluated {
    /// The manifest's descriptor, with the platform.
    pub(super) descriptor: Descriptor,
    /// The manifest.
    pub(super) manifest: Manifest,
    /// The manifest as the daemon wrote it.
    pub(super) bytes: Bytes,
    /// Steps and cache hits.
    pub(super) steps: StepCount,
    /// Whether any step ran.
    pub(super) ran: bool,
    /// The base images by reference, with the digests that their tags had.
    pub(super) bases: BTreeMap<String, String>,
    /// Wall time in milliseconds.
    pub(super) duration_ms: u64,
}

impl Evaluated {
    /// Whether one of its layers is among these.
    pub(super) fn has_any_of(&self, layers: &BTreeSet<Digest>) -> bool {
        let mut own = self.manifest.layers.iter();
        own.any(|layer| layers.contains(&layer.digest))
    }

    /// What is compared with the baseline.
    pub(super) fn content(&self) -> ImageContent {
        ImageContent::new(self.descriptor.digest, &self.manifest)
    }
}

/// Every evaluated solve by target and platform.
pub(super) type Evaluations = BTreeMap<String, BTreeMap<Platform, Evaluated>>;

/// Evaluates all solves at once; the daemon schedules them and runs a shared step once. The first
/// failure cancels the others.
pub(super) async fn all(
    context: &Context,
    session: &Session,
    documents: &Documents,
    caches: &BTreeSet<String>,
    solves: impl IntoIterator<Item = &SolvePlan>,
) -> Result<Evaluations, ReleaseError> {
    let running = solves.into_iter().map(|solve| async move {
        Ok((
            solve,
            one(context, session, documents, caches, solve, true).await?,
        ))
    });
    let mut evaluations = Evaluations::new();
    for (solve, evaluated) in solve::all(running).await? {
        evaluations
            .entry(solve.target.clone())
            .or_default()
            .insert(solve.platform.clone(), evaluated);
    }
    Ok(evaluations)
}

/// Evaluates a solve once more, after the daemon has published something else. What was asked to be
/// new (`--pull`, `--no-cache`) is new enough.
pub(super) async fn again(
    context: &Context,
    session: &Session,
    documents: &Documents,
    caches: &BTreeSet<String>,
    solve: &SolvePlan,
) -> Result<Evaluated, ReleaseError> {
    one(context, session, documents, caches, solve, false).await
}

/// Evaluates one solve. `caches` holds the cache references that exist.
async fn one(
    context: &Context,
    session: &Session,
    documents: &Documents,
    caches: &BTreeSet<String>,
    solve: &SolvePlan,
    fresh: bool,
) -> Result<Evaluated, ReleaseError> {
    let mut attributes = solve.exporter.clone();
    attributes.insert("tar".to_owned(), "false".to_owned());
    let variant = Variant {
        exporter: Some(Exporter {
            kind: "oci".to_owned(),
            attributes,
        }),
        cache_imports: existing(&solve.cache.imports, caches),
        fresh,
        ..Variant::default()
    };
    let solved = solve::run(context, session, solve, SolveStep::Evaluate, variant).await?;
    let unreadable = |detail: String| ReleaseError::Result {
        solve: solve.name(),
        detail,
    };

    let digest = solved.response.digest().unwrap_or_default();
    let bytes = documents
        .get(digest)
        .ok_or_else(|| unreadable(format!("the manifest `{digest}` was not sent")))?;
    let digest: Digest = digest
        .parse()
        .map_err(|error| unreadable(format!("{error}")))?;
    let manifest = Document::parse(media_type::OCI_MANIFEST, &bytes)
        .map_err(|error| unreadable(format!("{error}: {}", error.problem)))?
        .into_manifest()
        .ok_or_else(|| unreadable(format!("{digest} is no image manifest")))?;
    let mut descriptor = Descriptor::new(media_type::OCI_MANIFEST, digest, bytes.len() as u64);
    descriptor.platform = Some(solve.platform.clone());
    Ok(Evaluated {
        descriptor,
        manifest,
        bytes,
        steps: solved.steps,
        ran: solved.ran,
        bases: solved.bases,
        duration_ms: solved.duration_ms,
    })
}

/// The imports without those registry references that were looked for and not found.
pub(super) fn existing(
    imports: &[CacheReference],
    caches: &BTreeSet<String>,
) -> Vec<CacheReference> {
    let exists = |import: &&CacheReference| {
        import
            .registry_reference()
            .is_none_or(|reference| caches.contains(reference))
    };
    imports.iter().filter(exists).cloned().collect()
}

/// How long a cache reference is asked for. Building without a cache takes longer than this; not
/// knowing whether there is one should not take longer.
const CACHE_PATIENCE: Duration = Duration::from_secs(10);

/// Asks the registry which caches exist, all at once. A cache is only ever a gain: one that cannot
/// be asked for is left out with a warning.
pub(super) async fn find_caches(context: &Context, solves: &[SolvePlan]) -> BTreeSet<String> {
    let wanted: BTreeSet<&str> = solves
        .iter()
        .flat_map(|solve| solve.cache.imports.iter())
        .filter_map(CacheReference::registry_reference)
        .collect();
    if wanted.is_empty() {
        return BTreeSet::new();
    }
    let checks: FuturesUnordered<_> = wanted
        .iter()
        .map(|text| async move {
            let reference: Reference = match text.parse() {
                Ok(reference) => reference,
                Err(error) => return (*text, Err(format!("{error}"))),
            };
            let found =
                tokio::time::timeout(CACHE_PATIENCE, context.registry.head_manifest(&reference));
            let Ok(found) = found.await else {
                return (
                    *text,
                    Err("the registry does not answer in time".to_owned()),
                );
            };
            (
                *text,
                found
                    .map(|found| found.is_some())
                    .map_err(|error| error.to_string()),
            )
        })
        .collect();
    let results: Vec<_> = checks.collect().await;
    let mut found = BTreeSet::new();
    let mut missing = BTreeSet::new();
    for (reference, result) in results {
        match result {
            Ok(true) => found.insert(reference.to_owned()),
            Ok(false) => missing.insert(reference.to_owned()),
            Err(error) => {
                context.tell(Event::Warning {
                    message: format!("the cache {reference} is not used: {error}"),
                });
                missing.insert(reference.to_owned())
            }
        };
    }
    context.tell(Event::CacheChecked {
        found: found.iter().cloned().collect(),
        missing: missing.into_iter().collect(),
    });
    found
}
