//! Places that messages point at: in a file with line and column, or in an attribute of the
//! `service` block, which evaluation has left without a place of its own.

use std::fmt;
use std::path::{Path, PathBuf};

/// A place, and the value that stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Where it was written.
    pub origin: Origin,
    /// The value's JSON path, for example `containerDefinitions[0].image`.
    pub member: Option<String>,
}

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a file, as editors count: lines and columns from 1, columns in characters.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// In this attribute of the `service` block.
    Attribute(&'static str),
}

impl Location {
    /// The place of the byte at `offset` in `text`. An offset past the end is the end.
    pub(super) fn new(path: &Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or(before);
        Self {
            origin: Origin::File {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: line.chars().count() + 1,
            },
            member: None,
        }
    }

    /// A place in an attribute of the block.
    pub(super) fn attribute(name: &'static str) -> Self {
        Self {
            origin: Origin::Attribute(name),
            member: None,
        }
    }

    pub(super) fn with_member(mut self, member: &str) -> Self {
        self.member = (!member.is_empty()).then(|| member.to_owned());
        self
    }

    /// Line and column, when it is in a file.
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        match self.origin {
            Origin::File { line, column, .. } => Some((line, column)),
            Origin::Attribute(_) => None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Origin::Attribute(name) => write!(f, "`{name}` of the service"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_from_one() {
        let at = |offset| {
            let location = Location::new(Path::new("t"), "ab\nü<x>\n", offset);
            location.line_and_column().unwrap()
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 3));
        assert_eq!(at(3), (2, 1));
        assert_eq!(at(5), (2, 2));
        assert_eq!(at(9), (3, 1));
        assert_eq!(at(1000), (3, 1));
    }
}
