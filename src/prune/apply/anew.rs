//! A repository is read and decided about once more, within the plan that is applied: what somebody needs since keeps its
//! parts by the very rules that made the plan.

use std::collections::{BTreeMap, BTreeSet};

use super::SkipReason;
use super::asked::serves;
use super::repository::{Halt, Work};
use crate::image::Digest;
use crate::prune::collect::read_repository;
use crate::prune::{
    ImagePlan, InUse, KeepReason, NamedImage, RepositoryPlan, Silent, Source, UsedBy, Verdict,
    decide, refuse, restrict,
};

/// How often a repository is decided about anew, before it is left alone: it changes faster than it can be read.
const DECISIONS: usize = 25;

impl<F, Fut> Work<'_, F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = InUse>,
{
    /// Reads the repository and decides about it again, within the plan.
    pub(super) async fn decide_anew(&mut self) -> Result<RepositoryPlan, Halt> {
        self.decisions += 1;
        if self.decisions > DECISIONS {
            let detail = "it changes faster than it can be read".to_owned();
            let case = self.case(&self.bound.repository.name, detail);
            return Err(Halt::Refused(vec![case]));
        }
        let uses = self.uses_now().await?;
        let uses = uses.index.of(&self.bound.repository);
        let began = self.now();
        let read = read_repository(self.found, false, &Silent).await;
        let repository = read.map_err(|error| self.list_failed(&error))?;
        let took = self.now().saturating_duration_since(began);
        self.stale_at = Some(began + serves(self.application.fresh_for, took));
        let mut kept = uses.clone();
        kept.uses.extend(self.roots.iter().map(as_use));
        let now = (self.application.now)();
        let mut plan = decide(&repository, &kept, self.policy, now);
        let (digests, tags) = bounds(self.bound);
        restrict(&mut plan, &repository, &digests, &tags);
        // The limits are for what may be done, so that a plan is not held by what expired since.
        let allow = &self.application.settings.allow;
        refuse(&mut plan, &repository, uses, self.policy, allow);
        if plan.is_refused() {
            let refusals = plan.refusals.into_iter();
            return Err(Halt::Refused(refusals.filter(|one| !one.allowed).collect()));
        }
        self.account(&plan);
        for wave in &mut plan.waves {
            wave.retain(|digest| !self.done.contains(digest));
        }
        plan.waves.retain(|wave| !wave.is_empty());
        Ok(plan)
    }

    /// Tells of what was planned and does not go any more.
    fn account(&mut self, plan: &RepositoryPlan) {
        let now: BTreeMap<Digest, &ImagePlan> = plan
            .images
            .iter()
            .map(|image| (image.digest, image))
            .collect();
        for digest in self.bound.waves.iter().flatten() {
            if self.done.contains(digest) {
                continue;
            }
            let image = now.get(digest);
            match image.map(|image| &image.verdict) {
                _ if image.is_some_and(|image| image.archived)
                    && self.archiving.contains(digest) =>
                {
                    self.mark_archived(*digest);
                }
                Some(Verdict::Remove(_)) => {}
                Some(Verdict::Keep(reasons)) => self.skip(*digest, why(reasons)),
                None => {
                    self.done.insert(*digest);
                    self.result.gone.push(*digest);
                }
            }
        }
    }
}

/// What a plan lets go: manifests, and tags of others.
fn bounds(plan: &RepositoryPlan) -> (BTreeSet<Digest>, BTreeMap<Digest, BTreeSet<String>>) {
    let tags = plan.images.iter().filter(|image| !image.untag.is_empty());
    let tags = tags.map(|image| (image.digest, image.untag.iter().cloned().collect()));
    (
        plan.waves.iter().flatten().copied().collect(),
        tags.collect(),
    )
}

/// Why something is kept, for the report. The weightiest reason comes first.
fn why(reasons: &[KeepReason]) -> SkipReason {
    match reasons.first() {
        Some(KeepReason::InUse { by, .. }) => SkipReason::InUse { by: by.clone() },
        Some(KeepReason::Part { of, .. }) => SkipReason::PartOf { of: *of },
        Some(keep) => SkipReason::Rule { keep: keep.clone() },
        None => SkipReason::Rule {
            keep: KeepReason::NoRule,
        },
    }
}

/// A root, in the words of the core. Nobody reads them: roots have their own reasons.
fn as_use(digest: &Digest) -> NamedImage {
    NamedImage {
        tag: None,
        digest: Some(*digest),
        by: UsedBy {
            source: Source::Record,
            name: "this run".to_owned(),
        },
    }
}
