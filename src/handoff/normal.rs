//! Whether two task definitions mean the same to ECS.
//!
//! Registering writes defaults into the stored copy (`cpu` 0, empty lists, `essential`, `hostPort`,
//! `protocol`), so what was registered never reads back literally. [`normal_form`] fills the same
//! defaults on both sides, leaves out what describing adds, and orders lists in which the order means
//! nothing. The result is for comparing and for showing differences; it is not for registering.

use serde_json::{Map, Value, json};

use super::schema::DESCRIBE_ONLY;

/// Whether ECS would run the same for both: task definitions as they are registered or described,
/// in any mixture. Tags are no part of it.
pub fn same_definition(a: &Value, b: &Value) -> bool {
    normal_form(a) == normal_form(b)
}

/// The definition with defaults filled in, without nulls, empty lists and describe-only members,
/// and with named things in the order of their names.
pub fn normal_form(definition: &Value) -> Value {
    let mut value = definition.clone();
    prune(&mut value);
    let Value::Object(definition) = &mut value else {
        return value;
    };
    definition.retain(|key, _| !DESCRIBE_ONLY.contains(&key.as_str()) && key != "tags");
    for (member, unit) in [("cpu", "vcpu"), ("memory", "gb")] {
        if let Some(units) = definition
            .get(member)
            .and_then(|size| task_size(size, unit))
        {
            definition.insert(member.to_owned(), units.into());
        }
    }
    let mode = definition.get("networkMode").and_then(Value::as_str);
    let own_ports = matches!(mode, Some("awsvpc" | "host"));
    for container in objects(definition, "containerDefinitions") {
        fill_container(container, own_ports);
    }
    for volume in objects(definition, "volumes") {
        // ECS stores an empty `host` for a volume that names nothing else.
        if volume.get("host").is_some_and(is_empty_object) {
            volume.remove("host");
        }
        if let Some(Value::Object(efs)) = volume.get_mut("efsVolumeConfiguration") {
            default(efs, "rootDirectory", "/".into());
        }
    }
    order(definition, "containerDefinitions", &["name"]);
    order(definition, "volumes", &["name"]);
    order(definition, "inferenceAccelerators", &["deviceName"]);
    order(definition, "placementConstraints", &["type", "expression"]);
    order(definition, "requiresCompatibilities", &[]);
    if let Some(Value::Object(proxy)) = definition.get_mut("proxyConfiguration") {
        default(proxy, "type", "APPMESH".into());
        order(proxy, "properties", &["name"]);
    }
    value
}

/// Lists of a container in which the order means nothing, with what tells their elements apart.
/// `environmentFiles`, `command` and the like keep theirs.
const ORDERED: &[(&str, &[&str])] = &[
    ("dependsOn", &["containerName", "condition"]),
    ("environment", &["name"]),
    ("extraHosts", &["hostname", "ipAddress"]),
    ("mountPoints", &["containerPath", "sourceVolume"]),
    (
        "portMappings",
        &["containerPort", "containerPortRange", "protocol"],
    ),
    ("resourceRequirements", &["type", "value"]),
    ("secrets", &["name"]),
    ("systemControls", &["namespace"]),
    ("ulimits", &["name"]),
    ("volumesFrom", &["sourceContainer"]),
];

fn fill_container(container: &mut Map<String, Value>, own_ports: bool) {
    default(container, "cpu", 0.into());
    default(container, "essential", true.into());
    for port in objects(container, "portMappings") {
        default(port, "protocol", "tcp".into());
        if let Some(number) = port.get("containerPort").cloned() {
            // With a bridge, 0 lets Docker choose one.
            default(port, "hostPort", if own_ports { number } else { 0.into() });
        }
    }
    for list in ["mountPoints", "volumesFrom"] {
        for mount in objects(container, list) {
            default(mount, "readOnly", false.into());
        }
    }
    if let Some(Value::Object(check)) = container.get_mut("healthCheck") {
        default(check, "interval", 30.into());
        default(check, "timeout", 5.into());
        default(check, "retries", 3.into());
    }
    if let Some(Value::Object(log)) = container.get_mut("logConfiguration") {
        order(log, "secretOptions", &["name"]);
        log.retain(|_, member| !is_empty_object(member));
    }
    container.retain(|key, member| key != "dockerLabels" || !is_empty_object(member));
    for (list, keys) in ORDERED {
        order(container, list, keys);
    }
}

