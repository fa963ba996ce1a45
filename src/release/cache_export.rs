//! Exporting build caches beside index and tags (D9).
//!
//! A solve of its own, answered from the daemon's cache, without an image. It never fails a
//! release: a cache that is missing costs time, not correctness.
//!
//! Every export has a session of its own. In a session that has built before, BuildKit finds a
//! COPY by the session's key of the context instead of the content's, and then exports the step
//! without its result: the cache would exist and never hit (seen with v0.33.1). Exports of the same
//! context follow each other, because two sessions at once would each be sent the whole of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures::future::join_all;

use super::evaluate;
use super::record::{CacheOutcome, CacheRecord};
use super::solve::{self, Variant};
use super::{Context, Event, ReleaseError, SolveStep};
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
/// `caches` holds the references that exist.
pub(super) async fn all(
    context: &Context,
    caches: &BTreeSet<String>,
    candidates: &[Candidate<'_>],
) -> BTreeMap<String, CacheRecord> {
    let mut records = BTreeMap::new();
    let mut queues: BTreeMap<Option<&Path>, Vec<(&SolvePlan, &CacheReference)>> = BTreeMap::new();
    for candidate in candidates {
        let solve = candidate.solve;
        for export in &solve.cache.later_exports {
            let exists = export
                .registry_reference()
                .is_some_and(|name| caches.contains(name));
            if exists && !candidate.ran {
                let record = CacheRecord {
                    outcome: CacheOutcome::Skipped,
                    error: None,
                };
                records.insert(export.to_string(), record);
            } else {
                let directory = solve.context.directory.as_deref();
                queues.entry(directory).or_default().push((solve, export));
            }
        }
    }
    let queues = queues.into_values().map(|queue| async move {
        let mut records = Vec::new();
        for (solve, export) in queue {
            let record = one(context, caches, solve, export).await;
            context.tell(Event::CacheExported {
                reference: export.to_string(),
                error: record.error.clone(),
            });
            records.push((export.to_string(), record));
        }
        records
    });
    records.extend(join_all(queues).await.into_iter().flatten());
    records
}

async fn one(
    context: &Context,
    caches: &BTreeSet<String>,
    solve: &SolvePlan,
    export: &CacheReference,
) -> CacheRecord {
    let variant = Variant {
        cache_imports: evaluate::existing(&solve.cache.imports, caches),
        cache_exports: vec![export.clone()],
        ..Variant::default()
    };
    let attempt = async {
        let session = context.open_session(None).await?;
        let solved = solve::run(context, &session, solve, SolveStep::CacheExport, variant).await;
        session.close().await;
        solved
    };
    match attempt.await {
        Ok(_) => CacheRecord {
            outcome: CacheOutcome::Exported,
            error: None,
        },
        Err(error) => CacheRecord {
            outcome: CacheOutcome::Failed,
            error: Some(why(&error)),
        },
    }
}

/// The cause, without naming the solve once more.
fn why(error: &ReleaseError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
