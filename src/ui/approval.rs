//! Approvals that wait, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::approve::{Pipeline, Waiting, console_link};

use super::measure;
use super::style::Style;

/// An approval that waits, as it is shown. Its token is not: it would answer it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitingRow<'a> {
    /// The pipeline.
    pub pipeline: &'a str,
    /// The stage.
    pub stage: &'a str,
    /// The action.
    pub action: &'a str,
    /// The execution that waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<&'a str>,
    /// Since when, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What the reviewer is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<&'a str>,
    /// What to review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_link: Option<&'a str>,
    /// Where the pipeline is looked at.
    pub console_link: String,
}

impl<'a> WaitingRow<'a> {
    /// The approval of a pipeline in a region.
    pub fn new(pipeline: &'a str, region: &str, waiting: &'a Waiting) -> Self {
        Self {
            pipeline,
            stage: &waiting.stage,
            action: &waiting.action,
            execution: waiting.execution.as_deref(),
            since: waiting.since.map(|time| time.to_string()),
            custom_data: waiting.custom_data.as_deref(),
            review_link: waiting.review_link.as_deref(),
            console_link: console_link(pipeline, region),
        }
    }
}

/// All approvals that wait, and what there is to know for an answer.
pub fn waiting_table(pipeline: &Pipeline, region: &str, style: Style) -> String {
    let rows = pipeline.waiting.iter();
    let rows: Vec<WaitingRow<'_>> = rows
        .map(|waiting| WaitingRow::new(&pipeline.name, region, waiting))
        .collect();
    let width = |head: &str, texts: &mut dyn Iterator<Item = &str>| {
        texts.map(measure::width).max().unwrap_or(0).max(head.len())
    };
    let stage = width("STAGE", &mut rows.iter().map(|row| row.stage));
    let action = width("ACTION", &mut rows.iter().map(|row| row.action));
    let head = format!("{:<stage$}  {:<action$}  SINCE (UTC)", "STAGE", "ACTION");
    let mut text = style.dim(head) + "\n";
    for row in &rows {
        let line = format!(
            "{}  {}  {}",
            style.bold(measure::pad(row.stage, stage)),
            style.bold(measure::pad(row.action, action)),
            row.since.as_deref().map(minute).unwrap_or_default(),
        );
        let _ = writeln!(text, "{}", line.trim_end());
        details(&mut text, row, style);
    }
    text
}

/// What a person should read before the answer: below the row, for executions have 36 characters and
/// links more.
fn details(text: &mut String, row: &WaitingRow<'_>, style: Style) {
    if let Some(told) = row.custom_data {
        for line in told.lines() {
            let _ = writeln!(text, "  {}", measure::printable(line));
        }
    }
    let console = Some(row.console_link.as_str());
    for (name, value) in [
        ("execution", row.execution),
        ("review", row.review_link),
        ("console", console),
    ] {
        if let Some(value) = value {
            let value = measure::printable(value);
            let _ = writeln!(text, "  {}  {value}", style.dim(format!("{name:<9}")));
        }
    }
}

/// `2026-03-02 09:01`.
fn minute(time: &str) -> String {
    let text = time.get(..16).unwrap_or(time);
    text.replacen('T', " ", 1)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use launchway_buildkit::Secret;

    use super::*;

    #[test]
    fn a_reviewer_sees_what_to_look_at() {
        let waiting = |action: &str, custom_data: Option<&str>| Waiting {
            stage: "Approve".to_owned(),
            action: action.to_owned(),
            execution: Some("3137f7cb-7cf7-4abc-9def-0123456789ab".to_owned()),
            since: Some("2026-03-02T09:01:42Z".parse().unwrap()),
            custom_data: custom_data.map(str::to_owned),
            review_link: custom_data.map(|_| "https://green.example.com:8443/".to_owned()),
            token: Secret::new("planted-token"),
        };
        let pipeline = Pipeline {
            name: "shop".to_owned(),
            waiting: vec![
                waiting(
                    "Release",
                    Some("Look at green\non the test port\u{1b}[31m."),
                ),
                waiting("Legal", None),
            ],
            ..Pipeline::default()
        };
        let text = waiting_table(&pipeline, "ap-northeast-1", Style::PLAIN);
        assert_snapshot!(text, @"
        STAGE    ACTION   SINCE (UTC)
        Approve  Release  2026-03-02 09:01
          Look at green
          on the test port.
          execution  3137f7cb-7cf7-4abc-9def-0123456789ab
          review     https://green.example.com:8443/
          console    https://ap-northeast-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/shop/view?region=ap-northeast-1
        Approve  Legal    2026-03-02 09:01
          execution  3137f7cb-7cf7-4abc-9def-0123456789ab
          console    https://ap-northeast-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/shop/view?region=ap-northeast-1
        ");
        let row = WaitingRow::new("shop", "ap-northeast-1", &pipeline.waiting[0]);
        let json = serde_json::to_string(&row).unwrap();
        assert!(!json.contains("planted-token") && !text.contains("planted-token"));
    }
}
