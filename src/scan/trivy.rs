//! Trivy's JSON report, schema version 2: `Results[].Vulnerabilities[]`
//! (trivy.dev, "Reporting", JSON; `pkg/types/report.go`).
//!
//! Only vulnerabilities count. Secrets and misconfigurations that such a report may hold too are
//! another matter, and are not looked at.

use serde::Deserialize;

use super::{Complete, Finding, Fix, Severity};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wire {
    /// Only reports have it; other JSON that happens to fit would be an image without findings.
    #[expect(dead_code, reason = "its presence is what counts")]
    artifact_name: String,
    created_at: Option<String>,
    /// Absent or null where there is nothing to look at, for example in an image of one static
    /// program.
    results: Option<Vec<WireResult>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireResult {
    vulnerabilities: Option<Vec<Vulnerability>>,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(rename = "PkgName")]
    package: Option<String>,
    #[serde(rename = "InstalledVersion")]
    installed_version: Option<String>,
    #[serde(rename = "FixedVersion")]
    fixed_version: Option<String>,
    #[serde(rename = "Severity", default)]
    severity: String,
    #[serde(rename = "Title")]
    title: Option<String>,
    #[serde(rename = "PrimaryURL")]
    url: Option<String>,
    /// `fixed`, `affected`, `will_not_fix`, `not_affected`, …
    #[serde(rename = "Status", default)]
    status: String,
}

/// Reads a report of schema version 2.
pub fn read(text: &str) -> Result<Complete, serde_json::Error> {
    let wire: Wire = serde_json::from_str(text)?;
    let results = wire.results.into_iter().flatten();
    let vulnerabilities = results.flat_map(|result| result.vulnerabilities.unwrap_or_default());
    let findings = vulnerabilities
        .filter(|found| found.status != "not_affected")
        .map(finding);
    let mut complete = Complete::of(findings.collect());
    complete.scanned_at = wire.created_at;
    Ok(complete)
}

fn finding(found: Vulnerability) -> Finding {
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let fixed_version = some(found.fixed_version);
    let fix = match (&fixed_version, found.status.as_str()) {
        (Some(_), _) => Fix::Available,
        // Said to be mended, and not how.
        (None, "fixed") => Fix::Available,
        (None, _) => Fix::None,
    };
    Finding {
        id: found.id,
        severity: Severity::read(&found.severity),
        package: some(found.package),
        installed_version: some(found.installed_version),
        fix,
        fixed_version,
        title: some(found.title),
        url: some(found.url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_of_all_results_are_read() {
        let text = r#"{
          "SchemaVersion": 2, "CreatedAt": "2026-03-02T09:00:00Z", "ArtifactName": "r.example/app@sha256:0",
          "Results": [
            {"Target": "debian", "Class": "os-pkgs", "Vulnerabilities": [
              {"VulnerabilityID": "CVE-2026-2", "PkgName": "zlib1g", "InstalledVersion": "1.2",
               "Severity": "UNKNOWN", "Status": "affected"},
              {"VulnerabilityID": "CVE-2026-1", "PkgName": "libssl3", "InstalledVersion": "3.0.1",
               "FixedVersion": "3.0.2", "Severity": "HIGH", "Title": "a hole",
               "PrimaryURL": "https://avd.example/1", "Status": "fixed"},
              {"VulnerabilityID": "CVE-2026-3", "PkgName": "x", "Severity": "LOW", "Status": "not_affected"}]},
            {"Target": "app/Cargo.lock", "Class": "lang-pkgs", "Vulnerabilities": null},
            {"Target": "app/id_rsa", "Class": "secret", "Secrets": [{"RuleID": "private-key"}]}
          ]}"#;
        let complete = read(text).unwrap();
        assert_eq!(complete.scanned_at.as_deref(), Some("2026-03-02T09:00:00Z"));
        let ids: Vec<_> = complete
            .findings
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        assert_eq!(ids, ["CVE-2026-1", "CVE-2026-2"]);
        let [first, second] = complete.findings.as_slice() else {
            panic!("{complete:?}")
        };
        assert_eq!(
            (first.severity, first.fix),
            (Severity::High, Fix::Available)
        );
        assert_eq!(first.fixed_version.as_deref(), Some("3.0.2"));
        assert_eq!(first.url.as_deref(), Some("https://avd.example/1"));
        assert_eq!(
            (second.severity, second.fix),
            (Severity::Undefined, Fix::None)
        );
    }

    #[test]
    fn an_image_with_nothing_to_look_at_has_no_findings() {
        for results in ["", r#", "Results": null"#, r#", "Results": []"#] {
            let text = format!(r#"{{"SchemaVersion": 2, "ArtifactName": "a"{results}}}"#);
            assert_eq!(read(&text).unwrap().findings, []);
        }
    }

    #[test]
    fn what_is_no_report_is_an_error() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"ArtifactName": "a", "Results": {}}"#,
            r#"{"ArtifactName": "a", "Results": [{"Vulnerabilities": [{"Severity": "HIGH"}]}]}"#,
            r#"{"ArtifactName": "a", "Results": [{"Vulnerabilities": ["#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
