//! Exporting build caches beside index and tags (D9).
//!
//! A solve of its own, answered from the daemon's cache, without an image. It never fails a
//! release: a cache that is missing costs time, not correctness.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use launchway_buildkit::Session;

use super::evaluate;
use super::record::{CacheOutcome, CacheRecord};
use super::solve::{self, Variant};
use super::{Context, Event, SolveStep};
use crate::plan::{CacheReference, SolvePlan};

/// A solve whose cache may be worth exporting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    /// The solve.
    pub(super) solve: &'a SolvePlan,
    /// Whether any of its steps ran.
    pub(super) ran: bool,
}

/// Exports what is new. Where nothing ran and the reference exists, the cache is what it was.
pub(super) async fn all(
    context: &Context,
    session: &Session,
    caches: &BTreeSet<String>,
    candidates: &[Candidate<'_>],
) -> BTreeMap<String, CacheRecord> {
    let exports = candidates.iter().filter_map(|candidate| {
        let export = candidate.solve.cache.release_export.as_ref()?;
        let reference = export.registry_reference()?.to_owned();
        Some((candidate, export, reference))
    });
    let mut running: FuturesUnordered<_> = exports
        .map(|(candidate, export, reference)| async move {
            let skipped = !candidate.ran && caches.contains(&reference);
            let record = if skipped {
                CacheRecord {
                    outcome: CacheOutcome::Skipped,
                    error: None,
                }
            } else {
                one(context, session, caches, candidate.solve, export).await
            };
            if record.outcome != CacheOutcome::Skipped {
                context.tell(Event::CacheExported {
                    reference: reference.clone(),
                    error: record.error.clone(),
                });
            }
            (reference, record)
        })
        .collect();
    let mut records = BTreeMap::new();
    while let Some((reference, record)) = running.next().await {
        records.insert(reference, record);
    }
    records
}

async fn one(
    context: &Context,
    session: &Session,
    caches: &BTreeSet<String>,
    solve: &SolvePlan,
    export: &CacheReference,
) -> CacheRecord {
    let variant = Variant {
        cache_imports: evaluate::existing(&solve.cache.imports, caches),
        cache_exports: vec![export.clone()],
        ..Variant::default()
    };
    match solve::run(context, session, solve, SolveStep::CacheExport, variant).await {
        Ok(_) => CacheRecord {
            outcome: CacheOutcome::Exported,
            error: None,
        },
        Err(error) => {
            let error = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            CacheRecord {
                outcome: CacheOutcome::Failed,
                error: Some(error),
            }
        }
    }
}
