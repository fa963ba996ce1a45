//! Source texts and byte ranges in them: what every part of a bake file remembers about where it
//! was written, and how that becomes a line and a column.

use std::path::{Path, PathBuf};

use unicode_segmentation::UnicodeSegmentation as _;

/// A half-open byte range in one source text. Small and `Copy`, so every node carries one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Range {
    /// Index into [`Sources`].
    pub(crate) file: usize,
    /// Offset of the first byte.
    pub(crate) start: usize,
    /// Offset after the last byte.
    pub(crate) end: usize,
}

impl Range {
    /// From the start of `self` to the end of `other`; both must be in one file.
    pub(crate) fn to(self, other: Range) -> Range {
        Range {
            end: other.end.max(self.end),
            ..self
        }
    }
}

/// One text that was read.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// As named by the user or found, for messages.
    pub(crate) path: PathBuf,
    /// The whole text.
    pub(crate) text: String,
}

/// All texts of one load, in the order in which they were read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    texts: Vec<Source>,
}

/// A place for people: lines and columns count from 1, columns count graphemes as HCL does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Sources {
    /// Adds a text and gives its index.
    pub(crate) fn add(&mut self, path: &Path, text: String) -> usize {
        self.texts.push(Source {
            path: path.to_path_buf(),
            text,
        });
        self.texts.len() - 1
    }

    /// The text with this index; `None` for a range that belongs to no file.
    pub(crate) fn get(&self, file: usize) -> Option<&Source> {
        self.texts.get(file)
    }
}

impl Source {
    /// The position of a byte offset. An offset outside of the text or inside of a character is
    /// moved to the nearest earlier boundary.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = floor_boundary(&self.text, offset);
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].graphemes(true).count() + 1,
        }
    }

    /// The text of a line that counts from 1, without its line ending.
    pub(crate) fn line(&self, line: usize) -> Option<&str> {
        self.text
            .split('\n')
            .nth(line.checked_sub(1)?)
            .map(|text| text.strip_suffix('\r').unwrap_or(text))
    }
}

/// The nearest character boundary at or before `offset`.
pub(crate) fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            path: "x.hcl".into(),
            text: text.into(),
        }
    }

    #[test]
    fn columns_count_graphemes() {
        let source = source("a = 1\né́x = 2\n");
        let offset = source.text.find('x').unwrap();
        assert_eq!(source.position(offset), Position { line: 2, column: 2 });
    }

    #[test]
    fn offsets_outside_are_moved_inside() {
        let source = source("日本");
        assert_eq!(source.position(1), Position { line: 1, column: 1 });
        assert_eq!(source.position(99), Position { line: 1, column: 3 });
    }

    #[test]
    fn lines_lose_their_ending() {
        let source = source("one\r\ntwo");
        assert_eq!(source.line(1), Some("one"));
        assert_eq!(source.line(2), Some("two"));
        assert_eq!(source.line(3), None);
        assert_eq!(source.line(0), None);
    }
}
