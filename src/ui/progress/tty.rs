//! Progress as a picture that is redrawn in place.
//!
//! Only what goes to the terminal is decided here; what the picture shows is `picture`'s work.
//! Warnings are written above it and stay.

use std::fmt::Write as _;
use std::time::Duration;

use crate::release::Event;
use crate::ui::printer::warning_text;
use crate::ui::style::Style;

use super::model::{Change, Model};
use super::picture::{Glyphs, View, picture};
use super::terminal::{
    self, BEGIN_FRAME, CLEAR_BELOW, CLEAR_LINE, END_FRAME, HIDE_CURSOR, SHOW_CURSOR, Size,
};

/// Nothing is drawn before this: what is over at once needs no picture.
const PATIENCE: Duration = Duration::from_millis(250);

/// Draws a run.
#[derive(Debug)]
pub(super) struct Tty {
    model: Model,
    title: String,
    style: Style,
    glyphs: Glyphs,
    size: fn() -> Size,
    /// Columns of the lines on the screen, from the top of the picture to the cursor.
    drawn: Vec<usize>,
    /// Text that is to stay above the picture.
    above: String,
    /// A picture was drawn, and the cursor is hidden.
    drawing: bool,
}

impl Tty {
    pub(super) fn new(title: &str, style: Style, unicode: bool, size: fn() -> Size) -> Self {
        Self {
            model: Model::default(),
            title: title.to_owned(),
            style,
            glyphs: if unicode {
                Glyphs::UNICODE
            } else {
                Glyphs::ASCII
            },
            size,
            drawn: Vec::new(),
            above: String::new(),
            drawing: false,
        }
    }

    /// Takes an event; it shows in the next picture.
    pub(super) fn event(&mut self, event: &Event, now: Duration) {
        for change in self.model.apply(event, now) {
            if let Change::Warning(message) = change {
                self.above.push_str(&warning_text(&message, self.style));
            }
        }
    }

    /// The next picture.
    pub(super) fn tick(&mut self, now: Duration) -> String {
        if now < PATIENCE {
            return String::new();
        }
        self.frame(now, false)
    }

    /// The picture that stays. Nothing when nothing was planned and nothing drawn.
    pub(super) fn finish(&mut self, now: Duration) -> String {
        if !self.drawing && self.model.solves.is_empty() {
            return std::mem::take(&mut self.above);
        }
        let mut text = self.frame(now, true);
        text.push_str(SHOW_CURSOR);
        self.drawing = false;
        terminal::set_drawing(false);
        text
    }

    fn frame(&mut self, now: Duration, last: bool) -> String {
        let size = (self.size)();
        let mut text = String::from(BEGIN_FRAME);
        if !self.drawing {
            self.drawing = true;
            terminal::set_drawing(true);
            text.push_str(HIDE_CURSOR);
        }
        // A terminal that became narrower has wrapped what was drawn.
        let rows: usize = self
            .drawn
            .iter()
            .map(|width| width.div_ceil(size.columns).max(1))
            .sum();
        text.push('\r');
        if rows > 0 {
            let _ = write!(text, "\x1b[{rows}A");
        }
        for line in std::mem::take(&mut self.above).lines() {
            let _ = write!(text, "{line}{CLEAR_LINE}\r\n");
        }
        let view = View {
            title: &self.title,
            glyphs: self.glyphs,
            size,
            now,
            last,
        };
        self.drawn.clear();
        for line in picture(&self.model, &view) {
            let line = line.render(self.style);
            let _ = write!(text, "{line}{CLEAR_LINE}\r\n");
            self.drawn
                .push(crate::ui::measure::width(&crate::ui::measure::printable(
                    &line,
                )));
        }
        text.push_str(CLEAR_BELOW);
        text.push_str(END_FRAME);
        text
    }
}
