//! What a scan found, for people: per image the findings that fail it, what was ignored and why,
//! and how much else there is. Readable at 80 columns; the same report as JSON holds everything.

mod columns;

use std::fmt::Write as _;

use crate::image::Platform;
use crate::scan::finding::describe;
use crate::scan::{
    Decision, Fix, Ignore, ImageReport, NoResult, Report, Row, Severity, Unchanged, Verdict,
};

use super::measure;
use super::style::Style;

/// Columns of a line.
const WIDTH: usize = 80;

/// One block per image. `limit` is how many failing findings of an image are listed; what is left
/// out is counted.
pub fn scan_table(report: &Report, limit: usize, style: Style) -> String {
    let blocks: Vec<String> = report
        .images
        .iter()
        .map(|image| block(report, image, limit, style))
        .collect();
    let mut text = blocks.join("\n");
    let over = report.expired_ignores.iter();
    let over: Vec<String> = over
        .map(|ignore| format!("{} (until {})", about(ignore), ignore.until))
        .collect();
    let unused: Vec<String> = report.unused_ignores.iter().map(about).collect();
    let mark = style.yellow("!");
    if !over.is_empty() || !unused.is_empty() {
        text.push('\n');
    }
    for (what, entries) in [
        ("Entries of ignore that are over", over),
        ("Entries of ignore that nothing was found for", unused),
    ] {
        if !entries.is_empty() {
            let lines = measure::wrapped(&format!("{what}: {}", entries.join(", ")), WIDTH - 2);
            let _ = writeln!(text, "{mark} {}", lines.join("\n  "));
        }
    }
    text
}

/// What to do about a report that refuses, each a sentence.
pub fn scan_advice(report: &Report) -> Vec<String> {
    let mut advice = Vec::new();
    let failing = || {
        report
            .refused()
            .flat_map(|image| image.with_verdict(Verdict::Fails))
    };
    let all = failing().count();
    let mended = failing()
        .filter(|row| row.finding.fix == Fix::Available)
        .count();
    if mended > 0 {
        let which = match (mended, all) {
            (1, 1) => "It has a fix".to_owned(),
            (some, all) if some == all => format!("All {all} have a fix"),
            (1, all) => format!("1 of {all} has a fix"),
            (some, all) => format!("{some} of {all} have a fix"),
        };
        advice.push(format!(
            "{which}: build on a newer base image (--pull), or with --no-cache."
        ));
    }
    if all > 0 {
        advice.push(
            "What does not matter here is ignored for a while in the scan block:\n\
             ignore = [{ id = \"CVE-…\", reason = \"…\", until = \"YYYY-MM-DD\" }]"
                .to_owned(),
        );
    }
    let unknown = report
        .refused()
        .any(|image| image.platforms.values().any(|one| one.no_result.is_some()));
    if unknown && report.policy.no_result == NoResult::Fail {
        advice.push(
            "No result is not the same as no findings. A longer timeout, another scanner, or \
             no_result = \"warn\" lets such an image pass."
                .to_owned(),
        );
    }
    advice
}

fn block(report: &Report, image: &ImageReport, limit: usize, style: Style) -> String {
    let mut text = String::new();
    let verdict = match image.decision {
        Decision::Passed => style.green("passed"),
        Decision::Warned => style.yellow("passed with a warning"),
        Decision::Reported => style.yellow("not refused: it did not change"),
        Decision::Skipped => style.dim("not scanned: it did not change"),
        Decision::Refused => style.red("refused"),
    };
    let _ = writeln!(text, "{}  {verdict}", style.bold(&image.name));
    let digest = image.digest.short();
    let facts = format!("{}@sha256:{digest}", image.repository);
    let _ = writeln!(text, "{}", style.dim(facts));
    for (platform, result) in &image.platforms {
        let name = platform.to_string();
        let what = match &result.no_result {
            Some(_) => style.yellow("no result"),
            None => describe(&result.counts),
        };
        let when = match (&result.scanned_at, result.reused) {
            (Some(time), true) => style.dim(format!(", scanned before, {}", day(time))),
            _ => String::new(),
        };
        let _ = writeln!(text, "  {name}  {}  {what}{when}", result.manifest.short());
        let reason = result.no_result.as_deref().map(measure::printable);
        for line in measure::wrapped(&reason.unwrap_or_default(), WIDTH - 4) {
            let _ = writeln!(text, "    {}", style.yellow(line));
        }
    }
    let fails: Vec<&Row> = image.with_verdict(Verdict::Fails).collect();
    if !fails.is_empty() {
        text.push('\n');
        text.push_str(&rows(image, &fails[..fails.len().min(limit)], style));
        if fails.len() > limit {
            let _ = writeln!(text, "  … and {} more", fails.len() - limit);
        }
    }
    let ignored: Vec<&Row> = image.with_verdict(Verdict::Ignored).collect();
    if !ignored.is_empty() {
        let _ = writeln!(text, "\n  {}", style.bold("Ignored"));
        for row in ignored {
            push_ignored(&mut text, row, style);
        }
    }
    push_others(&mut text, report, image, style);
    text
}

