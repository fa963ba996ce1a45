//! Lists of images that others write: a JSON array of texts, as `ecrm scan` writes it too, or a text
//! per line with comments after `#`.

use std::error::Error;

use super::findings::Findings;
use super::image_text;
use crate::prune::Source;

/// A text of a list, and its place there for people: `line 3`, `entry 2`.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    place: String,
    text: String,
}

/// Reads a list; every image of it is in use. `Err` is what is wrong with the list as a whole.
/// `Ok` is whether it has any entry.
pub(super) fn list(
    findings: &Findings,
    source: Source,
    name: &str,
    bytes: &[u8],
) -> Result<bool, String> {
    let entries = entries(bytes)?;
    for Entry { place, text } in &entries {
        match image_text::written_down(text) {
            Ok(images) => {
                for image in images {
                    findings.reference(source, name, image);
                }
            }
            Err(problem) => {
                findings.bad_reference(source, name, &format!("{place}: {problem}"));
            }
        }
    }
    Ok(!entries.is_empty())
}

fn entries(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("byte {} is no UTF-8", error.valid_up_to() + 1))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // No output at all is no list. One that is empty says so, `[]` or a comment, and is a case of its own.
    match text.trim_start().chars().next() {
        None => Err("it is empty".to_owned()),
        Some('[') => array(text),
        Some('{') => Err("it is a JSON object, and an array of texts is wanted".to_owned()),
        Some(_) => lines(text),
    }
}

fn array(text: &str) -> Result<Vec<Entry>, String> {
    let texts: Vec<String> = serde_json::from_str(text)
        .map_err(|error| format!("it is no JSON array of texts: {error}"))?;
    let entries = texts.into_iter().enumerate().map(|(index, text)| Entry {
        place: format!("entry {}", index + 1),
        text,
    });
    Ok(entries.collect())
}

fn lines(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let image = line.split('#').next().unwrap_or_default().trim();
        if let Some(column) = image.find(char::is_whitespace) {
            let indent = line.len() - line.trim_start().len();
            return Err(format!(
                "line {}, column {}: an image has no spaces, and a line has one image",
                index + 1,
                indent + column + 1
            ));
        }
        if !image.is_empty() {
            entries.push(Entry {
                place: format!("line {}", index + 1),
                text: image.to_owned(),
            });
        }
    }
    Ok(entries)
}

/// An error with what is behind it.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1";

    fn texts(text: &str) -> Result<Vec<String>, String> {
        let entries = entries(text.as_bytes())?;
        Ok(entries.into_iter().map(|one| one.text).collect())
    }

    #[test]
    fn arrays_and_lines_are_lists() {
        assert_eq!(
            texts("[\"a/b\", \"c\"]"),
            Ok(vec!["a/b".into(), "c".into()])
        );
        assert_eq!(texts("[]"), Ok(Vec::new()));
        let lines = "# what runs elsewhere\n\na/b # web\r\n  c\n";
        assert_eq!(texts(lines), Ok(vec!["a/b".into(), "c".into()]));
        assert_eq!(texts("# nothing\n"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_list_says_where() {
        for (text, problem) in [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("{}", "a JSON object"),
            ("[1]", "line 1 column 2"),
            ("[\"a\"", "line 1 column 4"),
            ("a\n  b c", "line 2, column 4"),
            ("Error: no such host", "line 1, column 7"),
        ] {
            let error = texts(text).unwrap_err();
            assert!(error.contains(problem), "{text:?}: {error}");
        }
        assert_eq!(entries(b"a\xff").unwrap_err(), "byte 2 is no UTF-8");
    }

    #[test]
    fn entries_that_protect_nothing_are_told_with_their_place() {
        let findings = Findings::new("", "");
        let text = format!("{IMAGE}\nshop/web:1\nghcr.io/a/b");
        let told = list(&findings, Source::File, "refs.txt", text.as_bytes());
        assert_eq!(told, Ok(true));
        let found = findings.finish();
        assert_eq!(found.uses.len(), 1);
        assert_eq!(found.refusals[0].name, "file refs.txt");
        assert_eq!(
            found.refusals[0].detail,
            "line 2: \"shop/web:1\" names no registry"
        );
    }
}
