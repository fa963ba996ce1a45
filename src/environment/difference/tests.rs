use proptest::prelude::*;
use serde_json::json;

use super::*;

fn shown(a: &Value, b: &Value) -> Vec<String> {
    let differences = differences(a, b).into_iter();
    differences
        .map(|one| match one.change {
            Change::Added(value) => format!("+ {}: {value}", one.path),
            Change::Removed(value) => format!("- {}: {value}", one.path),
            Change::Changed { from, to } => format!("~ {}: {from} -> {to}", one.path),
            Change::Reordered { from, to, .. } => {
                format!("~ {}: {} -> {}", one.path, from.join(", "), to.join(", "))
            }
        })
        .collect()
}

#[test]
fn objects_are_compared_by_member_and_named_lists_by_name() {
    let a = json!({
        "cpu": "256",
        "family": "shop",
        "containerDefinitions": [
            {"name": "web", "environment": [{"name": "LEVEL", "value": "debug"}], "essential": true},
            {"name": "log", "essential": false},
        ],
        "placementConstraints": [],
    });
    let b = json!({
        "family": "shop",
        "cpu": "512",
        "containerDefinitions": [
            {"name": "init"},
            {"name": "web", "essential": true, "environment": [
                {"name": "REGION", "value": "eu"}, {"name": "LEVEL", "value": "warn"},
            ]},
        ],
        "tags": ["a"],
    });
    assert_eq!(
        shown(&a, &b),
        [
            r#"~ cpu: "256" -> "512""#,
            r#"~ containerDefinitions[web].environment[LEVEL].value: "debug" -> "warn""#,
            r#"+ containerDefinitions[web].environment[REGION]: {"name":"REGION","value":"eu"}"#,
            r"~ containerDefinitions[web].environment: LEVEL, REGION -> REGION, LEVEL",
            r#"- containerDefinitions[log]: {"name":"log","essential":false}"#,
            r#"+ containerDefinitions[init]: {"name":"init"}"#,
            "~ containerDefinitions: web, init -> init, web",
            "- placementConstraints: []",
            r#"+ tags: ["a"]"#,
        ]
    );
}

#[test]
fn lists_without_names_are_one_value_unless_they_are_equally_long_lists_of_objects() {
    for (a, b, expected) in [
        (
            json!(["a", "b"]),
            json!(["a", "c"]),
            vec![r#"~ : ["a","b"] -> ["a","c"]"#],
        ),
        (
            json!([{"port": 1}, {"port": 2}]),
            json!([{"port": 1}, {"port": 3}]),
            vec!["~ [1].port: 2 -> 3"],
        ),
        (
            json!([{"port": 1}]),
            json!([{"port": 1}, {"port": 3}]),
            vec![r#"~ : [{"port":1}] -> [{"port":1},{"port":3}]"#],
        ),
        // The same name twice tells nothing apart.
        (
            json!([{"name": "a"}, {"name": "a", "x": 1}]),
            json!([{"name": "a"}, {"name": "a", "x": 2}]),
            vec!["~ [1].x: 1 -> 2"],
        ),
        (json!(1), json!("1"), vec![r#"~ : 1 -> "1""#]),
        (json!(null), json!({}), vec!["~ : null -> {}"]),
    ] {
        assert_eq!(shown(&a, &b), expected);
    }
}

#[test]
fn what_was_added_in_front_has_moved_nothing() {
    let list = |names: &[&str]| {
        let named = names.iter().map(|name| json!({"name": name}));
        Value::Array(named.collect())
    };
    for (from, to, expected) in [
        (["a", "b"].as_slice(), ["c", "a", "b"].as_slice(), false),
        (&["a", "b"], &["b", "a"], true),
        (&["a", "b"], &["c", "b", "a"], true),
    ] {
        let found = differences(&list(from), &list(to)).pop().unwrap();
        let Change::Reordered { moved, .. } = found.change else {
            panic!("{found:?}");
        };
        assert_eq!(moved, expected, "{from:?} {to:?}");
    }
}

/// Carries out what a difference says.
fn apply(value: &mut Value, path: &[Step], change: &Change) {
    let [step, rest @ ..] = path else {
        return replace(value, change);
    };
    let (present, last) = match (step, &mut *value) {
        (Step::Member(name), Value::Object(members)) => {
            if rest.is_empty() {
                match change {
                    Change::Added(added) => {
                        assert!(!members.contains_key(name), "{name} is there already");
                        members.insert(name.clone(), added.clone());
                        return;
                    }
                    Change::Removed(removed) => {
                        assert_eq!(members.shift_remove(name).as_ref(), Some(removed));
                        return;
                    }
                    Change::Changed { .. } | Change::Reordered { .. } => {}
                }
            }
            (members.get_mut(name), rest)
        }
        (Step::Index(index), Value::Array(list)) => (list.get_mut(*index), rest),
        (Step::Item(name), Value::Array(list)) => {
            let position = position(list, name);
            if rest.is_empty() {
                match change {
                    Change::Added(added) => {
                        assert_eq!(position, None, "{name:?} is there already");
                        list.push(added.clone());
                        return;
                    }
                    Change::Removed(removed) => {
                        assert_eq!(list.remove(position.unwrap()), *removed);
                        return;
                    }
                    Change::Changed { .. } | Change::Reordered { .. } => {}
                }
            }
            (list.get_mut(position.unwrap()), rest)
        }
        (step, value) => panic!("{step:?} does not lead into {value}"),
    };
    apply(present.unwrap(), last, change);
}

/// Some elements may have been added or removed already: any identity that fits will do.
fn position(list: &[Value], name: &[String]) -> Option<usize> {
    let mut members = IDENTITIES
        .iter()
        .filter(|members| members.len() == name.len());
    members.find_map(|members| {
        identify(list, members)?
            .iter()
            .position(|other| other == name)
    })
}

fn replace(value: &mut Value, change: &Change) {
    match change {
        Change::Changed { from, to } => {
            assert_eq!(value, from);
            *value = to.clone();
        }
        Change::Reordered { to, .. } => {
            let list = value.as_array_mut().unwrap();
            let names = IDENTITIES
                .iter()
                .filter_map(|members| identify(list, members))
                .map(|names| names.iter().map(|name| name.join(" ")).collect::<Vec<_>>())
                .find(|names| names.iter().all(|name| to.contains(name)))
                .unwrap();
            let at = |name: &String| names.iter().position(|other| other == name).unwrap();
            *list = to.iter().map(|name| list[at(name)].clone()).collect();
        }
        Change::Added(_) | Change::Removed(_) => panic!("the top is neither added nor removed"),
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4_i64).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 5, |inner| {
        let name = "[abc]";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abcd]", inner.clone(), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            // Lists of named things, with names that may be there twice.
            prop::collection::vec((name, inner.clone()), 0..5).prop_map(|items| {
                let item = |(name, value)| json!({"name": name, "value": value});
                Value::Array(items.into_iter().map(item).collect())
            }),
            prop::collection::vec((name, name, inner), 0..4).prop_map(|items| {
                let item = |(target, platform, value)| {
                    json!({"target": target, "platform": platform, "value": value})
                };
                Value::Array(items.into_iter().map(item).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_value_does_not_differ_from_itself(value in any_value()) {
        prop_assert_eq!(differences(&value, &value), vec![]);
    }

    #[test]
    fn the_differences_lead_from_one_value_to_the_other(a in any_value(), b in any_value()) {
        let mut value = a.clone();
        for one in differences(&a, &b) {
            apply(&mut value, &one.path.0, &one.change);
        }
        prop_assert_eq!(value, b);
    }
}
