//! An appspec made from the block's object.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::super::HandoffFile;
use super::super::image_files::pretty;
use super::{HOOKS, TASK_DEFINITION};
use crate::config::{AppspecBlock, AppspecFormat};

/// `appspec.yaml`, or `appspec.json`.
pub(super) fn file(block: &AppspecBlock) -> HandoffFile {
    let document = document(block);
    let (path, text) = match block.format {
        AppspecFormat::Yaml => ("appspec.yaml", yaml(&document)),
        AppspecFormat::Json => ("appspec.json", pretty(&document)),
    };
    HandoffFile {
        path: path.into(),
        contents: text.into_bytes(),
    }
}

fn document(block: &AppspecBlock) -> Value {
    let mut properties = Map::new();
    let mut put = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    put("TaskDefinition", TASK_DEFINITION.into());
    put(
        "LoadBalancerInfo",
        json!({ "ContainerName": block.container, "ContainerPort": block.port }),
    );
    if let Some(version) = &block.platform_version {
        put("PlatformVersion", version.as_str().into());
    }
    if let Some(network) = &block.network {
        let public = if network.assign_public_ip {
            "ENABLED"
        } else {
            "DISABLED"
        };
        let network = json!({
            "Subnets": network.subnets,
            "SecurityGroups": network.security_groups,
            "AssignPublicIp": public,
        });
        put(
            "NetworkConfiguration",
            json!({ "AwsvpcConfiguration": network }),
        );
    }
    if !block.capacity_providers.is_empty() {
        let strategy = block.capacity_providers.iter().map(|(name, provider)| {
            let mut entry = Map::new();
            if let Some(base) = provider.base {
                entry.insert("Base".to_owned(), base.into());
            }
            entry.insert("CapacityProvider".to_owned(), name.as_str().into());
            if let Some(weight) = provider.weight {
                entry.insert("Weight".to_owned(), weight.into());
            }
            Value::Object(entry)
        });
        put("CapacityProviderStrategy", strategy.collect());
    }
    let service = json!({ "Type": "AWS::ECS::Service", "Properties": properties });
    let mut document = Map::new();
    document.insert("version".to_owned(), json!(0.0));
    document.insert(
        "Resources".to_owned(),
        json!([{ "TargetService": service }]),
    );
    // In the order in which they run; names that are no events stand last, and are reported.
    let known = HOOKS
        .iter()
        .copied()
        .filter(|name| block.hooks.contains_key(*name));
    let others = block.hooks.keys().map(String::as_str);
    let others = others.filter(|name| !HOOKS.contains(name));
    let hooks: Vec<Value> = known
        .chain(others)
        .map(|name| {
            Value::Object(Map::from_iter([(
                name.to_owned(),
                json!(block.hooks[name]),
            )]))
        })
        .collect();
    if !hooks.is_empty() {
        document.insert("Hooks".to_owned(), hooks.into());
    }
    document.into()
}

/// Block style, two spaces; texts that could be read as something else are in double quotes, whose
/// rules YAML shares with JSON.
fn yaml(document: &Value) -> String {
    let mut text = String::new();
    write_members(&mut text, document, 0);
    text
}

fn write_members(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let _ = write!(text, "{:indent$}{}:", "", scalar(&name.as_str().into()));
                write_value(text, value, indent + 2);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                let mut inner = String::new();
                if element.is_object() {
                    write_members(&mut inner, element, indent + 2);
                } else {
                    let _ = writeln!(inner, "{:1$}{2}", "", indent + 2, scalar(element));
                }
                // The first line of an element begins with its dash.
                let _ = write!(text, "{:indent$}- {}", "", inner.trim_start());
            }
        }
        _ => {}
    }
}

fn write_value(text: &mut String, value: &Value, indent: usize) {
    if value.is_object() || value.is_array() {
        text.push('\n');
        write_members(text, value, indent);
    } else {
        let _ = writeln!(text, " {}", scalar(value));
    }
}

fn scalar(value: &Value) -> String {
    let plain = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.split("::").all(|part| {
                !part.is_empty()
                    && part.bytes().all(|b| {
                        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/')
                    })
            })
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
                .contains(&text.to_ascii_lowercase().as_str())
    };
    match value.as_str() {
        Some(text) if plain(text) => text.to_owned(),
        _ => value.to_string(),
    }
}
