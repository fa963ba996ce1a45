//! JSON that is pretty outside and compact inside: what is deeper than a given depth stands on one line. A plan
//! of many images stays readable, and `grep` and `diff` see one line per image.

use std::io::{self, Write};

use serde_json::ser::{Formatter, PrettyFormatter};

/// A formatter for `serde_json`.
pub(super) struct Layout {
    pretty: PrettyFormatter<'static>,
    /// How many arrays and objects are open.
    depth: usize,
    /// Those that are opened at a greater depth are on one line.
    wide: usize,
}

impl Layout {
    /// Arrays and objects have a line per element down to this depth, the outermost being 1.
    pub(super) fn wide_down_to(wide: usize) -> Self {
        Self {
            pretty: PrettyFormatter::new(),
            depth: 0,
            wide,
        }
    }

    fn is_wide(&self) -> bool {
        self.depth <= self.wide
    }
}

/// What stands between two elements of a line.
fn separate<W: ?Sized + Write>(writer: &mut W, first: bool) -> io::Result<()> {
    if first {
        Ok(())
    } else {
        writer.write_all(b", ")
    }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        if self.is_wide() {
            return self.pretty.begin_array(writer);
        }
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let wide = self.is_wide();
        self.depth -= 1;
        if wide {
            return self.pretty.end_array(writer);
        }
        writer.write_all(b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if self.is_wide() {
            return self.pretty.begin_array_value(writer, first);
        }
        separate(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.is_wide() {
            return self.pretty.end_array_value(writer);
        }
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        if self.is_wide() {
            return self.pretty.begin_object(writer);
        }
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let wide = self.is_wide();
        self.depth -= 1;
        if wide {
            return self.pretty.end_object(writer);
        }
        writer.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if self.is_wide() {
            return self.pretty.begin_object_key(writer, first);
        }
        separate(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.is_wide() {
            return self.pretty.end_object_value(writer);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_deep_stands_on_one_line() {
        let value = json!({
            "a": [{ "b": [1, 2], "c": {} }, { "b": [], "c": { "d": "e\n" } }],
            "f": [],
            "g": 1,
        });
        let mut text = Vec::new();
        let layout = Layout::wide_down_to(2);
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, layout);
        value.serialize(&mut serializer).unwrap();
        let text = String::from_utf8(text).unwrap();
        insta::assert_snapshot!(text, @r#"
        {
          "a": [
            {"b": [1, 2], "c": {}},
            {"b": [], "c": {"d": "e\n"}}
          ],
          "f": [],
          "g": 1
        }
        "#);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, value);
    }
}
