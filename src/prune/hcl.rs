//! Pieces of HCL text for the blocks that are written for somebody. Reading HCL is `bake`'s work.

use std::fmt::Write as _;

/// A string that means itself: nothing in it is a template, and it stays on its line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if characters.peek() == Some(&'{') => quoted.extend([character; 2]),
            control if control.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// `["a", "b"]`.
pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(quoted).collect();
    format!("[{}]", texts.join(", "))
}

/// Attributes with their `=` below each other.
pub(super) fn aligned(attributes: &[(&str, String)], indent: usize) -> String {
    let width = attributes.iter().map(|(name, _)| name.len()).max();
    let width = width.unwrap_or_default();
    let lines = attributes.iter();
    lines
        .map(|(name, value)| format!("{:indent$}{name:width$} = {value}\n", ""))
        .collect()
}

/// How wide comments are.
const WIDTH: usize = 100;

/// A comment of as many lines as it needs, with a line end behind the last.
pub(super) fn comment(text: &str, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let room = WIDTH.saturating_sub(indent + 2);
    // A line end in the text would end the comment.
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let lines = lines.iter();
    lines
        .map(|line| format!("{:indent$}# {line}\n", ""))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_template_is_not() {
        assert_eq!(quoted("a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(quoted("${x} %{y} $z $${w}"), r#""$${x} %%{y} $z $$${w}""#);
        assert_eq!(quoted("a\nb\u{7}"), r#""a\nb\u0007""#);
        assert_eq!(list(["a", "b"]), r#"["a", "b"]"#);
    }

    #[test]
    fn comments_stay_comments() {
        assert_eq!(
            comment("a\nrepository \"*\" {}", 2),
            "  # a repository \"*\" {}\n"
        );
        let long = "word ".repeat(30);
        let text = comment(long.trim(), 4);
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }

    #[test]
    fn equal_signs_stand_below_each_other() {
        let attributes = [("a", "1".to_owned()), ("long", "2".to_owned())];
        assert_eq!(aligned(&attributes, 2), "  a    = 1\n  long = 2\n");
    }
}
