//! Bake files in JSON: HCL's JSON form. Which objects are blocks and which are values follows from
//! their names; every string is a template.

pub(crate) mod reader;

use reader::{Node, NodeKind, Text};

use super::hcl;
use crate::bake::diagnostic::Fault;
use crate::bake::number::Number;
use crate::bake::syntax::{Attribute, Block, Body, Expression, Kind, Label};
use crate::bake::text::Range;
use crate::config::blocks;

/// Reads a file.
pub(super) fn parse_body(text: &str, file: usize) -> Result<Body, Fault> {
    let lower = Lower { file };
    let node = reader::read(text).map_err(|error| {
        Fault::new(
            Range {
                file,
                start: error.offset,
                end: error.offset + error.length,
            },
            format!("syntax error: {}", error.message),
        )
    })?;
    let NodeKind::Object(items) = &node.kind else {
        return Err(Fault::new(
            lower.range(&node),
            "a bake file in JSON is one object",
        ));
    };
    let mut body = Body::default();
    for (key, value) in items {
        match labels(&key.text) {
            Some(labels) => lower.blocks(key, &[], labels, value, &mut body.blocks)?,
            None => lower.attribute(key, value, false, &mut body)?,
        }
    }
    Ok(body)
}

/// How many labels a block of this kind has; `None` for attributes.
fn labels(kind: &str) -> Option<usize> {
    match kind {
        "variable" | "function" | "target" | "group" => Some(1),
        kind if blocks::is_named(kind) => Some(1),
        kind if blocks::is_known(kind) => Some(0),
        kind if blocks::is_later(kind) => Some(0),
        _ => None,
    }
}

struct Lower {
    file: usize,
}

impl Lower {
    fn range(&self, node: &Node) -> Range {
        Range {
            file: self.file,
            start: node.start,
            end: node.end,
        }
    }

    /// The text of a string, without its quotes.
    fn text_range(&self, text: &Text) -> Range {
        Range {
            file: self.file,
            start: text.place(0),
            end: text.place(text.text.len()),
        }
    }

    /// `{"target": {"app": {…}}}`; an array stands for several.
    fn blocks(
        &self,
        kind: &Text,
        labels: &[Label],
        missing: usize,
        node: &Node,
        into: &mut Vec<Block>,
    ) -> Result<(), Fault> {
        match &node.kind {
            NodeKind::Array(items) => items
                .iter()
                .try_for_each(|item| self.blocks(kind, labels, missing, item, into)),
            NodeKind::Null => Ok(()),
            NodeKind::Object(items) if missing > 0 => items.iter().try_for_each(|(key, value)| {
                let mut labels = labels.to_vec();
                labels.push(Label {
                    text: key.text.clone(),
                    range: self.text_range(key),
                });
                self.blocks(kind, &labels, missing - 1, value, into)
            }),
            NodeKind::Object(items) => {
                let mut body = Body::default();
                for (key, value) in items {
                    if kind.text == "variable" && key.text == "validation" {
                        self.blocks(key, &[], 0, value, &mut body.blocks)?;
                    } else if blocks::nested(&kind.text).contains(&key.text.as_str()) {
                        self.blocks(key, &[], 1, value, &mut body.blocks)?;
                    } else {
                        let verbatim = (kind.text == "variable" && key.text == "type")
                            || (kind.text == "function" && key.text == "variadic_params");
                        self.attribute(key, value, verbatim, &mut body)?;
                    }
                }
                into.push(Block {
                    kind: kind.text.clone(),
                    kind_range: self.text_range(kind),
                    labels: labels.to_vec(),
                    body,
                });
                Ok(())
            }
            _ => Err(Fault::new(
                self.range(node),
                format!("{:?} is a block: an object is required", kind.text),
            )),
        }
    }

    /// `verbatim` strings are syntax themselves: types and names of parameters.
    fn attribute(
        &self,
        key: &Text,
        node: &Node,
        verbatim: bool,
        body: &mut Body,
    ) -> Result<(), Fault> {
        let name_range = self.text_range(key);
        if key.text == "//" {
            // A comment, by HCL's convention for JSON.
            return Ok(());
        }
        if body.attribute(&key.text).is_some() {
            return Err(Fault::new(
                name_range,
                format!("attribute {:?} is set twice in this object", key.text),
            )
            .help("remove one of the two"));
        }
        let value = match &node.kind {
            NodeKind::String(text) if verbatim => {
                hcl::parse_expression(&text.text, self.file, &|offset| text.place(offset))?
            }
            _ => self.expression(node)?,
        };
        body.attributes.push(Attribute {
            name: key.text.clone(),
            name_range,
            value,
        });
        Ok(())
    }

    fn expression(&self, node: &Node) -> Result<Expression, Fault> {
        let range = self.range(node);
        let kind = match &node.kind {
            NodeKind::Null => Kind::Null,
            NodeKind::Bool(flag) => Kind::Bool(*flag),
            NodeKind::Number(digits) => Kind::Number(
                Number::parse(digits)
                    .ok_or_else(|| Fault::new(range, "this number is out of range"))?,
            ),
            NodeKind::String(text) => return self.template(text),
            NodeKind::Array(items) => Kind::Tuple(
                items
                    .iter()
                    .map(|item| self.expression(item))
                    .collect::<Result<_, _>>()?,
            ),
            NodeKind::Object(items) => {
                let mut pairs = Vec::with_capacity(items.len());
                for (key, value) in items {
                    pairs.push((self.template(key)?, self.expression(value)?));
                }
                Kind::Object(pairs)
            }
        };
        Ok(Expression { kind, range })
    }

    fn template(&self, text: &Text) -> Result<Expression, Fault> {
        hcl::parse_template(&text.text, self.file, &|offset| text.place(offset))
    }
}
