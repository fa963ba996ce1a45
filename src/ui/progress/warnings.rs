//! No progress: warnings of the run only, each once. What the daemon's linter says is left out.

use std::collections::HashSet;

use crate::release::Event;
use crate::ui::printer::warning_text;
use crate::ui::style::Style;

/// Tells warnings.
#[derive(Debug)]
pub(super) struct Warnings {
    style: Style,
    told: HashSet<String>,
}

impl Warnings {
    pub(super) fn new(style: Style) -> Self {
        Self {
            style,
            told: HashSet::new(),
        }
    }

    /// The text for one event.
    pub(super) fn event(&mut self, event: &Event) -> String {
        match event {
            Event::Warning { message } if self.told.insert(message.clone()) => {
                warning_text(message, self.style)
            }
            _ => String::new(),
        }
    }
}
