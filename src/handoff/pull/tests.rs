//! Cases in `testdata/handoff_pull/<case>/`:
//!
//! - `described.json`: what ECS answers, or what a user gives for it
//! - `placeholders.json`: container to placeholder, when there are any
//! - `expected.json`, `expected.tags.json` and `expected.txt`: the template, its tags and the report; or
//! - `expected.err`
//!
//! `LAUNCHWAY_UPDATE=1 cargo test handoff::pull` writes what is expected from what is.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::json;

use super::super::{Templates, hand_off};
use super::*;
use crate::config::ServiceSettings;
use crate::release::record::Record;

fn outcome(case: &Path) -> BTreeMap<&'static str, String> {
    let file = Template {
        path: "described.json".into(),
        text: fs::read_to_string(case.join("described.json")).unwrap(),
    };
    let placeholders: BTreeMap<String, String> =
        match fs::read_to_string(case.join("placeholders.json")) {
            Ok(text) => serde_json::from_str(&text).unwrap(),
            Err(_) => BTreeMap::new(),
        };
    let pulled =
        parse(&file).and_then(|value| pull(&value, |name, _| placeholders.get(name).cloned()));
    let mut files = BTreeMap::new();
    match pulled {
        Err(error) => drop(files.insert("expected.err", format!("{error}\n"))),
        Ok(pulled) => {
            let mut report = String::new();
            let _ = writeln!(report, "arn: {:?}", pulled.arn);
            for (title, list) in [
                ("removed", &pulled.removed),
                ("nulls", &pulled.nulls),
                ("unknown, kept", &pulled.unknown),
                ("reserved tags", &pulled.reserved_tags),
                ("ambiguous", &pulled.ambiguous),
            ] {
                let _ = writeln!(report, "{title}: {}", list.join(", "));
            }
            let _ = writeln!(report, "placeholders: {:?}", pulled.placeholders);
            files.insert("expected.txt", report);
            files.insert("expected.json", pulled.text);
            if let Some(tags) = pulled.tags {
                files.insert("expected.tags.json", tags);
            }
        }
    }
    files
}

#[test]
fn free_maps_have_no_unknown_members() {
    let definition = json!({"containerDefinitions": [{
        "dockerLabels": {"any.thing": "x"},
        "logConfiguration": {"options": {"awslogs-group": "g"}, "colour": "red"},
        "firelensConfiguration": {"options": {"config-file-type": "s3"}}
    }], "volumes": [{"dockerVolumeConfiguration": {"labels": {"a": "b"}}}]});
    assert_eq!(
        unknown(&definition),
        ["containerDefinitions[0].logConfiguration.colour"]
    );
}

#[test]
fn unknown_members_are_found_at_every_depth_and_not_below_themselves() {
    let definition = json!({"family": "f", "gpu": {"inner": 1}, "containerDefinitions": [
        {"name": "a"},
        {"name": "b", "snapshot": true, "environment": [{"name": "A", "value": "", "secret": 1}]}
    ]});
    assert_eq!(
        unknown(&definition),
        [
            "gpu",
            "containerDefinitions[1].snapshot",
            "containerDefinitions[1].environment[0].secret",
        ]
    );
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by a variable to write"
)]
fn cases_give_what_is_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/handoff_pull");
    let mut cases: Vec<PathBuf> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    for case in cases {
        let files = outcome(&case);
        let expected = [
            "expected.err",
            "expected.json",
            "expected.tags.json",
            "expected.txt",
        ];
        for name in expected {
            let path = case.join(name);
            if std::env::var_os("LAUNCHWAY_UPDATE").is_some() {
                let _ = fs::remove_file(&path);
                if let Some(text) = files.get(name) {
                    fs::write(&path, text).unwrap();
                }
            }
            let stored = fs::read_to_string(&path).ok();
            assert_eq!(files.get(name), stored.as_ref(), "{}", path.display());
        }
    }
}

/// A release of `web` and `rp`, whose references are [`REFERENCES`].
fn record() -> Record {
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let image = |repository: &str| {
        json!({"repository": repository, "digest": digest, "reference": format!("{repository}@{digest}"),
            "mediaType": "application/vnd.oci.image.index.v1+json", "size": 1, "tags": [],
            "changed": true, "reason": "new", "platforms": {}})
    };
    serde_json::from_value(json!({
        "schema": "launchway.release/v1", "launchway": "0", "state": "complete", "startedAt": "",
        "baseline": "none", "changed": true,
        "images": {"web": image("r.example/shop/web"), "rp": image("r.example/shop/rp")}
    }))
    .unwrap()
}

