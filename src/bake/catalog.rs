//! All targets and groups by name: inheritance, groups, and what a list of names selects.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::{Field, TARGET};
use super::definition::Definition;
use super::diagnostic::Fault;
use super::eval::Evaluator;
use super::matrix::{BlockKind, Row};
use super::overrides::Overrides;
use super::pattern;
use super::suggest::did_you_mean;
use super::syntax::{Expression, Kind};
use super::text::Range;

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    targets: BTreeMap<String, Own>,
    pub(crate) groups: BTreeMap<String, Group>,
    /// Target names in the order of the files.
    order: Vec<String>,
}

/// What a target's own blocks say, and where its parents are named.
#[derive(Debug, Default)]
struct Own {
    definition: Definition,
    inherits: Option<Listed>,
}

/// Where names are listed: the whole list, and each name that is written out in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    whole: Range,
    names: BTreeMap<String, Range>,
}

impl Listed {
    fn new(list: &Expression) -> Listed {
        let elements = match &list.kind {
            Kind::Tuple(elements) => elements.as_slice(),
            _ => &[],
        };
        let named = elements.iter().filter_map(|element| match &element.kind {
            Kind::Text(name) => Some((name.clone(), element.range)),
            _ => None,
        });
        Listed {
            whole: list.range,
            names: named.collect(),
        }
    }

    fn place(&self, name: &str) -> Range {
        self.names.get(name).copied().unwrap_or(self.whole)
    }
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) description: Option<String>,
    pub(crate) targets: Vec<String>,
    listed: Option<Listed>,
}

impl Catalog {
    /// Evaluates all blocks. Every problem is reported.
    pub(crate) fn build(
        evaluator: &Evaluator<'_>,
        rows: &[Row],
        renamed: &BTreeMap<String, Vec<String>>,
    ) -> Result<Catalog, Vec<Fault>> {
        let mut catalog = Catalog::default();
        let mut faults = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let added = match row.kind {
                BlockKind::Target => catalog.add_target(evaluator, index, row),
                BlockKind::Group => catalog.add_group(evaluator, index, row),
            };
            if let Err(problems) = added {
                faults.extend(problems);
            }
        }
        for (label, names) in renamed {
            // A group that is written out has the first word, as in bake.
            catalog
                .groups
                .entry(label.clone())
                .or_insert_with(|| Group {
                    targets: names.clone(),
                    ..Group::default()
                });
        }
        faults.sort_by_key(Fault::range);
        faults.dedup();
        if faults.is_empty() {
            Ok(catalog)
        } else {
            Err(faults)
        }
    }

    fn add_target(
        &mut self,
        evaluator: &Evaluator<'_>,
        index: usize,
        row: &Row,
    ) -> Result<(), Vec<Fault>> {
        let mut definition = Definition::default();
        let mut faults = Vec::new();
        for spec in TARGET {
            match evaluator.field(index, spec) {
                Ok(Some(field)) => definition.merge_field(spec, field),
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let inherits = row
            .block(evaluator.module())
            .and_then(|block| block.body.attribute("inherits"))
            .map(|attribute| Listed::new(&attribute.value));
        if !self.targets.contains_key(&row.name) {
            self.order.push(row.name.clone());
        }
        let own = self.targets.entry(row.name.clone()).or_default();
        own.definition.merge(&definition);
        own.inherits = inherits.or(own.inherits.take());
        Ok(())
    }

    fn add_group(
        &mut self,
        evaluator: &Evaluator<'_>,
        index: usize,
        row: &Row,
    ) -> Result<(), Vec<Fault>> {
        let mut group = Group::default();
        for spec in BlockKind::Group.specs() {
            match (
                spec.name,
                evaluator.field(index, spec).map_err(|fault| vec![fault])?,
            ) {
                ("description", Some(Field::Text(text))) if !text.is_empty() => {
                    group.description = Some(text);
                }
                ("targets", Some(Field::Texts(names))) => {
                    let mut seen = BTreeSet::new();
                    group.targets = names;
                    group.targets.retain(|name| seen.insert(name.clone()));
                }
                _ => {}
            }
        }
        group.listed = row
            .block(evaluator.module())
            .and_then(|block| block.body.attribute("targets"))
            .map(|attribute| Listed::new(&attribute.value));
        self.groups.insert(row.name.clone(), group);
        Ok(())
    }

    /// The names of all targets.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.targets.keys().map(String::as_str).collect()
    }

    fn all_names(&self) -> impl Iterator<Item = &str> {
        self.order
            .iter()
            .chain(self.groups.keys())
            .map(String::as_str)
    }

    /// The names that an argument of the command line means: itself, or what a pattern matches.
    pub(crate) fn matching(&self, argument: &str) -> Result<Vec<String>, Fault> {
        if !pattern::is_pattern(argument) {
            return Ok(vec![argument.to_owned()]);
        }
        let matches = |name: &str| pattern::matches(argument, name).unwrap_or(false);
        let groups = self
            .groups
            .keys()
            .map(String::as_str)
            .filter(|name| matches(name));
        let targets = self
            .order
            .iter()
            .map(String::as_str)
            .filter(|name| matches(name));
        let found: Vec<String> = groups.chain(targets).map(str::to_owned).collect();
        if found.is_empty() {
            return Err(Fault::elsewhere(format!(
                "there is no target matching {argument:?}"
            )));
        }
        Ok(found)
    }

    /// Expands a name: the targets in order, and the groups that were passed through.
    pub(crate) fn expand(&self, name: &str, groups: &mut BTreeSet<String>) -> Vec<Member> {
        let mut members = Vec::new();
        self.expand_into(name, None, groups, &mut members);
        members
    }

    fn expand_into(
        &self,
        name: &str,
        range: Option<Range>,
        groups: &mut BTreeSet<String>,
        members: &mut Vec<Member>,
    ) {
        let group = self.groups.get(name).filter(|_| !groups.contains(name));
        let Some(group) = group else {
            if !members.iter().any(|member| member.name == name) {
                members.push(Member {
                    name: name.to_owned(),
                    range,
                });
            }
            return;
        };
        groups.insert(name.to_owned());
        for member in &group.targets {
            let visited = groups.contains(member) && !self.targets.contains_key(member);
            if !visited {
                let place = group.listed.as_ref().map(|listed| listed.place(member));
                self.expand_into(member, place, groups, members);
            }
        }
    }

    /// The finished definition of a target: parents, own blocks, overrides.
    pub(crate) fn resolve(
        &self,
        name: &str,
        range: Option<Range>,
        overrides: &Overrides,
        warnings: &mut Vec<Fault>,
    ) -> Result<Definition, Fault> {
        let mut resolver = Resolver {
            catalog: self,
            overrides,
            done: BTreeMap::new(),
            path: Vec::new(),
            warnings,
        };
        resolver.resolve(name, range).map(Option::unwrap_or_default)
    }

    pub(crate) fn unknown(&self, name: &str, range: Option<Range>) -> Fault {
        let message = format!("there is no target {name:?}");
        let fault = match range {
            Some(range) => Fault::new(range, message),
            None => Fault::elsewhere(message),
        };
        let names: Vec<&str> = self.all_names().collect();
        let help = did_you_mean(name, names.iter().copied())
            .or_else(|| (!names.is_empty()).then(|| format!("there are {}", names.join(", "))));
        fault.maybe_help(help)
    }
}

