//! Cases in `testdata/handoff/<case>/`:
//!
//! - `service.json`: the `service` block (`taskdef`, `appspec`, `images`)
//! - the templates that it names
//! - `release.json`: the record; the one beside the cases when a case has none
//! - `expected/`: every file, and `expected.txt`: the summary and warnings; or
//! - `expected.err`: exit code, message and hints
//!
//! `LAUNCHWAY_UPDATE=1 cargo test handoff` writes what is expected from what is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/handoff")
}

fn service(case: &Path) -> ServiceSettings {
    let block: Value = serde_json::from_str(&read(&case.join("service.json"))).unwrap();
    let path = |key: &str| {
        block
            .get(key)
            .map(|path| PathBuf::from(path.as_str().unwrap()))
    };
    ServiceSettings {
        name: "shop".to_owned(),
        taskdef: path("taskdef"),
        appspec: path("appspec"),
        images: serde_json::from_value(block["images"].clone()).unwrap(),
        ..ServiceSettings::default()
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn record(case: &Path) -> Record {
    let own = case.join("release.json");
    let path = if own.exists() {
        own
    } else {
        cases().join("release.json")
    };
    serde_json::from_str(&read(&path)).unwrap()
}

/// What became of a case, as files relative to its folder.
fn outcome(case: &Path) -> BTreeMap<PathBuf, String> {
    let settings = service(case);
    let mut templates = folder::read_templates(&settings, case).unwrap();
    for template in [&mut templates.taskdef, &mut templates.appspec]
        .into_iter()
        .flatten()
    {
        template.path = template.path.strip_prefix(case).unwrap().to_owned();
    }
    match hand_off(&settings, &templates, &record(case)) {
        Ok(handoff) => {
            let mut files: BTreeMap<_, _> = handoff
                .files
                .iter()
                .map(|file| {
                    let text = String::from_utf8(file.contents.clone()).unwrap();
                    (Path::new("expected").join(&file.path), text)
                })
                .collect();
            let mut text = format!("changed: {}\n", handoff.summary.changed);
            for (target, image) in &handoff.summary.images {
                let containers: Vec<_> = image.containers.iter().cloned().collect();
                let mark = if image.changed {
                    "changed"
                } else {
                    "unchanged"
                };
                writeln!(
                    text,
                    "{target}: {mark}, runs in [{}]",
                    containers.join(", ")
                )
                .unwrap();
            }
            for warning in &handoff.warnings {
                writeln!(text, "warning: {warning}").unwrap();
            }
            files.insert("expected.txt".into(), text);
            files
        }
        Err(error) => {
            let mut text = format!("exit {}\n{error}\n", error.exit_code());
            for hint in error.problems.iter().filter_map(Problem::hint) {
                writeln!(text, "hint: {hint}").unwrap();
            }
            BTreeMap::from([("expected.err".into(), text)])
        }
    }
}

fn expected(case: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![case.join("expected")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(case).unwrap().to_owned(), read(&path));
            }
        }
    }
    for name in ["expected.txt", "expected.err"] {
        if case.join(name).exists() {
            found.insert(name.into(), read(&case.join(name)));
        }
    }
    found
}

fn update(case: &Path, actual: &BTreeMap<PathBuf, String>) {
    for old in expected(case).keys() {
        fs::remove_file(case.join(old)).unwrap();
    }
    for (path, text) in actual {
        fs::create_dir_all(case.join(path).parent().unwrap()).unwrap();
        fs::write(case.join(path), text).unwrap();
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a switch for whoever edits cases"
)]
fn cases_give_what_is_expected() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(cases()).unwrap() {
        let case = entry.unwrap().path();
        if !case.is_dir() {
            continue;
        }
        count += 1;
        let actual = outcome(&case);
        if std::env::var_os("LAUNCHWAY_UPDATE").is_some() {
            update(&case, &actual);
        }
        if actual != expected(&case) {
            wrong.push(format!("{}: {actual:#?}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 15, "only {count} cases in {}", cases().display());
}

#[test]
fn running_it_again_gives_the_same_bytes() {
    let case = cases().join("several_images");
    assert_eq!(outcome(&case), outcome(&case));
}

#[test]
fn files_over_the_artifact_limit_are_refused() {
    let mut templates = Templates::default();
    let mut text = "# <TASK_DEFINITION>\n".to_owned();
    text.push_str(&"#".repeat(ARTIFACT_LIMIT));
    templates.appspec = Some(Template {
        path: "appspec.yaml".into(),
        text,
    });
    let case = cases().join("one_image");
    let error = hand_off(&service(&case), &templates, &record(&case)).unwrap_err();
    assert!(matches!(error.problems[..], [Problem::TooLarge { size }] if size > ARTIFACT_LIMIT));
    assert_eq!(error.exit_code(), crate::exit::HANDOFF);
}

#[test]
fn too_long_definitions_are_refused() {
    let containers: Vec<String> = (0..1000)
        .map(|n| format!(r#"{{"name": "container-{n}", "image": "<IMAGE_WEB>"}}"#))
        .collect();
    let templates = Templates {
        taskdef: Some(Template {
            path: "taskdef.json".into(),
            text: format!(r#"{{"containerDefinitions": [{}]}}"#, containers.join(",")),
        }),
        appspec: None,
    };
    let case = cases().join("one_image");
    let error = hand_off(&service(&case), &templates, &record(&case)).unwrap_err();
    assert!(matches!(
        error.problems[..],
        [Problem::DefinitionsTooLarge { .. }]
    ));
}
