//! Publishing what was evaluated, and once more from evaluation what came out differently.

use std::collections::{BTreeMap, BTreeSet};

use super::{Outcomes, Ready, Run};
use crate::image::{Descriptor, Platform};
use crate::plan::{ImagePlan, SolvePlan};
use crate::release::baseline::Found;
use crate::release::comparison::{self, Compared};
use crate::release::evaluate::Evaluations;
use crate::release::publish::{self, Job, Outcome, Published, SociReference};
use crate::release::record::Record;
use crate::release::soci::{self, Pushed, SociIndexes};
use crate::release::{Event, FailPoint, ReleaseError};

/// A solve whose publication was not what had been evaluated.
struct Stale<'a> {
    solve: &'a SolvePlan,
    error: ReleaseError,
}

impl Run<'_> {
    /// Publishes every image that differs from its baseline, with its SOCI indexes. Images that do
    /// not keep the baseline's digest.
    pub(super) async fn publish(
        &self,
        caches: &BTreeSet<String>,
        mut evaluations: Evaluations,
        baselines: Vec<Found>,
        unfinished: Option<&Record>,
    ) -> Result<Outcomes<'_>, ReleaseError> {
        let mut redone = BTreeSet::new();
        let mut parts: BTreeMap<String, Vec<Published>> = BTreeMap::new();
        loop {
            let layers = self.layers.as_ref();
            let mut soci = soci::work_out(self.plan, &evaluations, &self.documents, layers).await?;
            let compared = self
                .compare(&evaluations, &baselines, unfinished, &soci)
                .await?;
            self.ensure_repositories(&compared).await?;
            let images = self.plan.images.iter().zip(&compared);
            let images = images.map(|(image, one)| (image, one.differs));
            let pushed = soci::push(self.context, images, &soci).await?;
            let jobs = self.jobs(&evaluations, &soci, &pushed, &compared, &parts);
            let outcomes = publish::all(self.context, &self.session, caches, &jobs).await?;
            self.context.fail_points.pass(FailPoint::Published);

            let mut stale = Vec::new();
            for (target, outcome) in outcomes {
                match self.stale(&target, &outcome) {
                    Some(one) => stale.push(one),
                    None => {
                        if let Outcome::Published(part) = outcome {
                            parts.entry(target).or_default().push(*part);
                        }
                    }
                }
            }
            if stale.is_empty() {
                let ready = self.index(compared, parts).await?;
                soci::push_v1(self.context, &manifests(&ready), &mut soci).await?;
                return Ok(Outcomes {
                    evaluations,
                    ready,
                    soci,
                });
            }
            // The daemon lost its cache, or a base moved: what was compared is not what would be
            // released. Once more for these, from the start.
            for Stale { solve, error } in stale {
                if !redone.insert(solve.name()) {
                    return Err(error);
                }
                self.context.tell(Event::Warning {
                    message: format!(
                        "{}: the daemon published something else than it had evaluated; evaluating it again",
                        solve.name()
                    ),
                });
                let evaluated = self.evaluate_again(caches, solve).await?;
                evaluations
                    .entry(solve.target.clone())
                    .or_default()
                    .insert(solve.platform.clone(), evaluated);
            }
        }
    }

    async fn compare(
        &self,
        evaluations: &Evaluations,
        baselines: &[Found],
        unfinished: Option<&Record>,
        soci: &SociIndexes,
    ) -> Result<Vec<Compared>, ReleaseError> {
        if !self.options.compare {
            let images = self.plan.images.iter();
            return Ok(images.map(|_| Compared::nothing()).collect());
        }
        comparison::all(
            self.context,
            self.plan,
            evaluations,
            baselines,
            unfinished,
            soci,
        )
        .await
    }

    /// What is to be pushed: the images that differ, but what an earlier round has pushed.
    fn jobs<'b>(
        &'b self,
        evaluations: &'b Evaluations,
        soci: &'b SociIndexes,
        pushed: &'b Pushed,
        compared: &[Compared],
        done: &BTreeMap<String, Vec<Published>>,
    ) -> Vec<Job<'b>> {
        let images = self.plan.images.iter().zip(compared);
        let solves = images
            .filter(|(_, one)| one.differs)
            .flat_map(|(image, _)| {
                let solves = self.plan.solves.iter();
                solves
                    .filter(|solve| solve.target == image.target)
                    .map(move |solve| (image, solve))
            });
        let is_done = |solve: &SolvePlan| {
            let parts = done.get(&solve.target);
            parts.is_some_and(|parts| parts.iter().any(|part| part.platform == solve.platform))
        };
        solves
            .filter(|(_, solve)| !is_done(solve))
            .map(|(image, solve)| {
                let index = of(pushed, solve).map(|pushed| &pushed.descriptor);
                let made_of = of(soci, solve);
                Job {
                    solve,
                    image,
                    expected: of(evaluations, solve),
                    soci: index
                        .zip(made_of)
                        .map(|(index, made_of)| SociReference { index, made_of }),
                }
            })
            .collect()
    }

    /// Whether something else was published than had been evaluated.
    fn stale(&self, target: &str, outcome: &Outcome) -> Option<Stale<'_>> {
        let Outcome::Differs {
            platform,
            evaluated,
            published,
            detail,
        } = outcome
        else {
            return None;
        };
        let solve = self.solve(target, platform)?;
        let name = solve.name();
        let has_soci = self.image(target).is_some_and(|image| image.soci.is_some());
        let error = if has_soci {
            ReleaseError::SociMismatch {
                solve: name,
                detail: detail.clone(),
            }
        } else {
            ReleaseError::Unstable {
                solve: name,
                evaluated: *evaluated,
                published: *published,
            }
        };
        Some(Stale { solve, error })
    }
}

/// What a map by target and platform has for a solve.
fn of<'a, T>(all: &'a BTreeMap<String, BTreeMap<Platform, T>>, solve: &SolvePlan) -> Option<&'a T> {
    all.get(&solve.target)?.get(&solve.platform)
}

/// What SOCI indexes v1 are about.
fn manifests<'a>(
    ready: &'a [Ready<'a>],
) -> Vec<(&'a ImagePlan, &'a BTreeMap<Platform, Descriptor>)> {
    ready
        .iter()
        .map(|one| (one.image, &one.manifests))
        .collect()
}
