//! The report of what became of an apply.

use crate::prune::document::result;
use crate::prune::{Applied, CallCounts};
use crate::ui::{Failure, Printer, pruned_table};

use super::output::Format;

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