/// Any JSON without nulls, with names that ECS has and names that it may have one day.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just(String::new()),
        "[a-zA-Z0-9 .:/@\"\\\\\u{e9}-]{0,12}",
        Just("a < b > c".to_owned()),
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text.prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("environment".to_owned()),
        Just("options".to_owned()),
        Just("status".to_owned()),
        Just("revision".to_owned()),
        "[a-z]{1,6}([A-Z][a-z]{1,4})?",
        "[ .\\[\\]\"a-z]{1,4}",
    ]
}

fn container(name: &'static str, image: String) -> impl Strategy<Value = Value> {
    prop::collection::btree_map(key(), value(), 0..5).prop_map(move |members| {
        let mut members: Map<String, Value> = members.into_iter().collect();
        members.insert("name".to_owned(), name.into());
        members.insert("image".to_owned(), image.clone().into());
        Value::Object(members)
    })
}

/// A task definition as it was registered: two containers and anything else.
fn definition() -> impl Strategy<Value = Value> {
    let top = prop::collection::btree_map(key(), value(), 0..6);
    let references: BTreeMap<String, String> = record()
        .images
        .into_iter()
        .map(|(target, image)| (target, image.reference))
        .collect();
    (
        top,
        container("web", references["web"].clone()),
        container("rp", references["rp"].clone()),
    )
        .prop_map(|(top, web, rp)| {
            let mut members: Map<String, Value> = top.into_iter().collect();
            members.retain(|key, _| !DESCRIBE_ONLY.contains(&key.as_str()) && key != "tags");
            members.insert("family".to_owned(), "shop".into());
            members.insert("containerDefinitions".to_owned(), json!([web, rp]));
            Value::Object(members)
        })
}

/// What ECS answers for it: describe-only members, and nulls where clients write them.
fn describe(definition: &Value, nulls: &[String]) -> Value {
    let mut described = definition.clone();
    let members = described.as_object_mut().unwrap();
    for (index, member) in DESCRIBE_ONLY.iter().enumerate() {
        members.insert((*member).to_owned(), index.into());
    }
    for key in nulls {
        let key = format!("{key}IsNull");
        described[&key] = Value::Null;
        described["containerDefinitions"][0][key] = Value::Null;
    }
    json!({"taskDefinition": described, "tags": []})
}

/// The `taskdef.json` of a hand-off with this template.
fn rendered(text: &str, images: &[(&str, &str)]) -> Value {
    let settings = ServiceSettings {
        name: "shop".to_owned(),
        images: images
            .iter()
            .map(|(name, target)| ((*name).to_owned(), (*target).to_owned()))
            .collect(),
        ..ServiceSettings::default()
    };
    let templates = Templates {
        taskdef: Some(Template {
            path: "taskdef.json".into(),
            text: text.to_owned(),
        }),
        ..Templates::default()
    };
    let handoff = hand_off(&settings, &templates, &record()).unwrap();
    let file = handoff
        .files
        .iter()
        .find(|file| file.path == Path::new("taskdef.json"));
    serde_json::from_slice(&file.unwrap().contents).unwrap()
}

proptest! {
    #[test]
    fn described_pulled_and_rendered_again_is_unchanged(
        definition in definition(),
        nulls in prop::collection::vec(key(), 0..3),
    ) {
        let described = describe(&definition, &nulls);
        // As it is, nothing but what describing adds is gone.
        let plain = pull(&described, |_, _| None).unwrap();
        let template: Value = serde_json::from_str(&plain.text).unwrap();
        prop_assert_eq!(&template, &definition);
        let all: BTreeSet<String> = DESCRIBE_ONLY.map(str::to_owned).into();
        prop_assert_eq!(&plain.removed, &all.into_iter().collect::<Vec<_>>());
        // No member of the definition is unknown in silence.
        for key in definition.as_object().unwrap().keys() {
            let path = member_path("", key);
            let known = ["family", "containerDefinitions"].contains(&key.as_str());
            prop_assert!(known || plain.unknown.contains(&path) || key == "volumes", "{}", path);
        }
        // With placeholders for both containers, a hand-off of the same images gives it back.
        let pulled = pull(&described, |name, _| Some(format!("IMAGE_{name}"))).unwrap();
        let text = &pulled.text;
        prop_assert!(text.contains("<IMAGE_web>") && text.contains("<IMAGE_rp>"), "{}", text);
        let again = rendered(text, &[("IMAGE_web", "web"), ("IMAGE_rp", "rp")]);
        prop_assert_eq!(&again, &definition);
        // Pulling what was pulled changes nothing.
        let twice = pull(&template, |_, _| None).unwrap();
        prop_assert_eq!(twice.text, plain.text);
    }

    #[test]
    fn a_normal_form_is_one(definition in definition(), nulls in prop::collection::vec(key(), 0..3)) {
        use super::super::normal::{normal_form, same_definition};
        let normal = normal_form(&definition);
        prop_assert_eq!(&normal_form(&normal), &normal);
        prop_assert!(same_definition(&describe(&definition, &nulls)["taskDefinition"], &definition));
    }
}
