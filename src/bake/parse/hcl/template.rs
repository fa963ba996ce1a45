//! Templates: quoted strings, heredocs and the content of JSON strings.
//!
//! White space is taken away in the order of the HCL scanner: literals are cut into lines (but for
//! quoted strings), markers (`~`) trim the literal beside them, and only then `<<-` takes the
//! common indent from what still begins a line.

use std::vec::IntoIter;

use hcl_edit::Span as _;
use hcl_edit::template::{
    Directive, Element, HeredocTemplate, IfDirective, StringTemplate, Strip, Template,
};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Expression, Fault, Kind, Part, Range, Reader};
use crate::bake::syntax::{ForPart, If};

/// How the literals of a template are cut and trimmed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One line: a literal is trimmed as a whole.
    Quoted,
    /// Many lines.
    Lines,
    /// Many lines, without their common indent: `<<-`.
    Flush,
}

/// A piece of a template for the purpose of white space.
enum Token {
    /// A literal, or one line of it.
    Literal(String),
    /// `${…}` or `%{…}`.
    Tag(Strip),
}

impl Reader<'_> {
    pub(super) fn string_template(
        &self,
        template: &StringTemplate,
        range: Range,
    ) -> Result<Expression, Fault> {
        let elements: Vec<&Element> = template.iter().collect();
        self.elements(&elements, range, Layout::Quoted)
    }

    pub(super) fn template(&self, template: &Template, range: Range) -> Result<Expression, Fault> {
        let elements: Vec<&Element> = template.iter().collect();
        self.elements(&elements, range, Layout::Lines)
    }

    pub(super) fn heredoc(
        &self,
        heredoc: &HeredocTemplate,
        flush: bool,
        range: Range,
    ) -> Result<Expression, Fault> {
        let elements: Vec<&Element> = heredoc.template.iter().collect();
        self.elements(
            &elements,
            range,
            if flush { Layout::Flush } else { Layout::Lines },
        )
    }

    /// A template of one interpolation alone keeps the type of its value.
    fn elements(
        &self,
        elements: &[&Element],
        range: Range,
        layout: Layout,
    ) -> Result<Expression, Fault> {
        if let [Element::Interpolation(interpolation)] = elements {
            let inner = self.expression(&interpolation.expr, range)?;
            return Ok(Expression {
                kind: Kind::Wrapped(Box::new(inner)),
                range,
            });
        }
        let mut tokens = Vec::new();
        self.tokens(elements, layout, &mut tokens);
        trim(&mut tokens);
        if layout == Layout::Flush {
            flush(&mut tokens);
        }
        let mut tokens = tokens.into_iter();
        let mut parts = self.parts(elements, range, layout, &mut tokens)?;
        let kind = match parts.as_mut_slice() {
            [] => Kind::Text(String::new()),
            [Part::Literal(text)] => Kind::Text(std::mem::take(text)),
            _ => Kind::Template(parts),
        };
        Ok(Expression { kind, range })
    }

    /// The text of a literal. The parser has already taken an indent from those of `<<-`, so they
    /// are read from the source again.
    fn literal(&self, literal: &hcl_edit::Spanned<String>, layout: Layout) -> String {
        match literal.span().and_then(|span| self.text.get(span)) {
            Some(raw) if layout == Layout::Flush => raw.replace("$${", "${").replace("%%{", "%{"),
            _ => literal.as_str().to_owned(),
        }
    }

    fn tokens(&self, elements: &[&Element], layout: Layout, tokens: &mut Vec<Token>) {
        for element in elements {
            match element {
                Element::Literal(literal) => {
                    let text = self.literal(literal, layout);
                    let pieces = pieces(&text, layout).map(|text| Token::Literal(text.to_owned()));
                    tokens.extend(pieces);
                }
                Element::Interpolation(interpolation) => {
                    tokens.push(Token::Tag(interpolation.strip));
                }
                Element::Directive(directive) => {
                    let mut inner = |template: &Template, strip: Strip| {
                        tokens.push(Token::Tag(strip));
                        let elements: Vec<&Element> = template.iter().collect();
                        self.tokens(&elements, layout, tokens);
                    };
                    let end = match directive.as_ref() {
                        Directive::If(parsed) => {
                            inner(&parsed.if_expr.template, parsed.if_expr.strip);
                            if let Some(parsed) = &parsed.else_expr {
                                inner(&parsed.template, parsed.strip);
                            }
                            parsed.endif_expr.strip
                        }
                        Directive::For(parsed) => {
                            inner(&parsed.for_expr.template, parsed.for_expr.strip);
                            parsed.endfor_expr.strip
                        }
                    };
                    tokens.push(Token::Tag(end));
                }
            }
        }
    }

    /// Puts the trimmed literals back between the tags. Takes the tokens in the order in which
    /// they were made.
    fn parts(
        &self,
        elements: &[&Element],
        range: Range,
        layout: Layout,
        tokens: &mut IntoIter<Token>,
    ) -> Result<Vec<Part>, Fault> {
        let mut parts = Vec::with_capacity(elements.len());
        for element in elements {
            match element {
                Element::Literal(literal) => {
                    let count = pieces(&self.literal(literal, layout), layout).count();
                    let mut text = String::new();
                    for token in tokens.take(count) {
                        if let Token::Literal(piece) = token {
                            text.push_str(&piece);
                        }
                    }
                    parts.push(Part::Literal(text));
                }
                Element::Interpolation(interpolation) => {
                    tokens.next();
                    parts.push(Part::Value(self.expression(&interpolation.expr, range)?));
                }
                Element::Directive(directive) => {
                    let range = self.span(directive.span(), range);
                    parts.push(self.directive(directive, range, layout, tokens)?);
                }
            }
        }
        Ok(parts)
    }

    fn directive(
        &self,
        directive: &Directive,
        range: Range,
        layout: Layout,
        tokens: &mut IntoIter<Token>,
    ) -> Result<Part, Fault> {
        let part = match directive {
            Directive::If(parsed) => self.if_part(parsed, range, layout, tokens)?,
            Directive::For(parsed) => {
                tokens.next();
                let head = &parsed.for_expr;
                let elements: Vec<&Element> = head.template.iter().collect();
                Part::For(Box::new(ForPart {
                    key: head.key_var.as_ref().map(|name| name.as_str().to_owned()),
                    value: head.value_var.as_str().to_owned(),
                    collection: self.expression(&head.collection_expr, range)?,
                    body: self.parts(&elements, range, layout, tokens)?,
                }))
            }
        };
        tokens.next();
        Ok(part)
    }

    fn if_part(
        &self,
        parsed: &IfDirective,
        range: Range,
        layout: Layout,
        tokens: &mut IntoIter<Token>,
    ) -> Result<Part, Fault> {
        let condition = self.expression(&parsed.if_expr.cond_expr, range)?;
        let mut branch = |template: &Template| {
            tokens.next();
            let elements: Vec<&Element> = template.iter().collect();
            self.parts(&elements, range, layout, tokens)
        };
        let then = branch(&parsed.if_expr.template)?;
        let otherwise = match &parsed.else_expr {
            Some(parsed) => branch(&parsed.template)?,
            None => Vec::new(),
        };
        Ok(Part::If(Box::new(If {
            condition,
            then,
            otherwise,
        })))
    }
}

