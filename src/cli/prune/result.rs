//! What became of an apply: its report, and whether it is a good end.

use crate::exit;
use crate::prune::document::result;
use crate::prune::{Applied, CallCounts, Failed};
use crate::ui::{Failure, Printer, pruned_table};

use super::output::{self, Format};

/// How many failures a report names. The table and the JSON have more.
const NAMED: usize = 3;

/// Prints the result.
pub(super) fn show(
    applied: &Applied,
    calls: &CallCounts,
    format: Format,
    printer: &Printer,
) -> Result<(), Failure> {
    match format {
        Format::Json => {
            printer.answer_with(|out| result::write(out, applied, calls, env!("CARGO_PKG_VERSION")))
        }
        Format::Table => printer.answer(&pruned_table(applied, calls, printer.answer_style())),
    }
}

/// Why the end is not a good one: a case that stopped it, or something that did not go.
pub(super) fn problem(applied: &Applied) -> Option<Failure> {
    let failed: Vec<&Failed> = applied
        .repositories
        .iter()
        .flat_map(|one| &one.failed)
        .collect();
    if applied.is_refused() {
        let here = applied.repositories.iter().flat_map(|one| &one.refusals);
        let cases = applied.refusals.iter().chain(here);
        let message = "prune stopped before all was removed".to_owned();
        return Some(output::with_cases(message, cases));
    }
    if failed.is_empty() {
        return None;
    }
    let message = match failed.len() {
        1 => "1 image or tag could not be removed".to_owned(),
        several => format!("{several} images and tags could not be removed"),
    };
    let mut failure = Failure::new(exit::REGISTRY, message);
    for one in failed.iter().take(NAMED) {
        let cause = format!("{}: {}: {}", one.digest, one.code, one.text);
        failure.causes.push(cause);
    }
    if let Some(more) = failed.len().checked_sub(NAMED).filter(|more| *more > 0) {
        failure.causes.push(format!("and {more} more"));
    }
    if failed.iter().all(|one| one.temporary) {
        return Some(failure.temporary(true));
    }
    Some(failure.hint("The same command tries them again."))
}
