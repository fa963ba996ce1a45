//! A container of a task definition, as far as other files of a hand-off are about it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::images::Images;

/// The member of a task definition that holds them.
pub(super) const CONTAINERS: &str = "containerDefinitions";

/// A container of the finished task definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Container {
    /// Its index in `containerDefinitions`.
    pub(super) index: usize,
    pub(super) name: String,
    /// The image with its digest, whatever the mode.
    pub(super) image: String,
    /// The targets whose image it runs: none or one, but for templates that glue two together.
    pub(super) targets: BTreeSet<String>,
    /// The ports that it maps, as first and last.
    pub(super) ports: Vec<(u64, u64)>,
}

/// The containers that `containers` names, where there is no task definition to find them in.
pub(super) fn named_containers(images: &Images<'_>) -> Vec<Container> {
    let containers = images.containers.iter().enumerate();
    containers
        .map(|(index, (name, image))| Container {
            index,
            name: (*name).to_owned(),
            image: image.record.reference.clone(),
            targets: BTreeSet::from([image.target.to_owned()]),
            ports: Vec::new(),
        })
        .collect()
}

/// The ports that a container maps: `containerPort`, or a `containerPortRange` like `8000-8010`.
pub(super) fn ports(definition: &Map<String, Value>) -> Vec<(u64, u64)> {
    let mappings = definition.get("portMappings").and_then(Value::as_array);
    let port = |mapping: &Value| {
        let single = mapping["containerPort"].as_u64().map(|port| (port, port));
        single.or_else(|| {
            let (first, last) = mapping["containerPortRange"].as_str()?.split_once('-')?;
            Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
        })
    };
    mappings.into_iter().flatten().filter_map(port).collect()
}
