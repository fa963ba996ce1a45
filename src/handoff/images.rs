//! Which released image each placeholder and container of a service stands for.

use std::collections::{BTreeMap, BTreeSet};

use super::placeholder;
use super::problem::Problem;
use crate::config::ServiceSettings;
use crate::release::record::{ImageRecord, Record};

/// A released image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image<'a> {
    pub(super) target: &'a str,
    pub(super) record: &'a ImageRecord,
}

/// The images of a service.
#[derive(Debug, Default)]
pub(super) struct Images<'a> {
    /// By placeholder, as `images` has them.
    pub(super) placeholders: BTreeMap<&'a str, Image<'a>>,
    /// By container, as `containers` has them.
    pub(super) containers: BTreeMap<&'a str, Image<'a>>,
}

impl<'a> Images<'a> {
    /// All entries of `images` and `containers` that are right; the others are reported.
    pub(super) fn resolve(
        settings: &'a ServiceSettings,
        record: &'a Record,
        problems: &mut Vec<Problem>,
    ) -> Self {
        if settings.images.is_empty() && settings.containers.is_empty() {
            problems.push(Problem::NoImages);
        }
        let mut images = Self::default();
        for (name, target) in &settings.images {
            if !placeholder::is_name(name) {
                problems.push(Problem::PlaceholderName {
                    attribute: "images",
                    placeholder: name.clone(),
                });
            } else if let Some(image) = released(record, "images", name, target, problems) {
                images.placeholders.insert(name, image);
            }
        }
        for (name, target) in &settings.containers {
            if let Some(image) = released(record, "containers", name, target, problems) {
                images.containers.insert(name, image);
            }
        }
        images
    }

    /// Every image once, by target.
    pub(super) fn by_target(&self) -> BTreeMap<&'a str, &'a ImageRecord> {
        let images = self.placeholders.values().chain(self.containers.values());
        images.map(|image| (image.target, image.record)).collect()
    }

    /// The placeholder that CodePipeline replaces by a target's image: the one in `images`, or one
    /// made of the target's name.
    pub(super) fn placeholder_of(&self, target: &str) -> String {
        let declared = self
            .placeholders
            .iter()
            .find(|(_, image)| image.target == target);
        match declared {
            Some((name, _)) => (*name).to_owned(),
            None => placeholder::for_target(target),
        }
    }

    /// All placeholders that CodePipeline is to replace.
    pub(super) fn pipeline_placeholders(&self) -> BTreeSet<String> {
        let declared = self.placeholders.keys().map(|name| (*name).to_owned());
        let made = self.containers.values();
        declared
            .chain(made.map(|image| self.placeholder_of(image.target)))
            .collect()
    }
}

fn released<'a>(
    record: &'a Record,
    attribute: &'static str,
    key: &str,
    target: &'a str,
    problems: &mut Vec<Problem>,
) -> Option<Image<'a>> {
    let found = record.images.get(target);
    if found.is_none() {
        problems.push(Problem::NotReleased {
            attribute,
            key: key.to_owned(),
            target: target.to_owned(),
            released: record.images.keys().cloned().collect(),
        });
    }
    found.map(|record| Image { target, record })
}
