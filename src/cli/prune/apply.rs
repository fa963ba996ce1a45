//! `launchway prune --apply`: a plan that was just made, or a saved one, carried out.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use crate::exit;
use crate::prune::document::saved::SavedPlan;
use crate::prune::{
    Application, Applied, Asked, Event, FailPoints, LATE, NamePattern, Observer as _, Plan,
    Refusal, Silent, refuse_run,
};
use crate::ui::{Failure, PruneProgress, prune_deed};

use super::ground::Ground;
use super::interrupt::guarded;
use super::output::Format;
use super::plan::{self, PlanArgs};
use super::problem::Problem;
use super::result;
use crate::cli::Invocation;
use crate::cli::confirm::{can_ask, confirmed};

/// Carries out a plan that was just made from this answer.
pub(super) async fn fresh(
    args: &PlanArgs,
    plan: Plan,
    asked: Asked,
    ground: Ground,
    invocation: &Invocation,
) -> Result<u8, Failure> {
    if args.format == Format::Table {
        plan::note(args, &plan, &ground.aws.calls(), invocation);
    }
    carry_out(args, plan, Some(asked), ground, invocation).await
}

/// Carries out what is left of a saved plan.
pub(super) async fn saved(
    args: &PlanArgs,
    path: &Path,
    ground: Ground,
    invocation: &Invocation,
) -> Result<u8, Failure> {
    let saved = SavedPlan::read(&invocation.context.resolve(path))?;
    let only: &[NamePattern] = &args.repositories;
    // One that has nothing to remove is there, too.
    let covers = |one: &&NamePattern| {
        let mut there = saved.repositories.keys();
        there.any(|repository| one.covers(&repository.name))
    };
    if let Some(missing) = only.iter().find(|one| !covers(one)) {
        let message = format!("{} has no repository {missing}", path.display());
        return Err(Failure::usage(message));
    }
    let mut plan = saved.into_plan();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one.covers(name));
    plan.repositories.retain(|one| wanted(&one.repository.name));
    check_actions(&plan, path, &ground)?;
    let settings = &ground.settings;
    refuse_run(&mut plan, settings.max_run_deletions, &settings.allow);
    carry_out(args, plan, None, ground, invocation).await
}

/// What somebody let be archived must not be deleted because the configuration changed.
fn check_actions(plan: &Plan, path: &Path, ground: &Ground) -> Result<(), Failure> {
    for one in plan.repositories.iter().filter(|one| one.archive) {
        let rule = ground.settings.rule(&one.repository.name);
        if rule.is_some_and(|rule| !rule.policy.archive) {
            let message = format!(
                "{} archives images of {}, which the configuration now deletes",
                path.display(),
                one.repository
            );
            return Err(Failure::new(exit::CONFIGURATION, message)
                .hint("Make a new plan with `launchway prune -o FILE`."));
        }
    }
    Ok(())
}

/// Asks where there is somebody to ask, removes, and reports. A plan without the answer that it was made from is a saved
/// one.
async fn carry_out(
    args: &PlanArgs,
    plan: Plan,
    asked: Option<Asked>,
    ground: Ground,
    invocation: &Invocation,
) -> Result<u8, Failure> {
    let printer = &invocation.printer;
    let problem = Problem::of_plan(&plan);
    let deed = prune_deed(&plan);
    let terminal = invocation.context.terminal;
    if deed.is_some() && !args.yes && terminal.input && terminal.err && !can_ask(invocation) {
        return Err(
            Failure::usage("--apply asks before it removes, and here it cannot be heard")
                .hint("Add --yes, or leave --quiet and --progress out."),
        );
    }
    if deed.is_none() && args.format == Format::Table {
        printer.note("Nothing was removed.");
    }
    if let Some(deed) = &deed
        && can_ask(invocation)
        && !args.yes
    {
        let mut letters = deed.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let question = format!("{}{}?", first.unwrap_or_default(), letters.as_str());
        if !confirmed(invocation, &question).await? {
            printer.note("Nothing was removed.");
            return Err(Failure::new(exit::CANCELLED, "cancelled"));
        }
    }
    let format = args.format;
    let aws = ground.aws.clone();
    let held = held(&plan);
    let mut applied = if deed.is_some() {
        let progress = ground.progress(invocation);
        let stop = Arc::new(AtomicBool::new(false));
        let work = Work {
            plan,
            asked,
            ground,
            fresh_for: args.fresh_for,
            fail_points: fail_points(invocation),
            progress: Arc::clone(&progress),
            stop: Arc::clone(&stop),
        };
        let (talk, counts) = (printer.clone(), aws.clone());
        let report = move |applied: Applied| {
            // The process ends with its own report of the interrupt.
            let _ = result::show(&applied, &counts.calls(), format, &talk);
        };
        let display = Arc::clone(&progress);
        let note = move |text: &str| display.tell(&Event::Note { text });
        let applied = guarded(invocation, stop, || work.run(), note, report).await;
        progress.finish();
        applied?
    } else {
        Applied::default()
    };
    let problem = problem.and_of(&applied);
    if format == Format::Json {
        // People have seen the plan; a program sees this alone.
        let told = std::mem::take(&mut applied.refusals);
        let held = held.into_iter().filter(|one| !told.contains(one));
        applied.refusals = held.chain(told.iter().cloned()).collect();
    }
    if deed.is_some() || format == Format::Json {
        result::show(&applied, &aws.calls(), format, printer)?;
    }
    match problem.failure() {
        Some(failure) => {
            printer.note("\n");
            Err(failure)
        }
        None => Ok(exit::OK),
    }
}

/// Why something of the plan is not even tried: programs that read the result see that it is not complete.
fn held(plan: &Plan) -> Vec<Refusal> {
    let here = plan.repositories.iter().flat_map(|one| &one.refusals);
    let all = plan.refusals.iter().chain(here);
    all.filter(|one| !one.allowed).cloned().collect()
}

/// The variable that tests kill a run by.
fn fail_points(invocation: &Invocation) -> FailPoints {
    let environment = &invocation.context.environment;
    FailPoints::armed(environment.get("LAUNCHWAY_FAIL_AT").unwrap_or_default())
}

/// Everything that an apply needs, in a task of its own.
struct Work {
    plan: Plan,
    /// What the plan was made from; none of a saved one.
    asked: Option<Asked>,
    ground: Ground,
    fresh_for: std::time::Duration,
    fail_points: FailPoints,
    progress: Arc<PruneProgress>,
    stop: Arc<AtomicBool>,
}

impl Work {
    async fn run(self) -> Applied {
        let sizes = self
            .plan
            .repositories
            .iter()
            .filter(|one| self.plan.may_apply(one))
            .map(|one| one.sizes.removed.manifests + one.sizes.tags);
        self.progress.removing(sizes.sum());
        let application = Application {
            plan: &self.plan,
            saved: self.asked.is_none(),
            places: &self.ground.places,
            settings: &self.ground.settings,
            asked: self.asked.as_ref(),
            fresh_for: self.fresh_for,
            late: LATE,
            now: &plan::now,
            clock: &Instant::now,
            observer: &*self.progress,
            fail_points: self.fail_points,
            stop: &self.stop,
        };
        crate::prune::apply(&application, || self.ground.uses(&Silent)).await
    }
}
