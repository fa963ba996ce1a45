//! `taskdef.json`: the task definition template with its overrides, values and images put in.
//!
//! The shape is the input of ECS `RegisterTaskDefinition`, which CodePipeline sends as it is. Keys
//! keep their order, and nothing changes that was not asked for, but two things: members that
//! registering refuses, and nulls, which mean the same as nothing, are left out. What AWS would
//! refuse an hour later in the deploy stage is found by `check`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Template;
use super::check;
use super::image_files::pretty;
use super::images::Images;
use super::json::{Document, element_path, member_path};
use super::overrides::{self, SlipKind};
use super::placeholder::{self, Replaced};
use super::places::Places;
use super::problem::Problem;
use super::rule::TaskdefRule;
use super::schema::DESCRIBE_ONLY;
use crate::config::{HandoffMode, ServiceSettings};

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

/// The finished task definition.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) containers: Vec<Container>,
    /// `tags`, which CodePipeline cannot register.
    pub(super) tags: Option<Value>,
    pub(super) warnings: Vec<Problem>,
}

/// Puts overrides, values and images into the template.
pub(super) fn render(
    template: &Template,
    settings: &ServiceSettings,
    images: &Images<'_>,
) -> Result<Rendered, Vec<Problem>> {
    let mut document = Document::parse(template).map_err(|problem| vec![problem])?;
    let Value::Object(mut members) = std::mem::take(&mut document.value) else {
        return Err(vec![Problem::Shape {
            location: document.location(""),
            message: "a task definition has `containerDefinitions`, and this has none".to_owned(),
        }]);
    };
    let described = describe_only(&mut members, &document);
    let merged = overrides::merge(&mut members, &settings.overrides);
    drop_nulls(&mut members);
    let places = Places::new(&document, merged.parts);
    let mut rendering = Rendering {
        places: &places,
        settings,
        images,
        used: BTreeSet::new(),
        replaced: BTreeMap::new(),
        problems: Vec::new(),
        warnings: described,
    };
    rendering.slips(merged.slips);
    let mut value = Value::Object(members);
    rendering.visit(&mut value, "");
    let containers = rendering.containers(&mut value);
    rendering.unused(template, &containers);
    let Rendering {
        mut problems,
        mut warnings,
        ..
    } = rendering;
    if let Value::Object(members) = &mut value {
        let tags = members.shift_remove("tags");
        if tags.is_some() {
            warnings.push(Problem::Taskdef {
                location: places.location("tags"),
                rule: TaskdefRule::Tags,
            });
        }
        check::check(
            members,
            &containers,
            images,
            &places,
            &mut problems,
            &mut warnings,
        );
        if problems.is_empty() {
            return Ok(Rendered {
                text: pretty(&value),
                containers,
                tags: tags.filter(|tags| tags.as_array().is_none_or(|tags| !tags.is_empty())),
                warnings,
            });
        }
    }
    Err(problems)
}

/// Takes out what only describing returns.
fn describe_only(members: &mut Map<String, Value>, document: &Document<'_>) -> Vec<Problem> {
    let found: Vec<String> = members
        .keys()
        .filter(|member| DESCRIBE_ONLY.contains(&member.as_str()))
        .cloned()
        .collect();
    members.retain(|member, _| !DESCRIBE_ONLY.contains(&member.as_str()));
    let first = found.first().map(|member| document.location(member));
    let warning = first.map(|location| Problem::Taskdef {
        location: super::Location {
            member: None,
            ..location
        },
        rule: TaskdefRule::DescribeOnly { members: found },
    });
    warning.into_iter().collect()
}

/// Takes out members that are null: to AWS they are nothing, and its clients refuse them. Empty
/// texts, lists and objects stay, which can mean something.
fn drop_nulls(members: &mut Map<String, Value>) {
    members.retain(|_, value| !value.is_null());
    members.values_mut().for_each(drop_nulls_below);
}

fn drop_nulls_below(value: &mut Value) {
    match value {
        Value::Object(members) => drop_nulls(members),
        Value::Array(elements) => elements.iter_mut().for_each(drop_nulls_below),
        _ => {}
    }
}