/// Takes nulls and empty lists away, everywhere: ECS does not tell them from what is absent.
fn prune(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(prune);
            members.retain(|_, member| !(member.is_null() || *member == json!([])));
        }
        Value::Array(elements) => {
            elements.iter_mut().for_each(prune);
            elements.retain(|element| !element.is_null());
        }
        _ => {}
    }
}

/// The size of a task in CPU units or MiB, from any form that ECS takes: `"256"`, `".25 vCPU"`,
/// `"0.5 GB"`. It stores the number.
fn task_size(size: &Value, unit: &str) -> Option<String> {
    let text = match size {
        Value::Number(number) => return Some(number.to_string()),
        Value::String(text) => text.trim().to_ascii_lowercase(),
        _ => return None,
    };
    let Some(number) = text.strip_suffix(unit) else {
        return text.parse::<u64>().ok().map(|units| units.to_string());
    };
    let units = number.trim().parse::<f64>().ok()? * 1024.0;
    (units.is_finite() && units >= 0.0).then(|| format!("{units:.0}"))
}

fn objects<'a>(
    parent: &'a mut Map<String, Value>,
    list: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let elements = parent.get_mut(list).and_then(Value::as_array_mut);
    elements
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

fn default(members: &mut Map<String, Value>, key: &str, value: Value) {
    if !members.contains_key(key) {
        members.insert(key.to_owned(), value);
    }
}

