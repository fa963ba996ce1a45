//! Our blocks to [`Settings`]. Unlike in bake's own blocks, a name that is not known is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::blocks::Blocks;
use super::settings::{Baseline, CacheMode, CacheSettings, ReleaseSettings, Settings};
use super::{base_images, environment, notify, parameter, prune, scan, service, soci};
use crate::bake::attribute::{Field, Shape, decode};
use crate::bake::convert::to_number;
use crate::bake::diagnostic::Fault;
use crate::bake::eval::{Evaluator, Scope};
use crate::bake::function::json;
use crate::bake::pattern::{self, is_pattern};
use crate::bake::suggest::did_you_mean;
use crate::bake::syntax::{Attribute, Block, Kind};

/// The names of targets and groups, for checking what settings refer to.
pub(crate) struct Names<'a> {
    pub(crate) targets: BTreeSet<&'a str>,
    /// The targets of each group, those of groups in it too.
    pub(crate) groups: BTreeMap<&'a str, Vec<String>>,
}

/// Evaluates the blocks that are wanted. They have passed
/// [`super::form::check`].
pub(crate) fn read(
    evaluator: &Evaluator<'_>,
    declared: &[Block],
    wanted: Blocks,
    names: &Names<'_>,
) -> Result<Settings, Vec<Fault>> {
    let mut settings = Settings::default();
    let mut faults = Vec::new();
    for block in declared.iter().filter(|block| wanted.has(&block.kind)) {
        let reader = Reader { evaluator, block };
        let read = match block.kind.as_str() {
            "release" => reader
                .release(names)
                .map(|release| settings.release = release),
            "cache" => reader.cache().map(|cache| settings.cache = Some(cache)),
            "soci" => soci::read(&reader, names).map(|soci| settings.soci = Some(soci)),
            "scan" => scan::read(&reader, names).map(|scan| settings.scan = Some(scan)),
            "notify" => {
                notify::read(&reader, names, declared).map(|one| settings.notifications.push(one))
            }
            "parameter" => parameter::read(&reader, names).map(|one| settings.parameters.push(one)),
            "base_images" => {
                base_images::read(&reader, names).map(|found| settings.base_images = Some(found))
            }
            "prune" => match prune::read(&reader) {
                Ok(found) => {
                    settings.prune = Some(found);
                    Ok(())
                }
                Err(found) => {
                    faults.extend(found);
                    continue;
                }
            },
            "environment" => {
                environment::read(&reader, names).map(|one| settings.environments.push(one))
            }
            _ => service::read(&reader, names).map(|service| settings.services.push(service)),
        };
        if let Err(fault) = read {
            faults.push(fault);
        }
    }
    if faults.is_empty() {
        Ok(settings)
    } else {
        Err(faults)
    }
}

pub(super) struct Reader<'a> {
    evaluator: &'a Evaluator<'a>,
    pub(super) block: &'a Block,
}

impl<'a> Reader<'a> {
    fn release(&self, names: &Names<'_>) -> Result<ReleaseSettings, Fault> {
        let targets = self.texts("targets")?;
        for target in targets.iter().flatten() {
            let known = names.targets.contains(target.as_str())
                || names.groups.contains_key(target.as_str())
                || is_pattern(target);
            if !known {
                let all = names.targets.iter().chain(names.groups.keys()).copied();
                let message = format!("there is no target or group {target:?}");
                return Err(self
                    .fault("targets", &message)
                    .maybe_help(did_you_mean(target, all)));
            }
        }
        let baseline = match self.text("baseline")? {
            None => None,
            Some(text) => Some(Baseline::parse(&text).ok_or_else(|| {
                self.fault("baseline", &format!("{text:?} is no baseline"))
                    .help("write \"tag:NAME\", \"record:FILE\" or \"none\"")
            })?),
        };
        Ok(ReleaseSettings {
            targets,
            tags: self.texts("tags")?,
            baseline,
            create_repositories: self.flag("create_repositories")?.unwrap_or(false),
            output: self.path("output")?,
        })
    }

    fn cache(&self) -> Result<CacheSettings, Fault> {
        let repository = self.text("repository")?.filter(|text| !text.is_empty());
        let repository = repository.ok_or_else(|| {
            Fault::new(self.block.header(), "the block \"cache\" has no repository")
                .help("name the repository that caches are kept in: repository = \"…\"")
        })?;
        let mode = match self.text("mode")?.as_deref() {
            None | Some("max") => CacheMode::Max,
            Some("min") => CacheMode::Min,
            Some(other) => {
                let message = format!("{other:?} is no cache mode");
                return Err(self
                    .fault("mode", &message)
                    .help("write \"max\" or \"min\""));
            }
        };
        let attributes = self.map("attributes")?;
        for (name, instead) in [
            ("type", None),
            ("ref", Some("repository")),
            ("mode", Some("mode")),
        ] {
            if attributes.contains_key(name) {
                let message = format!("{name:?} cannot be set here");
                let help = instead.map(|instead| format!("set {instead} in the block itself"));
                return Err(self.fault("attributes", &message).maybe_help(help));
            }
        }
        Ok(CacheSettings {
            repository,
            mode,
            branch: self.text("branch")?.filter(|text| !text.is_empty()),
            fallback: self.texts("fallback")?.unwrap_or_default(),
            attributes,
        })
    }

