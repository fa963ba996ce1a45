//! A line of the picture: pieces of text with a tone each, cut to the terminal's width as one.

use crate::ui::measure;
use crate::ui::style::Style;

/// What a piece of text means, and so which colour it gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Normal,
    Strong,
    Quiet,
    Active,
    Good,
    Odd,
    Bad,
}

/// A line, built from left to right. It holds no escape sequences before it is rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pieces: Vec<(Tone, String)>,
}

impl Line {
    /// Adds a piece; control characters in it are left out.
    #[must_use]
    pub(crate) fn with(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.pieces.push((tone, measure::printable(text.as_ref())));
        self
    }

    /// Adds another line's pieces.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// Columns of the whole line.
    pub(crate) fn width(&self) -> usize {
        self.pieces
            .iter()
            .map(|(_, text)| measure::width(text))
            .sum()
    }

    /// Cuts the line to `columns` or fills it up to them.
    #[must_use]
    pub(crate) fn fitted(mut self, columns: usize, ellipsis: &str) -> Self {
        let width = self.width();
        if width <= columns {
            return self.with(Tone::Normal, " ".repeat(columns - width));
        }
        let mut room = columns;
        self.pieces.retain_mut(|(_, text)| {
            let width = measure::width(text);
            if width > room {
                *text = measure::truncate_with(text, room, ellipsis);
                room = 0;
            } else {
                room -= width;
            }
            !text.is_empty()
        });
        self
    }

    /// This line and `tail` in `columns`: this one is cut, the tail only when there is no room for
    /// it alone.
    #[must_use]
    pub(crate) fn and_fitted(self, tail: Self, columns: usize, ellipsis: &str) -> Self {
        let room = columns.saturating_sub(tail.width()).min(self.width());
        self.fitted(room, ellipsis)
            .and(tail)
            .fitted(columns, ellipsis)
    }

    /// The text, in colour or not, without spaces at its end.
    pub(crate) fn render(&self, style: Style) -> String {
        let mut pieces = self.pieces.as_slice();
        while let [rest @ .., (_, last)] = pieces {
            if !last.trim_end().is_empty() {
                break;
            }
            pieces = rest;
        }
        let last = pieces.len().saturating_sub(1);
        let paint = |(index, (tone, text)): (usize, &(Tone, String))| {
            let text = if index == last { text.trim_end() } else { text };
            match tone {
                Tone::Normal => text.to_owned(),
                Tone::Strong => style.bold(text),
                Tone::Quiet => style.dim(text),
                Tone::Active => style.cyan(text),
                Tone::Good => style.green(text),
                Tone::Odd => style.yellow(text),
                Tone::Bad => style.red(text),
            }
        };
        pieces.iter().enumerate().map(paint).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line::default()
            .with(Tone::Strong, "web ")
            .with(Tone::Normal, "building 漢字")
    }

    #[test]
    fn is_cut_over_its_pieces() {
        assert_eq!(line().width(), 17);
        let text = |columns| line().fitted(columns, "…").render(Style::PLAIN);
        assert_eq!(text(30), "web building 漢字");
        assert_eq!(text(15), "web building …");
        assert_eq!(text(3), "we…");
        assert_eq!(text(0), "");
        assert_eq!(line().fitted(30, "…").width(), 30);
    }

    #[test]
    fn holds_no_control_characters() {
        let line = Line::default().with(Tone::Normal, "a\x1b[2Jb\nc");
        assert_eq!(line.render(Style::PLAIN), "abc");
    }

    #[test]
    fn colours_pieces() {
        assert_eq!(
            line().render(Style::COLOURED),
            "\x1b[1mweb \x1b[0mbuilding 漢字"
        );
    }
}
