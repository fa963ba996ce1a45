//! Places in a template: path, line and column, and the JSON path of a value.

use std::fmt;
use std::path::{Path, PathBuf};

/// A place in a file, as editors count: lines and columns from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The value's JSON path, for example `containerDefinitions[0].image`.
    pub member: Option<String>,
}

impl Location {
    /// The place of the byte at `offset` in `text`. An offset past the end is the end.
    pub(super) fn new(path: &Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or(before);
        Self {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            member: None,
        }
    }

    pub(super) fn with_member(mut self, member: &str) -> Self {
        self.member = Some(member.to_owned());
        self
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_from_one() {
        let at = |offset| {
            let location = Location::new(Path::new("t"), "ab\nü<x>\n", offset);
            (location.line, location.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 3));
        assert_eq!(at(3), (2, 1));
        assert_eq!(at(5), (2, 2));
        assert_eq!(at(9), (3, 1));
        assert_eq!(at(1000), (3, 1));
    }
}
