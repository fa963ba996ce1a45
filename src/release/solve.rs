//! Running one solve: the plan's values as a request to the daemon, its reports as events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use launchway_buildkit::{
    CacheEntry, ContextRoots, Exporter, Redirect, Session, SolveRequest, SolveResponse,
};

use super::base_images::MirrorFailure;
use super::record::StepCount;
use super::selection;
use super::steps::Steps;
use super::syntax::wants_stable_frontend;
use super::{Context, Event, ReleaseError, SolveName, SolveStep};
use crate::plan::{CacheReference, SolvePlan};

/// How one of the solves of a target and platform differs from the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Variant {
    /// What is made of the result; `None` leaves it in the daemon's cache.
    pub(super) exporter: Option<Exporter>,
    /// Cache exports.
    pub(super) cache_exports: Vec<CacheReference>,
    /// Cache imports; those that are known not to exist are left out.
    pub(super) cache_imports: Vec<CacheReference>,
    /// Send the attributes that ask for new results (`pull`, `no-cache`).
    pub(super) fresh: bool,
    /// Send the attributes that ask for attestations.
    pub(super) attestations: bool,
    /// Base images that are taken by digest.
    pub(super) pinned: BTreeMap<String, String>,
}

/// A solve that ended well.
#[derive(Debug)]
pub(super) struct Solved {
    /// What the exporter said.
    pub(super) response: SolveResponse,
    /// Steps and cache hits.
    pub(super) steps: StepCount,
    /// Whether any step ran.
    pub(super) ran: bool,
    /// The base images by reference, with the digests that their tags had.
    pub(super) bases: BTreeMap<String, String>,
    /// Wall time in milliseconds.
    pub(super) duration_ms: u64,
}

/// Runs a solve to its end. Dropping the future cancels the build in the daemon.
pub(super) async fn run(
    context: &Context,
    session: &Session,
    solve: &SolvePlan,
    step: SolveStep,
    variant: Variant,
) -> Result<Solved, ReleaseError> {
    let name = solve.name();
    context.tell(Event::SolveStarted {
        solve: name.clone(),
        step,
    });
    let mut ending = Ending {
        context,
        solve: &name,
        step,
        told: false,
    };

    let began = std::time::Instant::now();
    let steps = Arc::new(Mutex::new(Steps::default()));
    let no_cache = variant.fresh && solve.fresh_attributes.contains_key("no-cache");
    let mut tries = 0;
    let response = loop {
        let on_status = {
            let (observer, name, steps) = (
                Arc::clone(&context.observer),
                name.clone(),
                Arc::clone(&steps),
            );
            move |update: launchway_buildkit::StatusUpdate| {
                steps
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .update(&update);
                observer(Event::SolveProgress {
                    solve: name.clone(),
                    step,
                    update,
                });
            }
        };
        let request = request(context, solve, variant.clone());
        let error = match context.engine.solve(session, request, on_status).await {
            Ok(response) => break response,
            Err(error) => error,
        };
        tries += 1;
        let failure = MirrorFailure::find(context, solve, &error);
        let pause = failure
            .as_ref()
            .and_then(|failure| failure.pause(tries, no_cache));
        let (Some(failure), Some(pause)) = (&failure, pause) else {
            ending.failed();
            return Err(ReleaseError::solve(name.clone(), error, failure));
        };
        // Without the solve's name: the same image is wanted by many, and is told of once.
        context.tell(Event::Warning {
            message: format!(
                "{} cannot be pulled from its mirror yet ({}: {}); trying again in {} s",
                failure.image,
                failure.mirrored,
                failure.answer,
                pause.as_secs()
            ),
        });
        tokio::time::sleep(pause).await;
    };
    ending.completed(&response);
    let steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Solved {
        response,
        steps: steps.count(),
        ran: steps.ran(),
        bases: steps.bases(),
        duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

/// How long the other solves are waited for when one failed without saying where.
const LOCATED: Duration = Duration::from_millis(250);

/// Runs solves to their end, or until one fails; dropping the others cancels them.
///
/// When a step that several solves share fails, BuildKit tells only one of them the place in the
/// Dockerfile. All of them fail at the same moment, so the one with the place is worth a wait.
pub(super) async fn all<T>(
    solves: impl IntoIterator<Item = impl Future<Output = Result<T, ReleaseError>>>,
) -> Result<Vec<T>, ReleaseError> {
    let mut running: FuturesUnordered<_> = solves.into_iter().collect();
    let mut results = Vec::new();
    while let Some(result) = running.next().await {
        match result {
            Ok(value) => results.push(value),
            Err(error) if error.is_located() => return Err(error),
            Err(error) => {
                let located = async {
                    while let Some(result) = running.next().await {
                        match result {
                            Err(other) if other.is_located() => return Some(other),
                            _ => {}
                        }
                    }
                    None
                };
                let located = tokio::time::timeout(LOCATED, located).await;
                return Err(located.ok().flatten().unwrap_or(error));
            }
        }
    }
    Ok(results)
}

/// Tells how a solve ended, also when it is dropped because another one failed.
struct Ending<'a> {
    context: &'a Context,
    solve: &'a SolveName,
    step: SolveStep,
    told: bool,
}

impl Ending<'_> {
    fn completed(&mut self, response: &SolveResponse) {
        self.told = true;
        self.context.tell(Event::SolveCompleted {
            solve: self.solve.clone(),
            step: self.step,
            manifest: response.digest().and_then(|digest| digest.parse().ok()),
        });
    }

    fn failed(&mut self) {
        self.end(false);
    }

    fn end(&mut self, cancelled: bool) {
        self.told = true;
        let (solve, step) = (self.solve.clone(), self.step);
        self.context.tell(Event::SolveFailed {
            solve,
            step,
            cancelled,
        });
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.end(true);
        }
    }
}

