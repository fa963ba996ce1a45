//! Everything that a release in one environment would do, as one JSON value that is made for being
//! compared and read: what is the same for all platforms of a target stands once, and lists that
//! are sets of named things are objects.
//!
//! Members: `variables`, `plan` (by target), `settings` (blocks by kind and name) and `handoff`
//! (files by service).

use std::collections::BTreeMap;
use std::path::Path;

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value};

use crate::bake::Outline;
use crate::handoff::HandoffFile;
use crate::plan::Plan;
use crate::release::record::draft_digest;

/// Prefixes of the frontend's attributes that are maps of their own.
const PREFIXES: [(&str, &str); 3] = [
    ("build-arg:", "args"),
    ("label:", "labels"),
    ("context:", "contexts"),
];

/// What stands where digests will be.
const NO_DIGEST: &str = "sha256:…";

/// The files of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceFiles {
    /// The service's name.
    pub name: String,
    /// What its deploy stage would get.
    pub files: Vec<HandoffFile>,
}

/// See the module's head. Paths below `directory` are shown from there.
pub fn view(outline: &Outline, plan: &Plan, services: &[ServiceFiles], directory: &Path) -> Value {
    let object = |members: &BTreeMap<String, Value>| {
        Value::Object(members.clone().into_iter().collect::<Map<_, _>>())
    };
    let handoff = services
        .iter()
        .map(|service| (service.name.clone(), files(&service.files)));
    let mut view = Map::new();
    view.insert("variables".to_owned(), object(&outline.variables));
    view.insert("plan".to_owned(), plan_by_target(plan, directory));
    view.insert("settings".to_owned(), object(&outline.blocks));
    view.insert("handoff".to_owned(), Value::Object(handoff.collect()));
    Value::Object(view)
}

/// The plan's images and solves, joined by target.
fn plan_by_target(plan: &Plan, directory: &Path) -> Value {
    // A plan always serializes; what is no object has no members.
    let mut members = into_object(serde_json::to_value(plan).unwrap_or_default());
    for elsewhere in ["environment", "source", "services"] {
        members.shift_remove(elsewhere);
    }
    let mut targets: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for image in into_list(members.shift_remove("images")) {
        let mut image = into_object(image);
        let target = into_text(image.shift_remove("target"));
        // The daemon's own repository is what people call the image's.
        let primary = into_object(image.shift_remove("primary").unwrap_or_default());
        let target = targets.entry(target).or_default();
        target.extend(primary);
        target.extend(image);
    }
    let mut solves: BTreeMap<String, BTreeMap<String, Map<String, Value>>> = BTreeMap::new();
    for solve in into_list(members.shift_remove("solves")) {
        let mut solve = into_object(solve);
        let target = into_text(solve.shift_remove("target"));
        let platform = into_text(solve.shift_remove("platform"));
        let solve = tidy(solve, directory);
        solves.entry(target).or_default().insert(platform, solve);
    }
    for (name, platforms) in solves {
        let target = targets.entry(name).or_default();
        target
            .entry("platforms")
            .or_insert_with(|| platforms.keys().cloned().collect::<Vec<_>>().into());
        // Caches are those of a platform, even where there is only one: another environment may
        // have more, and the first one's are still the same.
        let mut caches = Map::new();
        let mut platforms = platforms;
        for (platform, solve) in &mut platforms {
            caches.extend(
                solve
                    .shift_remove("cache")
                    .map(|own| (platform.clone(), own)),
            );
        }
        target.insert("cache".to_owned(), Value::Object(caches));
        let (shared, own) = share(platforms);
        target.extend(shared);
        for (platform, own) in own {
            if !own.is_empty() {
                target.insert(platform, Value::Object(own));
            }
        }
    }
    let targets = targets
        .into_iter()
        .map(|(name, target)| (name, Value::Object(target)));
    members.insert("targets".to_owned(), Value::Object(targets.collect()));
    Value::Object(members)
}

