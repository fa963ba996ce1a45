//! A table: the first column takes what is left of the line and is cut at its front, numbers stand at the right.

use crate::ui::measure;
use crate::ui::style::Style;

/// Columns between two columns.
const GAP: usize = 2;
/// The first column is not cut to less.
const LEAST: usize = 12;

/// One field of a row.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    right: bool,
    tone: Tone,
}

#[derive(Clone, Copy, Debug)]
enum Tone {
    Normal,
    Quiet,
    Odd,
    Bad,
}

impl Cell {
    fn new(text: impl AsRef<str>, right: bool, tone: Tone) -> Self {
        Self {
            text: measure::printable(text.as_ref()),
            right,
            tone,
        }
    }

    /// Text.
    pub(super) fn left(text: impl AsRef<str>) -> Self {
        Self::new(text, false, Tone::Normal)
    }

    /// A number.
    pub(super) fn right(text: impl AsRef<str>) -> Self {
        Self::new(text, true, Tone::Normal)
    }

    /// A number that says nothing.
    pub(super) fn quiet(text: impl AsRef<str>) -> Self {
        Self::new(text, true, Tone::Quiet)
    }

    /// Text that deserves a look.
    pub(super) fn odd(text: impl AsRef<str>) -> Self {
        Self::new(text, false, Tone::Odd)
    }

    /// Text of something that is not done.
    pub(super) fn bad(text: impl AsRef<str>) -> Self {
        Self::new(text, false, Tone::Bad)
    }

    fn shown(&self, columns: usize, style: Style) -> String {
        let fill = " ".repeat(columns.saturating_sub(measure::width(&self.text)));
        let text = match self.tone {
            Tone::Normal => self.text.clone(),
            Tone::Quiet => style.dim(&self.text),
            Tone::Odd => style.yellow(&self.text),
            Tone::Bad => style.red(&self.text),
        };
        if self.right {
            format!("{fill}{text}")
        } else {
            format!("{text}{fill}")
        }
    }
}

/// A line per row below a line of `heads`, all with `indent` spaces before them, in `room` columns.
pub(super) fn table(
    heads: &[&str],
    rows: &[Vec<Cell>],
    indent: usize,
    room: usize,
    style: Style,
) -> String {
    let mut widths: Vec<usize> = heads.iter().map(|head| measure::width(head)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure::width(&cell.text));
        }
    }
    if let [first, others @ ..] = widths.as_mut_slice() {
        let others = others.iter().filter(|width| **width > 0);
        let taken: usize = others.map(|width| width + GAP).sum();
        let left = room.saturating_sub(indent + taken).max(LEAST);
        *first = (*first).min(left);
    }
    let head: Vec<Cell> = heads
        .iter()
        .enumerate()
        .map(|(index, head)| {
            let right = rows
                .iter()
                .any(|row| row.get(index).is_some_and(|cell| cell.right));
            Cell::new(head, right, Tone::Normal)
        })
        .collect();
    let line = |row: &[Cell], style: Style| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(index, (cell, width))| {
                let mut cell = cell.clone();
                if index == 0 {
                    cell.text = end_of(&cell.text, *width);
                }
                cell.shown(*width, style)
            })
            .collect();
        let line = format!("{:indent$}{}", "", cells.join(&" ".repeat(GAP)));
        line.trim_end().to_owned()
    };
    let mut text = style.dim(line(&head, Style::PLAIN)) + "\n";
    for row in rows {
        text.push_str(&line(row, style));
        text.push('\n');
    }
    text
}

/// The end of a path says more than its beginning.
fn end_of(text: &str, columns: usize) -> String {
    if measure::width(text) <= columns {
        return text.to_owned();
    }
    let backwards: String = text.chars().rev().collect();
    let cut = measure::truncate(&backwards, columns);
    cut.chars().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_and_numbers_are_not() {
        let row = |name: &str, number: &str| vec![Cell::left(name), Cell::right(number)];
        let rows = [row("a", "1"), row("a/very/long/name/of/one", "1,000,000")];
        let text = table(&["NAME", "N"], &rows, 2, 30, Style::PLAIN);
        insta::assert_snapshot!(text, @"
    NAME                       N
    a                          1
    …long/name/of/one  1,000,000
    ");
    }
}