fn request(context: &Context, solve: &SolvePlan, variant: Variant) -> SolveRequest {
    let mut attributes = solve.attributes.clone();
    if variant.fresh {
        attributes.extend(solve.fresh_attributes.clone());
    }
    if variant.attestations {
        attributes.extend(solve.attestations.clone());
    }
    if let Some(url) = &solve.context.url {
        attributes.insert("context".to_owned(), url.clone());
    }
    let text = solve.context.dockerfile_text();
    let builtin_frontend = wants_stable_frontend(solve, text.as_deref());
    let selection = text.and_then(|text| {
        let ignored = ignore_text(solve);
        selection::of(&text, &attributes, ignored.as_deref())
    });
    let directory = solve.context.directory.clone();
    let dockerfile = solve.context.dockerfile_directory.clone();
    if solve.context.dockerfile_inline.is_none() {
        attributes.insert("filename".to_owned(), solve.context.dockerfile.clone());
    }
    SolveRequest {
        frontend_attributes: attributes,
        context: directory.map(|context| ContextRoots {
            dockerfile: dockerfile.unwrap_or_else(|| context.clone()),
            context,
            selection,
        }),
        inline_dockerfile: solve.context.dockerfile_inline.clone(),
        named_local_contexts: solve.context.named.clone(),
        exporter: variant.exporter,
        cache_imports: cache_entries(context, &variant.cache_imports),
        cache_exports: cache_entries(context, &variant.cache_exports),
        entitlements: solve.entitlements.clone(),
        builtin_frontend,
        pinned_images: variant.pinned,
        redirects: redirects(context, solve),
        // A record in the daemon's history costs more than a cached solve itself (it is synced to
        // disk), and what happened is in our own record.
        internal: true,
    }
}

/// Caches as the daemon is told them: in registries that it can connect to.
fn cache_entries(context: &Context, caches: &[CacheReference]) -> Vec<CacheEntry> {
    let entries = caches.iter().map(|cache| {
        let mut attributes = cache.attributes.clone();
        if let Some(reference) = cache.registry_reference() {
            let reference = context.endpoints.to_connect_to(reference);
            attributes.insert("ref".to_owned(), reference);
        }
        CacheEntry {
            kind: cache.kind.clone(),
            attributes,
        }
    });
    entries.collect()
}

/// The ignore file that belongs to the Dockerfile alone, if there is one.
fn ignore_text(solve: &SolvePlan) -> Option<String> {
    let directory = solve.context.dockerfile_directory.as_deref()?;
    let name = format!("{}.dockerignore", solve.context.dockerfile);
    std::fs::read_to_string(directory.join(name)).ok()
}

/// Images that come from mirrors, and those of registries that are elsewhere than their names say.
/// A mirror may be on such a registry, so its rules come first.
fn redirects(context: &Context, solve: &SolvePlan) -> Vec<Redirect> {
    let hosts = context.endpoints.hosts();
    let endpoints = hosts.map(|(host, place)| (format!("{host}/"), format!("{place}/")));
    let rules = solve.base_images.rules().chain(endpoints);
    rules.map(|(from, to)| Redirect { from, to }).collect()
}
