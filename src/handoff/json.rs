//! A JSON text with the place of every value in it.
//!
//! `serde_json` gives the value and the place of a syntax error, but not where values stand. Once a
//! text is known to be valid, finding that is a short walk over its bytes. The walk also finds a
//! key that is given twice, which `serde_json` and AWS both take silently.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::Template;
use super::location::Location;
use super::problem::Problem;

/// A parsed template.
#[derive(Debug)]
pub(super) struct Document<'a> {
    path: &'a Path,
    text: &'a str,
    /// The value, with keys in the order of the file.
    pub(super) value: Value,
    /// JSON path to the byte range of the value.
    ranges: BTreeMap<String, (usize, usize)>,
    /// Numbers that JSON writes in another way than this text does.
    numbers: Vec<Rewritten>,
}

/// A number that is not written again as it was read: `0.10` becomes `0.1`, and an integer of more
/// than 64 bits loses digits.
#[derive(Debug)]
pub(super) struct Rewritten {
    /// Its JSON path.
    pub(super) member: String,
    /// As it stands in the text.
    pub(super) written: String,
    /// As it will be written.
    pub(super) becomes: String,
}

impl<'a> Document<'a> {
    /// Parses the template. A byte order mark at the start is left out.
    pub(super) fn parse(template: &'a Template) -> Result<Self, Problem> {
        let path = template.path.as_path();
        let text = template
            .text
            .strip_prefix('\u{feff}')
            .unwrap_or(&template.text);
        let value = serde_json::from_str(text).map_err(|source| Problem::Syntax {
            location: Location::new(path, text, offset(text, source.line(), source.column())),
            format: "JSON",
            message: without_place(&source.to_string()),
        })?;
        let mut walk = Walk {
            text,
            at: 0,
            ranges: BTreeMap::new(),
            numbers: Vec::new(),
            duplicate: None,
        };
        walk.value("");
        if let Some((member, offset)) = walk.duplicate {
            return Err(Problem::DuplicateKey {
                location: Location::new(path, text, offset).with_member(&member),
            });
        }
        Ok(Self {
            path,
            text,
            value,
            ranges: walk.ranges,
            numbers: walk.numbers,
        })
    }

    /// Numbers that are not handed on as they were written.
    pub(super) fn rewritten_numbers(&self) -> &[Rewritten] {
        &self.numbers
    }

    /// Where the value at this JSON path begins; the start of the file for an unknown path.
    pub(super) fn location(&self, member: &str) -> Location {
        let (start, _) = self.range(member).unwrap_or_default();
        Location::new(self.path, self.text, start).with_member(member)
    }

    /// The bytes of the value at this JSON path, in [`Document::text`].
    pub(super) fn range(&self, member: &str) -> Option<(usize, usize)> {
        self.ranges.get(member).copied()
    }

    /// The text without a byte order mark.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Where `needle` stands in the value at this JSON path; the value's start when it is written
    /// with escapes.
    pub(super) fn location_in(&self, member: &str, needle: &str) -> Location {
        let (start, end) = self.ranges.get(member).copied().unwrap_or_default();
        let inside = self
            .text
            .get(start..end)
            .and_then(|raw| raw.find(needle))
            .unwrap_or(0);
        Location::new(self.path, self.text, start + inside).with_member(member)
    }
}

/// `path` extended by a key.
pub(super) fn member_path(path: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{}]", Value::from(key)),
    }
}

/// `path` extended by an index.
pub(super) fn element_path(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// The byte offset of a place as `serde_json` gives it: both from 1, the column in bytes. At the
/// end of a line the column is 0 on the next one.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let mut offset = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// `serde_json`'s message without its own ` at line 1 column 2`.
fn without_place(message: &str) -> String {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(message, _)| message)
        .to_owned()
}

/// Walks a text that is known to be valid JSON; its depth is bounded by the parser's limit.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    ranges: BTreeMap<String, (usize, usize)>,
    numbers: Vec<Rewritten>,
    duplicate: Option<(String, usize)>,
}

