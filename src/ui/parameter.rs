//! SSM parameters for people: what one says now, its history, and what was written.

use std::fmt::Write as _;

use serde::Serialize;

use crate::parameter::Told;
use crate::release::record::{ParameterOutcome, ParameterRecord};

use super::measure;
use super::style::Style;

/// The longest tag that is shown whole in a table.
const TAG: usize = 17;
/// Columns of a digest and of a commit.
const SHORT: usize = 12;
/// Columns of who wrote a version; what fits into a terminal of 80.
const WRITER: usize = 20;

/// One version of a parameter, as it is shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryRow {
    /// The version, counted from 1.
    pub version: i64,
    /// When it was written, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// The ARN of who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Labels on this version.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// What its value says.
    #[serde(flatten)]
    pub told: Told,
}

/// A parameter that was written, or was not.
#[derive(Clone, Debug, Serialize)]
pub struct Written {
    /// The label of its block.
    pub label: String,
    /// What became of it.
    #[serde(flatten)]
    pub record: ParameterRecord,
}

/// Versions, one to a line.
pub fn history_table(rows: &[HistoryRow], style: Style) -> String {
    let tags = rows.iter().filter_map(|row| row.told.tag.as_deref());
    let tag = tags.map(measure::width).max().unwrap_or_default();
    let tag = tag.clamp(3, TAG);
    let head = format!(
        "{:>7}  {:<16}  {:<tag$}  {:<SHORT$}  BY",
        "VERSION", "WRITTEN (UTC)", "TAG", "DIGEST"
    );
    let mut text = style.dim(head) + "\n";
    for row in rows {
        let line = format!(
            "{:>7}  {}  {}  {}  {}",
            row.version,
            measure::pad(&row.modified.as_deref().map(minute).unwrap_or_default(), 16),
            measure::pad(&cell(row.told.tag.as_deref(), tag), tag),
            measure::pad(&digest_cell(&row.told), SHORT),
            measure::truncate(writer(row.by.as_deref()), WRITER),
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// What a parameter says now.
pub fn parameter_text(name: &str, region: &str, row: &HistoryRow, style: Style) -> String {
    let mut text = format!("{}\n", style.bold(name));
    let mut line = |what: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "  {}  {value}", measure::pad(what, 8));
        }
    };
    let at = row
        .modified
        .as_deref()
        .map(|time| format!(", {} UTC", minute(time)));
    let version = format!("{} in {region}{}", row.version, at.unwrap_or_default());
    line("version", Some(version));
    let told = &row.told;
    line("tag", told.tag.clone());
    line("commit", told.commit.clone());
    line("branch", told.branch.clone());
    line("released", told.released_at.clone());
    if told.images.is_empty() {
        line("digest", told.digest.map(|digest| digest.to_string()));
    }
    for (target, reference) in &told.images {
        let name = if target.is_empty() { "image" } else { target };
        line(name, Some(reference.clone()));
    }
    if *told == Told::default() {
        line(
            "value",
            Some(style.dim("not what a release writes; see --format value")),
        );
    }
    text
}

/// Parameters that were written, one to a line.
pub fn written_table(written: &[Written], style: Style) -> String {
    let mut text = String::new();
    let width = written.iter().map(|one| measure::width(&one.record.name));
    let width = width.max().unwrap_or_default();
    for Written { record, .. } in written {
        let what = match record.outcome {
            ParameterOutcome::Written => style.yellow(measure::pad("written", 9)),
            ParameterOutcome::Unchanged => style.green("unchanged"),
        };
        let _ = writeln!(
            text,
            "{}  {what}  version {}, {}",
            measure::pad(&record.name, width),
            record.version,
            record.region
        );
    }
    text
}

/// `2026-03-02 09:01`.
fn minute(time: &str) -> String {
    let text = time.get(..16).unwrap_or(time);
    text.replacen('T', " ", 1)
}

fn cell(text: Option<&str>, columns: usize) -> String {
    measure::truncate(text.unwrap_or("-"), columns)
}

/// The digest, or how many images there are.
fn digest_cell(told: &Told) -> String {
    match (&told.digest, told.images.len()) {
        (Some(digest), _) => digest.short(),
        (None, 0) => "-".to_owned(),
        (None, images) => measure::count(images, "image"),
    }
}

/// Who, of an ARN: `codebuild-release/AWSCodeBuild-…` of
/// `arn:aws:sts::123456789012:assumed-role/codebuild-release/AWSCodeBuild-…`.
fn writer(arn: Option<&str>) -> &str {
    let Some(arn) = arn else {
        return "";
    };
    let last = arn.rsplit(':').next().unwrap_or(arn);
    last.strip_prefix("assumed-role/")
        .or_else(|| last.strip_prefix("user/"))
        .unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::image::Digest;

    fn row(version: i64, told: Told) -> HistoryRow {
        HistoryRow {
            version,
            modified: Some("2026-03-02T09:01:42.123Z".to_owned()),
            by: Some(
                "arn:aws:sts::123456789012:assumed-role/codebuild-release/AWSCodeBuild-0123abcd"
                    .to_owned(),
            ),
            labels: Vec::new(),
            told,
        }
    }

    fn web() -> Told {
        Told {
            tag: Some("0123abcd".to_owned()),
            digest: Some(Digest::of("web")),
            commit: Some("0123abcd".repeat(5)),
            branch: None,
            released_at: Some("2026-03-02T09:01:42Z".to_owned()),
            images: [(
                "web".to_owned(),
                format!("r.example/web@{}", Digest::of("web")),
            )]
            .into(),
        }
    }

    #[test]
    fn history_fits_into_a_terminal() {
        let long = Told {
            tag: Some("release-2026-03-02-and-some-more".to_owned()),
            images: [("a", "r/a"), ("b", "r/b")]
                .map(|(name, reference)| (name.to_owned(), reference.to_owned()))
                .into(),
            ..Told::default()
        };
        let rows = [row(12, web()), row(11, long), row(10, Told::default())];
        let text = history_table(&rows, Style::PLAIN);
        assert_snapshot!(text, @"
        VERSION  WRITTEN (UTC)     TAG                DIGEST        BY
             12  2026-03-02 09:01  0123abcd           4b5e57f6eb2f  codebuild-release/A…
             11  2026-03-02 09:01  release-2026-03-…  2 images      codebuild-release/A…
             10  2026-03-02 09:01  -                  -             codebuild-release/A…
        ");
        assert!(
            text.lines().all(|line| measure::width(line) <= 86),
            "{text}"
        );
    }

    #[test]
    fn what_it_says_now() {
        let shown = |row| parameter_text("/shop/web", "eu-west-1", &row, Style::PLAIN);
        assert_snapshot!(shown(row(12, web())), @"
        /shop/web
          version   12 in eu-west-1, 2026-03-02 09:01 UTC
          tag       0123abcd
          commit    0123abcd0123abcd0123abcd0123abcd0123abcd
          released  2026-03-02T09:01:42Z
          web       r.example/web@sha256:4b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2
        ");
        assert_snapshot!(shown(row(1, Told::default())), @"
        /shop/web
          version   1 in eu-west-1, 2026-03-02 09:01 UTC
          value     not what a release writes; see --format value
        ");
    }
}
