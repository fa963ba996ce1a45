//! `--set pattern.key[.sub][+]=value`, and the flags that mean the same (`--push`, `--platform`,
//! …).
//!
//! Differs from buildx where buildx loses a value: `network`, `no-cache-filter` and `ulimits` are
//! set to what was given, `platforms` and `secret` are accepted beside `platform` and `secrets`.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::entry::{EntryKind, parse_bool};
use super::attribute::{Field, Merge, Shape, TARGET, target_spec};
use super::definition::Definition;
use super::diagnostic::Fault;
use super::pattern;
use super::request::Request;
use super::suggest::did_you_mean;
use super::target::Entry;

/// What is to be changed, by target.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    by_target: BTreeMap<String, Vec<Change>>,
    /// `--platform`: the last word on platforms, for all targets.
    platforms: Vec<String>,
}

/// One `--set`, for one target.
#[derive(Clone, Debug)]
struct Change {
    /// As written, for messages.
    written: String,
    key: String,
    /// What follows the key: the name of an argument, label, ….
    sub: Option<String>,
    /// All values of one key; several `--set` of a list key add up.
    values: Vec<String>,
    append: bool,
}

impl Overrides {
    /// Parses all overrides against the names of all targets.
    pub(crate) fn parse(
        request: &Request,
        names: &BTreeSet<&str>,
    ) -> Result<Overrides, Vec<Fault>> {
        let platforms = request.platforms.iter().flat_map(|text| text.split(','));
        let mut overrides = Overrides {
            by_target: BTreeMap::new(),
            platforms: platforms.map(|text| text.trim().to_owned()).collect(),
        };
        let mut faults = Vec::new();
        for text in &request.set {
            if let Err(fault) = overrides.add(text, request, names) {
                faults.push(fault);
            }
        }
        for text in flags(request) {
            if let Err(fault) = overrides.add(&text, request, names) {
                faults.push(fault);
            }
        }
        if faults.is_empty() {
            Ok(overrides)
        } else {
            Err(faults)
        }
    }

    fn add(&mut self, text: &str, request: &Request, names: &BTreeSet<&str>) -> Result<(), Fault> {
        let bad = |message: String| Fault::elsewhere(format!("--set {text}: {message}"));
        let (path, value) = match text.split_once('=') {
            Some((path, value)) => (path, Some(value)),
            None => (text, None),
        };
        let (path, append) = match path.strip_suffix('+') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let mut parts = path.splitn(3, '.');
        let (Some(target), Some(key)) = (parts.next(), parts.next()) else {
            return Err(bad("expected target.key=value".to_owned()));
        };
        let sub = parts.next().map(str::to_owned);
        let key = canonical(key);
        if !is_settable(key) {
            let known = settable();
            return Err(bad(format!("unknown key {key:?}"))
                .maybe_help(did_you_mean(key, known.iter().copied())));
        }
        let needs_name = matches!(key, "args" | "labels" | "contexts" | "extra-hosts");
        match (&sub, needs_name) {
            (None, true) => return Err(bad(format!("write {key}.<name>=<value>"))),
            (Some(sub), false) => {
                return Err(bad(format!("{key} takes no name, so not {key}.{sub}")));
            }
            _ => {}
        }
        let value = match (value, &sub) {
            (Some(value), _) => Some(value.to_owned()),
            // `args.NAME` takes NAME from the environment, and is nothing when it is not set.
            (None, Some(name)) if key == "args" => request.environment.get(name).cloned(),
            (None, _) => return Err(bad("expected target.key=value".to_owned())),
        };
        let matched = expand(target, names).map_err(bad_with(text))?;
        let Some(value) = value else { return Ok(()) };
        for name in matched {
            let changes = self.by_target.entry(name).or_default();
            let change = Change {
                written: text.to_owned(),
                key: key.to_owned(),
                sub: sub.clone(),
                values: vec![value.clone()],
                append,
            };
            let same = changes
                .iter_mut()
                .find(|other| other.key == change.key && other.sub == change.sub);
            match same {
                // A list's values add up, and the last `+=` or `=` decides for all of them.
                Some(other) if is_list(key) => {
                    other.values.extend(change.values);
                    other.append = append;
                }
                Some(other) => *other = change,
                None => changes.push(change),
            }
        }
        Ok(())
    }

    /// Changes one target.
    pub(crate) fn apply(&self, name: &str, definition: &mut Definition) -> Result<(), Fault> {
        if let (false, Some(spec)) = (self.platforms.is_empty(), target_spec("platforms")) {
            definition.set(spec, Field::Texts(self.platforms.clone()));
        }
        let Some(changes) = self.by_target.get(name) else {
            return Ok(());
        };
        let changes = changes
            .iter()
            .filter(|change| self.platforms.is_empty() || change.key != "platforms");
        // Outputs are set before `push` and `load` look at them.
        let last = |change: &&Change| matches!(change.key.as_str(), "push" | "load");
        let (late, early): (Vec<&Change>, Vec<&Change>) = changes.partition(last);
        for change in early.into_iter().chain(late) {
            change.apply(definition).map_err(|message| {
                Fault::elsewhere(format!("--set {}: {message}", change.written))
            })?;
        }
        Ok(())
    }
}

fn bad_with(text: &str) -> impl Fn(Fault) -> Fault {
    move |fault| fault.within(&format!("--set {text}"))
}

/// The flags as overrides; they come after `--set`.
fn flags(request: &Request) -> Vec<String> {
    let mut flags = Vec::new();
    for (given, text) in [
        (request.no_cache, "*.no-cache=true"),
        (request.pull, "*.pull=true"),
        (request.push, "*.push=true"),
        (request.load, "*.load=true"),
    ] {
        if given {
            flags.push(text.to_owned());
        }
    }
    flags
}

