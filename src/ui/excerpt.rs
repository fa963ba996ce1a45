//! A few lines of a source file around the place that an error is about.

use launchway_buildkit::SourceLocation;

use super::measure;
use super::style::Style;

/// Lines shown before and after the marked ones.
const AROUND: u32 = 2;
/// Marked lines shown at most; a long heredoc says nothing more at its end.
const LONGEST: u32 = 20;
/// Columns of a source line that are shown.
const WIDEST: usize = 160;

/// Lines of a file, some of them marked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The file as the user would name it.
    pub file: String,
    /// The first marked line, counted from 1.
    pub line: u32,
    /// The first marked column, counted from 1, when it is known.
    pub column: Option<u32>,
    /// The lines shown, in order.
    pub lines: Vec<ExcerptLine>,
}

/// One line of an [`Excerpt`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExcerptLine {
    /// Counted from 1.
    pub number: u32,
    /// Without its line end.
    pub text: String,
    /// The error is about this line.
    pub marked: bool,
}

impl Excerpt {
    /// The lines `first..=last` of `source`, marked, and a few around them.
    ///
    /// Lines beyond the end of the source are left out: an excerpt can be empty.
    pub fn new(file: impl Into<String>, source: &str, first: u32, last: u32) -> Self {
        let last = last.max(first).min(first.saturating_add(LONGEST - 1));
        let shown = first.saturating_sub(AROUND)..=last.saturating_add(AROUND);
        let lines = (1..)
            .zip(source.lines())
            .filter(|(number, _)| shown.contains(number))
            .map(|(number, text)| ExcerptLine {
                number,
                text: text.to_owned(),
                marked: (first..=last).contains(&number),
            })
            .collect();
        Self {
            file: file.into(),
            line: first,
            column: None,
            lines,
        }
    }

    /// Adds the column that the error is about, counted from 1 in characters.
    #[must_use]
    pub fn at_column(mut self, column: u32) -> Self {
        self.column = Some(column);
        self
    }

    /// From what the daemon says about a failing step. `None` when it names no lines.
    pub fn from_location(location: &SourceLocation) -> Option<Self> {
        let first = location.ranges.iter().map(|range| range.start_line).min()?;
        let last = location.ranges.iter().map(|range| range.end_line).max()?;
        if first == 0 {
            return None;
        }
        let source = String::from_utf8_lossy(&location.data);
        Some(Self::new(&*location.filename, &source, first, last))
    }

    /// `FILE:LINE[:COLUMN]` and below it the lines, each with its number, `>>>` before those that
    /// the error is about, and a caret under the column when one is known.
    pub fn render(&self, style: Style) -> String {
        let place = match self.column {
            Some(column) => format!("{}:{}:{column}", self.file, self.line),
            None => format!("{}:{}", self.file, self.line),
        };
        let mut text = style.bold(place);
        text.push('\n');
        let digits = self
            .lines
            .last()
            .map_or(1, |line| line.number.to_string().len());
        for line in &self.lines {
            let source = measure::truncate(&measure::printable(&line.text), WIDEST);
            let number = format!("{:>digits$}", line.number);
            if line.marked {
                let mark = style.red(">>>");
                push_trimmed(&mut text, &format!(" {number} | {mark} {source}"));
            } else {
                push_trimmed(&mut text, &style.dim(format!(" {number} |     {source}")));
            }
            if let (true, Some(column)) = (line.number == self.line, self.column) {
                let before = line
                    .text
                    .chars()
                    .take(column.saturating_sub(1) as usize)
                    .collect::<String>();
                let indent = measure::width(&measure::printable(&before));
                let caret = style.red("^");
                let margin = digits + 1;
                push_trimmed(
                    &mut text,
                    &format!("{:margin$} |     {:indent$}{caret}", "", ""),
                );
            }
        }
        text
    }
}

fn push_trimmed(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use launchway_buildkit::SourceRange;

    use super::*;

    const DOCKERFILE: &str =
        "FROM base\nWORKDIR /app\n\nCOPY . .\nRUN make \\\n\t&& make install\nUSER app\n";

    #[test]
    fn marks_the_range_of_a_location() {
        let location = SourceLocation {
            filename: "Dockerfile_web".to_owned(),
            data: DOCKERFILE.as_bytes().to_vec(),
            language: "Dockerfile".to_owned(),
            ranges: vec![SourceRange {
                start_line: 5,
                start_character: 0,
                end_line: 6,
                end_character: 16,
            }],
        };
        let excerpt = Excerpt::from_location(&location).unwrap();
        assert_snapshot!(excerpt.render(Style::PLAIN), @r"
        Dockerfile_web:5
         3 |
         4 |     COPY . .
         5 | >>> RUN make \
         6 | >>>     && make install
         7 |     USER app
        ");
    }

    #[test]
    fn points_at_a_column() {
        let excerpt = Excerpt::new(
            "docker-bake.hcl",
            "target \"a\" {\n\ttag = 漢字 oops\n}\n",
            2,
            2,
        )
        .at_column(11);
        assert_snapshot!(excerpt.render(Style::PLAIN), @r#"
        docker-bake.hcl:2:11
         1 |     target "a" {
         2 | >>>     tag = 漢字 oops
           |                    ^
         3 |     }
        "#);
    }

    #[test]
    fn lines_beyond_the_end_are_left_out() {
        let excerpt = Excerpt::new("x", "one\n", 9, 12);
        assert_eq!(excerpt.render(Style::PLAIN), "x:9\n");
        assert!(Excerpt::from_location(&SourceLocation::default()).is_none());
    }
}
