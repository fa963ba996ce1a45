//! A YAML or JSON document as a tree in which everything has its place. Scalars keep their text and
//! whether they were quoted: `80` and `"80"` are not the same to CodeDeploy.

use std::ops::Range;

use saphyr::{LoadableYamlNode as _, MarkedYaml, Marker, Scalar, YamlData};
use serde_json::Value;

use super::super::Template;
use super::super::json::{Document, element_path, member_path};
use super::super::location::Location;
use super::super::problem::Problem;

/// How deep an appspec may be nested; a real one has eight levels.
const DEPTH: usize = 64;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) location: Location,
    /// The bytes of a scalar in the text, quotes included.
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar {
        text: String,
        quoted: bool,
    },
    List(Vec<Node>),
    /// In the order of the file.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(super) fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Scalar { .. } => "a plain value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "an object",
        }
    }

    /// The same tree with all places in an attribute of the block.
    pub(super) fn in_attribute(mut self, name: &'static str) -> Self {
        let member = self.location.member.take().unwrap_or_default();
        self.location = Location::attribute(name).with_member(&member);
        self.kind = match self.kind {
            Kind::List(nodes) => Kind::List(
                nodes
                    .into_iter()
                    .map(|node| node.in_attribute(name))
                    .collect(),
            ),
            Kind::Map(members) => Kind::Map(
                members
                    .into_iter()
                    .map(|(key, value)| (key.in_attribute(name), value.in_attribute(name)))
                    .collect(),
            ),
            scalar @ Kind::Scalar { .. } => scalar,
        };
        self
    }
}

/// Reads JSON.
pub(super) fn from_json(template: &Template) -> Result<Node, Problem> {
    let document = Document::parse(template)?;
    // Ranges are into the text without a byte order mark.
    let skipped = template.text.len() - document.text().len();
    Ok(json(&document, &document.value, "", skipped))
}

fn json(document: &Document<'_>, value: &Value, path: &str, skipped: usize) -> Node {
    let (start, end) = document.range(path).unwrap_or_default();
    let kind = match value {
        Value::Array(elements) => Kind::List(
            elements
                .iter()
                .enumerate()
                .map(|(index, value)| json(document, value, &element_path(path, index), skipped))
                .collect(),
        ),
        Value::Object(members) => Kind::Map(
            members
                .iter()
                .map(|(name, value)| {
                    let member = member_path(path, name);
                    let value = json(document, value, &member, skipped);
                    let key = Node {
                        location: document.location(&member),
                        range: key_before(document.text(), value.range.start - skipped)
                            .map_or(0..0, |range| range.start + skipped..range.end + skipped),
                        kind: Kind::Scalar {
                            text: name.clone(),
                            quoted: true,
                        },
                    };
                    (key, value)
                })
                .collect(),
        ),
        Value::String(text) => Kind::Scalar {
            text: text.clone(),
            quoted: true,
        },
        _ => Kind::Scalar {
            text: document
                .text()
                .get(start..end)
                .unwrap_or_default()
                .to_owned(),
            quoted: false,
        },
    };
    Node {
        location: document.location(path),
        range: start + skipped..end + skipped,
        kind,
    }
}

/// The bytes of the quoted key that ends before the value at `value`.
fn key_before(text: &str, value: usize) -> Option<Range<usize>> {
    let before = text.get(..value)?.trim_end().strip_suffix(':')?.trim_end();
    let end = before.len();
    let inner = before.strip_suffix('"')?;
    Some(inner.rfind('"')?..end)
}

/// Reads YAML: one document, without tags.
pub(super) fn from_yaml(template: &Template) -> Result<Node, Problem> {
    let text = template.text.as_str();
    let yaml = Yaml {
        template,
        offsets: text.char_indices().map(|(offset, _)| offset).collect(),
    };
    let documents = MarkedYaml::load_from_str(text).map_err(|error| Problem::Syntax {
        location: yaml.location(*error.marker()),
        format: "YAML",
        message: error.info().to_owned(),
    })?;
    match documents.as_slice() {
        [document] => yaml.node(document, "", 0),
        _ => Err(Problem::Shape {
            location: Location::new(&template.path, text, 0),
            message: format!(
                "an appspec is one YAML document, and this has {}",
                documents.len()
            ),
        }),
    }
}

