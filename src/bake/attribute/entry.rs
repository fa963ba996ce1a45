//! Composable attributes (`cache-from`, `output`, `secret`, `ssh`, `attest`): from their command
//! line form and from objects to [`Entry`], and the rules for entries that are there twice.

mod text;

use std::collections::BTreeMap;

use crate::bake::convert::convert;
use crate::bake::target::Entry;
use crate::bake::types::{Fields, Type};
use crate::bake::value::Value;

/// Which of the composable attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Cache,
    Output,
    Secret,
    Ssh,
    Attest,
}

impl EntryKind {
    /// Reads the command line form. Empty text is no entry; bare references to caches may be
    /// several.
    pub(crate) fn parse(self, text: &str) -> Result<Vec<Entry>, String> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            EntryKind::Cache => text::parse_cache(text),
            EntryKind::Output => text::parse_output(text).map(|entry| vec![entry]),
            EntryKind::Secret => text::parse_secret(text).map(|entry| vec![entry]),
            EntryKind::Ssh => Ok(vec![text::parse_ssh(text)]),
            EntryKind::Attest => text::parse_attest(text).map(|entry| vec![entry]),
        }
    }

    /// Reads one element of the attribute's list.
    pub(crate) fn read_value(self, value: Value) -> Result<Vec<Entry>, String> {
        match value {
            Value::String(text) => self.parse(&text),
            Value::Null(_) => Err("a string or an object is required, and this is null".to_owned()),
            value => match self {
                EntryKind::Secret | EntryKind::Ssh => {
                    self.read_object(value).map(|entry| vec![entry])
                }
                _ => self.read_map(value).map(|entry| vec![entry]),
            },
        }
    }

    /// `{ type = …, … }`: every value is a string; nulls are left out.
    fn read_map(self, value: Value) -> Result<Entry, String> {
        let mut entry = Entry::default();
        let Value::Map(_, values) = convert(value, &Type::map(Type::String))? else {
            return Err("an object is required".to_owned());
        };
        for (name, value) in values {
            let Value::String(text) = value else { continue };
            match (self, name.as_str()) {
                (_, "type") => entry.kind = text,
                (EntryKind::Attest, "disabled") => set_disabled(&mut entry, &text)?,
                (EntryKind::Output, "dest") if text.is_empty() => {}
                _ => {
                    entry.attributes.insert(name, text);
                }
            }
        }
        if entry.kind.is_empty() {
            return Err("the attribute \"type\" is required".to_owned());
        }
        Ok(entry)
    }

    /// Secrets and SSH keys have a fixed set of names.
    fn read_object(self, value: Value) -> Result<Entry, String> {
        let types = match self {
            EntryKind::Ssh => [("id", Type::String), ("paths", Type::list(Type::String))].to_vec(),
            _ => [
                ("id", Type::String),
                ("src", Type::String),
                ("env", Type::String),
            ]
            .to_vec(),
        };
        let fields = Fields {
            optional: types.iter().map(|(name, _)| (*name).to_owned()).collect(),
            types: types
                .into_iter()
                .map(|(name, kind)| (name.to_owned(), kind))
                .collect(),
        };
        let Value::Object(values) = convert(value, &Type::Object(fields))? else {
            return Err("an object is required".to_owned());
        };
        let mut attributes = BTreeMap::new();
        for (name, value) in values {
            let text = match value {
                Value::String(text) => text,
                Value::List(_, paths) => {
                    let paths = paths.into_iter().filter_map(|path| match path {
                        Value::String(text) => Some(text),
                        _ => None,
                    });
                    paths.collect::<Vec<String>>().join(",")
                }
                _ => continue,
            };
            if !text.is_empty() {
                attributes.insert(name, text);
            }
        }
        Ok(Entry {
            kind: String::new(),
            attributes,
        })
    }

    /// The type of [`EntryKind::to_value`].
    pub(crate) fn value_type(self) -> Type {
        let object = |names: &[(&str, Type)]| {
            Type::object(
                names
                    .iter()
                    .map(|(name, kind)| ((*name).to_owned(), kind.clone()))
                    .collect(),
            )
        };
        match self {
            EntryKind::Secret => object(&[
                ("id", Type::String),
                ("src", Type::String),
                ("env", Type::String),
            ]),
            EntryKind::Ssh => object(&[("id", Type::String), ("paths", Type::list(Type::String))]),
            _ => Type::map(Type::String),
        }
    }

    /// What a reference to the attribute gives for one entry.
    pub(crate) fn to_value(self, entry: &Entry) -> Value {
        let text = |name: &str| Value::string(entry.get(name).unwrap_or_default());
        match self {
            EntryKind::Secret => Value::Object(
                ["id", "src", "env"]
                    .map(|name| (name.to_owned(), text(name)))
                    .into(),
            ),
            EntryKind::Ssh => {
                let paths = entry
                    .get("paths")
                    .map(|paths| paths.split(',').map(str::to_owned));
                let paths = Value::strings(paths.into_iter().flatten());
                Value::Object([("id".to_owned(), text("id")), ("paths".to_owned(), paths)].into())
            }
            _ => {
                let mut values: BTreeMap<String, Value> = entry
                    .attributes
                    .iter()
                    .map(|(name, text)| (name.clone(), Value::string(text)))
                    .collect();
                values.insert("type".to_owned(), Value::string(&entry.kind));
                if self == EntryKind::Output {
                    values
                        .entry("dest".to_owned())
                        .or_insert_with(|| Value::string(""));
                }
                Value::Map(Type::String, values)
            }
        }
    }

    /// Removes what is there twice: equal caches and outputs, and all but the last of one secret,
    /// SSH or attestation id.
    pub(crate) fn dedupe(self, entries: &mut Vec<Entry>) {
        match self {
            EntryKind::Cache | EntryKind::Output => drop_equal(entries),
            EntryKind::Attest => keep_last(entries, |entry| entry.kind.clone()),
            EntryKind::Secret | EntryKind::Ssh => {
                keep_last(entries, |entry| {
                    entry.get("id").unwrap_or_default().to_owned()
                });
            }
        }
    }
}