/// A solve with its frontend attributes sorted out and its caches in one line each.
fn tidy(mut solve: Map<String, Value>, directory: &Path) -> Map<String, Value> {
    let mut tidy = Map::new();
    for (name, value) in into_object(solve.shift_remove("attributes").unwrap_or_default()) {
        let sorted = PREFIXES
            .iter()
            .find_map(|(prefix, kind)| Some((*kind, name.strip_prefix(prefix)?.to_owned())));
        let (kind, name) = match sorted {
            Some((kind, name)) => (kind, name),
            // It is the platform's own name.
            None if name == "platform" => continue,
            None => ("frontend", name),
        };
        if let Value::Object(of_kind) = tidy
            .entry(kind)
            .or_insert_with(|| Value::Object(Map::new()))
        {
            of_kind.insert(name, value);
        }
    }
    for (name, value) in solve {
        let value = match name.as_str() {
            "cache" => {
                let kinds = into_object(value).into_iter();
                kinds
                    .map(|(kind, caches)| (kind, cache_lines(caches)))
                    .collect::<Map<_, _>>()
                    .into()
            }
            _ => value,
        };
        tidy.insert(name, relative(value, directory));
    }
    tidy
}

/// `type=registry,ref=…,mode=max` for each.
fn cache_lines(caches: Value) -> Value {
    let line = |cache: Value| {
        let attributes = into_object(cache).into_iter();
        let attributes: Vec<String> = attributes
            .map(|(name, value)| format!("{name}={}", into_text(Some(value))))
            .collect();
        attributes.join(",")
    };
    let lines: Vec<String> = into_list(Some(caches)).into_iter().map(line).collect();
    lines.into()
}

type ByPlatform = BTreeMap<String, Map<String, Value>>;

/// Takes out what all platforms have in common: members, and members of members.
fn share(mut platforms: ByPlatform) -> (Map<String, Value>, ByPlatform) {
    let mut shared = Map::new();
    let Some(first) = platforms.values().next().cloned() else {
        return (shared, platforms);
    };
    for (name, value) in first {
        if platforms
            .values()
            .all(|solve| solve.get(&name) == Some(&value))
        {
            for solve in platforms.values_mut() {
                solve.shift_remove(&name);
            }
            shared.insert(name, value);
            continue;
        }
        let Value::Object(inner) = value else {
            continue;
        };
        let mut common = Map::new();
        for (key, value) in inner {
            let here = |solve: &Map<String, Value>| solve.get(&name)?.get(&key).cloned();
            if platforms
                .values()
                .all(|solve| here(solve).as_ref() == Some(&value))
            {
                for solve in platforms.values_mut() {
                    if let Some(Value::Object(inner)) = solve.get_mut(&name) {
                        inner.shift_remove(&key);
                    }
                }
                common.insert(key, value);
            }
        }
        if !common.is_empty() {
            shared.insert(name, Value::Object(common));
        }
    }
    (shared, platforms)
}

/// Paths below the directory as paths from there.
fn relative(value: Value, directory: &Path) -> Value {
    match value {
        Value::String(text) => match Path::new(&text).strip_prefix(directory) {
            Ok(path) if path.as_os_str().is_empty() => ".".into(),
            Ok(path) => path.display().to_string().into(),
            Err(_) => text.into(),
        },
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, relative(value, directory)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// The files by name: JSON and YAML as what they say, others as their text.
fn files(files: &[HandoffFile]) -> Value {
    // The summary repeats what the others say, and a digest of it.
    let told = |file: &&HandoffFile| file.path != Path::new(crate::handoff::SUMMARY_FILE);
    let files = files.iter().filter(told).map(|file| {
        // What the digests will be is not known yet, and they are long.
        let text = String::from_utf8_lossy(&file.contents);
        let text = text.replace(&draft_digest().to_string(), NO_DIGEST);
        (file.path.display().to_string(), document(&file.path, &text))
    });
    Value::Object(files.collect())
}

fn document(path: &Path, text: &str) -> Value {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let read = match extension {
        Some("json") => serde_json::from_str(text).ok(),
        Some("yaml" | "yml") => yaml(text),
        _ => None,
    };
    read.unwrap_or_else(|| text.into())
}

/// A file of one YAML document with plain keys; `None` for any other.
fn yaml(text: &str) -> Option<Value> {
    match Yaml::load_from_str(text).ok()?.as_slice() {
        [document] => from_yaml(document),
        _ => None,
    }
}

fn from_yaml(node: &Yaml<'_>) -> Option<Value> {
    Some(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => (*flag).into(),
        Yaml::Value(Scalar::Integer(number)) => (*number).into(),
        Yaml::Value(Scalar::FloatingPoint(number)) => (**number).into(),
        Yaml::Value(Scalar::String(text)) => text.as_ref().into(),
        Yaml::Sequence(items) => items
            .iter()
            .map(from_yaml)
            .collect::<Option<Vec<_>>>()?
            .into(),
        Yaml::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let key = match from_yaml(key)? {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                Some((key, from_yaml(value)?))
            });
            entries.collect::<Option<Map<_, _>>>()?.into()
        }
        Yaml::Tagged(_, inner) => from_yaml(inner)?,
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => return None,
    })
}