fn pieces(text: &str, layout: Layout) -> impl Iterator<Item = &str> {
    let whole = (layout == Layout::Quoted).then_some(text);
    let lines = (layout != Layout::Quoted).then(|| text.split_inclusive('\n'));
    whole.into_iter().chain(lines.into_iter().flatten())
}

/// A marker takes white space from the literal or line beside it, and no further.
fn trim(tokens: &mut [Token]) {
    for index in 0..tokens.len() {
        let Token::Tag(strip) = tokens[index] else {
            continue;
        };
        if strip.strip_start()
            && let Some(Token::Literal(text)) = index.checked_sub(1).map(|index| &mut tokens[index])
        {
            text.truncate(text.trim_end().len());
        }
        if strip.strip_end()
            && let Some(Token::Literal(text)) = tokens.get_mut(index + 1)
        {
            *text = text.trim_start().to_owned();
        }
    }
}

/// Takes the common indent from everything that begins a line. Blank lines do not count; a tag at
/// the beginning of a line has no indent.
fn flush(tokens: &mut [Token]) {
    let indent = |text: &str| {
        let spaces = text.len() - text.trim_start().len();
        text[..spaces].graphemes(true).count()
    };
    let mut least = usize::MAX;
    let mut begins = Vec::new();
    let mut line_start = true;
    for (index, token) in tokens.iter().enumerate() {
        let text = match token {
            Token::Literal(text) => Some(text),
            Token::Tag(_) => None,
        };
        if std::mem::take(&mut line_start) {
            match text {
                Some(text) if text.trim().is_empty() && text.ends_with('\n') => {}
                Some(text) => {
                    begins.push(index);
                    least = least.min(indent(text));
                }
                None => least = 0,
            }
        }
        line_start = text.is_some_and(|text| text.ends_with('\n'));
    }
    for index in begins {
        if let Some(Token::Literal(text)) = tokens.get_mut(index) {
            *text = text.graphemes(true).skip(least).collect();
        }
    }
}
