//! The run itself: the only place that decides what comes next.
//!
//! Order matters more than speed here, and everything that may overlap does so inside a step:
//! evaluate, compare, publish, index, record, scan, tags. No tag moves before the record is written,
//! and the record is written only when every image is in the registry.

mod rounds;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use futures::future::{join, join_all, try_join_all};
use launchway_buildkit::Session;

use super::baseline::{self, Found};
use super::blobs::{Documents, Received};
use super::comparison::{self, Compared};
use super::evaluate::{self, Evaluated, Evaluations};
use super::index::{self, Top};
use super::layers::Layers;
use super::publish::Published;
use super::record::{ImageRecord, Record, ScanRecord, State};
use super::soci::{self, SociIndexes};
use super::solve::{self, Variant};
use super::{
    Context, Event, FailPoint, ReleaseError, SolveStep, assemble_record, cache_export, copy, gate,
    store, tags,
};
use crate::image::{Descriptor, Digest, Platform};
use crate::plan::{BaselinePlan, ImagePlan, Plan, SolvePlan};
use crate::scan::Subject;

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
    let scratch = soci::Scratch::for_plan(plan)?;
    let layers = scratch.layers(plan, context);
    let receiver = Received {
        documents: documents.clone(),
        layers: layers.clone(),
    };
    let receiver: Arc<dyn launchway_buildkit::BlobReceiver> = Arc::new(receiver);
    let evaluates = options.compare || layers.is_some();
    let session = context.open_session(evaluates.then_some(receiver)).await?;
    let run = Run {
        plan,
        context,
        options,
        session,
        documents,
        layers,
    };
    let record = run.all(started).await?;
    run.session.close().await;
    if let Some(layers) = &run.layers {
        layers.trim();
    }
    Ok(record)
}

struct Run<'a> {
    plan: &'a Plan,
    context: &'a Context,
    options: &'a Options,
    session: Session,
    documents: Documents,
    /// Where images get SOCI indexes.
    layers: Option<Layers>,
}

/// An image whose digest is known and in the registry.
struct Ready<'a> {
    image: &'a ImagePlan,
    top: Top,
    parts: Vec<Published>,
    /// Image manifests by platform, as published now or before.
    manifests: BTreeMap<Platform, Descriptor>,
    changed: bool,
    reason: String,
    baseline: Option<Digest>,
}

impl Ready<'_> {
    /// What a scanner looks at: the images themselves, never their index.
    fn subject(&self) -> Subject {
        let manifests = self.manifests.iter();
        Subject {
            name: self.image.target.clone(),
            repository: self.image.primary.repository.clone(),
            digest: self.top.descriptor.digest,
            manifests: manifests
                .map(|(platform, manifest)| (platform.clone(), manifest.digest))
                .collect(),
            changed: self.changed,
        }
    }
}

/// What publishing came to.
struct Outcomes<'a> {
    evaluations: Evaluations,
    ready: Vec<Ready<'a>>,
    soci: SociIndexes,
}

