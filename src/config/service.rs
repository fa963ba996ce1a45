//! `service "NAME" { … }`: an ECS service or task definition that uses images, and the files that
//! are handed to its deploy stage. What the files look like is `handoff`'s work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::appspec::{self, AppspecSource};
use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &[
    "taskdef",
    "appspec",
    "images",
    "containers",
    "values",
    "overrides",
    "mode",
    "output",
    "cluster",
    "service",
    "family",
];

/// `service "NAME" { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSettings {
    /// The label.
    pub name: String,
    /// `taskdef`: the task definition template.
    pub taskdef: Option<PathBuf>,
    /// `appspec`: a file, or an object that one is made from.
    pub appspec: Option<AppspecSource>,
    /// `images = { PLACEHOLDER = "target" }`: `<PLACEHOLDER>` in the template stands for the
    /// target's image.
    pub images: BTreeMap<String, String>,
    /// `containers = { container = "target" }`: this container runs the target's image, whatever
    /// the template says.
    pub containers: BTreeMap<String, String>,
    /// `values = { NAME = "text" }`: what other `<NAME>` in the template stand for.
    pub values: BTreeMap<String, String>,
    /// `overrides`: members of the task definition that replace, or are merged into, the
    /// template's.
    pub overrides: Map<String, Value>,
    /// `mode = "render" | "placeholder"`: who puts the images in.
    pub mode: HandoffMode,
    /// `output`: the folder for this service's files; default: the service's name in the
    /// release's folder.
    pub output: Option<PathBuf>,
    /// `cluster`: the ECS cluster that the service runs in, by name or ARN; ECS's own default is
    /// `default`.
    pub cluster: Option<String>,
    /// `service`: the name of the ECS service. Without it the label is only a name.
    pub service: Option<String>,
    /// `family`: the task definition's family, for tasks that run without a service.
    pub family: Option<String>,
}

impl ServiceSettings {
    /// The targets whose images the service uses, each once.
    pub fn targets(&self) -> BTreeSet<&str> {
        let targets = self.images.values().chain(self.containers.values());
        targets.map(String::as_str).collect()
    }
}

/// Who puts the images into the task definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandoffMode {
    /// The hand-off does: `taskdef.json` has digests, of any number of images.
    #[default]
    Render,
    /// CodePipeline does, from one `imageDetail.json` for each of at most four placeholders.
    Placeholder,
}

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, names: &Names<'_>) -> Result<ServiceSettings, Fault> {
    let targets = |attribute: &str| -> Result<BTreeMap<String, String>, Fault> {
        let map = reader.map(attribute)?;
        for target in map.values() {
            if !names.targets.contains(target.as_str()) {
                let message = format!("there is no target {target:?}");
                let help = did_you_mean(target, names.targets.iter().copied());
                return Err(reader.fault(attribute, &message).maybe_help(help));
            }
        }
        Ok(map)
    };
    let mode = match reader.text("mode")?.as_deref() {
        None | Some("render") => HandoffMode::Render,
        Some("placeholder") => HandoffMode::Placeholder,
        Some(other) => {
            return Err(reader
                .fault("mode", &format!("{other:?} is no mode"))
                .help("write \"render\" or \"placeholder\""));
        }
    };
    let overrides = match reader.json("overrides")? {
        None => Map::new(),
        Some(Value::Object(members)) => members,
        Some(_) => {
            return Err(reader
                .fault("overrides", "must be an object")
                .help("write overrides = { cpu = \"512\" }"));
        }
    };
    Ok(ServiceSettings {
        name: reader.name(),
        taskdef: reader.path("taskdef")?,
        appspec: appspec::read(reader)?,
        images: targets("images")?,
        containers: targets("containers")?,
        values: reader.map("values")?,
        overrides,
        mode,
        output: reader.path("output")?,
        cluster: named(reader, "cluster")?,
        service: named(reader, "service")?,
        family: named(reader, "family")?,
    })
}

/// A name that is there or not; an empty one, as an unset variable gives it, is not there.
fn named(reader: &Reader<'_>, attribute: &str) -> Result<Option<String>, Fault> {
    Ok(reader.text(attribute)?.filter(|text| !text.is_empty()))
}
