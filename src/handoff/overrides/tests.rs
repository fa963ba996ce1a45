use proptest::prelude::*;
use serde_json::json;

use super::*;

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

fn merged(target: Value, patch: Value) -> (Value, Merged) {
    let mut target = object(target);
    let merged = merge(&mut target, &object(patch));
    (Value::Object(target), merged)
}

#[test]
fn removing_an_element_moves_the_places_of_the_later_ones() {
    let (value, merged) = merged(
        json!({"containerDefinitions": [
            {"name": "a"}, {"name": "b", "environment": [{"name": "X"}, {"name": "Y"}]}
        ]}),
        json!({"containers": {"a": null, "b": {"environment": {"X": null, "Z": "z"}}}}),
    );
    assert_eq!(
        value,
        json!({"containerDefinitions": [
            {"name": "b", "environment": [{"name": "Y"}, {"name": "Z", "value": "z"}]}
        ]})
    );
    let template = |path: &str| Part::Template(path.to_owned());
    let list = "containerDefinitions[0].environment";
    let expected = [
        (
            "containerDefinitions[0]".to_owned(),
            template("containerDefinitions[1]"),
        ),
        (
            format!("{list}[0]"),
            template("containerDefinitions[1].environment[1]"),
        ),
        (format!("{list}[1]"), Part::Override),
        (format!("{list}[1].value"), Part::Override),
    ];
    assert_eq!(merged.parts, BTreeMap::from(expected));
}

#[test]
fn a_list_replaces_a_list() {
    let patch = json!({"containers": {"a": {"environment": [{"name": "B", "value": "b"}]}}});
    let (value, _) = merged(
        json!({"containerDefinitions": [{"name": "a", "environment": [{"name": "A"}]}]}),
        patch,
    );
    let environment = &value["containerDefinitions"][0]["environment"];
    assert_eq!(*environment, json!([{"name": "B", "value": "b"}]));
}

#[test]
fn texts_and_numbers_become_what_the_member_takes_where_nothing_is_lost() {
    let patch =
        json!({"cpu": 512, "containers": {"a": {"cpu": "256", "memory": "1e3", "user": 0}}});
    let (value, _) = merged(json!({"containerDefinitions": [{"name": "a"}]}), patch);
    assert_eq!(
        value,
        json!({
            "containerDefinitions": [{"name": "a", "cpu": 256, "memory": "1e3", "user": "0"}],
            "cpu": "512"
        })
    );
}

/// Any JSON, with the names of members that merging treats in their own ways.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~ü<>]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            members(inner).prop_map(Value::Object),
        ]
    })
}

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![
        Just("name".to_owned()),
        Just("environment".to_owned()),
        Just("containerDefinitions".to_owned()),
        Just("logConfiguration".to_owned()),
        Just("options".to_owned()),
        "[a-zé.]{0,4}",
    ];
    prop::collection::vec((name, value), 0..5).prop_map(Map::from_iter)
}

fn named_elements() -> impl Strategy<Value = Vec<Value>> {
    let element = ("[ab]{1,2}", any_json(), any_json());
    let element = element.prop_map(
        |(name, value, other)| json!({"name": name, "value": value, "logConfiguration": other}),
    );
    prop::collection::vec(element, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Members that no override names keep their values and their order.
    #[test]
    fn what_is_not_named_stays(target in members(any_json()), patch in members(any_json())) {
        let mut result = target.clone();
        merge(&mut result, &patch);
        let named = |name: &str| {
            patch.contains_key(name)
                || (name == "containerDefinitions" && patch.contains_key("containers"))
        };
        let others = |members: &Map<String, Value>| -> Vec<(String, Value)> {
            let others = members.iter().filter(|(name, _)| !named(name));
            others.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        prop_assert_eq!(others(&result), others(&target));
        // Those that were named stand where they stood, or behind.
        let kept = |members: &Map<String, Value>, all: &Map<String, Value>| -> Vec<String> {
            members.keys().filter(|name| all.contains_key(*name)).cloned().collect()
        };
        prop_assert_eq!(kept(&target, &result), kept(&result, &target));
    }

    /// Containers that no override names stay, whatever happens to the others.
    #[test]
    fn containers_that_are_not_named_stay(
        containers in named_elements(),
        name in "[ab]{1,2}",
        change in any_json(),
    ) {
        let mut result = object(json!({"containerDefinitions": containers}));
        let patch = object(json!({"containers": {&name: change}}));
        merge(&mut result, &patch);
        let others = |containers: &[Value]| -> Vec<Value> {
            let others = containers.iter().filter(|container| container["name"] != name);
            others.cloned().collect()
        };
        let after = result["containerDefinitions"].as_array().unwrap();
        prop_assert_eq!(others(after), others(&containers));
    }

    /// An empty override changes nothing, and every place is the template's.
    #[test]
    fn nothing_changes_nothing(target in members(any_json())) {
        let mut result = target.clone();
        let merged = merge(&mut result, &Map::new());
        prop_assert_eq!(result, target);
        prop_assert!(merged.parts.is_empty() && merged.slips.is_empty());
    }

    /// Merging the same again changes nothing more.
    #[test]
    fn twice_is_once(target in members(any_json()), patch in members(any_json())) {
        let mut once = target;
        merge(&mut once, &patch);
        let mut twice = once.clone();
        merge(&mut twice, &patch);
        prop_assert_eq!(twice, once);
    }
}
