//! Templates: quoted strings, heredocs and the content of JSON strings.

use hcl_edit::Span as _;
use hcl_edit::template::{
    Directive, Element, HeredocTemplate, IfDirective, StringTemplate, Strip, Template,
};

use super::{Expression, Fault, Kind, Part, Range, Reader};
use crate::bake::syntax::{ForPart, If};

impl Reader<'_> {
    pub(super) fn string_template(
        &self,
        template: &StringTemplate,
        range: Range,
    ) -> Result<Expression, Fault> {
        let elements: Vec<&Element> = template.iter().collect();
        self.elements(&elements, range, Lines::One)
    }

    pub(super) fn template(&self, template: &Template, range: Range) -> Result<Expression, Fault> {
        let elements: Vec<&Element> = template.iter().collect();
        self.elements(&elements, range, Lines::Many)
    }

    pub(super) fn heredoc(
        &self,
        heredoc: &HeredocTemplate,
        range: Range,
    ) -> Result<Expression, Fault> {
        let mut heredoc = heredoc.clone();
        // `<<-`: the parser knows, but only strips the indent when asked to.
        let flush = range
            .start
            .checked_sub((self.place)(0))
            .and_then(|start| self.text.get(start..))
            .is_some_and(|text| text.starts_with("<<-"));
        if flush {
            heredoc.dedent();
        }
        self.template(&heredoc.template, range)
    }

    /// A template of one interpolation alone keeps the type of its value.
    fn elements(
        &self,
        elements: &[&Element],
        range: Range,
        lines: Lines,
    ) -> Result<Expression, Fault> {
        if let [Element::Interpolation(interpolation)] = elements {
            let inner = self.expression(&interpolation.expr, range)?;
            return Ok(Expression {
                kind: Kind::Wrapped(Box::new(inner)),
                range,
            });
        }
        let mut parts = self.parts(elements, range, lines, (Strip::None, Strip::None))?;
        let kind = match parts.as_mut_slice() {
            [] => Kind::Text(String::new()),
            [Part::Literal(text)] => Kind::Text(std::mem::take(text)),
            _ => Kind::Template(parts),
        };
        Ok(Expression { kind, range })
    }

    /// `before` and `after` are the markers of the directive around these elements: the end of
    /// the one that opens, the start of the one that closes.
    fn parts(
        &self,
        elements: &[&Element],
        range: Range,
        lines: Lines,
        (before, after): (Strip, Strip),
    ) -> Result<Vec<Part>, Fault> {
        let mut parts = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            match element {
                Element::Literal(literal) => {
                    let previous = index
                        .checked_sub(1)
                        .and_then(|index| elements.get(index))
                        .map_or(before, |element| closing(element));
                    let next = elements
                        .get(index + 1)
                        .map_or(after, |element| opening(element));
                    let mut text = literal.as_str();
                    if previous.strip_end() {
                        text = lines.strip_start(text);
                    }
                    if next.strip_start() {
                        text = lines.strip_end(text);
                    }
                    parts.push(Part::Literal(text.to_owned()));
                }
                Element::Interpolation(interpolation) => {
                    parts.push(Part::Value(self.expression(&interpolation.expr, range)?));
                }
                Element::Directive(directive) => {
                    let range = self.span(directive.span(), range);
                    parts.push(self.directive(directive, range, lines)?);
                }
            }
        }
        Ok(parts)
    }

    fn directive(&self, directive: &Directive, range: Range, lines: Lines) -> Result<Part, Fault> {
        Ok(match directive {
            Directive::If(parsed) => self.if_part(parsed, range, lines)?,
            Directive::For(parsed) => {
                let head = &parsed.for_expr;
                let elements: Vec<&Element> = head.template.iter().collect();
                Part::For(Box::new(ForPart {
                    key: head.key_var.as_ref().map(|name| name.as_str().to_owned()),
                    value: head.value_var.as_str().to_owned(),
                    collection: self.expression(&head.collection_expr, range)?,
                    body: self.parts(
                        &elements,
                        range,
                        lines,
                        (head.strip, parsed.endfor_expr.strip),
                    )?,
                }))
            }
        })
    }

    fn if_part(&self, parsed: &IfDirective, range: Range, lines: Lines) -> Result<Part, Fault> {
        let head = &parsed.if_expr;
        let end = parsed.endif_expr.strip;
        let after_then = parsed.else_expr.as_ref().map_or(end, |parsed| parsed.strip);
        let then: Vec<&Element> = head.template.iter().collect();
        let otherwise = match &parsed.else_expr {
            Some(parsed) => {
                let elements: Vec<&Element> = parsed.template.iter().collect();
                self.parts(&elements, range, lines, (parsed.strip, end))?
            }
            None => Vec::new(),
        };
        Ok(Part::If(Box::new(If {
            condition: self.expression(&head.cond_expr, range)?,
            then: self.parts(&then, range, lines, (head.strip, after_then))?,
            otherwise,
        })))
    }
}

/// The marker at an element's start: of its first tag.
fn opening(element: &Element) -> Strip {
    match element {
        Element::Literal(_) => Strip::None,
        Element::Interpolation(interpolation) => interpolation.strip,
        Element::Directive(directive) => match directive.as_ref() {
            Directive::If(parsed) => parsed.if_expr.strip,
            Directive::For(parsed) => parsed.for_expr.strip,
        },
    }
}

/// The marker at an element's end: of its last tag.
fn closing(element: &Element) -> Strip {
    match element {
        Element::Literal(_) => Strip::None,
        Element::Interpolation(interpolation) => interpolation.strip,
        Element::Directive(directive) => match directive.as_ref() {
            Directive::If(parsed) => parsed.endif_expr.strip,
            Directive::For(parsed) => parsed.endfor_expr.strip,
        },
    }
}

/// What a marker takes from the literal beside it. In a heredoc a literal ends with its line, so a
/// marker reaches no further than one line break; a quoted string is one literal.
#[derive(Clone, Copy)]
enum Lines {
    One,
    Many,
}

impl Lines {
    fn strip_start(self, text: &str) -> &str {
        match (self, text.find('\n')) {
            (Lines::Many, Some(end)) if text[..end].trim().is_empty() => &text[end + 1..],
            _ => text.trim_start(),
        }
    }

    fn strip_end(self, text: &str) -> &str {
        let Lines::Many = self else {
            return text.trim_end();
        };
        let last = match text.strip_suffix('\n') {
            Some(before) => before.rfind('\n'),
            None => text.rfind('\n'),
        };
        let start = last.map_or(0, |at| at + 1);
        &text[..start + text[start..].trim_end().len()]
    }
}
