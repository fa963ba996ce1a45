//! Syntax errors in words of the file, where the parser's own are about its grammar.

use super::{Fault, Reader};
use crate::bake::text::floor_boundary;

impl Reader<'_> {
    pub(super) fn syntax_error(&self, error: &hcl_edit::parser::Error) -> Fault {
        let start = floor_boundary(self.text, error.location().offset());
        let message = error.message();
        if message.contains("redefined attribute") {
            let rest = &self.text[start..];
            let end = rest
                .find(|c: char| c.is_whitespace() || c == '=')
                .unwrap_or(rest.len());
            let range = self.range(start..start + end);
            return Fault::new(
                range,
                format!("attribute {:?} is set twice in this block", &rest[..end]),
            )
            .help("remove one of the two");
        }
        if let Some(open) = self.unfinished_string(start) {
            let range = self.range(open..open + 1);
            return Fault::new(range, "syntax error: this string does not end on its line")
                .help("close it with a quote, or use <<EOT for several lines");
        }
        let length = self.text[start..].chars().next().map_or(0, char::len_utf8);
        let range = self.range(start..start + length);
        if message.contains("redefined object key") {
            return Fault::new(range, "this key is set twice").help("remove one of the two");
        }
        let rest = &self.text[start..];
        let message = match rest.chars().next() {
            _ if rest.trim().is_empty() => {
                "the file ends in the middle of a block, list or object".to_owned()
            }
            Some(',') if message.starts_with("invalid block body;") => {
                "a block on one line holds one attribute; write each on a line of its own"
                    .to_owned()
            }
            // The parser lists every character that a value may begin with.
            Some(found) if message.starts_with("invalid expression;") => {
                format!("expected a value, found {found:?}")
            }
            Some(found) if message.starts_with("invalid structure;") => {
                format!("expected \"=\" or \"{{\" after a name, found {found:?}")
            }
            Some(found) => format!("{message}; found {found:?}"),
            None => format!("{message}; found the end of the file"),
        };
        Fault::new(range, format!("syntax error: {message}"))
    }

    /// The quote of a string that does not end on the line of a syntax error. The parser itself
    /// only says that what begins before the string cannot be.
    fn unfinished_string(&self, start: usize) -> Option<usize> {
        let line = self.text[start..].lines().next()?;
        let mut open = None;
        let mut depth = 0_usize;
        let mut chars = line.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match (c, open) {
                ('#', None) => return None,
                ('/', None) if line[at..].starts_with("//") => return None,
                ('"', None) => open = Some(at),
                ('\\', Some(_)) => drop(chars.next()),
                ('$' | '%', Some(_)) if chars.peek().is_some_and(|(_, next)| *next == '{') => {
                    depth += 1;
                }
                ('}', Some(_)) => depth = depth.saturating_sub(1),
                ('"', Some(_)) if depth == 0 => open = None,
                _ => {}
            }
        }
        open.filter(|_| depth == 0).map(|at| start + at)
    }
}