fn canonical(key: &str) -> &str {
    match key {
        "platform" => "platforms",
        "secrets" => "secret",
        key => key,
    }
}

/// The keys of `--set`: all attributes but two, and the two that change outputs.
fn settable() -> Vec<&'static str> {
    let attributes = TARGET.iter().map(|spec| spec.name);
    let attributes = attributes.filter(|name| !matches!(*name, "inherits" | "description"));
    attributes
        .chain(["push", "load", "platform", "secrets"])
        .collect()
}

fn is_settable(key: &str) -> bool {
    settable().contains(&key)
}

fn is_list(key: &str) -> bool {
    target_spec(key).is_some_and(|spec| matches!(spec.shape, Shape::Texts | Shape::Entries(_)))
}

/// The targets that a pattern of `--set` means.
fn expand(pattern: &str, names: &BTreeSet<&str>) -> Result<Vec<String>, Fault> {
    if names.contains(pattern) {
        return Ok(vec![pattern.to_owned()]);
    }
    let mut matched = Vec::new();
    for name in names {
        match pattern::matches(pattern, name) {
            Some(true) => matched.push((*name).to_owned()),
            Some(false) => {}
            None => return Err(Fault::elsewhere(format!("bad pattern {pattern:?}"))),
        }
    }
    if matched.is_empty() {
        return Err(
            Fault::elsewhere(format!("there is no target matching {pattern:?}"))
                .maybe_help(did_you_mean(pattern, names.iter().copied())),
        );
    }
    Ok(matched)
}

impl Change {
    fn apply(&self, definition: &mut Definition) -> Result<(), String> {
        let text = self.values.last().map_or("", String::as_str);
        match self.key.as_str() {
            "push" => {
                set_push(definition, boolean(text)?);
                return Ok(());
            }
            "load" => {
                if boolean(text)? {
                    set_load(definition);
                }
                return Ok(());
            }
            _ => {}
        }
        let Some(spec) = target_spec(&self.key) else {
            return Err(format!("unknown key {:?}", self.key));
        };
        let append = self.append || appends_always(&self.key);
        let field = match spec.shape {
            Shape::Text => Field::Text(text.to_owned()),
            Shape::Flag => Field::Flag(boolean(text)?),
            Shape::Texts => Field::Texts(self.values.clone()),
            Shape::Map { .. } => {
                let mut map = match definition.take(spec.name) {
                    Some(Field::Map(map)) => map,
                    _ => BTreeMap::new(),
                };
                map.insert(self.sub.clone().unwrap_or_default(), Some(text.to_owned()));
                Field::Map(map)
            }
            Shape::Entries(kind) => Field::Entries(entries(kind, &self.values)?),
        };
        match (append, definition.take(spec.name), field) {
            (true, Some(Field::Texts(mut all)), Field::Texts(more)) => {
                all.extend(more);
                definition.set(spec, Field::Texts(all));
            }
            (true, Some(Field::Entries(mut all)), Field::Entries(more)) => {
                all.extend(more);
                if let Shape::Entries(kind) = spec.shape {
                    kind.dedupe(&mut all);
                }
                definition.set(spec, Field::Entries(all));
            }
            (_, _, field) => definition.set(spec, field),
        }
        Ok(())
    }
}

/// Keys whose `=` means `+=`.
fn appends_always(key: &str) -> bool {
    let listed = matches!(key, "annotations" | "attest" | "entitlements");
    listed && target_spec(key).is_some_and(|spec| spec.merge == Merge::Append)
}

fn entries(kind: EntryKind, values: &[String]) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    for value in values {
        entries.extend(kind.parse(value)?);
    }
    Ok(entries)
}

fn boolean(text: &str) -> Result<bool, String> {
    parse_bool(text).ok_or_else(|| format!("a bool is required, and {text:?} is not one"))
}

fn take_outputs(definition: &mut Definition) -> Vec<Entry> {
    match definition.take("output") {
        Some(Field::Entries(outputs)) => outputs,
        _ => Vec::new(),
    }
}

fn put_outputs(definition: &mut Definition, outputs: Vec<Entry>) {
    if let Some(spec) = target_spec("output") {
        definition.set(spec, Field::Entries(outputs));
    }
}

/// `push=true` pushes images, unless the outputs are files; `push=false` takes pushing away.
fn set_push(definition: &mut Definition, push: bool) {
    let mut outputs = take_outputs(definition);
    if !push {
        outputs.retain(|output| output.kind != "registry");
    }
    for output in outputs.iter_mut().filter(|output| output.kind == "image") {
        output
            .attributes
            .insert("push".to_owned(), push.to_string());
    }
    if push && outputs.iter().all(|output| output.kind == "docker") {
        outputs.push(Entry {
            kind: "image".to_owned(),
            attributes: [("push".to_owned(), "true".to_owned())].into(),
        });
    }
    put_outputs(definition, outputs);
}

/// `load=true` adds an output to Docker, unless there is one or the outputs are files.
fn set_load(definition: &mut Definition) {
    let mut outputs = take_outputs(definition);
    let blocked = outputs.iter().any(|output| match output.kind.as_str() {
        "docker" => output.get("dest").is_none(),
        "image" | "registry" | "oci" => false,
        _ => true,
    });
    if !blocked {
        outputs.push(Entry {
            kind: "docker".to_owned(),
            attributes: BTreeMap::new(),
        });
    }
    put_outputs(definition, outputs);
}
