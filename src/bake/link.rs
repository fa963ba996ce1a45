//! Links between targets: `contexts = { base = "target:base" }`. Linked targets are resolved and
//! checked here; building them is not this module's affair.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::{Field, target_spec};
use super::catalog::Catalog;
use super::definition::Definition;
use super::diagnostic::Fault;
use super::overrides::Overrides;
use super::target::Entry;

/// Adds all linked targets to `definitions` and says which ones they are.
pub(crate) fn load(
    catalog: &Catalog,
    overrides: &Overrides,
    definitions: &mut BTreeMap<String, Definition>,
    selected: &[String],
    warnings: &mut Vec<Fault>,
) -> Result<BTreeSet<String>, Fault> {
    let mut loader = Loader {
        catalog,
        overrides,
        definitions,
        linked: BTreeSet::new(),
        warnings,
    };
    for name in selected {
        loader.follow(name, &mut Vec::new())?;
    }
    Ok(loader.linked)
}

struct Loader<'a> {
    catalog: &'a Catalog,
    overrides: &'a Overrides,
    definitions: &'a mut BTreeMap<String, Definition>,
    linked: BTreeSet<String>,
    warnings: &'a mut Vec<Fault>,
}

impl Loader<'_> {
    fn follow(&mut self, name: &str, path: &mut Vec<String>) -> Result<(), Fault> {
        path.push(name.to_owned());
        for parent in self.parents(name) {
            if parent == name {
                return Err(Fault::elsewhere(format!(
                    "target {name:?} uses itself as a context (target:{name})"
                )));
            }
            if let Some(start) = path.iter().position(|other| *other == parent) {
                return Err(Fault::elsewhere(format!(
                    "targets use each other as contexts: {} -> {parent}",
                    path[start..].join(" -> ")
                )));
            }
            if !self.definitions.contains_key(&parent) {
                let mut definition = self
                    .catalog
                    .resolve(&parent, None, self.overrides, self.warnings)
                    .map_err(|fault| fault.within(&format!("contexts of target {name:?}")))?;
                if let Some(spec) = target_spec("output") {
                    let entry = Entry {
                        kind: "cacheonly".to_owned(),
                        attributes: BTreeMap::new(),
                    };
                    definition.set(spec, Field::Entries(vec![entry]));
                }
                self.definitions.insert(parent.clone(), definition);
                self.linked.insert(parent.clone());
            }
            self.follow(&parent, path)?;
            self.inherit_entitlements(name, &parent);
            self.check_platforms(name, &parent)?;
        }
        path.pop();
        Ok(())
    }

    fn parents(&self, name: &str) -> Vec<String> {
        match self
            .definitions
            .get(name)
            .and_then(|definition| definition.get("contexts"))
        {
            Some(Field::Map(contexts)) => contexts
                .values()
                .flatten()
                .filter_map(|value| value.strip_prefix("target:"))
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }

    fn texts(&self, name: &str, attribute: &str) -> Vec<String> {
        self.definitions
            .get(name)
            .map(|definition| definition.texts(attribute).to_vec())
            .unwrap_or_default()
    }

    fn inherit_entitlements(&mut self, name: &str, parent: &str) {
        let mut all = self.texts(name, "entitlements");
        for entitlement in self.texts(parent, "entitlements") {
            if !all.contains(&entitlement) {
                all.push(entitlement);
            }
        }
        if let (false, Some(spec), Some(definition)) = (
            all.is_empty(),
            target_spec("entitlements"),
            self.definitions.get_mut(name),
        ) {
            definition.set(spec, Field::Texts(all));
        }
    }

    fn check_platforms(&self, name: &str, parent: &str) -> Result<(), Fault> {
        let own = self.texts(name, "platforms");
        let offered = self.texts(parent, "platforms");
        if own.len() > 1 && offered.len() > 1 && !own.iter().all(|one| offered.contains(one)) {
            return Err(Fault::elsewhere(format!(
                "target {name:?} uses target {parent:?} as a context, but is built for {}, and {parent:?} only for {}",
                own.join(", "),
                offered.join(", ")
            )));
        }
        Ok(())
    }
}
