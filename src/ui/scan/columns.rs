//! Columns that fit into a line: as wide as what they hold, and where that is too much, the widest
//! are cut first.

use crate::ui::measure;

/// Columns between two columns.
const GAP: usize = 2;
/// No column is cut to fewer than this.
const NARROWEST: usize = 8;

/// How wide each column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns(Vec<usize>);

/// Widths for these cells in at most `room` columns.
pub(super) fn fitted(header: &[&str], rows: &[Vec<String>], room: usize) -> Columns {
    let mut widths: Vec<usize> = header.iter().map(|name| measure::width(name)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure::width(cell));
        }
    }
    let room = room.saturating_sub(GAP * widths.len().saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        // The first column is what rows are told apart by at a glance.
        let widest = widths.iter_mut().skip(1).max();
        match widest {
            Some(width) if *width > NARROWEST => *width -= 1,
            _ => break,
        }
    }
    Columns(widths)
}

impl Columns {
    /// The cells of a row, cut where they are too long.
    pub(super) fn line(&self, cells: &[String]) -> String {
        let cells = self.0.iter().zip(cells);
        let cells: Vec<String> = cells
            .map(|(width, cell)| measure::pad(&measure::truncate(cell, *width), *width))
            .collect();
        cells.join(&" ".repeat(GAP)).trim_end().to_owned()
    }

    /// Where a column begins.
    pub(super) fn start_of(&self, column: usize) -> usize {
        self.0.iter().take(column).map(|width| width + GAP).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_are_cut() {
        let row: Vec<String> = ["HIGH", "CVE-1", "a-very-long-package-name", "1.2"]
            .map(str::to_owned)
            .into();
        let columns = fitted(&["S", "ID", "PACKAGE", "V"], &[row.clone()], 30);
        assert_eq!(columns, Columns(vec![4, 5, 12, 3]));
        assert_eq!(columns.line(&row), "HIGH  CVE-1  a-very-long…  1.2");
        assert_eq!(columns.start_of(2), 13);
        // What cannot be made to fit is left as it is at its narrowest.
        assert_eq!(fitted(&["S"; 4], &[row], 3), Columns(vec![4, 5, 8, 3]));
    }
}
