//! `launchway doctor`: what this machine has for building, what it lacks, and how to get that.

use std::fmt::Write as _;

use crate::engine::doctor::{Check, CheckState, Examination, Report, examine};
use crate::image::Platform;
use crate::ui::{Failure, Style, measure};

use super::Invocation;

const EXAMPLES: &str = "\
Examples:
  launchway doctor
  launchway doctor --platform linux/amd64      # only this one is built for
  launchway doctor --engine tcp://builder:1234 # ask that engine instead of this machine
  launchway doctor --format json

Exit code 0: nothing is missing. 11: an engine could not run, or not build for a platform.
12: logins are broken. Warnings do not count.";

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Platforms to build for
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',')]
    #[arg(default_value = "linux/amd64,linux/arm64")]
    pub platform: Vec<Platform>,

    /// How the report is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let report = examine(&Examination {
        request: &invocation.engine_request(),
        platforms: &args.platform,
        home: invocation.context.home(),
        binfmt: "/proc/sys/fs/binfmt_misc".into(),
        cgroup: "/sys/fs/cgroup".into(),
    })
    .await;
    let answer = match args.format {
        Format::Table => table(
            &report,
            invocation.context.terminal.unicode,
            invocation.printer.answer_style(),
        ),
        Format::Json => json(&report)?,
    };
    invocation.printer.answer(&answer)?;
    Ok(report.exit_code())
}

fn json(report: &Report) -> Result<String, Failure> {
    serde_json::to_string_pretty(report).map_err(|error| {
        Failure::with_cause(crate::exit::UNEXPECTED, "cannot write the report", &error)
    })
}

/// One line per check, its hints below it, and a count.
fn table(report: &Report, unicode: bool, style: Style) -> String {
    let width = report
        .checks()
        .map(|check| measure::width(&check.name))
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for check in report.checks() {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{} {}  {}",
            mark(check, unicode, style),
            style.bold(measure::pad(&check.name, width)),
            check.detail
        );
        for hint in &check.hints {
            let _ = writeln!(text, "  {:width$}  {} {hint}", "", style.cyan("hint:"));
        }
    }
    let _ = writeln!(text, "\n{}", count(report));
    text
}

fn mark(check: &Check, unicode: bool, style: Style) -> String {
    match (check.state, unicode) {
        (CheckState::Ok, true) => style.green('✓'),
        (CheckState::Ok, false) => style.green('+'),
        (CheckState::Warning, _) => style.yellow('!'),
        (CheckState::Missing, true) => style.red('✗'),
        (CheckState::Missing, false) => style.red('x'),
    }
}

fn count(report: &Report) -> String {
    let warnings = measure::count(report.count(CheckState::Warning), "warning");
    match report.count(CheckState::Missing) {
        0 => format!("Nothing is missing; {warnings}."),
        1 => format!("1 thing is missing; {warnings}."),
        missing => format!("{missing} things are missing; {warnings}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, state: CheckState, detail: &str, hints: &[&str]) -> Check {
        Check {
            name: name.to_owned(),
            state,
            detail: detail.to_owned(),
            hints: hints.iter().map(|&hint| hint.to_owned()).collect(),
        }
    }

    fn report() -> Report {
        Report {
            engine: vec![
                check(
                    "buildkitd",
                    CheckState::Ok,
                    "v0.33.1 (/usr/bin/buildkitd)",
                    &[],
                ),
                check(
                    "platform linux/arm64",
                    CheckState::Missing,
                    "no emulator is registered",
                    &["Debian, Ubuntu: apt-get install qemu-user-static"],
                ),
            ],
            credentials: vec![check("AWS identity", CheckState::Warning, "none", &[])],
            source: Vec::new(),
        }
    }

    #[test]
    fn shows_marks_details_and_hints() {
        insta::assert_snapshot!(table(&report(), true, Style::PLAIN), @r"
        ✓ buildkitd             v0.33.1 (/usr/bin/buildkitd)
        ✗ platform linux/arm64  no emulator is registered
                                hint: Debian, Ubuntu: apt-get install qemu-user-static
        ! AWS identity          none

        1 thing is missing; 1 warning.
        ");
    }

    #[test]
    fn is_plain_ascii_where_that_is_all_there_is() {
        assert!(table(&report(), false, Style::PLAIN).is_ascii());
    }

    #[test]
    fn json_has_every_check() {
        let value: serde_json::Value = serde_json::from_str(&json(&report()).unwrap()).unwrap();
        assert_eq!(value["engine"][1]["state"], "missing");
        assert_eq!(value["credentials"][0]["name"], "AWS identity");
        assert!(value["engine"][0].get("hints").is_none());
    }
}
