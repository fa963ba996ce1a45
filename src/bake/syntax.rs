//! The tree that both syntaxes (HCL and JSON) are read into: bodies, blocks, attributes and
//! expressions, each with its range. Nothing here is evaluated.

use super::number::Number;
use super::text::Range;

/// What a file or a block holds, in the order of the text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) blocks: Vec<Block>,
}

impl Body {
    /// The attribute of this name. A body has at most one: the parsers refuse a second.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }
}

/// `name = expression`.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) name_range: Range,
    pub(crate) value: Expression,
}

/// `kind "label" … { … }`.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) kind_range: Range,
    pub(crate) labels: Vec<Label>,
    pub(crate) body: Body,
}

impl Block {
    /// From the kind to the last label.
    pub(crate) fn header(&self) -> Range {
        self.labels
            .last()
            .map_or(self.kind_range, |label| self.kind_range.to(label.range))
    }
}

/// A block's label.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) text: String,
    pub(crate) range: Range,
}

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) kind: Kind,
    pub(crate) range: Range,
}

/// The shapes of expressions.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    /// A string without any template in it.
    Text(String),
    /// A string with templates in it. A template that is one interpolation alone is not one of
    /// these: it is [`Kind::Wrapped`], and keeps the value's type.
    Template(Vec<Part>),
    /// Parentheses, or `"${x}"`.
    Wrapped(Box<Expression>),
    Tuple(Vec<Expression>),
    /// Items in order. A key that is a bare word is a [`Kind::Text`].
    Object(Vec<(Expression, Expression)>),
    Variable(String),
    Conditional(Box<Conditional>),
    Call(Call),
    /// An expression and the steps that follow it: `a.b[0].*.c`.
    Traversal(Box<Expression>, Vec<Step>),
    Unary(Unary, Box<Expression>),
    Binary(Binary, Box<(Expression, Expression)>),
    For(Box<For>),
}

/// One piece of a template.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Literal(String),
    Value(Expression),
    If(Box<If>),
    For(Box<ForPart>),
}

/// `%{ if condition }…%{ else }…%{ endif }`.
#[derive(Clone, Debug)]
pub(crate) struct If {
    pub(crate) condition: Expression,
    pub(crate) then: Vec<Part>,
    pub(crate) otherwise: Vec<Part>,
}

/// `%{ for key, value in collection }…%{ endfor }`.
#[derive(Clone, Debug)]
pub(crate) struct ForPart {
    pub(crate) key: Option<String>,
    pub(crate) value: String,
    pub(crate) collection: Expression,
    pub(crate) body: Vec<Part>,
}

/// `condition ? then : otherwise`.
#[derive(Clone, Debug)]
pub(crate) struct Conditional {
    pub(crate) condition: Expression,
    pub(crate) then: Expression,
    pub(crate) otherwise: Expression,
}

/// `name(arguments…)`.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) name_range: Range,
    pub(crate) arguments: Vec<Expression>,
    /// The last argument is a list whose elements are the last arguments: `f(xs...)`.
    pub(crate) expand: bool,
}

/// One step of a traversal.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// `.name`
    Attribute(String, Range),
    /// `[expression]`, and `.0`.
    Index(Expression),
    /// `.*` with the attribute steps that it takes along.
    AttributeSplat(Range),
    /// `[*]`
    FullSplat(Range),
}

impl Step {
    pub(crate) fn range(&self) -> Range {
        match self {
            Step::Attribute(_, range) | Step::AttributeSplat(range) | Step::FullSplat(range) => {
                *range
            }
            Step::Index(expression) => expression.range,
        }
    }
}

/// `[for key, value in collection: …]` and `{for … : key => value}`.
#[derive(Clone, Debug)]
pub(crate) struct For {
    pub(crate) key: Option<String>,
    pub(crate) value: String,
    pub(crate) collection: Expression,
    /// Present for objects.
    pub(crate) result_key: Option<Expression>,
    pub(crate) result: Expression,
    pub(crate) condition: Option<Expression>,
    /// `value...`: values of equal keys are grouped.
    pub(crate) grouping: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Negate,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    And,
    Or,
}