impl Walk<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&skipped) {
            self.at += 1;
        }
    }

    fn skip_blank(&mut self) {
        self.skip(|byte| byte.is_ascii_whitespace());
    }

    fn value(&mut self, path: &str) {
        self.skip_blank();
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.members(b'}', |walk, _| {
                walk.skip_blank();
                let key_start = walk.at;
                let key = walk.string();
                let member = member_path(path, &key);
                if walk.ranges.contains_key(&member) && walk.duplicate.is_none() {
                    walk.duplicate = Some((member.clone(), key_start));
                }
                walk.skip(|byte| byte != b':');
                walk.at += 1;
                walk.value(&member);
            }),
            Some(b'[') => self.members(b']', |walk, index| {
                walk.value(&element_path(path, index));
            }),
            Some(b'"') => drop(self.string()),
            _ => {
                self.skip(|b| !matches!(b, b',' | b']' | b'}') && !b.is_ascii_whitespace());
                self.number(path, start);
            }
        }
        self.ranges.insert(path.to_owned(), (start, self.at));
    }

    /// Keeps a number that reading and writing changes.
    fn number(&mut self, path: &str, start: usize) {
        let written = self.text.get(start..self.at).unwrap_or_default();
        if let Ok(number) = serde_json::from_str::<serde_json::Number>(written)
            && number.to_string() != written
        {
            self.numbers.push(Rewritten {
                member: path.to_owned(),
                written: written.to_owned(),
                becomes: number.to_string(),
            });
        }
    }

    /// The members of an object or array, from its opening to behind its closing bracket.
    fn members(&mut self, close: u8, mut member: impl FnMut(&mut Self, usize)) {
        self.at += 1;
        let mut index = 0;
        loop {
            self.skip(|byte| byte.is_ascii_whitespace() || byte == b',');
            match self.peek() {
                None => return,
                Some(byte) if byte == close => {
                    self.at += 1;
                    return;
                }
                Some(_) => member(self, index),
            }
            index += 1;
        }
    }

    /// A string, from its opening to behind its closing quote; returns its decoded text.
    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        loop {
            self.skip(|byte| byte != b'"' && byte != b'\\');
            match self.peek() {
                Some(b'\\') => self.at += 2,
                Some(_) => {
                    self.at += 1;
                    break;
                }
                None => break,
            }
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(raw).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template {
            path: "t.json".into(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn knows_where_values_stand() {
        let template = template("{\n  \"a\": [1, {\"b\\\"c\": \"x\"},\n true],\n \"d\": \"ü<P>\"}");
        let document = Document::parse(&template).unwrap();
        let place = |member: &str| document.location(member).line_and_column().unwrap();
        assert_eq!(place("a"), (2, 8));
        assert_eq!(place("a[0]"), (2, 9));
        assert_eq!(place("a[1]"), (2, 12));
        assert_eq!(place(r#"a[1]["b\"c"]"#), (2, 21));
        assert_eq!(place("a[2]"), (3, 2));
        let inside = document.location_in("d", "<P>");
        assert_eq!(inside.line_and_column(), Some((4, 9)));
        assert_eq!(inside.member.as_deref(), Some("d"));
    }

    #[test]
    fn finds_a_key_given_twice_at_its_second_place() {
        let template = template("{\"a\": {\"b\": 1},\n \"a\": 2}");
        let Err(Problem::DuplicateKey { location }) = Document::parse(&template) else {
            panic!("accepted");
        };
        assert_eq!(location.line_and_column(), Some((2, 2)));
        assert_eq!(location.member.as_deref(), Some("a"));
    }

    #[test]
    fn equal_keys_in_different_objects_are_no_duplicates() {
        assert!(Document::parse(&template(r#"[{"a": 1}, {"a": 1}]"#)).is_ok());
    }

    #[test]
    fn leaves_out_a_byte_order_mark() {
        assert!(Document::parse(&template("\u{feff}{}")).is_ok());
    }

    #[test]
    fn every_value_of_a_document_has_a_range_that_parses_to_it() {
        let text =
            r#"{"a": [ -1.5e3 , null,{"": "\\\" }"}, [ ] ], "b" : { } ,"c":"\u003cX\u003e"}"#;
        let template = template(text);
        let document = Document::parse(&template).unwrap();
        let whole: Value = serde_json::from_str(text).unwrap();
        for (pointer, member) in [
            ("", ""),
            ("/a", "a"),
            ("/a/0", "a[0]"),
            ("/a/1", "a[1]"),
            ("/a/2", "a[2]"),
            ("/a/2/", r#"a[2][""]"#),
            ("/a/3", "a[3]"),
            ("/b", "b"),
            ("/c", "c"),
        ] {
            let (start, end) = document.ranges[member];
            let value: Value = serde_json::from_str(&text[start..end]).unwrap();
            assert_eq!(Some(&value), whole.pointer(pointer), "{member}");
        }
    }
}
