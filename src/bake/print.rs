//! `--print`: the JSON document that buildx prints, with keys in the same order and the same
//! escapes, so that it can be compared byte for byte and fed back in.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::function::json::write_string;
use super::load::Bake;
use super::target::{Entry, Target};

/// The document. Groups and targets are sorted by name.
pub(crate) fn document(bake: &Bake) -> Value {
    let mut groups = Map::new();
    for (name, targets) in &bake.groups {
        let mut group = Map::new();
        if let Some(description) = bake.group_descriptions.get(name) {
            group.insert("description".to_owned(), json!(description));
        }
        group.insert("targets".to_owned(), json!(targets));
        groups.insert(name.clone(), Value::Object(group));
    }
    let targets: Map<String, Value> = bake
        .targets
        .iter()
        .map(|(name, each)| (name.clone(), target(each)))
        .collect();
    json!({ "group": groups, "target": targets })
}

fn target(target: &Target) -> Value {
    let mut shown = Shown(Map::new());
    shown.text("description", target.description.as_ref());
    shown.list(
        "annotations",
        &target
            .annotations
            .iter()
            .map(|text| escape(text))
            .collect::<Vec<String>>(),
    );
    shown.entries("attest", &target.attest, attest);
    shown.text("context", Some(&target.context));
    shown.map(
        "contexts",
        target
            .contexts
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect(),
    );
    shown.text("dockerfile", Some(&target.dockerfile));
    shown.text(
        "dockerfile-inline",
        target.dockerfile_inline.as_deref().map(escape).as_ref(),
    );
    shown.map("args", escaped(&target.args));
    shown.map("labels", escaped(&target.labels));
    shown.list("tags", &target.tags);
    shown.entries("cache-from", &target.cache_from, typed);
    shown.entries("cache-to", &target.cache_to, typed);
    shown.text("target", target.target.as_ref());
    shown.entries("secret", &target.secret, |entry| {
        ordered(entry, &["id", "src", "env"])
    });
    shown.entries("ssh", &target.ssh, ssh);
    shown.list("platforms", &target.platforms);
    shown.entries("output", &target.output, typed);
    shown.flag("pull", target.pull);
    shown.flag("no-cache", target.no_cache);
    shown.text("network", target.network.as_ref());
    shown.list("no-cache-filter", &target.no_cache_filter);
    shown.text("shm-size", target.shm_size.as_ref());
    shown.list("ulimits", &target.ulimits);
    shown.text("call", target.call.as_ref());
    shown.list("entitlements", &target.entitlements);
    shown.map("extra-hosts", escaped(&target.extra_hosts));
    Value::Object(shown.0)
}

/// An object that leaves out what is empty.
struct Shown(Map<String, Value>);

impl Shown {
    fn text(&mut self, name: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), json!(value));
        }
    }

    fn flag(&mut self, name: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), json!(value));
        }
    }

    fn list(&mut self, name: &str, value: &[String]) {
        if !value.is_empty() {
            self.0.insert(name.to_owned(), json!(value));
        }
    }

    fn map(&mut self, name: &str, value: Map<String, Value>) {
        if !value.is_empty() {
            self.0.insert(name.to_owned(), Value::Object(value));
        }
    }

    fn entries(&mut self, name: &str, entries: &[Entry], show: impl Fn(&Entry) -> Value) {
        if !entries.is_empty() {
            self.0
                .insert(name.to_owned(), entries.iter().map(show).collect());
        }
    }
}

/// Templates are escaped, so that the document can be read again.
fn escape(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

fn escaped(map: &BTreeMap<String, Option<String>>) -> Map<String, Value> {
    map.iter()
        .map(|(name, value)| (name.clone(), json!(value.as_deref().map(escape))))
        .collect()
}

/// All attributes with the type among them, sorted.
fn typed(entry: &Entry) -> Value {
    let mut sorted: BTreeMap<&str, Value> = entry
        .attributes
        .iter()
        .map(|(name, value)| (name.as_str(), json!(value)))
        .collect();
    sorted.insert("type", json!(entry.kind));
    Value::Object(
        sorted
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn attest(entry: &Entry) -> Value {
    let mut shown = typed(entry);
    if let Some(disabled) = shown.get_mut("disabled") {
        *disabled = json!(true);
    }
    shown
}

fn ordered(entry: &Entry, names: &[&str]) -> Value {
    let known = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), json!(entry.get(name)?))));
    Value::Object(known.collect())
}

fn ssh(entry: &Entry) -> Value {
    let mut shown = ordered(entry, &["id"]);
    if let (Some(object), Some(paths)) = (shown.as_object_mut(), entry.get("paths")) {
        object.insert("paths".to_owned(), paths.split(',').collect());
    }
    shown
}

/// The document as text: two spaces of indent, Go's escapes, and a newline at the end.
pub(crate) fn text(bake: &Bake) -> String {
    let mut text = String::new();
    write_value(&mut text, &document(bake), 0);
    text.push('\n');
    text
}

fn write_value(text: &mut String, value: &Value, depth: usize) {
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    match value {
        Value::String(string) => write_string(text, string),
        Value::Array(items) if !items.is_empty() => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                line(text, depth + 1);
                write_value(text, item, depth + 1);
            }
            line(text, depth);
            text.push(']');
        }
        Value::Object(items) if !items.is_empty() => {
            text.push('{');
            for (index, (name, item)) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                line(text, depth + 1);
                write_string(text, name);
                text.push_str(": ");
                write_value(text, item, depth + 1);
            }
            line(text, depth);
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}
