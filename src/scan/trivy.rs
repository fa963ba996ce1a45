//! Trivy's JSON report, schema version 2: `Results[].Vulnerabilities[]`
//! (trivy.dev, "Reporting", JSON; `pkg/types/report.go`).
//!
//! Only vulnerabilities count. Secrets and misconfigurations that such a report may hold too are
//! another matter, and are not looked at.

use serde::Deserialize;

use super::{Complete, Finding, Fix, Outcome, Severity};

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
    /// `os-pkgs`, `lang-pkgs`, `secret`, …; older versions have none.
    class: Option<String>,
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

impl WireResult {
    /// Whether it is about packages, which vulnerabilities are looked up for.
    fn is_of_packages(&self) -> bool {
        let class = self.class.as_deref();
        class.is_none_or(|class| matches!(class, "" | "os-pkgs" | "lang-pkgs"))
            || self.vulnerabilities.is_some()
    }
}

/// Reads a report of schema version 2. One about no packages at all says nothing about the image: it
/// may be a system that Trivy does not know, and is no result.
pub fn read(text: &str) -> Result<Outcome, serde_json::Error> {
    let wire: Wire = serde_json::from_str(text)?;
    let results = wire.results.unwrap_or_default();
    if !results.iter().any(WireResult::is_of_packages) {
        let reason = "Trivy found nothing that it can look at".to_owned();
        return Ok(Outcome::NoResult { reason });
    }
    let results = results.into_iter();
    let vulnerabilities = results.flat_map(|result| result.vulnerabilities.unwrap_or_default());
    let findings = vulnerabilities
        .filter(|found| found.status != "not_affected")
        .map(finding);
    let mut complete = Complete::of(findings.collect());
    complete.scanned_at = wire.created_at;
    Ok(Outcome::Complete(complete))
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
        let Outcome::Complete(complete) = read(text).unwrap() else {
            panic!("there is a result")
        };
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
    fn an_image_with_nothing_to_look_at_is_not_clean() {
        let report = |results: &str| {
            read(&format!(
                r#"{{"SchemaVersion": 2, "ArtifactName": "a"{results}}}"#
            ))
            .unwrap()
        };
        for results in [
            "",
            r#", "Results": null"#,
            r#", "Results": []"#,
            r#", "Results": [{"Class": "secret", "Secrets": []}]"#,
        ] {
            let reason = "Trivy found nothing that it can look at".to_owned();
            assert_eq!(report(results), Outcome::NoResult { reason });
        }
        // Packages, and nothing against them.
        for class in ["os-pkgs", "lang-pkgs"] {
            let results = format!(r#", "Results": [{{"Class": "{class}", "Packages": []}}]"#);
            assert_eq!(
                report(&results),
                Outcome::Complete(Complete::of(Vec::new()))
            );
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
