//! How a JSON document is laid out, so that a changed one is written the way it was written before.
//!
//! BuildKit indents manifests by two spaces and Docker by three; most other tools write them
//! compactly. Go programs also escape `<`, `>` and `&`. None of it has a meaning, but a digest is
//! that of the bytes.

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

/// Spaces and escapes of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Spaces per level; `None` for a document without any.
    indent: Option<usize>,
    /// Whether `<`, `>`, `&` and the two line separators are escaped, as Go does it.
    escaped: bool,
}

impl Layout {
    /// Go's `json.MarshalIndent` with two spaces, as BuildKit writes manifests.
    pub(super) const BUILDKIT: Self = Self {
        indent: Some(2),
        escaped: true,
    };
    /// Go's `json.Marshal`.
    pub(super) const COMPACT: Self = Self {
        indent: None,
        escaped: true,
    };

    /// The layout of a document.
    pub(super) fn of(document: &[u8]) -> Self {
        let text = String::from_utf8_lossy(document);
        let indent = text
            .trim_start()
            .strip_prefix("{\n")
            .map(|rest| rest.len() - rest.trim_start_matches(' ').len());
        Self {
            indent,
            escaped: !text.contains(is_escaped_by_go),
        }
    }

    /// Writes a document, without a newline at its end.
    pub(super) fn write(self, value: &Value) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = Vec::new();
        match self.indent {
            Some(spaces) => {
                let indent = b" ".repeat(spaces);
                let formatter = PrettyFormatter::with_indent(&indent);
                value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter))?;
            }
            None => serde_json::to_writer(&mut bytes, value)?,
        }
        if !self.escaped {
            return Ok(bytes);
        }
        // These characters stand in strings only, so the text can be treated as a whole.
        let text = String::from_utf8_lossy(&bytes);
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            if is_escaped_by_go(character) {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            } else {
                escaped.push(character);
            }
        }
        Ok(escaped.into_bytes())
    }
}

fn is_escaped_by_go(character: char) -> bool {
    matches!(character, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_written_as_they_were() {
        for text in [
            r#"{"b":1,"a":{"x":"\u003c\u0026"},"e":[],"f":{}}"#,
            r#"{"b":1,"a":{"x":"<&"}}"#,
            "{\n  \"b\": 1,\n  \"a\": {\n    \"x\": [\n      2\n    ],\n    \"e\": [],\n    \"f\": {}\n  }\n}",
            "{\n   \"b\": 1,\n   \"a\": {\n      \"x\": \"\\u2028\"\n   }\n}",
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let written = Layout::of(text.as_bytes()).write(&value).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), text);
        }
    }
}