impl Run<'_> {
    async fn all(&self, started: jiff::Timestamp) -> Result<Record, ReleaseError> {
        let context = self.context;
        let (caches, baselines) = join(
            evaluate::find_caches(context, &self.plan.solves),
            self.find_baselines(),
        )
        .await;
        let baselines = baselines?;
        let unfinished = self
            .options
            .record
            .as_deref()
            .and_then(comparison::unfinished)
            // Another environment's run in this folder says nothing about what this one deploys.
            .filter(|record| record.environment == self.plan.environment);
        let foreign = baseline::of_other_environments(self.plan)?;
        context.fail_points.pass(FailPoint::EngineReady);

        let evaluations = self.evaluate(&caches).await?;
        if self.options.compare {
            context.fail_points.pass(FailPoint::Evaluated);
        }
        let published = self.publish(&caches, evaluations, baselines, unfinished.as_ref());
        let ((), outcomes) =
            futures::future::try_join(self.build_unpushed(&caches), published).await?;
        let Outcomes {
            evaluations,
            ready,
            soci,
        } = outcomes;

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
        let (exports, (mut record, stopped)) =
            futures::future::try_join(exports, self.finish(started, &evaluations, &soci, ready))
                .await?;
        record.caches = exports;
        record.warnings.extend(foreign);
        record.warnings.extend(self.session.take_warnings());
        let now = (context.clock)();
        record.completed_at = Some(now.to_string());
        record.duration_ms = milliseconds(started, now);
        if let Some(error) = stopped {
            // What was built is not built again: its cache is exported, and only then it ends.
            self.write(&record)?;
            return Err(error);
        }
        context.fail_points.pass(FailPoint::Completed);
        Ok(record)
    }

    /// The baselines, and what their SOCI indexes say about layers.
    async fn find_baselines(&self) -> Result<Vec<Found>, ReleaseError> {
        let images = self.plan.images.iter();
        let lookups = images.map(|image| async move {
            let found = baseline::find(self.context, image).await?;
            if let (Some(layers), Ok(baseline)) = (&self.layers, &found) {
                layers.know(&soci::known(self.context, image, baseline).await);
            }
            Ok(found)
        });
        try_join_all(lookups).await
    }

    /// Evaluates what is to be evaluated, until every layer that SOCI needs was here.
    async fn evaluate(&self, caches: &BTreeSet<String>) -> Result<Evaluations, ReleaseError> {
        let solves = self.plan.solves.iter();
        let mut evaluations = evaluate::all(
            self.context,
            &self.session,
            &self.documents,
            caches,
            solves.filter(|solve| self.is_evaluated(solve)),
        )
        .await?;
        if let Some(layers) = &self.layers {
            // There were too many at once. Each turn takes in at least one more.
            loop {
                let postponed = layers.take_postponed();
                if postponed.is_empty() {
                    break;
                }
                for solve in &self.plan.solves {
                    let platforms = evaluations.get_mut(&solve.target);
                    let evaluated = platforms.and_then(|all| all.get_mut(&solve.platform));
                    let Some(evaluated) = evaluated.filter(|one| one.has_any_of(&postponed)) else {
                        continue;
                    };
                    *evaluated = self.evaluate_again(caches, solve).await?;
                }
            }
        }
        Ok(evaluations)
    }

    async fn evaluate_again(
        &self,
        caches: &BTreeSet<String>,
        solve: &SolvePlan,
    ) -> Result<Evaluated, ReleaseError> {
        evaluate::again(self.context, &self.session, &self.documents, caches, solve).await
    }

    /// `bake` and `build` push what they are told to push; they evaluate only to learn the layers
    /// that SOCI indexes are made of.
    fn is_evaluated(&self, solve: &SolvePlan) -> bool {
        self.options.compare
            || self
                .image(&solve.target)
                .is_some_and(|image| image.soci.is_some())
    }

    fn image(&self, target: &str) -> Option<&ImagePlan> {
        self.plan.images.iter().find(|image| image.target == target)
    }

    fn solve(&self, target: &str, platform: &Platform) -> Option<&SolvePlan> {
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
                    let mut manifests: BTreeMap<Platform, Descriptor> = parts
                        .iter()
                        .map(|part| (part.platform.clone(), part.descriptor.clone()))
                        .collect();
                    let top = match found {
                        Ok(baseline) if !differs => {
                            manifests = baseline.manifests;
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
                        manifests,
                        changed,
                        reason,
                        baseline: before,
                    })
                }
            });
        try_join_all(images).await
    }

    /// Builds the targets that are not pushed; a release has none.
    async fn build_unpushed(&self, caches: &BTreeSet<String>) -> Result<(), ReleaseError> {
        let unpushed = self
            .plan
            .solves
            .iter()
            .filter(|solve| self.image(&solve.target).is_none());
        solve::all(unpushed.map(|solve| async move {
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
        }))
        .await?;
        Ok(())
    }

    /// Record, gate, record, then tags. What the gate refuses, or could not look at, has a record and
    /// no tags; the error says why.
    async fn finish(
        &self,
        started: jiff::Timestamp,
        evaluations: &Evaluations,
        soci: &SociIndexes,
        ready: Vec<Ready<'_>>,
    ) -> Result<(Record, Option<ReleaseError>), ReleaseError> {
        let context = self.context;
        context.fail_points.pass(FailPoint::Indexed);
        let images: BTreeMap<String, ImageRecord> = ready
            .iter()
            .map(|one| {
                let evaluated = evaluations.get(&one.image.target);
                let record = assemble_record::image(assemble_record::Facts {
                    image: one.image,
                    top: &one.top,
                    evaluated,
                    soci: soci.get(&one.image.target),
                    manifests: &one.manifests,
                    parts: &one.parts,
                    changed: one.changed,
                    reason: &one.reason,
                    baseline: one.baseline,
                    scan: None,
                });
                (one.image.target.clone(), record)
            })
            .collect();
        let mut record = assemble_record::release(self.plan, started, images);
        let report = if context.gate.is_some() {
            // A scan may take long, or not work at all, and what is built is worth knowing.
            self.write(&record)?;
            match gate::examine(context, self.subjects(&ready).await).await {
                Ok(report) => report,
                Err(error) => return Ok((record, Some(error))),
            }
        } else {
            None
        };
        if let Some(report) = &report {
            for (target, image) in &mut record.images {
                image.scan = ScanRecord::of(report, target);
            }
            if !report.passed {
                record.state = State::Refused;
            }
        }
        self.write(&record)?;
        context.fail_points.pass(FailPoint::Recorded);
        if let (State::Refused, Some(report)) = (record.state, report) {
            let report = Box::new(report);
            return Ok((record, Some(ReleaseError::Refused { report })));
        }

        let moves: Vec<tags::Move<'_>> = ready
            .iter()
            .map(|one| tags::Move {
                image: one.image,
                top: &one.top,
            })
            .collect();
        tags::move_all(context, &moves).await?;
        context.fail_points.pass(FailPoint::Tagged);
        Ok((record, None))
    }

    /// What the gate looks at. An image that did not change is still new to it where a moving tag
    /// does not point at it yet; without any such tag it depends on what the baseline stands for:
    /// a record for what was released, a tag of somebody else for nothing.
    async fn subjects(&self, ready: &[Ready<'_>]) -> Vec<Subject> {
        let subjects = ready.iter().map(|one| async move {
            let mut subject = one.subject();
            if !subject.changed {
                let (source, image) = (&self.plan.source, one.image);
                let followed = gate::is_followed(self.context, source, image, subject.digest).await;
                let released = matches!(image.baseline, BaselinePlan::Record { .. });
                subject.changed = !followed.unwrap_or(released);
            }
            subject
        });
        join_all(subjects).await
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
