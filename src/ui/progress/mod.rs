//! Progress of a run on stderr: a picture, lines, JSON or nothing.
//!
//! A [`Progress`] listens to the events of a run and shows them from a thread of its own, so that
//! a busy run is drawn and a slow terminal holds up nobody. What it shows is decided by pure code:
//! `model` keeps the state; `plain`, `picture` and `json` turn it into text.

mod display;
mod downloads;
mod flows;
mod json;
mod layers;
mod line;
mod mode;
mod model;
mod picture;
mod plain;
#[cfg(test)]
mod replay;
mod scans;
mod step;
mod terminal;
mod transfer;
mod tty;
mod warnings;

use launchway_buildkit::VertexWarning;

pub use display::Progress;
pub use downloads::Downloads;
pub use mode::{Mode, UnknownWish, Wish};
pub(crate) use terminal::CLEAR_LINE;
pub use terminal::restore as restore_terminal;

/// How wide the terminal on stderr is.
pub(crate) fn terminal_columns() -> usize {
    terminal::size().columns
}

/// A warning of the daemon as text: where, what, and where to read about it.
fn warning_text(warning: &VertexWarning) -> String {
    let mut text = String::new();
    if let Some(source) = &warning.source {
        text.push_str(&source.filename);
        if let Some(range) = source.ranges.first() {
            text.push_str(&format!(":{}", range.start_line));
        }
        text.push_str(": ");
    }
    text.push_str(warning.short.trim_end());
    if !warning.url.is_empty() {
        text.push_str(&format!(" ({})", warning.url));
    }
    text
}
