//! `taskdef.json`: the task definition template with digests in the place of placeholders.
//!
//! The shape is the input of ECS `RegisterTaskDefinition`, which CodePipeline sends as it is. Only
//! placeholders change; keys keep their order. Besides, what AWS would refuse an hour later in the
//! deploy stage, and what can be seen in the text alone, is reported here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Template;
use super::error::Problem;
use super::images::{Image, pretty};
use super::json::{Document, element_path, member_path};
use super::placeholder::{self, Replaced};
use crate::config::ServiceSettings;

/// What `DescribeTaskDefinition` adds and `RegisterTaskDefinition` refuses.
const REFUSED: [&str; 8] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
];

const CONTAINERS: &str = "containerDefinitions";

/// A container whose image came from a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Container {
    pub(super) name: String,
    /// The image after replacing.
    pub(super) image: String,
    /// The placeholders that stood in its image.
    pub(super) placeholders: Vec<String>,
}

/// The finished task definition.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) containers: Vec<Container>,
    pub(super) warnings: Vec<Problem>,
}

/// Puts the images into the template.
pub(super) fn render(
    template: &Template,
    settings: &ServiceSettings,
    images: &BTreeMap<&str, Image<'_>>,
) -> Result<Rendered, Vec<Problem>> {
    let mut document = Document::parse(template).map_err(|problem| vec![problem])?;
    let mut value = std::mem::take(&mut document.value);
    let mut rendering = Rendering {
        document: &document,
        settings,
        images,
        used: BTreeSet::new(),
        replaced: BTreeMap::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    rendering.visit(&mut value, "");
    rendering.check_refused(&value);
    let containers = rendering.containers(&value);
    rendering.check_unused(template);
    let Rendering {
        problems, warnings, ..
    } = rendering;
    if problems.is_empty() {
        Ok(Rendered {
            text: pretty(&value),
            containers,
            warnings,
        })
    } else {
        Err(problems)
    }
}

struct Rendering<'a> {
    document: &'a Document<'a>,
    settings: &'a ServiceSettings,
    images: &'a BTreeMap<&'a str, Image<'a>>,
    /// Names that stand anywhere in the template, whether or not their target was released.
    used: BTreeSet<String>,
    /// JSON path of each text in which something was replaced or left.
    replaced: BTreeMap<String, Replaced>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Rendering<'_> {
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
        self.check_role_account(text, path);
        let replaced = placeholder::replace(text, |name| {
            self.images
                .get(name)
                .map(|image| image.record.reference.as_str())
        });
        self.used.extend(replaced.used.iter().cloned());
        self.used.extend(replaced.left.iter().cloned());
        text.clone_from(&replaced.text);
        if !is_image(path) {
            for name in &replaced.left {
                if placeholder::looks_like_image(name) && !self.settings.images.contains_key(name) {
                    self.warnings.push(Problem::LeftPlaceholder {
                        location: self.document.location_in(path, &format!("<{name}>")),
                        placeholder: name.clone(),
                    });
                }
            }
        }
        self.replaced.insert(path.to_owned(), replaced);
    }

    /// A role of an account whose id has 11 or 13 digits is a typing mistake that AWS reports only
    /// when a task starts. An id that is filled in later (`<ID>`, `${ID}`) is left alone.
    fn check_role_account(&mut self, text: &str, path: &str) {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "iam", _, account, resource] = parts.as_slice() else {
            return;
        };
        let role = partition.starts_with("aws") && resource.starts_with("role/");
        let filled_in_later = account.contains(['<', '$', '{', '%']);
        let valid = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if role && !valid && !filled_in_later {
            self.problems.push(Problem::AccountId {
                location: self.document.location(path),
                arn: text.to_owned(),
                account: (*account).to_owned(),
            });
        }
    }

    fn check_refused(&mut self, value: &Value) {
        for member in REFUSED {
            if value.get(member).is_some() {
                self.warnings.push(Problem::RefusedMember {
                    location: self.document.location(member),
                    member: member.to_owned(),
                });
            }
        }
    }

    fn shape(&mut self, path: &str, message: impl Into<String>) {
        self.problems.push(Problem::Shape {
            location: self.document.location(path),
            message: message.into(),
        });
    }

    /// Checks every container and returns those whose image was a placeholder.
    fn containers(&mut self, value: &Value) -> Vec<Container> {
        let Some(definitions) = value.get(CONTAINERS) else {
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
        let Some(definitions) = definitions.as_array().filter(|list| !list.is_empty()) else {
            self.shape(
                CONTAINERS,
                "`containerDefinitions` must be a list of containers",
            );
            return Vec::new();
        };
        definitions
            .iter()
            .enumerate()
            .filter_map(|(index, definition)| {
                let path = element_path(CONTAINERS, index);
                let Some(definition) = definition.as_object() else {
                    self.shape(&path, format!("`{path}` must be an object"));
                    return None;
                };
                self.container(definition, &path)
            })
            .collect()
    }

    fn container(&mut self, definition: &Map<String, Value>, path: &str) -> Option<Container> {
        let name = self.required(definition, path, "name");
        let image = self.required(definition, path, "image")?;
        let image_path = member_path(path, "image");
        let replaced = self.replaced.remove(&image_path)?;
        for placeholder in &replaced.left {
            // Declared, but its target was not released, or the name is written with brackets:
            // that is reported already.
            let declared = [placeholder.clone(), format!("<{placeholder}>")];
            if !declared
                .iter()
                .any(|name| self.settings.images.contains_key(name))
            {
                self.problems.push(Problem::UnknownPlaceholder {
                    location: self
                        .document
                        .location_in(&image_path, &format!("<{placeholder}>")),
                    placeholder: placeholder.clone(),
                    known: self
                        .settings
                        .images
                        .keys()
                        .filter(|name| placeholder::is_name(name))
                        .cloned()
                        .collect(),
                });
            }
        }
        if replaced.left.is_empty() && image.contains(['<', '>']) {
            self.shape(
                &image_path,
                format!("`{image}` is neither an image nor a placeholder"),
            );
        }
        let name = name?;
        (!replaced.used.is_empty()).then_some(Container {
            name,
            image,
            placeholders: replaced.used,
        })
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

    fn check_unused(&mut self, template: &Template) {
        for (name, target) in &self.settings.images {
            if placeholder::is_name(name) && !self.used.contains(name) {
                self.problems.push(Problem::UnusedPlaceholder {
                    placeholder: name.clone(),
                    target: target.clone(),
                    template: template.path.clone(),
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
