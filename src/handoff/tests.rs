//! Cases in `testdata/handoff/<case>/`:
//!
//! - `service.json`: the `service` block
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

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::config::{AppspecBlock, AppspecSource};

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
    let texts = |key: &str| match &block[key] {
        Value::Null => BTreeMap::new(),
        map => serde_json::from_value(map.clone()).unwrap(),
    };
    let appspec = match &block["appspec"] {
        Value::Object(members) => Some(AppspecSource::Block(
            AppspecBlock::from_json(members).unwrap(),
        )),
        _ => path("appspec").map(AppspecSource::File),
    };
    for key in block.as_object().unwrap().keys() {
        let known = [
            "taskdef",
            "appspec",
            "images",
            "containers",
            "values",
            "overrides",
            "mode",
        ];
        assert!(known.contains(&key.as_str()), "{key} in {}", case.display());
    }
    ServiceSettings {
        name: "shop".to_owned(),
        taskdef: path("taskdef"),
        appspec,
        images: texts("images"),
        containers: texts("containers"),
        values: texts("values"),
        overrides: block["overrides"].as_object().cloned().unwrap_or_default(),
        mode: match block["mode"].as_str() {
            Some("placeholder") => HandoffMode::Placeholder,
            _ => HandoffMode::Render,
        },
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
            let summary = &handoff.summary;
            let mut text = format!("changed: {} ({})\n", summary.changed, summary.reason);
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
                if let Some(hint) = warning.hint() {
                    writeln!(text, "  hint: {hint}").unwrap();
                }
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
    let case = cases().join("one_image");
    let mut text = read(&case.join("appspec.yml"));
    text.push_str(&"#".repeat(ARTIFACT_LIMIT));
    templates.appspec = Some(Template {
        path: "appspec.yaml".into(),
        text,
    });
    let error = hand_off(&service(&case), &templates, &record(&case)).unwrap_err();
    assert!(matches!(error.problems[..], [Problem::TooLarge { size }] if size > ARTIFACT_LIMIT));
    assert_eq!(error.exit_code(), crate::exit::HANDOFF);
}

#[test]
fn too_long_definitions_are_refused() {
    let case = cases().join("one_image");
    let settings = ServiceSettings {
        containers: (0..1000)
            .map(|n| (format!("container-{n}"), "web".to_owned()))
            .collect(),
        ..ServiceSettings::default()
    };
    let error = hand_off(&settings, &Templates::default(), &record(&case)).unwrap_err();
    assert!(matches!(
        error.problems[..],
        [Problem::DefinitionsTooLarge { .. }]
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in `values`, the result is JSON that holds it, and nothing else changes.
    #[test]
    fn values_of_any_text_are_safe(value in any::<String>(), around in "[^<>]{0,8}") {
        let text = format!("{around}<NAME>{around}");
        let taskdef = serde_json::json!({
            "zeta": 1,
            "containerDefinitions": [
                {"name": "web", "image": "<IMAGE_WEB>", "command": [text]},
            ],
            "alpha": {"b": around, "a": [1.5, "", {}]},
        });
        let templates = Templates {
            taskdef: Some(Template {
                path: "taskdef.json".into(),
                text: taskdef.to_string(),
            }),
            appspec: None,
        };
        let settings = ServiceSettings {
            images: [("IMAGE_WEB".to_owned(), "web".to_owned())].into(),
            values: [("NAME".to_owned(), value.clone())].into(),
            ..ServiceSettings::default()
        };
        let record = record(&cases().join("one_image"));
        // An account id that cannot be one is the only thing that a value can break.
        let handoff = match hand_off(&settings, &templates, &record) {
            Ok(handoff) => handoff,
            Err(error) => {
                prop_assert!(value.contains(':'), "{error}");
                return Ok(());
            }
        };
        let file = handoff.files.iter().find(|file| file.path == Path::new("taskdef.json"));
        let result: Value = serde_json::from_slice(&file.unwrap().contents).unwrap();
        let mut expected = taskdef;
        let container = &mut expected["containerDefinitions"][0];
        container["command"][0] = format!("{around}{value}{around}").into();
        container["image"] = record.images["web"].reference.clone().into();
        // As texts: the order of keys counts.
        prop_assert_eq!(result.to_string(), expected.to_string());
    }
}
