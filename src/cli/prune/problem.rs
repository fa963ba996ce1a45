//! Why the end of a run is not a good one: cases that hold a plan or its execution, and what did not go. One failure
//! of all of it, whose exit code is that of its weightiest part.

use crate::exit;
use crate::prune::{Applied, Failed, Plan, Refusal};
use crate::ui::Failure;

/// How many cases, and how many failed deletions, a report names. The table and the JSON have more.
const NAMED: usize = 3;

/// All that is not as it should be; maybe nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Problem {
    /// What happened, for each part of the run.
    messages: Vec<String>,
    /// Cases that were not allowed.
    cases: Vec<Refusal>,
    /// What should have gone and did not.
    failed: Vec<Failed>,
}

impl Problem {
    /// The cases that hold a plan.
    pub(super) fn of_plan(plan: &Plan) -> Self {
        let mut problem = Self::default();
        if !plan.has_refusals() {
            return problem;
        }
        let held = plan.repositories.iter().filter(|one| one.is_refused());
        problem.messages.push(if plan.is_refused_everywhere() {
            "prune refuses to remove anything".to_owned()
        } else {
            match held.count() {
                0 => "prune found something to mend before it can be trusted".to_owned(),
                1 => "prune refuses one repository".to_owned(),
                several => format!("prune refuses {several} repositories"),
            }
        });
        let here = plan.repositories.iter().flat_map(|one| &one.refusals);
        problem.add_cases(plan.refusals.iter().chain(here));
        problem
    }

    /// With what came up when the plan was carried out. A case that the plan told of already is told once.
    #[must_use]
    pub(super) fn and_of(mut self, applied: &Applied) -> Self {
        let here = applied.repositories.iter().flat_map(|one| &one.refusals);
        if self.add_cases(applied.refusals.iter().chain(here)) {
            let message = "prune stopped before all was removed";
            self.messages.push(message.to_owned());
        }
        let failed = applied.repositories.iter().flat_map(|one| &one.failed);
        self.failed.extend(failed.cloned());
        match self.failed.len() {
            0 => {}
            1 => {
                let message = "1 image or tag could not be removed";
                self.messages.push(message.to_owned());
            }
            several => {
                let message = format!("{several} images and tags could not be removed");
                self.messages.push(message);
            }
        }
        self
    }

    /// Whether there was a new one.
    fn add_cases<'a>(&mut self, cases: impl Iterator<Item = &'a Refusal>) -> bool {
        let before = self.cases.len();
        for case in cases.filter(|case| !case.allowed) {
            if !self.cases.contains(case) {
                self.cases.push(case.clone());
            }
        }
        self.cases.len() > before
    }

    /// One failure of all of it; `None` where all is well. It is temporary only if each part is, so that a job that
    /// tries again on exit code 75 does not try for ever. What lasts is named first.
    pub(super) fn failure(mut self) -> Option<Failure> {
        if self.cases.is_empty() && self.failed.is_empty() {
            return None;
        }
        self.cases.sort_by_key(|case| case.temporary);
        self.failed.sort_by_key(|one| one.temporary);
        let lasting_cases = self.cases.iter().filter(|case| !case.temporary).count();
        let lasting_failed = self.failed.iter().filter(|one| !one.temporary).count();
        let lasting = lasting_cases + lasting_failed;
        let code = match (lasting_cases, lasting_failed) {
            (0, 0) if !self.cases.is_empty() => exit::PRUNE_REFUSED,
            (0, _) => exit::REGISTRY,
            _ => exit::PRUNE_REFUSED,
        };
        let mut failure = Failure::new(code, self.messages.join("; ")).temporary(lasting == 0);
        // Where all are, the report says so.
        let mark = |temporary: bool| {
            if temporary && lasting > 0 {
                " (temporary)"
            } else {
                ""
            }
        };
        let cases = self.cases.iter().map(|case| {
            let mark = mark(case.temporary);
            format!("{} {}: {}{mark}", case.code, case.name, case.detail)
        });
        let failed = self.failed.iter().map(|one| {
            let mark = mark(one.temporary);
            format!("{}: {}: {}{mark}", one.digest, one.code, one.text)
        });
        push(&mut failure, cases, ["case", "cases"]);
        push(&mut failure, failed, ["image or tag", "images and tags"]);
        if lasting_cases > 0 {
            let hint = "Mend the cause, or let the case pass by its name: --allow CASE:NAME.";
            failure = failure.hint(hint);
        }
        if lasting_failed > 0 {
            failure = failure.hint("The same command tries again what could not be removed.");
        }
        if lasting > 0 && lasting_cases < self.cases.len() {
            failure = failure.hint(
                "A temporary case cannot be allowed; it may be gone when the same command is run again.",
            );
        }
        Some(failure)
    }
}

/// The first causes, and how many more there are.
fn push(
    failure: &mut Failure,
    causes: impl ExactSizeIterator<Item = String>,
    [one, several]: [&str; 2],
) {
    let more = causes.len().saturating_sub(NAMED);
    failure.causes.extend(causes.take(NAMED));
    match more {
        0 => {}
        1 => failure.causes.push(format!("and 1 more {one}")),
        more => failure.causes.push(format!("and {more} more {several}")),
    }
}

#[cfg(test)]
mod tests;
