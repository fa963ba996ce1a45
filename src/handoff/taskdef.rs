//! `taskdef.json`: the task definition template with its overrides, values and images put in.
//!
//! The shape is the input of ECS `RegisterTaskDefinition`, which CodePipeline sends as it is. Keys
//! keep their order, and nothing changes that was not asked for, but two things: members that
//! registering refuses, and nulls, which mean the same as nothing, are left out. What AWS would
//! refuse an hour later in the deploy stage is found by `check`.

use serde_json::{Map, Value};

use super::Template;
use super::check;
use super::container::Container;
use super::fill;
use super::image_files::pretty;
use super::images::Images;
use super::json::Document;
use super::location::Location;
use super::nulls;
use super::overrides::{self, Slip, SlipKind};
use super::places::Places;
use super::problem::Problem;
use super::rule::TaskdefRule;
use super::schema::DESCRIBE_ONLY;
use crate::config::ServiceSettings;

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
    let places = Places::new(&document, merged.parts);
    let mut problems = Vec::new();
    let mut warnings = described;
    for number in document.rewritten_numbers() {
        warnings.push(Problem::Taskdef {
            location: document.location(&number.member),
            rule: TaskdefRule::Number {
                written: number.written.clone(),
                becomes: number.becomes.clone(),
            },
        });
    }
    for slip in merged.slips {
        let odd = slip.kind == SlipKind::RemovesNothing;
        let list = if odd { &mut warnings } else { &mut problems };
        list.push(of_slip(slip));
    }
    let mut value = Value::Object(members);
    nulls::drop_nulls(&mut value);
    let filled = fill::fill(&mut value, template, settings, images, &places);
    problems.extend(filled.problems);
    let containers = filled.containers;
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
        location: Location {
            member: None,
            ..location
        },
        rule: TaskdefRule::DescribeOnly { members: found },
    });
    warning.into_iter().collect()
}

fn of_slip(slip: Slip) -> Problem {
    Problem::Taskdef {
        location: Location::attribute("overrides").with_member(&slip.path),
        rule: match slip.kind {
            SlipKind::RemovesNothing => TaskdefRule::RemovesNothing,
            SlipKind::GivenTwice => TaskdefRule::ContainersTwice,
            SlipKind::NoContainer { name, known } => TaskdefRule::NoContainer { name, known },
            SlipKind::NeedsObject => TaskdefRule::NeedsObject,
            SlipKind::OwnName => TaskdefRule::OwnName,
        },
    }
}