fn into_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn into_list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn into_text(value: Option<Value>) -> String {
    match value {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_platforms_have_in_common_stands_once() {
        let solve = |level: &str, frontend: &str| {
            into_object(json!({
                "args": {"LEVEL": level, "BASE": "x"},
                "context": {"directory": "."},
                "frontend": {"target": frontend},
            }))
        };
        let platforms = BTreeMap::from([
            ("linux/amd64".to_owned(), solve("debug", "a")),
            ("linux/arm64".to_owned(), solve("debug", "b")),
        ]);
        let (shared, own) = share(platforms);
        assert_eq!(
            Value::Object(shared),
            json!({"args": {"LEVEL": "debug", "BASE": "x"}, "context": {"directory": "."}})
        );
        assert_eq!(
            Value::Object(own["linux/arm64"].clone()),
            json!({"frontend": {"target": "b"}})
        );

        let platforms = BTreeMap::from([
            ("linux/amd64".to_owned(), solve("debug", "a")),
            ("linux/arm64".to_owned(), solve("warn", "a")),
        ]);
        let (shared, own) = share(platforms);
        assert_eq!(
            Value::Object(shared),
            json!({
                "args": {"BASE": "x"}, "context": {"directory": "."}, "frontend": {"target": "a"},
            })
        );
        assert_eq!(
            Value::Object(own["linux/amd64"].clone()),
            json!({"args": {"LEVEL": "debug"}})
        );
    }

    #[test]
    fn solves_are_sorted_out() {
        let solve = json!({
            "context": {"directory": "/src/web", "dockerfileDirectory": "/src", "other": "/srcs"},
            "attributes": {
                "build-arg:A": "1", "label:b": "2", "target": "web", "platform": "linux/amd64",
            },
            "cache": {"imports": [{"ref": "r:1", "type": "registry"}]},
        });
        assert_eq!(
            Value::Object(tidy(into_object(solve), Path::new("/src"))),
            json!({
                "args": {"A": "1"},
                "labels": {"b": "2"},
                "frontend": {"target": "web"},
                "context": {"directory": "web", "dockerfileDirectory": ".", "other": "/srcs"},
                "cache": {"imports": ["ref=r:1,type=registry"]},
            })
        );
    }

    #[test]
    fn files_are_what_they_say() {
        let file = |path: &str, text: &str| HandoffFile {
            path: path.into(),
            contents: text.replace("DIGEST", &draft_digest().to_string()).into(),
        };
        let read = files(&[
            file("taskdef.json", r#"{"image": "web@DIGEST", "cpu": "256"}"#),
            file(
                "appspec.yml",
                "version: 0.0\nHooks:\n  - BeforeInstall: f\n1: [a, ~, true]\n",
            ),
            file("broken.yaml", "a: [\n"),
            file("release.env", "IMAGE='web@DIGEST'\n"),
        ]);
        assert_eq!(
            read,
            json!({
                "taskdef.json": {"image": "web@sha256:…", "cpu": "256"},
                "appspec.yml": {
                    "version": 0.0, "Hooks": [{"BeforeInstall": "f"}], "1": ["a", null, true],
                },
                "broken.yaml": "a: [\n",
                "release.env": "IMAGE='web@sha256:…'\n",
            })
        );
    }
}
