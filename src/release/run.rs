//! The run itself: the only place that decides what comes next.
//!
//! Order matters more than speed here, and everything that may overlap does so inside a step:
//! evaluate, compare, publish, index, record, tags. No tag moves before the record is written, and
//! the record is written only when every image is in the registry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use futures::future::{join, try_join_all};
use launchway_buildkit::Session;

use super::baseline::{self, Found};
use super::blobs::Documents;
use super::comparison::{self, Compared};
use super::evaluate::{self, Evaluations};
use super::index::{self, Top};
use super::publish::{self, Job, Outcome, Published};
use super::record::{ImageRecord, Record};
use super::solve::{self, Variant};
use super::{
    Context, Event, FailPoint, ReleaseError, SolveStep, assemble_record, cache_export, copy, store,
    tags,
};
use crate::image::Digest;
use crate::plan::{ImagePlan, Plan, SolvePlan};

/// How a plan is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Evaluate and compare first, and publish only what changed. `bake` and `build` do not: they
    /// push what they are told to push.
    pub compare: bool,
    /// Where the record is written; `None` writes none.
    pub record: Option<PathBuf>,
}

/// Runs a plan to its end. Dropping the future cancels everything that runs in the daemon.
pub async fn run(
    plan: &Plan,
    context: &Context,
    options: &Options,
) -> Result<Record, ReleaseError> {
    let started = (context.clock)();
    check_platforms(plan, context)?;
    context.tell(Event::Planned {
        solves: plan.solves.iter().map(SolvePlan::name).collect(),
    });

    let documents = Documents::default();
    let receiver: Arc<dyn launchway_buildkit::BlobReceiver> = Arc::new(documents.clone());
    let session = context
        .open_session(options.compare.then_some(receiver))
        .await?;
    let run = Run {
        plan,
        context,
        options,
        session,
        documents,
    };
    let record = run.all(started).await?;
    run.session.close().await;
    Ok(record)
}

struct Run<'a> {
    plan: &'a Plan,
    context: &'a Context,
    options: &'a Options,
    session: Session,
    documents: Documents,
}

/// An image whose digest is known and in the registry.
struct Ready<'a> {
    image: &'a ImagePlan,
    top: Top,
    parts: Vec<Published>,
    changed: bool,
    reason: String,
    baseline: Option<Digest>,
}

