//! HCL text to our tree. `hcl-edit` parses; this turns its tree into ours, with numbers taken from
//! the text (so that no digit is lost), bare object keys as strings, and whitespace markers (`~`)
//! already applied to the literals beside them.

use hcl_edit::Span as _;
use hcl_edit::expr::{self, BinaryOperator, ObjectKey, TraversalOperator, UnaryOperator};
use hcl_edit::structure::{self, BlockLabel};

use crate::bake::diagnostic::Fault;
use crate::bake::number::Number;
use crate::bake::syntax::{
    Attribute, Binary, Block, Body, Call, Conditional, Expression, For, Kind, Label, Part, Step,
    Unary,
};
use crate::bake::text::Range;

mod error;
mod heredoc;
mod template;

/// Reads a file.
pub(super) fn parse_body(text: &str, file: usize) -> Result<Body, Fault> {
    // A byte order mark is not part of the language, but editors write it.
    let (text, shift) = text
        .strip_prefix('\u{feff}')
        .map_or((text, 0), |text| (text, 3));
    let text = &*heredoc::mask_empty(text);
    let place = move |offset: usize| offset + shift;
    let reader = Reader {
        text,
        file,
        place: &place,
    };
    let body = hcl_edit::parser::parse_body(text).map_err(|error| reader.syntax_error(&error))?;
    reader.body(&body)
}

/// Reads one expression. `place` turns offsets in `text` into offsets in the file.
pub(super) fn parse_expression(
    text: &str,
    file: usize,
    place: &dyn Fn(usize) -> usize,
) -> Result<Expression, Fault> {
    let reader = Reader { text, file, place };
    let parsed = hcl_edit::parser::parse_expr(text).map_err(|error| reader.syntax_error(&error))?;
    reader.expression(&parsed, reader.range(0..text.len()))
}

/// Reads a template: the content of a JSON string.
pub(super) fn parse_template(
    text: &str,
    file: usize,
    place: &dyn Fn(usize) -> usize,
) -> Result<Expression, Fault> {
    let reader = Reader { text, file, place };
    let range = reader.range(0..text.len());
    if !text.contains("${") && !text.contains("%{") {
        return Ok(Expression {
            kind: Kind::Text(text.to_owned()),
            range,
        });
    }
    let parsed =
        hcl_edit::parser::parse_template(text).map_err(|error| reader.syntax_error(&error))?;
    reader.template(&parsed, range)
}

struct Reader<'a> {
    text: &'a str,
    file: usize,
    place: &'a dyn Fn(usize) -> usize,
}