struct Rendering<'a> {
    places: &'a Places<'a>,
    settings: &'a ServiceSettings,
    images: &'a Images<'a>,
    /// Names that stand anywhere in the template, whether or not their target was released.
    used: BTreeSet<String>,
    /// JSON path of each container's image to what was put in, with digests.
    replaced: BTreeMap<String, Replaced>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Rendering<'_> {
    fn slips(&mut self, slips: Vec<overrides::Slip>) {
        for slip in slips {
            let warning = slip.kind == SlipKind::RemovesNothing;
            let problem = Problem::Taskdef {
                location: super::Location::attribute("overrides").with_member(&slip.path),
                rule: match slip.kind {
                    SlipKind::RemovesNothing => TaskdefRule::RemovesNothing,
                    SlipKind::GivenTwice => TaskdefRule::ContainersTwice,
                    SlipKind::NoContainer { name, known } => {
                        TaskdefRule::NoContainer { name, known }
                    }
                    SlipKind::NeedsObject => TaskdefRule::NeedsObject,
                    SlipKind::OwnName => TaskdefRule::OwnName,
                },
            };
            if warning {
                self.warnings.push(problem);
            } else {
                self.problems.push(problem);
            }
        }
    }

    /// Replaces placeholders in every text below `value`.
    fn visit(&mut self, value: &mut Value, path: &str) {
        match value {
            Value::String(text) => self.text(text, path),
            Value::Array(elements) => {
                for (index, element) in elements.iter_mut().enumerate() {
                    self.visit(element, &element_path(path, index));
                }
            }
            Value::Object(members) => {
                for (key, member) in members.iter_mut() {
                    self.visit(member, &member_path(path, key));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &mut String, path: &str) {
        let keep = self.settings.mode == HandoffMode::Placeholder;
        let fill = |keep_images: bool| {
            placeholder::replace(text, |name| {
                let value = self.settings.values.get(name).cloned();
                value.or_else(|| {
                    let image = self.images.placeholders.get(name)?;
                    Some(if keep_images {
                        format!("<{name}>")
                    } else {
                        image.record.reference.clone()
                    })
                })
            })
        };
        let written = fill(keep);
        let replaced = fill(false);
        self.used.extend(replaced.used.iter().cloned());
        self.used.extend(replaced.left.iter().cloned());
        *text = written.text;
        if is_image(path) {
            self.replaced.insert(path.to_owned(), replaced);
            return;
        }
        for name in &replaced.left {
            // A declared name whose target was not released is reported already.
            if placeholder::looks_meant(name) && !self.settings.images.contains_key(name) {
                let known = self
                    .settings
                    .images
                    .keys()
                    .chain(self.settings.values.keys());
                self.problems.push(Problem::Taskdef {
                    location: self.places.location_in(path, &format!("<{name}>")),
                    rule: TaskdefRule::LeftPlaceholder {
                        placeholder: name.clone(),
                        known: known.cloned().collect(),
                    },
                });
            }
        }
    }

    fn shape(&mut self, path: &str, message: impl Into<String>) {
        self.problems.push(Problem::Shape {
            location: self.places.location(path),
            message: message.into(),
        });
    }

    /// Gives every container its image, and returns all containers that are whole.
    fn containers(&mut self, value: &mut Value) -> Vec<Container> {
        let Some(definitions) = value.get_mut(CONTAINERS) else {
            let nested = value
                .get("taskDefinition")
                .is_some_and(|inner| inner.get(CONTAINERS).is_some());
            self.shape(
                "",
                if nested {
                    "`containerDefinitions` stands inside `taskDefinition`, as describing a task \
                     definition prints it; keep only the value of `taskDefinition`"
                } else {
                    "a task definition has `containerDefinitions`, and this has none"
                },
            );
            return Vec::new();
        };
        let Some(definitions) = definitions.as_array_mut().filter(|list| !list.is_empty()) else {
            self.shape(
                CONTAINERS,
                "`containerDefinitions` must be a list of containers",
            );
            return Vec::new();
        };
        let mut containers = Vec::new();
        for (index, definition) in definitions.iter_mut().enumerate() {
            let path = element_path(CONTAINERS, index);
            match definition.as_object_mut() {
                Some(definition) => containers.extend(self.container(definition, &path, index)),
                None => self.shape(&path, format!("`{path}` must be an object")),
            }
        }
        containers
    }

    fn container(
        &mut self,
        definition: &mut Map<String, Value>,
        path: &str,
        index: usize,
    ) -> Option<Container> {
        let name = self.required(definition, path, "name");
        let by_name = name
            .as_deref()
            .and_then(|name| self.images.containers.get(name).copied());
        // A container that is given its image by name needs none in the template.
        let image = if by_name.is_some() && !definition.contains_key("image") {
            String::new()
        } else {
            self.required(definition, path, "image")?
        };
        let image_path = member_path(path, "image");
        let replaced = self.replaced.remove(&image_path).unwrap_or_default();
        self.left_in_image(&replaced, &image_path);
        if replaced.left.is_empty() && replaced.text.contains(['<', '>']) {
            self.shape(
                &image_path,
                format!("`{image}` is neither an image nor a placeholder"),
            );
        }
        let targets: BTreeSet<String> = replaced
            .used
            .iter()
            .filter_map(|name| self.images.placeholders.get(name.as_str()))
            .map(|image| image.target.to_owned())
            .collect();
        let name = name?;
        let mut container = Container {
            index,
            image: replaced.text,
            targets,
            ports: ports(definition),
            name,
        };
        if let Some(image) = by_name {
            self.agree(&container, image.target, &image_path);
            if container.targets.is_empty() {
                let written = match self.settings.mode {
                    HandoffMode::Render => image.record.reference.clone(),
                    HandoffMode::Placeholder => {
                        format!("<{}>", self.images.placeholder_of(image.target))
                    }
                };
                definition.insert("image".to_owned(), written.into());
                container.image.clone_from(&image.record.reference);
                container.targets.insert(image.target.to_owned());
            }
        }
        Some(container)
    }

    /// A container's image by name must not contradict its placeholder, nor `overrides`.
    fn agree(&mut self, container: &Container, by_name: &str, image_path: &str) {
        let other = container.targets.iter().find(|target| *target != by_name);
        let location = self.places.location(image_path);
        let rule = if let Some(other) = other {
            TaskdefRule::Disagreement {
                container: container.name.clone(),
                by_name: by_name.to_owned(),
                by_placeholder: other.clone(),
            }
        } else if location.line_and_column().is_none() && container.targets.is_empty() {
            TaskdefRule::ImageTwice {
                container: container.name.clone(),
            }
        } else {
            return;
        };
        self.problems.push(Problem::Taskdef { location, rule });
    }

    fn left_in_image(&mut self, replaced: &Replaced, path: &str) {
        for placeholder in &replaced.left {
            // Declared, but its target was not released, or the name is written with brackets:
            // that is reported already.
            let declared = [placeholder.clone(), format!("<{placeholder}>")];
            let images = &self.settings.images;
            if !declared.iter().any(|name| images.contains_key(name)) {
                let known = images.keys().filter(|name| placeholder::is_name(name));
                self.problems.push(Problem::UnknownPlaceholder {
                    location: self.places.location_in(path, &format!("<{placeholder}>")),
                    placeholder: placeholder.clone(),
                    known: known.cloned().collect(),
                });
            }
        }
    }

    /// A member that has to be a text with something in it.
    fn required(
        &mut self,
        definition: &Map<String, Value>,
        path: &str,
        key: &str,
    ) -> Option<String> {
        let member = member_path(path, key);
        match definition.get(key) {
            Some(Value::String(text)) if !text.is_empty() => return Some(text.clone()),
            Some(Value::String(_)) => self.shape(&member, format!("`{member}` is empty")),
            Some(_) => self.shape(&member, format!("`{member}` must be a text")),
            None => self.shape(path, format!("`{path}` has no `{key}`")),
        }
        None
    }

    /// Entries of `images`, `values` and `containers` that the template has no place for.
    fn unused(&mut self, template: &Template, containers: &[Container]) {
        for (name, target) in &self.settings.images {
            if placeholder::is_name(name) && !self.used.contains(name) {
                self.problems.push(Problem::UnusedPlaceholder {
                    placeholder: name.clone(),
                    target: target.clone(),
                    template: template.path.clone(),
                });
            }
        }
        for name in self.settings.values.keys() {
            if placeholder::is_name(name) && !self.used.contains(name) {
                self.problems.push(Problem::UnusedValue {
                    placeholder: name.clone(),
                    template: template.path.clone(),
                });
            }
        }
        for (name, target) in &self.settings.containers {
            if !containers.iter().any(|container| container.name == *name) {
                let known = containers.iter().map(|container| container.name.clone());
                self.problems.push(Problem::UnknownContainer {
                    container: name.clone(),
                    target: target.clone(),
                    template: template.path.clone(),
                    known: known.collect(),
                });
            }
        }
    }
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
fn ports(definition: &Map<String, Value>) -> Vec<(u64, u64)> {
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

/// Whether this JSON path is a container's image: `containerDefinitions[N].image`.
fn is_image(path: &str) -> bool {
    path.strip_prefix("containerDefinitions[")
        .and_then(|rest| rest.strip_suffix("].image"))
        .is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
}
