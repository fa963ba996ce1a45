//! What a task definition's placeholders and containers get: values, images and nothing else.
//!
//! Replacing works on texts of the parsed JSON, so that no value can break out of its quotes. What is
//! left over on either side, in the template or in the block, is reported.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Template;
use super::container::{self, CONTAINERS, Container};
use super::images::Images;
use super::json::{element_path, member_path};
use super::placeholder::{self, Replaced};
use super::places::Places;
use super::problem::Problem;
use super::rule::TaskdefRule;
use crate::config::{HandoffMode, ServiceSettings};

/// What filling in gave.
#[derive(Debug)]
pub(super) struct Filled {
    /// All containers that are whole.
    pub(super) containers: Vec<Container>,
    pub(super) problems: Vec<Problem>,
}

/// Replaces the placeholders of a task definition and gives containers their images.
pub(super) fn fill(
    value: &mut Value,
    template: &Template,
    settings: &ServiceSettings,
    images: &Images<'_>,
    places: &Places<'_>,
) -> Filled {
    let mut fill = Fill {
        places,
        settings,
        images,
        used: BTreeSet::new(),
        replaced: BTreeMap::new(),
        problems: Vec::new(),
    };
    fill.visit(value, "");
    let containers = fill.containers(value);
    fill.unused(template, &containers);
    Filled {
        containers,
        problems: fill.problems,
    }
}

struct Fill<'a> {
    places: &'a Places<'a>,
    settings: &'a ServiceSettings,
    images: &'a Images<'a>,
    /// Names that stand anywhere in the template, whether or not their target was released.
    used: BTreeSet<String>,
    /// JSON path of each container's image to what was put in, with digests.
    replaced: BTreeMap<String, Replaced>,
    problems: Vec<Problem>,
}

impl Fill<'_> {
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
                    let path = member_path(path, key);
                    self.key(key, &path);
                    self.visit(member, &path);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Keys are not filled in: two could become the same. So one that needs it is reported, but not
    /// one whose value says that it stays as it is.
    fn key(&mut self, key: &str, path: &str) {
        let settings = self.settings;
        for name in placeholder::replace(key, |_| None).left {
            let declared =
                settings.images.contains_key(&name) || settings.values.contains_key(&name);
            let value = settings.values.get(&name);
            let stays = value.is_some_and(|value| *value == format!("<{name}>"));
            if stays {
                self.used.insert(name);
            } else if declared || placeholder::looks_meant(&name) {
                self.used.insert(name.clone());
                self.problems.push(Problem::Taskdef {
                    location: self.places.location(path),
                    rule: TaskdefRule::KeyPlaceholder {
                        key: key.to_owned(),
                        placeholder: name,
                    },
                });
            }
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
            ports: container::ports(definition),
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

/// Whether this JSON path is a container's image: `containerDefinitions[N].image`.
fn is_image(path: &str) -> bool {
    path.strip_prefix("containerDefinitions[")
        .and_then(|rest| rest.strip_suffix("].image"))
        .is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
}