impl Reader<'_> {
    fn range(&self, range: std::ops::Range<usize>) -> Range {
        Range {
            file: self.file,
            start: (self.place)(range.start),
            end: (self.place)(range.end),
        }
    }

    /// The range of a node, or that of its parent where the parser kept none.
    fn span(&self, span: Option<std::ops::Range<usize>>, parent: Range) -> Range {
        span.map_or(parent, |span| self.range(span))
    }

    fn body(&self, body: &structure::Body) -> Result<Body, Fault> {
        let mut result = Body::default();
        let whole = self.range(0..self.text.len());
        for item in body {
            match item {
                structure::Structure::Attribute(attribute) => {
                    let name_range = self.span(attribute.key.span(), whole);
                    result.attributes.push(Attribute {
                        name: attribute.key.as_str().to_owned(),
                        name_range,
                        value: self.expression(&attribute.value, name_range)?,
                    });
                }
                structure::Structure::Block(block) => {
                    let kind_range = self.span(block.ident.span(), whole);
                    let labels = block.labels.iter().map(|label| {
                        let span = match label {
                            BlockLabel::Ident(ident) => ident.span(),
                            BlockLabel::String(text) => text.span(),
                        };
                        Label {
                            text: label.as_str().to_owned(),
                            range: self.span(span, kind_range),
                        }
                    });
                    result.blocks.push(Block {
                        kind: block.ident.as_str().to_owned(),
                        kind_range,
                        labels: labels.collect(),
                        body: self.body(&block.body)?,
                    });
                }
            }
        }
        Ok(result)
    }

    fn expression(&self, parsed: &expr::Expression, parent: Range) -> Result<Expression, Fault> {
        let range = self.span(parsed.span(), parent);
        let boxed = |parsed| self.expression(parsed, range).map(Box::new);
        let kind = match parsed {
            expr::Expression::Null(_) => Kind::Null,
            expr::Expression::Bool(flag) => Kind::Bool(*flag.value()),
            expr::Expression::Number(number) => Kind::Number(self.number(number, range)?),
            expr::Expression::String(text) => Kind::Text(text.as_str().to_owned()),
            expr::Expression::Array(array) => Kind::Tuple(
                array
                    .iter()
                    .map(|element| self.expression(element, range))
                    .collect::<Result<_, _>>()?,
            ),
            expr::Expression::Object(object) => {
                let mut items = Vec::with_capacity(object.len());
                for (key, value) in object {
                    items.push((self.key(key, range)?, self.expression(value.expr(), range)?));
                }
                Kind::Object(items)
            }
            expr::Expression::StringTemplate(template) => {
                return self.string_template(template, range);
            }
            expr::Expression::HeredocTemplate(heredoc) => {
                let source = parsed.span().and_then(|span| self.text.get(span));
                let flush = source.is_some_and(|text| text.starts_with("<<-"));
                return self.heredoc(heredoc, flush, range);
            }
            expr::Expression::Parenthesis(inner) => Kind::Wrapped(boxed(inner.inner())?),
            expr::Expression::Variable(name) => Kind::Variable(name.as_str().to_owned()),
            expr::Expression::Conditional(conditional) => {
                Kind::Conditional(Box::new(Conditional {
                    condition: self.expression(&conditional.cond_expr, range)?,
                    then: self.expression(&conditional.true_expr, range)?,
                    otherwise: self.expression(&conditional.false_expr, range)?,
                }))
            }
            expr::Expression::FuncCall(call) => {
                let mut name = String::new();
                for part in &call.name.namespace {
                    name.push_str(part.as_str());
                    name.push_str("::");
                }
                name.push_str(call.name.name.as_str());
                let mut arguments = Vec::with_capacity(call.args.len());
                for argument in &call.args {
                    arguments.push(self.expression(argument, range)?);
                }
                Kind::Call(Call {
                    name,
                    name_range: self.span(call.name.name.span(), range),
                    arguments,
                    expand: call.args.expand_final(),
                })
            }
            expr::Expression::Traversal(traversal) => {
                let mut steps = Vec::with_capacity(traversal.operators.len());
                for operator in &traversal.operators {
                    steps.push(self.step(operator.value(), self.span(operator.span(), range))?);
                }
                Kind::Traversal(boxed(&traversal.expr)?, steps)
            }
            expr::Expression::UnaryOp(operation) => {
                let operator = match operation.operator.value() {
                    UnaryOperator::Neg => Unary::Negate,
                    UnaryOperator::Not => Unary::Not,
                };
                Kind::Unary(operator, boxed(&operation.expr)?)
            }
            expr::Expression::BinaryOp(operation) => Kind::Binary(
                binary(*operation.operator.value()),
                Box::new((
                    self.expression(&operation.lhs_expr, range)?,
                    self.expression(&operation.rhs_expr, range)?,
                )),
            ),
            expr::Expression::ForExpr(parsed) => Kind::For(Box::new(For {
                key: parsed
                    .intro
                    .key_var
                    .as_ref()
                    .map(|name| name.as_str().to_owned()),
                value: parsed.intro.value_var.as_str().to_owned(),
                collection: self.expression(&parsed.intro.collection_expr, range)?,
                result_key: parsed
                    .key_expr
                    .as_ref()
                    .map(|key| self.expression(key, range))
                    .transpose()?,
                result: self.expression(&parsed.value_expr, range)?,
                condition: parsed
                    .cond
                    .as_ref()
                    .map(|condition| self.expression(&condition.expr, range))
                    .transpose()?,
                grouping: parsed.grouping,
            })),
        };
        Ok(Expression { kind, range })
    }

    /// Numbers are read again from the text: the parser's own value is a double.
    fn number(
        &self,
        number: &hcl_edit::Formatted<hcl_edit::Number>,
        range: Range,
    ) -> Result<Number, Fault> {
        let text = number
            .span()
            .and_then(|span| self.text.get(span))
            .unwrap_or_default();
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        Number::parse(&digits)
            .or_else(|| Number::parse(&number.value().to_string()))
            .ok_or_else(|| Fault::new(range, "this number is out of range"))
    }

    fn key(&self, key: &ObjectKey, parent: Range) -> Result<Expression, Fault> {
        match key {
            ObjectKey::Ident(name) => Ok(Expression {
                kind: Kind::Text(name.as_str().to_owned()),
                range: self.span(name.span(), parent),
            }),
            ObjectKey::Expression(expression) => {
                let mut key = self.expression(expression, parent)?;
                // Keywords are words like any other here.
                match key.kind {
                    Kind::Null => key.kind = Kind::Text("null".to_owned()),
                    Kind::Bool(flag) => key.kind = Kind::Text(flag.to_string()),
                    _ => {}
                }
                Ok(key)
            }
        }
    }

    fn step(&self, operator: &TraversalOperator, range: Range) -> Result<Step, Fault> {
        Ok(match operator {
            TraversalOperator::AttrSplat(_) => Step::AttributeSplat(range),
            TraversalOperator::FullSplat(_) => Step::FullSplat(range),
            TraversalOperator::GetAttr(name) => {
                Step::Attribute(name.as_str().to_owned(), self.span(name.span(), range))
            }
            TraversalOperator::Index(index) => Step::Index(self.expression(index, range)?),
            TraversalOperator::LegacyIndex(index) => {
                let digits = index.value().to_string();
                let number = Number::parse(&digits)
                    .ok_or_else(|| Fault::new(range, "this index is out of range"))?;
                Step::Index(Expression {
                    kind: Kind::Number(number),
                    range,
                })
            }
        })
    }
}

fn binary(operator: BinaryOperator) -> Binary {
    match operator {
        BinaryOperator::Eq => Binary::Equal,
        BinaryOperator::NotEq => Binary::NotEqual,
        BinaryOperator::LessEq => Binary::LessOrEqual,
        BinaryOperator::GreaterEq => Binary::GreaterOrEqual,
        BinaryOperator::Less => Binary::Less,
        BinaryOperator::Greater => Binary::Greater,
        BinaryOperator::Plus => Binary::Add,
        BinaryOperator::Minus => Binary::Subtract,
        BinaryOperator::Mul => Binary::Multiply,
        BinaryOperator::Div => Binary::Divide,
        BinaryOperator::Mod => Binary::Modulo,
        BinaryOperator::And => Binary::And,
        BinaryOperator::Or => Binary::Or,
    }
}