impl Run<'_> {
    async fn all(&self, started: jiff::Timestamp) -> Result<Record, ReleaseError> {
        let context = self.context;
        let lookups = try_join_all(
            self.plan
                .images
                .iter()
                .map(|image| baseline::find(context, image)),
        );
        let (caches, baselines) =
            join(evaluate::find_caches(context, &self.plan.solves), lookups).await;
        let baselines = baselines?;
        let unfinished = self
            .options
            .record
            .as_deref()
            .and_then(comparison::unfinished);
        context.fail_points.pass(FailPoint::EngineReady);

        let (evaluations, ready) = if self.options.compare {
            let evaluations = evaluate::all(
                context,
                &self.session,
                &self.documents,
                &caches,
                &self.plan.solves,
            )
            .await?;
            context.fail_points.pass(FailPoint::Evaluated);
            self.publish_changed(&caches, evaluations, baselines, unfinished.as_ref())
                .await?
        } else {
            (Evaluations::new(), self.publish_everything(&caches).await?)
        };

        // A changed image whose steps all came from a cache: an earlier run built it and did not
        // come to its export.
        let changed: BTreeSet<&str> = ready
            .iter()
            .filter(|one| one.changed)
            .map(|one| one.image.target.as_str())
            .collect();
        let ran = |solve: &SolvePlan| {
            changed.contains(solve.target.as_str())
                || evaluations
                    .get(&solve.target)
                    .and_then(|platforms| platforms.get(&solve.platform))
                    .is_none_or(|evaluated| evaluated.ran)
        };
        let candidates: Vec<_> = self
            .plan
            .solves
            .iter()
            .map(|solve| cache_export::Candidate {
                solve,
                ran: ran(solve),
            })
            .collect();
        let exports = async { Ok(cache_export::all(context, &caches, &candidates).await) };
        let (exports, mut record) =
            futures::future::try_join(exports, self.finish(started, &evaluations, ready)).await?;
        record.caches = exports;
        record.warnings.extend(self.session.take_warnings());
        let now = (context.clock)();
        record.completed_at = Some(now.to_string());
        record.duration_ms = milliseconds(started, now);
        context.fail_points.pass(FailPoint::Completed);
        Ok(record)
    }

    /// Compares every image with its baseline and publishes those that differ. Images that do not
    /// keep the baseline's digest.
    async fn publish_changed(
        &self,
        caches: &BTreeSet<String>,
        mut evaluations: Evaluations,
        baselines: Vec<Found>,
        unfinished: Option<&Record>,
    ) -> Result<(Evaluations, Vec<Ready<'_>>), ReleaseError> {
        let mut again = false;
        loop {
            let compared = comparison::all(
                self.context,
                self.plan,
                &evaluations,
                &baselines,
                unfinished,
            )
            .await?;
            self.ensure_repositories(&compared).await?;
            let jobs = self.jobs(&evaluations, &compared);
            let outcomes = publish::all(self.context, &self.session, caches, &jobs).await?;
            self.context.fail_points.pass(FailPoint::Published);

            let mut parts: BTreeMap<String, Vec<Published>> = BTreeMap::new();
            let mut stale: Vec<&SolvePlan> = Vec::new();
            for (target, outcome) in outcomes {
                match outcome {
                    Outcome::Published(part) => parts.entry(target).or_default().push(*part),
                    Outcome::Differs {
                        platform,
                        evaluated,
                        published,
                    } => {
                        let solve = self.solve(&target, &platform);
                        if let Some(solve) = solve {
                            if again {
                                let solve = solve.name();
                                return Err(ReleaseError::Unstable {
                                    solve,
                                    evaluated,
                                    published,
                                });
                            }
                            stale.push(solve);
                        }
                    }
                }
            }
            if stale.is_empty() {
                return Ok((evaluations, self.index(compared, parts).await?));
            }
            // The daemon lost its cache, or a base moved: what was compared is not what would be
            // released. Once more for these, from the start.
            again = true;
            for solve in stale {
                self.context.tell(Event::Warning {
                    message: format!(
                        "{}: the daemon published something else than it had evaluated; evaluating it again",
                        solve.name()
                    ),
                });
                let evaluated =
                    evaluate::again(self.context, &self.session, &self.documents, caches, solve)
                        .await?;
                evaluations
                    .entry(solve.target.clone())
                    .or_default()
                    .insert(solve.platform.clone(), evaluated);
            }
        }
    }

    fn solve(&self, target: &str, platform: &crate::image::Platform) -> Option<&SolvePlan> {
        self.plan
            .solves
            .iter()
            .find(|solve| solve.target == target && solve.platform == *platform)
    }

    async fn ensure_repositories(&self, compared: &[Compared]) -> Result<(), ReleaseError> {
        let Some(creator) = &self.context.repositories else {
            return Ok(());
        };
        let images = self.plan.images.iter().zip(compared);
        let mut repositories: BTreeSet<_> = images
            .flat_map(|(image, one)| {
                // Where nothing differs, the baseline was read from the first.
                image.repositories().skip(usize::from(!one.differs))
            })
            .map(|push| push.repository.clone())
            .collect();
        let exports = self
            .plan
            .solves
            .iter()
            .flat_map(|solve| &solve.cache.later_exports);
        let cache_repositories = exports.filter_map(|export| {
            let reference = export.registry_reference()?;
            let reference: crate::registry::Reference = reference.parse().ok()?;
            Some(reference.repository().clone())
        });
        repositories.extend(cache_repositories);
        try_join_all(repositories.iter().map(|repository| async move {
            creator
                .ensure(repository)
                .await
                .map_err(|source| ReleaseError::CreateRepository {
                    repository: repository.to_string(),
                    source,
                })
        }))
        .await?;
        Ok(())
    }

    fn jobs<'b>(&'b self, evaluations: &'b Evaluations, compared: &[Compared]) -> Vec<Job<'b>> {
        let changed = self
            .plan
            .images
            .iter()
            .zip(compared)
            .filter(|(_, one)| one.differs);
        changed
            .flat_map(|(image, _)| {
                let solves = self
                    .plan
                    .solves
                    .iter()
                    .filter(|solve| solve.target == image.target);
                solves.filter_map(|solve| {
                    let expected = evaluations.get(&image.target)?.get(&solve.platform);
                    Some(Job {
                        solve,
                        image,
                        expected,
                    })
                })
            })
            .collect()
    }

    async fn index(
        &self,
        compared: Vec<Compared>,
        mut parts: BTreeMap<String, Vec<Published>>,
    ) -> Result<Vec<Ready<'_>>, ReleaseError> {
        let images = self
            .plan
            .images
            .iter()
            .zip(compared)
            .map(|(image, compared)| {
                let parts = parts.remove(&image.target).unwrap_or_default();
                async move {
                    let Compared {
                        found,
                        differs,
                        changed,
                        reason,
                        before,
                    } = compared;
                    let top = match found {
                        Ok(baseline) if !differs => {
                            let top = Top {
                                descriptor: baseline.descriptor,
                                bytes: baseline.bytes,
                            };
                            for copy in &image.copies {
                                let from = &image.primary.repository;
                                copy::image(self.context, from, &copy.repository, &top).await?;
                            }
                            top
                        }
                        _ => index::assemble(self.context, image, &parts).await?,
                    };
                    self.context.fail_points.pass(FailPoint::FirstIndex);
                    Ok::<_, ReleaseError>(Ready {
                        image,
                        top,
                        parts,
                        changed,
                        reason,
                        baseline: before,
                    })
                }
            });
        try_join_all(images).await
    }

    /// What `bake` and `build` do: one solve per target and platform, pushed by digest where the
    /// target is pushed at all.
    async fn publish_everything(
        &self,
        caches: &BTreeSet<String>,
    ) -> Result<Vec<Ready<'_>>, ReleaseError> {
        let (mut jobs, mut builds) = (Vec::new(), Vec::new());
        for solve in &self.plan.solves {
            match self
                .plan
                .images
                .iter()
                .find(|image| image.target == solve.target)
            {
                Some(image) => jobs.push(Job {
                    solve,
                    image,
                    expected: None,
                }),
                None => builds.push(solve),
            }
        }
        let builds = solve::all(builds.into_iter().map(|solve| async move {
            let variant = Variant {
                cache_imports: evaluate::existing(&solve.cache.imports, caches),
                cache_exports: solve.cache.exports.clone(),
                fresh: true,
                ..Variant::default()
            };
            solve::run(
                self.context,
                &self.session,
                solve,
                SolveStep::Evaluate,
                variant,
            )
            .await
        }));
        let pushes = publish::all(self.context, &self.session, caches, &jobs);
        let (_, outcomes) = futures::future::try_join(builds, pushes).await?;
        self.context.fail_points.pass(FailPoint::Published);
        let mut parts: BTreeMap<String, Vec<Published>> = BTreeMap::new();
        for (target, outcome) in outcomes {
            if let Outcome::Published(part) = outcome {
                parts.entry(target).or_default().push(*part);
            }
        }
        let compared = self
            .plan
            .images
            .iter()
            .map(|_| Compared {
                found: Err(String::new()),
                differs: true,
                changed: true,
                reason: "nothing was compared".to_owned(),
                before: None,
            })
            .collect();
        self.index(compared, parts).await
    }

    /// Record, then tags.
    async fn finish(
        &self,
        started: jiff::Timestamp,
        evaluations: &Evaluations,
        ready: Vec<Ready<'_>>,
    ) -> Result<Record, ReleaseError> {
        let context = self.context;
        context.fail_points.pass(FailPoint::Indexed);
        let images: BTreeMap<String, ImageRecord> = ready
            .iter()
            .map(|one| {
                let evaluated = evaluations.get(&one.image.target);
                let record = assemble_record::image(&assemble_record::Facts {
                    image: one.image,
                    top: &one.top,
                    evaluated,
                    parts: &one.parts,
                    changed: one.changed,
                    reason: &one.reason,
                    baseline: one.baseline,
                });
                (one.image.target.clone(), record)
            })
            .collect();
        let record = assemble_record::release(self.plan, started, images);
        self.write(&record)?;
        context.fail_points.pass(FailPoint::Recorded);

        let moves: Vec<tags::Move<'_>> = ready
            .iter()
            .map(|one| tags::Move {
                image: one.image,
                top: &one.top,
            })
            .collect();
        tags::move_all(context, &moves).await?;
        context.fail_points.pass(FailPoint::Tagged);
        Ok(record)
    }

    fn write(&self, record: &Record) -> Result<(), ReleaseError> {
        if let Some(path) = &self.options.record {
            store::write_atomically(path, record.to_json().as_bytes())?;
        }
        Ok(())
    }
}

/// Every platform must be one that the daemon runs; otherwise its first RUN step would fail with
/// an error that says nothing of platforms.
fn check_platforms(plan: &Plan, context: &Context) -> Result<(), ReleaseError> {
    for solve in &plan.solves {
        if !context.platforms.contains(&solve.platform) {
            return Err(ReleaseError::UnsupportedPlatform {
                solve: solve.name(),
                available: context.platforms.clone(),
            });
        }
    }
    Ok(())
}

pub(super) fn milliseconds(from: jiff::Timestamp, to: jiff::Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}
