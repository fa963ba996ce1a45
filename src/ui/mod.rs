//! What a person looks at: printer, tables, error reports, summaries and progress.
//!
//! Everything here turns values into text; nothing decides what a run does. Only [`Printer`] and
//! the progress display write, and only to the streams that they were given.

mod approval;
mod environment;
mod excerpt;
mod failure;
pub(crate) mod measure;
mod notified;
mod parameter;
mod plan_table;
mod printer;
pub mod progress;
mod prune;
mod report;
mod scan;
mod soci;
mod step_log;
mod style;
mod summary;

pub use approval::{WaitingRow, waiting_table};
pub use environment::{environment_differences, environment_table};
pub use excerpt::{Excerpt, ExcerptLine};
pub use failure::{Failure, LogTail};
pub use notified::{Notified, NotifyOutcome, notified_table};
pub use parameter::{HistoryRow, Written, history_table, parameter_text, written_table};
pub use plan_table::plan_table;
pub use printer::{Printer, Talk};
pub use prune::{
    PruneProgress, prune_deed, prune_explained, prune_images, prune_table, pruned_table,
};
pub use report::{json as failure_json, text as failure_text};
pub use scan::{scan_advice, scan_table};
pub use soci::{attached_table, explained_text, inspection_table, verification_table};
pub use step_log::StepLogs;
pub use style::{Colour, Style};
pub use summary::Summary;
