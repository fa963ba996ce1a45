//! What a person looks at: printer, tables, error reports, summaries and progress.
//!
//! Everything here turns values into text; nothing decides what a run does. Only [`Printer`] and
//! the progress display write, and only to the streams that they were given.

mod excerpt;
mod failure;
pub(crate) mod measure;
mod printer;
pub mod progress;
mod report;
mod step_log;
mod style;

pub use excerpt::{Excerpt, ExcerptLine};
pub use failure::{Failure, LogTail};
pub use printer::{Printer, Talk};
pub use report::{json as failure_json, text as failure_text};
pub use step_log::StepLogs;
pub use style::{Colour, Style};
