//! Where the parts of a merged task definition were written: in the template, perhaps at another
//! index, or in `overrides`.

use std::collections::BTreeMap;

use super::json::Document;
use super::location::Location;
use super::overrides::Part;

/// Finds places of values by their JSON path in the result.
#[derive(Debug)]
pub(super) struct Places<'a> {
    document: &'a Document<'a>,
    parts: BTreeMap<String, Part>,
}

impl<'a> Places<'a> {
    pub(super) fn new(document: &'a Document<'a>, parts: BTreeMap<String, Part>) -> Self {
        Self { document, parts }
    }

    /// Where the value at `path` was written; the file's start for one that was not.
    pub(super) fn location(&self, path: &str) -> Location {
        match self.template_path(path) {
            Some(template) => self.document.location(&template).with_member(path),
            None => Location::attribute("overrides").with_member(path),
        }
    }

    /// Where `needle` stands in the text at `path`.
    pub(super) fn location_in(&self, path: &str, needle: &str) -> Location {
        match self.template_path(path) {
            Some(template) => {
                let location = self.document.location_in(&template, needle);
                location.with_member(path)
            }
            None => Location::attribute("overrides").with_member(path),
        }
    }

    /// The path in the template, if the value comes from there.
    fn template_path(&self, path: &str) -> Option<String> {
        let holds = |part: &str| {
            path.strip_prefix(part)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let nearest = self.parts.iter().filter(|(part, _)| holds(part));
        match nearest.max_by_key(|(part, _)| part.len()) {
            None => Some(path.to_owned()),
            Some((_, Part::Override)) => None,
            Some((part, Part::Template(original))) => {
                Some(format!("{original}{}", &path[part.len()..]))
            }
        }
    }
}
