//! What all of prune prints alike: formats, and the failure of a plan that is refused.

use crate::exit;
use crate::prune::{Plan, Refusal};
use crate::ui::Failure;

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// How many cases a failure names. The table and the JSON have them all.
const NAMED: usize = 3;

/// Why a plan that was shown is not a good end: cases that were not allowed.
pub(super) fn refused(plan: &Plan) -> Option<Failure> {
    if !plan.has_refusals() {
        return None;
    }
    let held = plan.repositories.iter().filter(|one| one.is_refused());
    let message = if plan.is_refused_everywhere() {
        "prune refuses to remove anything".to_owned()
    } else {
        match held.count() {
            0 => "prune found something to mend before it can be trusted".to_owned(),
            1 => "prune refuses one repository".to_owned(),
            several => format!("prune refuses {several} repositories"),
        }
    };
    let here = plan.repositories.iter().flat_map(|one| &one.refusals);
    Some(with_cases(message, plan.refusals.iter().chain(here)))
}

/// A refusal for safety, caused by these cases as far as they are not allowed. Where all may be gone at the next
/// try, so is the failure.
pub(super) fn with_cases<'a>(message: String, cases: impl Iterator<Item = &'a Refusal>) -> Failure {
    let cases: Vec<&Refusal> = cases.filter(|case| !case.allowed).collect();
    let mut failure = Failure::new(exit::PRUNE_REFUSED, message)
        .temporary(!cases.is_empty() && cases.iter().all(|case| case.temporary));
    for case in cases.iter().take(NAMED) {
        let cause = format!("{} {}: {}", case.code, case.name, case.detail);
        failure.causes.push(cause);
    }
    if let Some(more) = cases.len().checked_sub(NAMED).filter(|more| *more > 0) {
        failure.causes.push(format!("and {more} more cases"));
    }
    if failure.temporary {
        return failure;
    }
    failure.hint("Mend the cause, or let the case pass by its name: --allow CASE:NAME.")
}
