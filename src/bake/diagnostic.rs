//! What is wrong in a file and where: the form in which every error and warning about a bake file
//! or launchway.hcl reaches the user. Rendering is plain text; colours are `ui`'s work.

use std::fmt;
use std::path::PathBuf;

use unicode_width::UnicodeWidthStr as _;

use super::text::{Range, Sources};

/// An error or a warning about one place in a file.
///
/// `Display` gives `path:line:column-end: message` and, below, the line with a caret under the
/// columns. The end column is exclusive, as in HCL's own ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it: a fragment as well.
    pub help: Option<String>,
    /// Where; `None` when no file is involved (`--set`, a missing file).
    pub location: Option<Location>,
}

/// A place in a file. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file as it was named.
    pub path: PathBuf,
    /// First line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// The column after the last one.
    pub end_column: usize,
    /// The text of the first line; `None` when it may hold a secret.
    pub excerpt: Option<String>,
}

/// A problem that knows its range but not its file's text yet. What evaluation returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    range: Option<Range>,
    message: String,
    help: Option<String>,
    hidden: bool,
}

impl Fault {
    /// A problem at `range`.
    pub(crate) fn new(range: Range, message: impl Into<String>) -> Fault {
        Fault(Box::new(Parts {
            range: Some(range),
            message: message.into(),
            help: None,
            hidden: false,
        }))
    }

    /// A problem that is in no file.
    pub(crate) fn elsewhere(message: impl Into<String>) -> Fault {
        Fault(Box::new(Parts {
            range: None,
            message: message.into(),
            help: None,
            hidden: false,
        }))
    }

    /// Adds what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Fault {
        self.0.help = Some(help.into());
        self
    }

    /// Adds what to do about it, if there is something to say.
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Fault {
        if help.is_some() {
            self.0.help = help;
        }
        self
    }

    /// Does not show the line: it may hold a secret.
    pub(crate) fn hidden(mut self) -> Fault {
        self.0.hidden = true;
        self
    }

    /// Puts `prefix` before the message.
    pub(crate) fn within(mut self, prefix: &str) -> Fault {
        self.0.message = format!("{prefix}: {}", self.0.message);
        self
    }

    /// The message alone.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Where, for sorting.
    pub(crate) fn range(&self) -> Option<Range> {
        self.0.range
    }

    /// Looks up the place.
    pub(crate) fn locate(self, sources: &Sources) -> Diagnostic {
        let Parts {
            range,
            message,
            help,
            hidden,
        } = *self.0;
        let mut location = range.and_then(|range| locate(range, sources));
        if let (true, Some(location)) = (hidden, &mut location) {
            location.excerpt = None;
        }
        Diagnostic {
            message,
            help,
            location,
        }
    }
}

fn locate(range: Range, sources: &Sources) -> Option<Location> {
    let source = sources.get(range.file)?;
    let start = source.position(range.start);
    let end = source.position(range.end.max(range.start));
    Some(Location {
        path: source.path.clone(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        excerpt: Some(source.line(start.line).unwrap_or_default().to_owned()),
    })
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        if let Some(location) = &self.location {
            location.write_excerpt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)?;
        if self.end_line == self.line && self.end_column > self.column + 1 {
            write!(f, "-{}", self.end_column)?;
        }
        Ok(())
    }
}

impl Location {
    /// The line with its number, and a caret line below. Tabs are shown as one space so that the
    /// carets stand where they should.
    fn write_excerpt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use unicode_segmentation::UnicodeSegmentation as _;

        let Some(excerpt) = &self.excerpt else {
            return Ok(());
        };
        let line = excerpt.replace('\t', " ");
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let graphemes: Vec<&str> = line.graphemes(true).collect();
        let first = (self.column - 1).min(graphemes.len());
        let last = if self.end_line == self.line {
            self.end_column - 1
        } else {
            graphemes.len()
        };
        let last = last.clamp(first, graphemes.len());
        let before: usize = graphemes[..first].iter().map(|text| text.width()).sum();
        let under: usize = graphemes[first..last].iter().map(|text| text.width()).sum();
        write!(
            f,
            "\n {gutter} |\n {number} | {line}\n {gutter} | {}{}",
            " ".repeat(before),
            "^".repeat(under.max(1)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn carets_stand_under_wide_characters() {
        let mut sources = Sources::default();
        let text = "\ttags = [\"日本\", nope]\n";
        let file = sources.add(Path::new("docker-bake.hcl"), text.into());
        let start = text.find("nope").unwrap();
        let shown = Fault::new(
            Range {
                file,
                start,
                end: start + 4,
            },
            "unknown variable \"nope\"",
        )
        .help("did you mean \"node\"?")
        .locate(&sources)
        .to_string();
        assert_eq!(
            shown,
            "docker-bake.hcl:1:16-20: unknown variable \"nope\"; did you mean \"node\"?\n   |\n 1 |  \
             tags = [\"日本\", nope]\n   |                  ^^^^"
        );
    }

    #[test]
    fn a_range_over_several_lines_is_marked_to_the_end_of_the_first() {
        let mut sources = Sources::default();
        let text = "a = [\n1]\n";
        let file = sources.add(Path::new("x.hcl"), text.into());
        let shown = Fault::new(
            Range {
                file,
                start: 4,
                end: 8,
            },
            "no",
        )
        .locate(&sources)
        .to_string();
        assert_eq!(shown, "x.hcl:1:5: no\n   |\n 1 | a = [\n   |     ^");
    }
}