/// A target that a group or an argument names, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) range: Option<Range>,
}

/// Resolves one target and its parents; each parent once, as bake does.
struct Resolver<'a> {
    catalog: &'a Catalog,
    overrides: &'a Overrides,
    done: BTreeMap<String, Definition>,
    path: Vec<String>,
    warnings: &'a mut Vec<Fault>,
}

impl Resolver<'_> {
    /// `None` for a parent that is being resolved already: bake leaves it out.
    fn resolve(&mut self, name: &str, range: Option<Range>) -> Result<Option<Definition>, Fault> {
        if let Some(done) = self.done.get(name) {
            return Ok(Some(done.clone()));
        }
        if let Some(start) = self.path.iter().position(|other| other == name) {
            self.warn_cycle(start, range);
            return Ok(None);
        }
        let Some(own) = self.catalog.targets.get(name) else {
            return Err(self.catalog.unknown(name, range));
        };
        self.path.push(name.to_owned());
        let mut definition = Definition::default();
        for parent in own.definition.texts("inherits") {
            let place = own.inherits.as_ref().map(|listed| listed.place(parent));
            if let Some(parent) = self.resolve(parent, place)? {
                definition.merge(&parent);
            }
        }
        definition.merge(&own.definition);
        self.overrides.apply(name, &mut definition)?;
        definition.normalize();
        definition.take("inherits");
        self.path.pop();
        self.done.insert(name.to_owned(), definition.clone());
        Ok(Some(definition))
    }

    /// A circle is met once from each target that is resolved; it is reported once.
    fn warn_cycle(&mut self, start: usize, range: Option<Range>) {
        let mut circle: Vec<&str> = self.path[start..].iter().map(String::as_str).collect();
        let first = (0..circle.len())
            .min_by_key(|index| circle[*index])
            .unwrap_or(0);
        circle.rotate_left(first);
        circle.extend(circle.first().copied());
        let message = format!("targets inherit from each other: {}", circle.join(" -> "));
        if self
            .warnings
            .iter()
            .any(|warning| warning.message() == message)
        {
            return;
        }
        let fault = match range {
            Some(range) => Fault::new(range, message),
            None => Fault::elsewhere(message),
        };
        self.warnings
            .push(fault.help("the target where the circle closes is left out"));
    }
}
