//! One repository: wave by wave and batch by batch, each batch checked right before it goes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::check::Removed;
use super::fresh::{FreshUses, Uses};
use super::{Application, Change, FailPoint, Failed, RepositoryResult, SkipReason, Skipped};
use crate::aws::{AwsError, EcrImage, EcrImageStatus, EcrImages};
use crate::image::Digest;
use crate::prune::collect::Found;
use crate::prune::{InUse, Policy, Refusal, RefusalCode, RefusalSubject, RepositoryPlan};

/// How often the images of a batch are looked at again, because it took too long, before their repository is left alone.
const LOOKS: usize = 5;
/// How long the first wait for ECR to forget an index is; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// One repository of a plan that is being applied.
pub(super) struct Work<'a, F> {
    pub(super) application: &'a Application<'a>,
    pub(super) uses: &'a FreshUses<'a, F>,
    pub(super) found: &'a Found,
    pub(super) policy: &'a Policy,
    /// The upper bound.
    pub(super) bound: &'a RepositoryPlan,
    /// What is kept against the plan, with what it needs.
    pub(super) roots: BTreeSet<Digest>,
    /// What has been dealt with.
    pub(super) done: BTreeSet<Digest>,
    /// Images that this run asked to be archived, and whose answer did not tell whether they are.
    pub(super) archiving: BTreeSet<Digest>,
    /// When the list is stale that the plan that is worked on was made from.
    pub(super) stale_at: Option<Instant>,
    pub(super) decisions: usize,
    pub(super) result: RepositoryResult,
}

/// How far a wave came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing of it is left.
    Done,
    /// All of it was tried, and some of it stays: so must what that needs.
    Kept,
    /// Something came up before all of it was tried.
    Surprised,
}

/// Nothing more is done in this repository.
#[derive(Debug)]
pub(super) enum Halt {
    /// A list did not load, for all repositories. It is told once for all.
    Everything,
    /// A case that is about this repository.
    Refused(Vec<Refusal>),
}

impl<'a, F, Fut> Work<'a, F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = InUse>,
{
    pub(super) fn new(
        application: &'a Application<'a>,
        uses: &'a FreshUses<'a, F>,
        found: &'a Found,
        policy: &'a Policy,
        bound: &'a RepositoryPlan,
    ) -> Self {
        Self {
            application,
            uses,
            found,
            policy,
            bound,
            roots: BTreeSet::new(),
            done: BTreeSet::new(),
            archiving: BTreeSet::new(),
            stale_at: None,
            decisions: 0,
            result: RepositoryResult::new(&bound.repository),
        }
    }

    pub(super) async fn run(mut self) -> RepositoryResult {
        if let Err(halt) = self.try_run().await {
            if let Halt::Refused(refusals) = halt {
                self.result.refusals.extend(refusals);
            }
            let planned = self.bound.waves.iter().flatten();
            self.result.left += planned.filter(|one| !self.done.contains(one)).count();
            self.result.left += self.tags_left();
        }
        self.result
    }

    async fn try_run(&mut self) -> Result<(), Halt> {
        let mut plan = if let Some(age) = self.fresh_age() {
            // Its list was read when the plan was made, not now.
            let serves = self.application.fresh_for.saturating_sub(age);
            self.stale_at = Some(self.now() + serves);
            Cow::Borrowed(self.bound)
        } else {
            Cow::Owned(self.decide_anew().await?)
        };
        let mut next = 0;
        while next < plan.waves.len() {
            let progress = self.remove_wave(&plan, &plan.waves[next]).await?;
            let last = next + 1 == plan.waves.len();
            let on = match progress {
                Progress::Done => last || self.is_list_fresh(),
                Progress::Kept => last,
                Progress::Surprised => false,
            };
            if on {
                next += 1;
            } else {
                plan = Cow::Owned(self.decide_anew().await?);
                next = 0;
            }
        }
        self.application.fail_points.pass(FailPoint::Tags);
        self.remove_tags(&plan).await
    }

    pub(super) fn now(&self) -> Instant {
        (self.application.clock)()
    }

    fn is_list_fresh(&self) -> bool {
        self.stale_at.is_some_and(|at| self.now() < at)
    }

    /// How old the plan is, if it may be begun with as it is.
    fn fresh_age(&self) -> Option<Duration> {
        let age = (self.application.now)().duration_since(self.application.plan.created_at);
        let age = Duration::try_from(age).ok()?;
        (!self.application.saved && age <= self.application.fresh_for).then_some(age)
    }

    /// Removes a wave, batch by batch.
    async fn remove_wave(
        &mut self,
        plan: &RepositoryPlan,
        wave: &[Digest],
    ) -> Result<Progress, Halt> {
        let removed = Removed::new(plan);
        let mut tried: Option<Instant> = None;
        let mut wait = FIRST_WAIT;
        let mut open = Cow::Borrowed(wave);
        let mut progress = Progress::Done;
        loop {
            let mut listed = Vec::new();
            let mut again = Vec::new();
            for (turn, batch) in open.chunks(EcrImages::MOST).enumerate() {
                // ECR refuses to delete what an index lists, however old our list is, but archives it.
                if plan.archive && turn > 0 && !self.is_list_fresh() {
                    return Ok(Progress::Surprised);
                }
                let Some(present) = self.check(&removed, batch).await? else {
                    return Ok(Progress::Surprised);
                };
                self.application.fail_points.pass(FailPoint::Batch);
                let outcome = self.remove(plan.archive, &present).await;
                if outcome.kept {
                    progress = Progress::Kept;
                }
                listed.extend(outcome.listed);
                again.extend(outcome.again);
                // What changes while it is worked on is decided about as often as it takes, as long as it gets on.
                self.decisions = 0;
                self.application.fail_points.pass(FailPoint::Deleted);
            }
            if listed.is_empty() && again.is_empty() {
                return Ok(progress);
            }
            let tried = *tried.get_or_insert_with(Instant::now);
            if tried.elapsed() + wait > self.application.late {
                for digest in listed {
                    self.keep(digest, SkipReason::Listed);
                }
                for (digest, text) in again {
                    self.fail(digest, "temporary", &text, true);
                }
                return Ok(Progress::Kept);
            }
            // ECR may not have forgotten yet that the indexes of the wave before are gone.
            sleep(wait).await;
            wait *= 2;
            listed.extend(again.into_iter().map(|(digest, _)| digest));
            open = Cow::Owned(listed);
        }
    }