/// The table of findings, each with what it is about below it.
fn rows(image: &ImageReport, rows: &[&Row], style: Style) -> String {
    let everywhere = |row: &Row| row.platforms.len() == image.platforms.len();
    let some_only = !rows.iter().all(|row| everywhere(row));
    let column = |name, least| columns::Column { name, least };
    let mut header = vec![
        column("SEVERITY", None),
        column("ID", None),
        column("PACKAGE", Some(12)),
        column("VERSION", Some(8)),
        column("FIXED IN", Some(12)),
    ];
    if some_only {
        header.push(column("ON", Some(5)));
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let finding = &row.finding;
            let text = |value: &Option<String>| match value {
                Some(value) => measure::printable(value),
                None => "-".to_owned(),
            };
            let fixed = match (&finding.fixed_version, finding.fix) {
                (Some(_), _) => text(&finding.fixed_version),
                (None, Fix::Available) => "there is one".to_owned(),
                (None, Fix::None) => "no fix yet".to_owned(),
                (None, Fix::Unknown) => "not known".to_owned(),
            };
            let mut cells = vec![
                finding.severity.name().to_owned(),
                measure::printable(&finding.id),
                text(&finding.package),
                text(&finding.installed_version),
                fixed,
            ];
            if some_only {
                let names = row.platforms.iter().map(Platform::tag_suffix);
                let names: Vec<String> = names.collect();
                cells.push(if everywhere(row) {
                    "all".to_owned()
                } else {
                    names.join(",")
                });
            }
            cells
        })
        .collect();
    // What is installed is cut first: what would mend it is what people look for.
    let columns = columns::fitted(&header, &[3, 2, 4, 5], &cells, WIDTH - 2);
    let mut text = String::new();
    let head: Vec<String> = header.iter().map(|one| one.name.to_owned()).collect();
    let _ = writeln!(text, "  {}", style.dim(columns.line(&head)));
    for (row, cells) in rows.iter().zip(&cells) {
        let line = columns.line(cells);
        let severity = row.finding.severity;
        let name = severity.name();
        let line = line.replacen(name, &coloured(severity, style), 1);
        let _ = writeln!(text, "  {line}");
        let indent = columns.start_of(1) + 2;
        if let Some(title) = &row.finding.title {
            let title: Vec<&str> = title.split_whitespace().collect();
            let title = measure::printable(&title.join(" "));
            let title = measure::truncate(&title, WIDTH - indent);
            let _ = writeln!(text, "{:indent$}{}", "", style.dim(title));
        }
        if let Some(until) = row.ignored_until {
            let note = format!("it was ignored until {until}");
            let _ = writeln!(text, "{:indent$}{}", "", style.yellow(note));
        }
    }
    text
}

fn push_ignored(text: &mut String, row: &Row, style: Style) {
    let Some(ignore) = &row.ignored else {
        return;
    };
    let finding = &row.finding;
    let name = measure::printable(&finding.id);
    let package = measure::printable(finding.package.as_deref().unwrap_or("-"));
    let _ = writeln!(
        text,
        "  {}  {name}  {package}  {}",
        coloured(finding.severity, style),
        style.dim(format!("until {}", ignore.until))
    );
    for line in measure::wrapped(&measure::printable(&ignore.reason), WIDTH - 4) {
        let _ = writeln!(text, "    {}", style.dim(line));
    }
}

/// What fails nothing, in numbers.
fn push_others(text: &mut String, report: &Report, image: &ImageReport, style: Style) {
    let mut lines = Vec::new();
    let below = image.counts_of(Verdict::Below);
    if !below.is_empty() {
        let severity = report.policy.severity;
        lines.push(format!("Below {severity}: {}", describe(&below)));
    }
    let no_fix = image.counts_of(Verdict::NoFix);
    if !no_fix.is_empty() {
        lines.push(format!("Without a fix: {}", describe(&no_fix)));
    }
    if image.decision == Decision::Reported && report.policy.unchanged == Unchanged::Report {
        lines.push(
            "What it holds is deployed already. unchanged = \"fail\" refuses it all the same."
                .to_owned(),
        );
    }
    if !lines.is_empty() {
        text.push('\n');
    }
    for line in lines {
        let _ = writeln!(text, "  {}", style.dim(line));
    }
}

/// A severity in its colour.
fn coloured(severity: Severity, style: Style) -> String {
    let name = severity.name();
    match severity {
        Severity::Critical => style.red(name),
        Severity::High => style.red(name),
        Severity::Medium => style.yellow(name),
        Severity::Low | Severity::Informational | Severity::Undefined => style.dim(name),
    }
}

fn about(ignore: &Ignore) -> String {
    match &ignore.package {
        Some(package) => format!("{} in {package}", ignore.id),
        None => ignore.id.clone(),
    }
}

/// The day of a time in RFC 3339.
fn day(time: &str) -> &str {
    time.split_once('T').map_or(time, |(day, _)| day)
}

#[cfg(test)]
mod tests;
