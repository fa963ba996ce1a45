//! What Fargate will do with an image, for people.

use std::fmt::Write as _;

use crate::soci::explain::{Explanation, Finding, Severity, Verdict};
use crate::ui::{Style, measure};

/// A line per platform, then what was found, each with its remedy.
pub fn explained_text(explanation: &Explanation, unicode: bool, style: Style) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "On Fargate, {}:", explanation.reference);
    let names: Vec<String> = explanation
        .verdicts
        .iter()
        .map(|verdict| verdict.platform.to_string())
        .collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    for (name, verdict) in names.iter().zip(&explanation.verdicts) {
        let name = style.bold(measure::pad(name, width));
        let _ = writeln!(text, "  {name}  {}", outcome(verdict, style));
    }
    if !explanation.findings.is_empty() {
        text.push('\n');
    }
    for finding in &explanation.findings {
        let place = match &finding.platform {
            Some(platform) => format!("{platform}: "),
            None => String::new(),
        };
        let mark = mark(finding, unicode, style);
        let _ = writeln!(text, "{mark} {place}{}", finding.message);
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "  {} {remedy}", style.cyan("hint:"));
        }
    }
    text
}

fn outcome(verdict: &Verdict, style: Style) -> String {
    if verdict.lazy {
        format!(
            "{}: {} of {}, {} of {}",
            style.green("loaded lazily"),
            verdict.lazy_layers,
            measure::count(verdict.layers, "layer"),
            measure::bytes(verdict.lazy_bytes),
            measure::bytes(verdict.bytes)
        )
    } else {
        format!(
            "{}: {}, {}",
            style.yellow("downloaded before it starts"),
            measure::count(verdict.layers, "layer"),
            measure::bytes(verdict.bytes)
        )
    }
}

fn mark(finding: &Finding, unicode: bool, style: Style) -> String {
    match (finding.severity, unicode) {
        (Severity::Problem, true) => style.red('✗'),
        (Severity::Problem, false) => style.red('x'),
        (Severity::Warning, _) => style.yellow('!'),
        (Severity::Note, _) => style.dim('-'),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn verdicts_first_then_findings_with_their_remedies() {
        let verdict = |platform: &str, lazy: bool| Verdict {
            platform: platform.parse().unwrap(),
            lazy,
            layers: 5,
            bytes: 530_000_000,
            lazy_layers: if lazy { 3 } else { 0 },
            lazy_bytes: if lazy { 512_000_000 } else { 0 },
        };
        let explanation = Explanation {
            reference: "r.example/app:1".to_owned(),
            verdicts: vec![verdict("linux/amd64", true), verdict("linux/arm/v7", false)],
            findings: vec![
                Finding {
                    severity: Severity::Problem,
                    code: "no-index",
                    platform: Some("linux/arm/v7".parse().unwrap()),
                    message: "it has no SOCI index".to_owned(),
                    remedy: Some("Run `launchway soci attach r.example/app:1`.".to_owned()),
                },
                Finding {
                    severity: Severity::Note,
                    code: "stray-index",
                    platform: None,
                    message: "something is left over".to_owned(),
                    remedy: None,
                },
            ],
        };
        assert_snapshot!(explained_text(&explanation, false, Style::PLAIN), @r"
        On Fargate, r.example/app:1:
          linux/amd64   loaded lazily: 3 of 5 layers, 512.0 MB of 530.0 MB
          linux/arm/v7  downloaded before it starts: 5 layers, 530.0 MB

        x linux/arm/v7: it has no SOCI index
          hint: Run `launchway soci attach r.example/app:1`.
        - something is left over
        ");
    }
}