fn is_empty_object(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

/// Orders a list by the given members of its elements, or by the elements themselves. Elements that
/// are equal in these keep their order: of two variables with one name, the last counts.
fn order(members: &mut Map<String, Value>, list: &str, keys: &[&str]) {
    let Some(Value::Array(elements)) = members.get_mut(list) else {
        return;
    };
    elements.sort_by_cached_key(|element| {
        if keys.is_empty() {
            return vec![element.to_string()];
        }
        let part = |key: &&str| match element.get(*key) {
            Some(Value::Number(number)) => format!("{:>20}", number.to_string()),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        keys.iter().map(part).collect()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered() -> Value {
        json!({
            "family": "shop",
            "networkMode": "awsvpc",
            "cpu": ".5 vCPU",
            "memory": "1 GB",
            "requiresCompatibilities": ["FARGATE", "EC2"],
            "volumes": [{"name": "data"}],
            "containerDefinitions": [
                {"name": "web", "image": "w", "portMappings": [{"containerPort": 80}],
                 "environment": [{"name": "B", "value": ""}, {"name": "A", "value": "1"}],
                 "mountPoints": [{"containerPath": "/data", "sourceVolume": "data"}],
                 "healthCheck": {"command": ["CMD", "true"]}},
                {"name": "log", "image": "l", "essential": false}
            ]
        })
    }

    /// As ECS gives it back.
    fn described() -> Value {
        json!({
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:7",
            "containerDefinitions": [
                {"name": "log", "image": "l", "cpu": 0, "essential": false, "environment": [],
                 "mountPoints": [], "volumesFrom": [], "portMappings": [], "systemControls": []},
                {"name": "web", "image": "w", "cpu": 0, "essential": true, "links": null,
                 "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
                 "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": ""}],
                 "mountPoints": [
                    {"sourceVolume": "data", "containerPath": "/data", "readOnly": false}],
                 "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3},
                 "volumesFrom": [], "systemControls": []}
            ],
            "family": "shop", "revision": 7, "status": "ACTIVE",
            "volumes": [{"name": "data", "host": {}}],
            "placementConstraints": [], "compatibilities": ["EC2", "FARGATE"],
            "networkMode": "awsvpc", "cpu": "512", "memory": "1024",
            "requiresCompatibilities": ["EC2", "FARGATE"],
            "registeredAt": 1_700_000_000.5, "registeredBy": "arn:aws:iam::123456789012:user/u"
        })
    }

    #[test]
    fn what_was_registered_is_what_is_described() {
        let (a, b) = (registered(), described());
        assert_eq!(normal_form(&a), normal_form(&b));
        assert!(same_definition(&a, &b));
    }

    #[test]
    fn every_real_change_is_a_difference() {
        for (pointer, value) in [
            ("/containerDefinitions/0/image", json!("w2")),
            ("/containerDefinitions/0/environment/0/value", json!("x")),
            (
                "/containerDefinitions/0/portMappings/0",
                json!({"containerPort": 80, "hostPort": 81}),
            ),
            ("/containerDefinitions/1/essential", json!(true)),
            (
                "/containerDefinitions/0/healthCheck/command",
                json!(["CMD", "false"]),
            ),
            (
                "/containerDefinitions/0/mountPoints/0/containerPath",
                json!("/x"),
            ),
            ("/cpu", json!("256")),
            ("/memory", json!("2 GB")),
            ("/volumes/0/name", json!("other")),
            ("/requiresCompatibilities", json!(["FARGATE"])),
            ("/networkMode", json!("host")),
        ] {
            let mut changed = registered();
            *changed.pointer_mut(pointer).unwrap() = value;
            assert!(!same_definition(&changed, &described()), "{pointer}");
        }
        let mut more = registered();
        more["newInTheFuture"] = json!({"a": 1});
        assert!(!same_definition(&more, &described()));
    }

    #[test]
    fn a_bridge_chooses_the_port_of_the_host() {
        let with = |port: Value| json!({"containerDefinitions": [{"portMappings": [port]}]});
        let open = with(json!({"containerPort": 80}));
        assert!(same_definition(
            &open,
            &with(json!({"containerPort": 80, "hostPort": 0}))
        ));
        assert!(!same_definition(
            &open,
            &with(json!({"containerPort": 80, "hostPort": 80}))
        ));
    }

    #[test]
    fn the_order_of_commands_and_files_means_something() {
        let with = |list: Value| {
            json!({"containerDefinitions": [{"command": list.clone(),
            "environmentFiles": list}]})
        };
        assert!(!same_definition(
            &with(json!(["a", "b"])),
            &with(json!(["b", "a"]))
        ));
        // The later of two equal names counts.
        let twice = |first: &str, second: &str| {
            json!({"containerDefinitions": [{"environment": [
                {"name": "A", "value": first}, {"name": "A", "value": second}]}]})
        };
        assert!(!same_definition(&twice("1", "2"), &twice("2", "1")));
    }

    #[test]
    fn sizes_have_several_forms() {
        for (size, unit, units) in [
            (json!("1 vCPU"), "vcpu", Some("1024")),
            (json!(".25 vcpu"), "vcpu", Some("256")),
            (json!("512"), "vcpu", Some("512")),
            (json!(512), "vcpu", Some("512")),
            (json!("0.5GB"), "gb", Some("512")),
            (json!("lots"), "gb", None),
            (json!("inf GB"), "gb", None),
            (json!(["1"]), "gb", None),
        ] {
            assert_eq!(task_size(&size, unit).as_deref(), units, "{size}");
        }
    }

    #[test]
    fn other_json_does_no_harm() {
        for value in [
            json!(null),
            json!([]),
            json!("x"),
            json!({"containerDefinitions": "x"}),
        ] {
            assert!(same_definition(&value, &value));
        }
    }
}