struct Yaml<'a> {
    template: &'a Template,
    /// Byte offsets of characters, which is what the parser counts.
    offsets: Vec<usize>,
}

impl Yaml<'_> {
    fn offset(&self, marker: Marker) -> usize {
        let end = self.template.text.len();
        self.offsets.get(marker.index()).copied().unwrap_or(end)
    }

    fn location(&self, marker: Marker) -> Location {
        Location::new(
            &self.template.path,
            &self.template.text,
            self.offset(marker),
        )
    }

    fn node(&self, yaml: &MarkedYaml<'_>, path: &str, depth: usize) -> Result<Node, Problem> {
        let location = self.location(yaml.span.start).with_member(path);
        let shape = |message: &str| Problem::Shape {
            location: location.clone(),
            message: message.to_owned(),
        };
        if depth > DEPTH {
            return Err(shape("this is nested too deeply for an appspec"));
        }
        let range = self.offset(yaml.span.start)..self.offset(yaml.span.end);
        let raw = self.template.text.get(range.clone()).unwrap_or_default();
        // The parser's end is where it looked last, behind comments and line ends.
        let anchor = anchor_length(raw);
        let raw = scalar_alone(&raw[anchor..]);
        let range = range.start + anchor..range.start + anchor + raw.len();
        let kind = match &yaml.data {
            YamlData::Sequence(elements) => Kind::List(
                elements
                    .iter()
                    .enumerate()
                    .map(|(index, element)| {
                        self.node(element, &element_path(path, index), depth + 1)
                    })
                    .collect::<Result<_, _>>()?,
            ),
            YamlData::Mapping(members) => {
                let mut nodes = Vec::new();
                for (key, value) in members {
                    let mut key = self.node(key, path, depth + 1)?;
                    let name = key
                        .text()
                        .ok_or_else(|| shape("a key must be a plain value"))?;
                    let member = member_path(path, name);
                    key.location = key.location.with_member(&member);
                    nodes.push((key, self.node(value, &member, depth + 1)?));
                }
                Kind::Map(nodes)
            }
            YamlData::Value(Scalar::String(text)) => Kind::Scalar {
                text: text.clone().into_owned(),
                quoted: raw.starts_with(['"', '\'']),
            },
            // Where an alias stands, the text of its value does not.
            YamlData::Value(Scalar::Integer(number)) if raw.starts_with('*') => {
                plain(&number.to_string())
            }
            YamlData::Value(Scalar::Boolean(flag)) if raw.starts_with('*') => {
                plain(&flag.to_string())
            }
            YamlData::Value(_) => plain(raw),
            _ => return Err(shape("an appspec has no YAML tags")),
        };
        Ok(Node {
            location,
            range,
            kind,
        })
    }
}

/// The length of `&anchor ` before a scalar.
fn anchor_length(raw: &str) -> usize {
    if !raw.starts_with('&') {
        return 0;
    }
    let name = raw.find(char::is_whitespace).unwrap_or(raw.len());
    raw.len() - raw[name..].trim_start().len()
}

/// What of `raw` is a quoted scalar with its quotes, or all of it without white space at the end.
fn scalar_alone(raw: &str) -> &str {
    let Some(quote @ ('"' | '\'')) = raw.chars().next() else {
        return raw.trim_end();
    };
    let mut rest = raw.char_indices().skip(1).peekable();
    while let Some((offset, character)) = rest.next() {
        match character {
            '\\' if quote == '"' => drop(rest.next()),
            _ if character == quote => {
                // A single quote inside single quotes is written twice.
                let doubled = rest.next_if(|(_, next)| quote == '\'' && *next == quote);
                if doubled.is_none() {
                    return &raw[..=offset];
                }
            }
            _ => {}
        }
    }
    raw
}

fn plain(text: &str) -> Kind {
    Kind::Scalar {
        text: text.to_owned(),
        quoted: false,
    }
}
