//! A target as written: attributes by name, each present or absent, and the rules by which two of
//! them become one (inheritance, several files).

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::{Field, Merge, Shape, Spec, TARGET};
use super::context;
use super::target::{Entry, Target};

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Definition {
    fields: BTreeMap<&'static str, Field>,
}

impl Definition {
    pub(crate) fn set(&mut self, spec: &'static Spec, field: Field) {
        self.fields.insert(spec.name, field);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Field> {
        self.fields.remove(name)
    }

    /// The strings of a list attribute; empty when absent.
    pub(crate) fn texts(&self, name: &str) -> &[String] {
        match self.fields.get(name) {
            Some(Field::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// Puts `other` on top.
    pub(crate) fn merge(&mut self, other: &Definition) {
        for spec in TARGET {
            if let Some(field) = other.fields.get(spec.name) {
                self.merge_field(spec, field.clone());
            }
        }
    }

    /// Puts one attribute on top.
    pub(crate) fn merge_field(&mut self, spec: &'static Spec, field: Field) {
        let earlier = self.fields.remove(spec.name);
        let merged = match (spec.merge, earlier, field) {
            // An empty description is none.
            (_, Some(earlier), Field::Text(text))
                if spec.name == "description" && text.is_empty() =>
            {
                earlier
            }
            (Merge::Append, Some(Field::Texts(mut all)), Field::Texts(more)) => {
                all.extend(more);
                Field::Texts(all)
            }
            (Merge::Append, Some(Field::Entries(mut all)), Field::Entries(more)) => {
                all.extend(more);
                Field::Entries(all)
            }
            (Merge::ByKey, earlier, Field::Map(more)) => {
                let mut all = match earlier {
                    Some(Field::Map(all)) => all,
                    _ => BTreeMap::new(),
                };
                all.extend(more.into_iter().filter(|(_, value)| value.is_some()));
                Field::Map(all)
            }
            (_, _, field) => field,
        };
        let merged = match (spec.shape, merged) {
            (Shape::Entries(kind), Field::Entries(mut entries)) if spec.merge == Merge::Append => {
                kind.dedupe(&mut entries);
                Field::Entries(entries)
            }
            (_, merged) => merged,
        };
        self.fields.insert(spec.name, merged);
    }

    /// Drops duplicates and empty strings, and what an empty value takes away.
    pub(crate) fn normalize(&mut self) {
        if matches!(self.fields.get("network"), Some(Field::Text(mode)) if mode == "host") {
            let entitlements = self
                .fields
                .entry("entitlements")
                .or_insert_with(|| Field::Texts(Vec::new()));
            if let Field::Texts(texts) = entitlements {
                texts.push("network.host".to_owned());
            }
        }
        for spec in TARGET {
            match (spec.shape, self.fields.get_mut(spec.name)) {
                (Shape::Texts, Some(Field::Texts(texts))) if spec.name != "inherits" => {
                    let mut seen = BTreeSet::new();
                    texts.retain(|text| !text.is_empty() && seen.insert(text.clone()));
                }
                (Shape::Entries(kind), Some(Field::Entries(entries))) => kind.dedupe(entries),
                (Shape::Map { nullable: false }, Some(Field::Map(map))) => {
                    map.retain(|_, value| value.as_deref().is_some_and(|text| !text.is_empty()));
                }
                _ => {}
            }
        }
    }

    /// The finished target, with defaults.
    pub(crate) fn into_target(mut self, name: &str) -> Target {
        let mut text = |name| match self.fields.remove(name) {
            Some(Field::Text(text)) => Some(text),
            _ => None,
        };
        let description = text("description").filter(|text| !text.is_empty());
        let context = context::normalize(&text("context").unwrap_or_default());
        let dockerfile = text("dockerfile")
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "Dockerfile".to_owned());
        Target {
            name: name.to_owned(),
            description,
            context,
            dockerfile,
            dockerfile_inline: text("dockerfile-inline"),
            target: text("target"),
            network: text("network"),
            shm_size: text("shm-size"),
            call: text("call"),
            annotations: self.take_texts("annotations"),
            tags: self.take_texts("tags"),
            platforms: self.take_texts("platforms"),
            no_cache_filter: self.take_texts("no-cache-filter"),
            ulimits: self.take_texts("ulimits"),
            entitlements: self.take_texts("entitlements"),
            attest: self.take_entries("attest"),
            cache_from: self.take_entries("cache-from"),
            cache_to: self.take_entries("cache-to"),
            secret: self.take_entries("secret"),
            ssh: self.take_entries("ssh"),
            output: self.take_entries("output"),
            contexts: self
                .take_map("contexts")
                .into_iter()
                .filter_map(|(name, value)| value.map(|value| (name, value)))
                .collect(),
            args: self.take_map("args"),
            labels: self.take_map("labels"),
            extra_hosts: self.take_map("extra-hosts"),
            pull: self.take_flag("pull"),
            no_cache: self.take_flag("no-cache"),
        }
    }

    fn take_texts(&mut self, name: &str) -> Vec<String> {
        match self.fields.remove(name) {
            Some(Field::Texts(texts)) => texts,
            _ => Vec::new(),
        }
    }

    fn take_entries(&mut self, name: &str) -> Vec<Entry> {
        match self.fields.remove(name) {
            Some(Field::Entries(entries)) => entries,
            _ => Vec::new(),
        }
    }

    fn take_map(&mut self, name: &str) -> BTreeMap<String, Option<String>> {
        match self.fields.remove(name) {
            Some(Field::Map(map)) => map,
            _ => BTreeMap::new(),
        }
    }

    fn take_flag(&mut self, name: &str) -> Option<bool> {
        match self.fields.remove(name) {
            Some(Field::Flag(flag)) => Some(flag),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::attribute::target_spec;

    fn definition(fields: &[(&str, Field)]) -> Definition {
        let mut definition = Definition::default();
        for (name, field) in fields {
            definition.set(target_spec(name).unwrap(), field.clone());
        }
        definition
    }

    fn texts(texts: &[&str]) -> Field {
        Field::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn an_empty_list_clears_what_is_replaced_and_not_what_is_appended() {
        let mut parent = definition(&[("tags", texts(&["a"])), ("annotations", texts(&["x=1"]))]);
        parent.merge(&definition(&[
            ("tags", texts(&[])),
            ("annotations", texts(&[])),
        ]));
        let target = parent.into_target("app");
        assert!(target.tags.is_empty());
        assert_eq!(target.annotations, ["x=1"]);
    }

    #[test]
    fn a_null_argument_does_not_override() {
        let map =
            |value: Option<&str>| Field::Map([("V".to_owned(), value.map(str::to_owned))].into());
        let mut parent = definition(&[("args", map(Some("1")))]);
        parent.merge(&definition(&[("args", map(None))]));
        assert_eq!(parent.into_target("app").args["V"].as_deref(), Some("1"));
    }

    #[test]
    fn an_empty_context_is_removed_and_host_network_is_an_entitlement() {
        let contexts = Field::Map([("base".to_owned(), Some(String::new()))].into());
        let mut definition = definition(&[
            ("contexts", contexts),
            ("network", Field::Text("host".to_owned())),
        ]);
        definition.normalize();
        let target = definition.into_target("app");
        assert!(target.contexts.is_empty());
        assert_eq!(target.entitlements, ["network.host"]);
    }
}
