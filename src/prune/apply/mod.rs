//! Doing what a plan says, as far as it still holds.
//!
//! The plan is an upper bound: nothing else is ever removed. Right before each batch it is asked again what is in use, and
//! how exactly these images are. A surprise (a use, a tag, a pull, a deletion that ECR refused) becomes a new root: the
//! repository is read and decided about once more with it, within the old plan, so that what it needs is kept by the very
//! rules that made the plan. The same happens before the first batch of a plan that is not fresh, and before later
//! waves.
//!
//! An index goes in an earlier wave than what it lists, and an image in an earlier one than the signatures and other
//! referrers that are about it. So a run may die at any point: no index is left that lists what is gone. Parts that nothing
//! lists may be left, and referrers whose subject is gone: garbage that the next plan removes. What cannot be excluded is a use that begins after the last question, about
//! `fresh_for` before the deletion, by somebody who neither pulls nor tags the image until then; where asking is slow, twice
//! the time that it takes.

mod anew;
mod asked;
mod check;
mod fail_point;
mod fresh;
mod removal;
mod repository;
mod result;
mod tags;

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;

pub use asked::Asked;
pub use fail_point::{FailPoint, FailPoints};
pub use result::{Applied, Change, Failed, RepositoryResult, SkipReason, Skipped};

use self::fresh::FreshUses;
use self::repository::Work;
use super::collect::{RuleIndex, find};
use super::{
    EcrRegistry, InUse, Observer, Place, Plan, Refusal, RefusalCode, RefusalSubject, RepositoryPlan,
};
use crate::config::PruneSettings;

/// How long an answer about what is in use serves where nothing is said.
pub const FRESH_FOR: Duration = Duration::from_secs(30);
/// How long ECR may take to forget an index that it deleted, before its parts are given up.
pub const LATE: Duration = Duration::from_mins(1);
/// How many repositories are worked on at once.
const REPOSITORIES: usize = 4;

/// What a plan is applied with.
#[derive(Clone)]
pub struct Application<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// It comes from a file: it is never taken for fresh.
    pub saved: bool,
    /// Where the repositories are.
    pub places: &'a [Place],
    /// The rules, which may have changed since the plan: only what both let go is removed.
    pub settings: &'a PruneSettings,
    /// The answer that the plan was made from: it serves like one of the run's own. None asks before anything is removed.
    pub asked: Option<&'a Asked>,
    /// For how long answers about what is in use, and a list of a repository, serve; [`FRESH_FOR`]. Where reading one
    /// takes more than half of that, it serves for twice the time that it took. Zero asks before every batch, whatever it
    /// takes.
    pub fresh_for: Duration,
    /// How long a deletion is repeated that ECR refuses because of an index; [`LATE`].
    pub late: Duration,
    /// The time that ages count to.
    pub now: &'a (dyn Fn() -> Timestamp + Send + Sync),
    /// The time that the age of answers and lists is measured by.
    pub clock: &'a (dyn Fn() -> Instant + Send + Sync),
    /// Hears of every batch.
    pub observer: &'a dyn Observer,
    /// Where it dies.
    pub fail_points: FailPoints,
    /// Once it is true, no batch is begun any more; what is left is counted in the result.
    pub stop: &'a AtomicBool,
}

impl fmt::Debug for Application<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("places", &self.places)
            .field("saved", &self.saved)
            .field("fresh_for", &self.fresh_for)
            .field("late", &self.late)
            .finish_non_exhaustive()
    }
}

/// Removes what the plan lets go, where [`Plan::may_apply`] allows it, and asks `uses` again what is in use.
///
/// Nothing fails as a whole: what stopped it, or a part of it, is in the result.
pub async fn apply<F, Fut>(application: &Application<'_>, uses: F) -> Applied
where
    F: Fn() -> Fut,
    Fut: Future<Output = InUse>,
{
    let Application { plan, settings, .. } = application;
    let tried = plan.repositories.iter();
    let tried: Vec<&RepositoryPlan> = tried
        .filter(|one| plan.may_apply(one) && !one.is_empty())
        .collect();
    let mut applied = Applied::default();
    if tried.is_empty() {
        return applied;
    }
    let mut names: Vec<String> = tried
        .iter()
        .map(|one| one.repository.name.clone())
        .collect();
    names.sort();
    names.dedup();
    let registries = find(application.places, Some(&names)).await;
    for (_, error) in &registries.failed {
        let detail = format!("the repositories cannot be listed: {error}");
        let subject = RefusalSubject::Nothing;
        let refusal = Refusal::new(RefusalCode::ListFailed, error.action, subject, detail)
            .temporary(error.is_temporary());
        applied.refusals.push(refusal.judged(&settings.allow));
    }
    let rules = RuleIndex {
        settings,
        only: &[],
    };
    let uses = FreshUses::new(uses, application);
    let work = tried.into_iter().map(async |planned| {
        let found = registries.found.get(&planned.repository);
        let policy = rules.policy(&planned.repository.name);
        match (found, policy) {
            (Some(found), Some(policy)) => {
                let work = Work::new(application, &uses, found, policy, planned);
                work.run().await
            }
            (None, _) => untouched(planned, RefusalCode::ListFailed, missing(planned)),
            (_, None) => {
                let why = "no rule of the configuration covers it any more";
                untouched(planned, RefusalCode::MatchesNothing, why)
            }
        }
    });
    let mut done = stream::iter(work).buffer_unordered(REPOSITORIES);
    while let Some(result) = done.next().await {
        applied.repositories.push(result);
    }
    drop(done);
    applied.refusals.extend(uses.refusals().await);
    applied
        .repositories
        .sort_by(|a, b| a.repository.cmp(&b.repository));
    applied
}

fn missing(planned: &RepositoryPlan) -> &'static str {
    match planned.repository.registry {
        EcrRegistry::Private { .. } => {
            "no account of the configuration has it, or it could not be asked for"
        }
        EcrRegistry::Public { .. } => "repositories of ECR Public are not pruned",
    }
}

/// A repository that nothing could be done in.
fn untouched(planned: &RepositoryPlan, code: RefusalCode, why: &str) -> RepositoryResult {
    let mut result = RepositoryResult::new(&planned.repository);
    result.left = planned.waves.iter().map(Vec::len).sum::<usize>()
        + planned
            .images
            .iter()
            .map(|image| image.untag.len())
            .sum::<usize>();
    result.refusals.push(Refusal::new(
        code,
        planned.repository.name.as_str(),
        RefusalSubject::Repository(planned.repository.clone()),
        why,
    ));
    result
}