    /// The blocks of a kind inside this one, in the order of the file.
    pub(super) fn nested(&self, kind: &'a str) -> impl Iterator<Item = Reader<'a>> {
        let evaluator = self.evaluator;
        let blocks = self.block.body.blocks.iter();
        let blocks = blocks.filter(move |block| block.kind == kind);
        blocks.map(move |block| Reader { evaluator, block })
    }

    /// The block's label; empty for a block that takes none.
    pub(super) fn name(&self) -> String {
        let label = self.block.labels.first();
        label.map(|label| label.text.clone()).unwrap_or_default()
    }

    /// A problem with the block as a whole.
    pub(super) fn block_fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.block.header(), message)
    }

    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.block.body.attribute(name)
    }

    /// Whether an attribute is there and not null.
    pub(super) fn has(&self, name: &str) -> Result<bool, Fault> {
        Ok(self.json(name)?.is_some_and(|value| !value.is_null()))
    }

    /// A problem with the value of an attribute.
    pub(super) fn fault(&self, name: &str, message: &str) -> Fault {
        let range = self
            .attribute(name)
            .map_or(self.block.kind_range, |found| found.value.range);
        Fault::new(range, format!("{name}: {message}"))
    }

    /// A problem with one element of a list, at its place if the list is written out.
    pub(super) fn element_fault(&self, name: &str, index: usize, message: &str) -> Fault {
        let element = self.attribute(name).and_then(|attribute| {
            let Kind::Tuple(elements) = &attribute.value.kind else {
                return None;
            };
            elements.get(index)
        });
        match element {
            Some(element) => Fault::new(element.range, format!("{name}: {message}")),
            None => self.fault(name, message),
        }
    }

    fn field(&self, name: &str, shape: Shape) -> Result<Option<Field>, Fault> {
        let Some(attribute) = self.attribute(name) else {
            return Ok(None);
        };
        let value = self.evaluator.evaluate(&attribute.value, &Scope::root())?;
        decode(shape, value).map_err(|misfit| {
            let range = misfit.place(&attribute.value);
            Fault::new(range, format!("{name}: {}", misfit.message))
        })
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.field(name, Shape::Text)? {
            Some(Field::Text(text)) => Ok(Some(text)),
            _ => Ok(None),
        }
    }

    pub(super) fn path(&self, name: &str) -> Result<Option<PathBuf>, Fault> {
        match self.text(name)? {
            Some(text) if text.is_empty() => Err(self.fault(name, "a path must not be empty")),
            text => Ok(text.map(PathBuf::from)),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.field(name, Shape::Flag)? {
            Some(Field::Flag(flag)) => Ok(Some(flag)),
            _ => Ok(None),
        }
    }

    /// A whole number within bounds. As everywhere in HCL a text of digits is a number, too: that is what a
    /// variable from the environment holds.
    pub(super) fn number(
        &self,
        name: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Fault> {
        let Some(attribute) = self.attribute(name) else {
            return Ok(None);
        };
        let value = self.evaluator.evaluate(&attribute.value, &Scope::root())?;
        if value.is_null() {
            return Ok(None);
        }
        let number = to_number(value).map_err(|message| self.fault(name, &message))?;
        let whole = number.to_i64().and_then(|whole| u64::try_from(whole).ok());
        if let Some(whole) = whole.filter(|whole| bounds.contains(whole)) {
            return Ok(Some(whole));
        }
        let message = format!(
            "a whole number from {} to {} is required, and this is {number}",
            bounds.start(),
            bounds.end()
        );
        Err(self.fault(name, &message))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Fault> {
        match self.field(name, Shape::Texts)? {
            Some(Field::Texts(texts)) => Ok(Some(texts)),
            _ => Ok(None),
        }
    }

    pub(super) fn map(&self, name: &str) -> Result<BTreeMap<String, String>, Fault> {
        match self.field(name, Shape::Map { nullable: false })? {
            Some(Field::Map(map)) => Ok(map
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect()),
            _ => Ok(BTreeMap::new()),
        }
    }

    /// Names, groups and patterns as the targets that they mean. One that means none is a slip that
    /// would leave an image without its index, so it is an error.
    pub(super) fn targets(
        &self,
        name: &str,
        names: &Names<'_>,
    ) -> Result<Option<BTreeSet<String>>, Fault> {
        let Some(written) = self.texts(name)? else {
            return Ok(None);
        };
        let mut targets = BTreeSet::new();
        for wanted in &written {
            if let Some(members) = names.groups.get(wanted.as_str()) {
                targets.extend(members.iter().cloned());
            } else if names.targets.contains(wanted.as_str()) {
                targets.insert(wanted.clone());
            } else if is_pattern(wanted) {
                let meant = |target: &&&str| pattern::matches(wanted, target) == Some(true);
                let mut meant = names.targets.iter().filter(meant).peekable();
                if meant.peek().is_none() {
                    let message = format!("there is no target matching {wanted:?}");
                    return Err(self.fault(name, &message));
                }
                targets.extend(meant.map(|target| (*target).to_owned()));
            } else {
                let all = names.targets.iter().chain(names.groups.keys()).copied();
                let message = format!("there is no target or group {wanted:?}");
                return Err(self
                    .fault(name, &message)
                    .maybe_help(did_you_mean(wanted, all)));
            }
        }
        Ok(Some(targets))
    }

    /// Any value, as JSON. Sets are arrays; numbers keep what `serde_json` can hold of them.
    pub(super) fn json(&self, name: &str) -> Result<Option<serde_json::Value>, Fault> {
        let Some(attribute) = self.attribute(name) else {
            return Ok(None);
        };
        let value = self.evaluator.evaluate(&attribute.value, &Scope::root())?;
        serde_json::from_str(&json::encode(&value))
            .map(Some)
            .map_err(|error| self.fault(name, &error.to_string()))
    }
}
