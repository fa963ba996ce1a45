//! SSM parameters in the closing summary.

use std::fmt::Write as _;

use crate::release::record::{ParameterOutcome, Record};
use crate::ui::measure;
use crate::ui::style::Style;

/// A line for each parameter: what became of it.
pub(super) fn push(text: &mut String, record: &Record, style: Style) {
    if record.parameters.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", style.bold("Parameters"));
    let names = record.parameters.values();
    let width = names.map(|one| measure::width(&one.name)).max();
    let width = width.unwrap_or_default().min(40);
    for one in record.parameters.values() {
        let name = measure::pad(&one.name, width);
        let what = match one.outcome {
            ParameterOutcome::Written => style.yellow("written"),
            ParameterOutcome::Unchanged => style.green("unchanged") + ", nothing written",
        };
        let place = style.dim(format!("version {}, {}", one.version, one.region));
        let _ = writeln!(text, "  {name}  {what}  {place}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::record::{ParameterRecord, draft};

    #[test]
    fn says_what_was_written_and_what_was_not() {
        let mut record = draft(&crate::plan::Plan {
            environment: None,
            source: crate::config::Source::default(),
            solves: Vec::new(),
            images: Vec::new(),
            services: Vec::new(),
        });
        let mut text = String::new();
        push(&mut text, &record, Style::PLAIN);
        assert_eq!(text, "");
        let one = |name: &str, outcome| ParameterRecord {
            name: name.to_owned(),
            region: "ap-northeast-1".to_owned(),
            version: 12,
            outcome,
        };
        record.parameters = [
            ("a".to_owned(), one("/shop/api", ParameterOutcome::Written)),
            (
                "b".to_owned(),
                one("/shop/web-tag", ParameterOutcome::Unchanged),
            ),
        ]
        .into();
        push(&mut text, &record, Style::PLAIN);
        insta::assert_snapshot!(text.trim_start(), @"
        Parameters
          /shop/api      written  version 12, ap-northeast-1
          /shop/web-tag  unchanged, nothing written  version 12, ap-northeast-1
        ");
    }
}
