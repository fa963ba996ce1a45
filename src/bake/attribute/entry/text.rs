//! The command line form of composable attributes: `type=registry,ref=x`, as buildx's flags take it.

use std::collections::BTreeMap;

use super::set_disabled;
use crate::bake::attribute::csv;
use crate::bake::target::Entry;

pub(super) fn parse_cache(text: &str) -> Result<Vec<Entry>, String> {
    let fields = csv::fields(text, ',')?;
    let reference = |reference: String| Entry {
        kind: "registry".to_owned(),
        attributes: [("ref".to_owned(), reference)].into(),
    };
    if !text.contains('=') {
        return Ok(fields.into_iter().map(reference).collect());
    }
    let mut entry = Entry::default();
    for field in fields {
        let (key, value) = pair(&field)?;
        match key.to_lowercase().as_str() {
            "type" => value.clone_into(&mut entry.kind),
            key => {
                entry.attributes.insert(key.to_owned(), value.to_owned());
            }
        }
    }
    typed(entry, text).map(|entry| vec![entry])
}

pub(super) fn parse_output(text: &str) -> Result<Entry, String> {
    let fields = csv::fields(text, ',')?;
    if fields.len() == 1 && fields[0] == text && !text.starts_with("type=") {
        let kind = if text == "-" { "tar" } else { "local" };
        return Ok(Entry {
            kind: kind.to_owned(),
            attributes: [("dest".to_owned(), text.to_owned())].into(),
        });
    }
    let mut entry = Entry::default();
    for field in fields {
        let (key, value) = pair(&field)?;
        match key.to_lowercase().trim() {
            "type" => value.clone_into(&mut entry.kind),
            "dest" if value.is_empty() => {}
            key => {
                entry.attributes.insert(key.to_owned(), value.to_owned());
            }
        }
    }
    typed(entry, text)
}

pub(super) fn parse_secret(text: &str) -> Result<Entry, String> {
    let mut entry = Entry::default();
    let mut source = "";
    let fields = csv::fields(text, ',')?;
    for field in &fields {
        let (key, value) = pair(field)?;
        let name = match key.to_lowercase().as_str() {
            "type" if matches!(value, "file" | "env") => {
                source = value;
                continue;
            }
            "type" => return Err(format!("unknown secret type {value:?}; it is file or env")),
            "id" => "id",
            "source" | "src" => "src",
            "env" => "env",
            _ => {
                return Err(format!(
                    "a secret has no {key:?}; it has id, src, env and type"
                ));
            }
        };
        if !value.is_empty() {
            entry.attributes.insert(name.to_owned(), value.to_owned());
        }
    }
    if source == "env"
        && !entry.attributes.contains_key("env")
        && let Some(name) = entry.attributes.remove("src")
    {
        entry.attributes.insert("env".to_owned(), name);
    }
    Ok(entry)
}

pub(super) fn parse_ssh(text: &str) -> Entry {
    let (id, paths) = text.split_once('=').unwrap_or((text, ""));
    let mut attributes = BTreeMap::new();
    for (name, value) in [("id", id), ("paths", paths)] {
        if !value.is_empty() {
            attributes.insert(name.to_owned(), value.to_owned());
        }
    }
    Entry {
        kind: String::new(),
        attributes,
    }
}

pub(super) fn parse_attest(text: &str) -> Result<Entry, String> {
    let mut entry = Entry::default();
    for field in csv::fields(text, ',')? {
        let (key, value) = pair(&field)?;
        match key.to_lowercase().trim() {
            "type" => value.clone_into(&mut entry.kind),
            "disabled" => set_disabled(&mut entry, value)?,
            _ => {
                entry.attributes.insert(key.to_owned(), value.to_owned());
            }
        }
    }
    typed(entry, text)
}

fn pair(field: &str) -> Result<(&str, &str), String> {
    field
        .split_once('=')
        .ok_or_else(|| format!("{field:?} is not of the form key=value"))
}

fn typed(entry: Entry, text: &str) -> Result<Entry, String> {
    if entry.kind.is_empty() {
        return Err(format!("{text:?} has no type=…"));
    }
    Ok(entry)
}