    /// The images of a batch that are still there, if nothing speaks against its removal. `None`: something does, and is
    /// a root now.
    async fn check(
        &mut self,
        removed: &Removed<'_>,
        batch: &[Digest],
    ) -> Result<Option<Vec<Digest>>, Halt> {
        let (uses, found) = self.look(batch).await?;
        let uses = uses.index.of(&self.bound.repository);
        let mut surprises = removed.in_use(&uses.uses);
        surprises.retain(|digest, _| !self.done.contains(digest));
        for (digest, why) in removed.changed(found.values()) {
            if is_archival(&why, &found[&digest]) && self.archiving.contains(&digest) {
                self.mark_archived(digest);
            } else {
                surprises.insert(digest, why);
            }
        }
        let surprised = !surprises.is_empty();
        for (digest, why) in surprises {
            self.keep(digest, why);
        }
        if surprised {
            return Ok(None);
        }
        let open = batch.iter().filter(|digest| !self.done.contains(digest));
        let (present, gone): (Vec<Digest>, Vec<Digest>) =
            open.partition(|digest| found.contains_key(digest));
        self.result.gone.extend(&gone);
        self.done.extend(gone);
        Ok(Some(present))
    }

    /// What is in use and how these images are, right now: where looking at them took so long that the answer is too
    /// old, both once more.
    pub(super) async fn look(
        &self,
        digests: &[Digest],
    ) -> Result<(Arc<Uses>, BTreeMap<Digest, EcrImage>), Halt> {
        for _ in 0..LOOKS {
            let uses = self.uses_now().await?;
            let found = self.describe(digests).await?;
            if !self.uses.is_late(&uses) {
                return Ok((uses, found));
            }
        }
        let detail = "the images cannot be looked at right before they go: ECR answers too slowly";
        let case = self.case("ecr:DescribeImages", detail.to_owned());
        Err(Halt::Refused(vec![case.temporary(true)]))
    }

    /// What is in use, no older than allowed.
    pub(super) async fn uses_now(&self) -> Result<Arc<Uses>, Halt> {
        // Every batch begins with this question.
        if self.application.stop.load(Ordering::SeqCst) {
            return Err(Halt::Everything);
        }
        let uses = self.uses.get().await.map_err(|_| Halt::Everything)?;
        let holds = uses.holds(&self.bound.repository);
        if holds.is_empty() {
            Ok(uses)
        } else {
            Err(Halt::Refused(holds))
        }
    }

    /// Images as they are now.
    pub(super) async fn describe(
        &self,
        digests: &[Digest],
    ) -> Result<BTreeMap<Digest, EcrImage>, Halt> {
        let Found { images, name, .. } = self.found;
        let found = images.describe(name, digests).await;
        found.map_err(|error| self.list_failed(&error))
    }

    pub(super) fn list_failed(&self, error: &AwsError) -> Halt {
        let detail = format!("the images cannot be listed: {error}");
        let case = self.case(error.action, detail);
        // Without the list nothing can be done, allowed or not.
        Halt::Refused(vec![case.temporary(error.is_temporary())])
    }

    pub(super) fn case(&self, name: &str, detail: String) -> Refusal {
        let subject = RefusalSubject::Repository(self.bound.repository.clone());
        Refusal::new(RefusalCode::ListFailed, name, subject, detail)
    }

    /// Keeps a manifest against the plan, and from the next decision on what it needs.
    fn keep(&mut self, digest: Digest, why: SkipReason) {
        self.skip(digest, why);
        self.roots.insert(digest);
    }

    /// A manifest that should have gone did not, so what it needs has to stay with it.
    pub(super) fn fail(&mut self, digest: Digest, code: &str, text: &str, temporary: bool) {
        self.done.insert(digest);
        self.result.failed.push(Failed {
            digest,
            tag: None,
            code: code.to_owned(),
            text: text.to_owned(),
            temporary,
        });
        self.roots.insert(digest);
    }

    /// A manifest is dealt with.
    pub(super) fn mark(&mut self, digest: Digest) {
        self.done.insert(digest);
    }

    /// A manifest is in the archive, by this run.
    pub(super) fn mark_archived(&mut self, digest: Digest) {
        if self.done.insert(digest) {
            self.result.archived.push(digest);
        }
    }

    pub(super) fn skip(&mut self, digest: Digest, why: SkipReason) {
        if self.done.insert(digest) {
            self.result.skipped.push(Skipped {
                digest,
                tag: None,
                why,
            });
        }
    }
}

/// Whether all that happened to an image is that it went to the archive.
fn is_archival(why: &SkipReason, now: &EcrImage) -> bool {
    let change = Change::Status;
    *why == SkipReason::Changed { change } && now.status == EcrImageStatus::Archived
}
