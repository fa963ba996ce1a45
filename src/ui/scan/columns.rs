//! Columns that fit into a line: as wide as what they hold, and where that is too much, those that
//! tell least are cut first. What people copy is never cut.

use crate::ui::measure;

/// Columns between two columns.
const GAP: usize = 2;

/// A column before its width is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Its heading.
    pub(super) name: &'static str,
    /// It may be cut to so many columns; `None` is never cut.
    pub(super) least: Option<usize>,
}

/// How wide each column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns(Vec<usize>);

/// Widths for these cells in `room` columns. The columns of `order` are cut, one after the other.
pub(super) fn fitted(
    columns: &[Column],
    order: &[usize],
    rows: &[Vec<String>],
    room: usize,
) -> Columns {
    let names = columns.iter().map(|column| measure::width(column.name));
    let mut widths: Vec<usize> = names.collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure::width(cell));
        }
    }
    let room = room.saturating_sub(GAP * columns.len().saturating_sub(1));
    for &index in order {
        let surplus = widths.iter().sum::<usize>().saturating_sub(room);
        let least = columns.get(index).and_then(|column| column.least);
        let (Some(width), Some(least)) = (widths.get_mut(index), least) else {
            continue;
        };
        *width = (*width - surplus.min(*width)).max(least.min(*width));
    }
    Columns(widths)
}

impl Columns {
    /// The cells of a row, cut where they are too long.
    pub(super) fn line(&self, cells: &[String]) -> String {
        let cells = self.0.iter().zip(cells);
        let cells: Vec<String> = cells
            .map(|(width, cell)| measure::pad(&shortened(cell, *width), *width))
            .collect();
        cells.join(&" ".repeat(GAP)).trim_end().to_owned()
    }

    /// Where a column begins.
    pub(super) fn start_of(&self, column: usize) -> usize {
        self.0.iter().take(column).map(|width| width + GAP).sum()
    }
}

/// A cell in so many columns. The end of a path (`org.example:library`, `example.com/module`) says
/// more than its beginning.
fn shortened(cell: &str, columns: usize) -> String {
    if !cell.contains([':', '/']) || measure::width(cell) <= columns {
        return measure::truncate(cell, columns);
    }
    let backwards: String = cell.chars().rev().collect();
    let cut = measure::truncate(&backwards, columns);
    cut.chars().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column {
            name: "ID",
            least: None,
        },
        Column {
            name: "PACKAGE",
            least: Some(12),
        },
        Column {
            name: "VERSION",
            least: Some(8),
        },
    ];

    fn cells(texts: [&str; 3]) -> Vec<String> {
        texts.map(str::to_owned).into()
    }

    #[test]
    fn the_columns_named_first_are_cut_first() {
        let row = cells([
            "GHSA-4r6h-8v6p-xvw6",
            "org.example:a-library",
            "1.2.3-debian-4",
        ]);
        let all = fitted(&COLUMNS, &[2, 1], std::slice::from_ref(&row), 80);
        assert_eq!(all, Columns(vec![19, 21, 14]));
        let some = fitted(&COLUMNS, &[2, 1], std::slice::from_ref(&row), 54);
        assert_eq!(some, Columns(vec![19, 21, 10]));
        let few = fitted(&COLUMNS, &[2, 1], std::slice::from_ref(&row), 45);
        assert_eq!(few, Columns(vec![19, 14, 8]));
        assert_eq!(
            few.line(&row),
            "GHSA-4r6h-8v6p-xvw6  …ple:a-library  1.2.3-d…"
        );
        assert_eq!(few.start_of(2), 37);
        // What cannot be made to fit is left as it is at its narrowest.
        let none = fitted(&COLUMNS, &[2, 1], &[row], 5);
        assert_eq!(none, Columns(vec![19, 12, 8]));
        let short = fitted(&COLUMNS, &[2, 1], &[cells(["a", "b", "c"])], 5);
        assert_eq!(short, Columns(vec![2, 7, 7]));
    }
}
