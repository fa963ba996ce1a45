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

#[cfg(test)]
mod tests {
    use crate::release::{SolveName, SolveStep};

    use super::*;

    const LATE: Duration = Duration::from_secs(1);

    fn tty(size: fn() -> Size) -> Tty {
        Tty::new("release", Style::PLAIN, true, size)
    }

    fn wide() -> Size {
        Size {
            columns: 80,
            rows: 24,
        }
    }

    fn planned() -> Event {
        let solve = |target: &str| SolveName {
            target: target.to_owned(),
            platform: Some("linux/amd64".parse().unwrap()),
        };
        Event::Planned {
            solves: (0..30).map(|n| solve(&format!("target-{n:02}"))).collect(),
        }
    }

    #[test]
    fn nothing_is_drawn_at_first_nor_when_nothing_happened() {
        let mut tty = tty(wide);
        assert_eq!(tty.tick(Duration::from_millis(200)), "");
        assert_eq!(tty.finish(Duration::from_millis(210)), "");
    }

    #[test]
    fn the_cursor_comes_back() {
        let mut tty = tty(wide);
        assert!(tty.tick(LATE).contains(HIDE_CURSOR));
        assert!(!tty.tick(LATE).contains(HIDE_CURSOR));
        assert!(tty.finish(LATE).ends_with(SHOW_CURSOR));
    }

    #[test]
    fn a_picture_goes_over_the_one_before_it() {
        let mut tty = tty(wide);
        let first = tty.tick(LATE);
        assert!(!first.contains("\x1b[1A"), "{first:?}");
        assert!(tty.tick(LATE).contains("\r\x1b[1A"));
    }

    #[test]
    fn warnings_stay_above_the_picture() {
        let mut tty = tty(wide);
        tty.tick(LATE);
        let message = "disk is full".to_owned();
        tty.event(&Event::Warning { message }, LATE);
        let frame = tty.tick(LATE);
        let warning = frame.find("warning: disk").unwrap();
        assert!(warning < frame.find("release").unwrap(), "{frame:?}");
        assert!(!tty.tick(LATE).contains("disk"));
    }

    #[test]
    fn a_picture_is_never_taller_than_the_screen_until_the_last() {
        let mut tty = tty(|| Size {
            columns: 40,
            rows: 10,
        });
        tty.event(&planned(), LATE);
        let frame = tty.tick(LATE);
        assert_eq!(frame.matches('\n').count(), 9);
        assert!(frame.contains("… 24 more"), "{frame}");
        assert!(tty.finish(LATE).matches('\n').count() > 30);
    }

    #[test]
    fn what_runs_is_shown_before_what_waits() {
        let mut tty = tty(|| Size {
            columns: 40,
            rows: 6,
        });
        tty.event(&planned(), LATE);
        let Event::Planned { solves } = planned() else {
            unreachable!()
        };
        let solve = solves[29].clone();
        let step = SolveStep::Evaluate;
        tty.event(&Event::SolveStarted { solve, step }, LATE);
        let frame = tty.tick(LATE);
        assert!(frame.contains("target-29"), "{frame}");
    }

    #[test]
    fn a_narrow_terminal_breaks_nothing() {
        for columns in 1..30 {
            let size = Size { columns, rows: 3 };
            let mut model = Model::default();
            model.apply(&planned(), LATE);
            let view = View {
                title: "release",
                glyphs: Glyphs::ASCII,
                size,
                now: LATE,
                last: false,
            };
            for line in picture(&model, &view) {
                assert!(line.width() < columns.max(1), "{columns}");
            }
        }
    }
}
