//! How a [`Failure`] looks: text for people, one JSON line for machines.
//!
//! The text is meant to be the last thing on stderr, so what helps most stands at its end: after
//! the message and its causes the step's output, then the place in the file, then the hints.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::exit;

use super::failure::Failure;
use super::measure;
use super::style::Style;

/// The report for people, ending in a newline. Empty for a silent failure.
pub fn text(failure: &Failure, style: Style) -> String {
    let mut report = String::new();
    if failure.is_silent() {
        return report;
    }
    if failure.exit == exit::CANCELLED {
        let _ = writeln!(report, "{}", style.yellow(failure.message.trim_end()));
        return report;
    }
    let _ = writeln!(
        report,
        "{} {}",
        style.red("error:"),
        failure.message.trim_end()
    );
    for cause in &failure.causes {
        let label = style.red("caused by:");
        let cause = cause.trim_end().replace('\n', "\n    ");
        let _ = writeln!(report, "  {label} {cause}");
    }
    if let Some(table) = &failure.table {
        let _ = writeln!(report, "\n{}", table.trim_end());
    }
    if let Some(log) = &failure.log_tail {
        let lines = measure::count(log.lines.len(), "line");
        let heading =
            format!("last {lines} of {}:", log.step).replace("last 1 line ", "last line ");
        let _ = writeln!(report, "\n{}", style.bold(heading));
        for line in &log.lines {
            let line = format!("  | {}", measure::printable(line));
            let _ = writeln!(report, "{}", line.trim_end());
        }
    }
    if let Some(excerpt) = &failure.excerpt {
        let _ = write!(report, "\n{}", excerpt.render(style));
    }
    if failure.table.is_some() || failure.log_tail.is_some() || failure.excerpt.is_some() {
        report.push('\n');
    }
    for hint in &failure.hints {
        let hint = hint.trim_end().replace('\n', "\n      ");
        let _ = writeln!(report, "{} {hint}", style.cyan("hint:"));
    }
    if failure.temporary {
        let label = style.cyan("hint:");
        let _ = writeln!(
            report,
            "{label} This looks temporary; run the same command again."
        );
    }
    // A report ends with its last line of text.
    report.truncate(report.trim_end().len());
    report.push('\n');
    report
}

/// The report for machines: one line of JSON with its newline. Empty for a silent failure.
///
/// `{"error":{"exit":75,"kind":12,"temporary":true,"message":…,"causes":[…],"location":{"file":…,
/// "line":…,"column":…},"step":…,"log":[…],"hints":[…]}}`. `exit` is what the process exits with,
/// `kind` the exit code of the cause; absent members are unknown.
pub fn json(failure: &Failure) -> String {
    if failure.is_silent() {
        return String::new();
    }
    let mut error = Map::new();
    error.insert("exit".to_owned(), json!(failure.exit_code()));
    error.insert("kind".to_owned(), json!(failure.exit));
    error.insert("temporary".to_owned(), json!(failure.temporary));
    error.insert("message".to_owned(), json!(failure.message));
    error.insert("causes".to_owned(), json!(failure.causes));
    if let Some(excerpt) = &failure.excerpt {
        let mut location = Map::new();
        location.insert("file".to_owned(), json!(excerpt.file));
        location.insert("line".to_owned(), json!(excerpt.line));
        if let Some(column) = excerpt.column {
            location.insert("column".to_owned(), json!(column));
        }
        error.insert("location".to_owned(), Value::Object(location));
    }
    if let Some(log) = &failure.log_tail {
        error.insert("step".to_owned(), json!(log.step));
        error.insert("log".to_owned(), json!(log.lines));
    }
    error.insert("hints".to_owned(), json!(failure.hints));
    format!("{}\n", json!({ "error": error }))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::ui::{Excerpt, LogTail};

    use super::*;

    fn failing_step() -> Failure {
        let dockerfile = "FROM node AS build\nCOPY . .\nRUN npm ci\nRUN npm run build\n";
        let mut failure = Failure::new(exit::BUILD_FAILED, "web/arm64: a step failed")
            .at(Excerpt::new("Dockerfile_web", dockerfile, 3, 3))
            .with_log(LogTail {
                step: "[build 3/4] RUN npm ci".to_owned(),
                lines: vec![
                    "\x1b[31mnpm error\x1b[0m code ERESOLVE".to_owned(),
                    "npm error could not resolve".to_owned(),
                ],
            })
            .hint("Nothing was published and no tag moved.");
        failure.causes = vec!["process \"/bin/sh -c npm ci\" exited with code 1".to_owned()];
        failure
    }

    #[test]
    fn a_failing_step_shows_output_place_and_hints_last() {
        assert_snapshot!(text(&failing_step(), Style::PLAIN), @r#"
        error: web/arm64: a step failed
          caused by: process "/bin/sh -c npm ci" exited with code 1

        last 2 lines of [build 3/4] RUN npm ci:
          | npm error code ERESOLVE
          | npm error could not resolve

        Dockerfile_web:3
         1 |     FROM node AS build
         2 |     COPY . .
         3 | >>> RUN npm ci
         4 |     RUN npm run build

        hint: Nothing was published and no tag moved.
        "#);
    }

    #[test]
    fn a_short_failure_is_one_line() {
        let failure = Failure::usage("`web` is named twice");
        assert_eq!(
            text(&failure, Style::PLAIN),
            "error: `web` is named twice\n"
        );
    }

    #[test]
    fn a_temporary_failure_says_so() {
        let failure = Failure::new(exit::REGISTRY, "PUT https://r/v2/x failed").temporary(true);
        assert_snapshot!(text(&failure, Style::PLAIN), @r"
        error: PUT https://r/v2/x failed
        hint: This looks temporary; run the same command again.
        ");
        assert_snapshot!(json(&failure), @r#"{"error":{"exit":75,"kind":12,"temporary":true,"message":"PUT https://r/v2/x failed","causes":[],"hints":[]}}"#);
    }

    #[test]
    fn json_is_one_line_with_everything() {
        let line = json(&failing_step());
        assert_eq!(line.matches('\n').count(), 1);
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["error"]["exit"], 10);
        assert_eq!(value["error"]["location"]["file"], "Dockerfile_web");
        assert_eq!(value["error"]["location"]["line"], 3);
        assert_eq!(value["error"]["log"][1], "npm error could not resolve");
    }

    #[test]
    fn nothing_is_said_when_the_reader_is_gone() {
        assert_eq!(text(&Failure::reader_gone(), Style::PLAIN), "");
        assert_eq!(json(&Failure::reader_gone()), "");
    }
}
