//! `service "NAME" { … }`: an ECS service or task definition that uses images, and the files that
//! are handed to its deploy stage. What the files look like is `handoff`'s work.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &[
    "taskdef", "appspec", "images", "output", "cluster", "service", "family",
];

/// `service "NAME" { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSettings {
    /// The label.
    pub name: String,
    /// `taskdef`: the task definition template.
    pub taskdef: Option<PathBuf>,
    /// `appspec`: the appspec to hand on, as it is.
    pub appspec: Option<PathBuf>,
    /// `images = { PLACEHOLDER = "target" }`: `<PLACEHOLDER>` in the template stands for the
    /// target's image.
    pub images: BTreeMap<String, String>,
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

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, names: &Names<'_>) -> Result<ServiceSettings, Fault> {
    let images = reader.map("images")?;
    for target in images.values() {
        if !names.targets.contains(target.as_str()) {
            let message = format!("there is no target {target:?}");
            let help = did_you_mean(target, names.targets.iter().copied());
            return Err(reader.fault("images", &message).maybe_help(help));
        }
    }
    Ok(ServiceSettings {
        name: reader.name(),
        taskdef: reader.path("taskdef")?,
        appspec: reader.path("appspec")?,
        images,
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