/// Same order as bake: the place of a duplicate is taken by the last entry.
fn drop_equal(entries: &mut Vec<Entry>) {
    for index in (0..entries.len().saturating_sub(1)).rev() {
        let twin = (index + 1..entries.len()).find(|other| entries[*other] == entries[index]);
        if let Some(twin) = twin {
            entries.swap_remove(twin);
        }
    }
}

fn keep_last(entries: &mut Vec<Entry>, id: impl Fn(&Entry) -> String) {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        let id = id(&entry);
        if let Some(earlier) = places.get(&id).and_then(|place| kept.get_mut(*place)) {
            *earlier = entry;
        } else {
            places.insert(id, kept.len());
            kept.push(entry);
        }
    }
    *entries = kept;
}

fn set_disabled(entry: &mut Entry, text: &str) -> Result<(), String> {
    let disabled = parse_bool(text)
        .ok_or_else(|| format!("disabled: a bool is required, and {text:?} is not one"))?;
    if disabled {
        entry
            .attributes
            .insert("disabled".to_owned(), "true".to_owned());
    } else {
        entry.attributes.remove("disabled");
    }
    Ok(())
}

/// The spellings of bools that flags and environment variables may have.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: EntryKind, text: &str) -> Entry {
        let mut entries = kind.parse(text).unwrap();
        assert_eq!(entries.len(), 1, "{text}");
        entries.remove(0)
    }

    #[test]
    fn bare_references_are_registry_caches() {
        let entries = EntryKind::Cache.parse("user/app:a,user/app:b").unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1].kind, "registry");
        assert_eq!(entries[1].get("ref"), Some("user/app:b"));
        assert!(EntryKind::Cache.parse("ref=x").is_err());
    }

    #[test]
    fn outputs_know_paths_and_stdout() {
        assert_eq!(one(EntryKind::Output, "out").get("dest"), Some("out"));
        assert_eq!(one(EntryKind::Output, "-").kind, "tar");
        assert_eq!(one(EntryKind::Output, "type=docker").kind, "docker");
        assert!(EntryKind::Output.parse("dest=x,name=y").is_err());
    }

    #[test]
    fn secrets_from_the_environment() {
        let secret = one(EntryKind::Secret, "type=env,id=token,src=TOKEN");
        assert_eq!(
            (secret.get("env"), secret.get("src")),
            (Some("TOKEN"), None)
        );
        assert!(EntryKind::Secret.parse("id=x,path=y").is_err());
    }

    #[test]
    fn the_last_of_one_id_stays_in_the_first_place() {
        let mut entries = vec![
            one(EntryKind::Secret, "id=a,env=A"),
            one(EntryKind::Secret, "id=b"),
            one(EntryKind::Secret, "id=a,env=B"),
        ];
        EntryKind::Secret.dedupe(&mut entries);
        let ids: Vec<_> = entries.iter().filter_map(|entry| entry.get("id")).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(entries[0].get("env"), Some("B"));
    }

    #[test]
    fn attestations_can_be_disabled() {
        let entry = one(EntryKind::Attest, "type=sbom,disabled=true");
        assert_eq!(entry.get("disabled"), Some("true"));
        assert!(EntryKind::Attest.parse("disabled=maybe,type=sbom").is_err());
    }
}
