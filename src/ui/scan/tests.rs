//! The data-driven tests of scanning: every folder of testdata/scan is a case, with
//!
//! - `case.json`: the rules, the day, and images with their platforms; a platform's result is the
//!   name of a file beside it, in one of the forms that scanning programs print
//! - `expected.txt`, `expected.json` and `expected.sarif`: the report in its three forms
//!
//! `BLESS=1` writes what is expected.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;

use super::*;
use crate::image::Digest;
use crate::scan::{self, Outcome, Policy, ScannerKind, Subject, sarif};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    scanner: ScannerKind,
    today: Date,
    severity: Severity,
    #[serde(default)]
    only_fixable: bool,
    #[serde(default)]
    no_result: NoResult,
    #[serde(default)]
    unchanged: Unchanged,
    #[serde(default)]
    ignore: Vec<Ignore>,
    images: Vec<Image>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Image {
    name: String,
    repository: String,
    #[serde(default)]
    unchanged: bool,
    /// Files by platform.
    platforms: BTreeMap<Platform, String>,
}

fn report(folder: &Path) -> Report {
    let text = fs::read_to_string(folder.join("case.json")).unwrap();
    let case: Case =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let policy = Policy {
        severity: case.severity,
        only_fixable: case.only_fixable,
        ignore: case.ignore,
        no_result: case.no_result,
        unchanged: case.unchanged,
    };
    let scanned: Vec<(Subject, BTreeMap<Platform, Outcome>)> = case
        .images
        .into_iter()
        .map(|image| {
            let digest = |platform: &Platform| Digest::of(format!("{}{platform}", image.name));
            let platforms = image.platforms.iter();
            let subject = Subject {
                repository: image.repository.parse().unwrap(),
                digest: Digest::of(&image.name),
                manifests: platforms
                    .clone()
                    .map(|(platform, _)| (platform.clone(), digest(platform)))
                    .collect(),
                changed: !image.unchanged,
                name: image.name.clone(),
            };
            let outcomes = platforms.map(|(platform, file)| {
                let text = fs::read_to_string(folder.join(file)).unwrap();
                (platform.clone(), scan::read_output(&text).unwrap())
            });
            (subject, outcomes.collect())
        })
        .collect();
    let scanned: Vec<_> = scanned
        .iter()
        .map(|(subject, outcomes)| (subject, outcomes.clone()))
        .collect();
    scan::judge(case.scanner, &policy, case.today, &scanned)
}

#[test]
fn reports_are_as_expected() {
    #[expect(clippy::disallowed_methods, reason = "a switch of the test itself")]
    let bless = std::env::var_os("BLESS").is_some();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scan");
    let mut cases: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    let mut failures = Vec::new();
    for case in cases {
        let report = report(&case);
        let table = scan_table(&report, 25, Style::PLAIN);
        let wide = table.lines().find(|line| measure::width(line) > WIDTH);
        assert_eq!(wide, None, "{}", case.display());
        let mut text = table;
        for sentence in scan_advice(&report) {
            text.push_str(&format!("hint: {}\n", sentence.replace('\n', "\n      ")));
        }
        for (name, actual) in [
            ("expected.txt", text),
            ("expected.json", report.to_json()),
            ("expected.sarif", sarif::to_text(&report)),
        ] {
            let path = case.join(name);
            if bless {
                fs::write(&path, actual).unwrap();
            } else if fs::read_to_string(&path).unwrap_or_default() != actual {
                failures.push(format!("{}\n--- actual\n{actual}", path.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What the schema of SARIF 2.1.0 asks of a log, for the members that we write.
#[test]
fn sarif_keeps_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scan");
    let mut results = 0;
    for entry in fs::read_dir(root).unwrap() {
        let log = sarif::document(&report(&entry.unwrap().path()));
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let ids: Vec<&str> = rules
            .iter()
            .map(|rule| rule["id"].as_str().unwrap())
            .collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "ids are unique: {ids:?}");
        for rule in rules {
            assert!(
                !rule["shortDescription"]["text"]
                    .as_str()
                    .unwrap()
                    .is_empty()
            );
        }
        for result in run["results"].as_array().unwrap() {
            results += 1;
            let index = result["ruleIndex"].as_u64().unwrap();
            assert_eq!(
                rules[usize::try_from(index).unwrap()]["id"],
                result["ruleId"]
            );
            let level = result["level"].as_str().unwrap();
            assert!(["none", "note", "warning", "error"].contains(&level));
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            assert!(!uri.as_str().unwrap().contains(':'), "{uri}");
            let ignored = result["properties"]["verdict"] == "ignored";
            assert_eq!(result.get("suppressions").is_some(), ignored);
            for suppression in result["suppressions"].as_array().into_iter().flatten() {
                assert_eq!(suppression["kind"], "external");
                assert!(!suppression["justification"].as_str().unwrap().is_empty());
            }
        }
        let invocation = &run["invocations"][0];
        let told = invocation["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(invocation["executionSuccessful"], told.is_empty());
    }
    assert!(results > 0);
}
