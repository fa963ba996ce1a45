//! What a scanning program prints: Trivy's report, or `launchway.findings/v1`, which is easy to make
//! from any other scanner's output with `jq`:
//!
//! `{"schema": "launchway.findings/v1", "findings": [{"id": …, "severity": …, …}]}` with the members
//! of [`Finding`], or `{"schema": …, "noResult": "why"}` where the program cannot say anything.
//! Unknown members are an error there: a misspelt `fixedVersion` would change decisions.

use serde::Deserialize;
use serde_json::Value;

use super::error::ProgramProblem;
use super::{Complete, Finding, Fix, Outcome, Severity, trivy};

/// The `schema` of the JSON that a program can print.
pub const SCHEMA: &str = "launchway.findings/v1";

#[derive(Deserialize)]
struct Kind {
    schema: Option<Value>,
    #[serde(rename = "SchemaVersion")]
    trivy: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    #[serde(rename = "schema")]
    _schema: String,
    findings: Option<Vec<WireFinding>>,
    no_result: Option<String>,
    scanned_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireFinding {
    id: String,
    severity: Severity,
    package: Option<String>,
    installed_version: Option<String>,
    fix: Option<Fix>,
    fixed_version: Option<String>,
    title: Option<String>,
    url: Option<String>,
}

/// Reads what a program printed.
pub fn read(text: &str) -> Result<Outcome, ProgramProblem> {
    let shape = |found: &str| ProgramProblem::Shape {
        found: found.to_owned(),
    };
    let value: Value = serde_json::from_str(text).map_err(ProgramProblem::Output)?;
    let kind = match &value {
        Value::Object(_) => Kind::deserialize(&value).map_err(ProgramProblem::Output)?,
        Value::Array(_) => return Err(shape("a JSON array")),
        _ => return Err(shape("a single JSON value")),
    };
    // Read again from the text: errors then say line and column.
    match (kind.schema, kind.trivy) {
        (Some(Value::String(schema)), _) if schema == SCHEMA => own(text),
        (Some(other), _) => Err(shape(&format!("findings of {other}"))),
        (None, Some(Value::Number(version))) if version.as_u64() == Some(2) => {
            trivy::read(text).map_err(ProgramProblem::Output)
        }
        (None, Some(other)) => Err(shape(&format!(
            "a report of Trivy's schema version {other}"
        ))),
        (None, None) => Err(shape("a JSON object without schema or SchemaVersion")),
    }
}

fn own(text: &str) -> Result<Outcome, ProgramProblem> {
    let wire: Wire = serde_json::from_str(text).map_err(ProgramProblem::Output)?;
    match (wire.findings, wire.no_result) {
        (_, Some(reason)) => Ok(Outcome::NoResult { reason }),
        (Some(findings), None) => {
            let mut complete = Complete::of(findings.into_iter().map(finding).collect());
            complete.scanned_at = wire.scanned_at;
            Ok(Outcome::Complete(complete))
        }
        // No findings are an empty list; nothing at all may be a program that went wrong.
        (None, None) => Err(ProgramProblem::Shape {
            found: format!("{SCHEMA} with neither findings nor noResult"),
        }),
    }
}

fn finding(wire: WireFinding) -> Finding {
    let fix = wire.fix.unwrap_or(match wire.fixed_version {
        Some(_) => Fix::Available,
        None => Fix::Unknown,
    });
    Finding {
        id: wire.id,
        severity: wire.severity,
        package: wire.package,
        installed_version: wire.installed_version,
        fix,
        fixed_version: wire.fixed_version,
        title: wire.title,
        url: wire.url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        let error = read(text).unwrap_err();
        let source = std::error::Error::source(&error);
        let source = source.map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default())
    }

    #[test]
    fn own_findings() {
        let text = r#"{"schema": "launchway.findings/v1", "findings": [
            {"id": "X-1", "severity": "important", "package": "a", "fixedVersion": "2"},
            {"id": "X-1", "severity": "important", "package": "a", "fixedVersion": "2"},
            {"id": "X-2", "severity": "LOW"}]}"#;
        let Outcome::Complete(complete) = read(text).unwrap() else {
            panic!("there is a result")
        };
        let [first, second] = complete.findings.as_slice() else {
            panic!("{complete:?}")
        };
        assert_eq!(
            (first.severity, first.fix),
            (Severity::High, Fix::Available)
        );
        assert_eq!((second.severity, second.fix), (Severity::Low, Fix::Unknown));
    }

    #[test]
    fn no_result_is_said_openly() {
        let text = r#"{"schema": "launchway.findings/v1", "noResult": "no package database"}"#;
        let reason = "no package database".to_owned();
        assert_eq!(read(text).unwrap(), Outcome::NoResult { reason });
    }

    #[test]
    fn anything_else_is_refused_and_named() {
        let end = "neither a report of Trivy nor findings of launchway.findings/v1";
        for (text, says) in [
            ("[]", "its output is a JSON array, "),
            ("3", "its output is a single JSON value, "),
            (
                "{}",
                "its output is a JSON object without schema or SchemaVersion, ",
            ),
            (
                r#"{"schema": "other/v2"}"#,
                "its output is findings of \"other/v2\", ",
            ),
            (
                r#"{"SchemaVersion": 1}"#,
                "its output is a report of Trivy's schema version 1, ",
            ),
            (
                r#"{"schema": "launchway.findings/v1"}"#,
                "its output is launchway.findings/v1 with neither findings nor noResult, ",
            ),
        ] {
            assert_eq!(problem(text), format!("{says}{end}"));
        }
        let cut = problem("{\n  \"schema\": ");
        assert!(cut.starts_with("its output cannot be read: EOF"), "{cut}");
        assert!(cut.ends_with("at line 2 column 12"), "{cut}");
        let misspelt = problem(
            r#"{"schema": "launchway.findings/v1", "findings": [{"id": "X", "severity": "LOW", "fixed": "2"}]}"#,
        );
        assert!(misspelt.contains("unknown field `fixed`"), "{misspelt}");
        let unrated = problem(r#"{"schema": "launchway.findings/v1", "findings": [{"id": "X"}]}"#);
        assert!(unrated.contains("missing field `severity`"), "{unrated}");
    }
}
