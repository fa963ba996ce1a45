//! The declarations of all files: variables, top-level attributes, functions, and the blocks of
//! targets, groups and settings. Sorted out by name, not evaluated.
//!
//! Of two variables, functions or top-level attributes of one name the later one counts; blocks of
//! one target are all kept, to be merged.

use std::collections::BTreeMap;

use super::attribute::{GROUP, LATER, TARGET};
use super::diagnostic::Fault;
use super::suggest::did_you_mean;
use super::syntax::{Attribute, Block, Body, Expression, Kind, Label};
use super::type_expression;
use super::types::Type;
use crate::config::blocks;

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) variables: BTreeMap<String, Variable>,
    /// `NAME = expression` at the top level.
    pub(crate) locals: BTreeMap<String, Attribute>,
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) targets: Vec<Block>,
    pub(crate) groups: Vec<Block>,
    /// `release`, `cache`, `service`.
    pub(crate) settings: Vec<Block>,
}

/// `variable "NAME" { … }`.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) label: Label,
    pub(crate) default: Option<Expression>,
    /// `any` is a declared type as well.
    pub(crate) declared: Option<Type>,
    pub(crate) validations: Vec<Validation>,
}

/// `validation { … }` in a variable.
#[derive(Debug)]
pub(crate) struct Validation {
    pub(crate) condition: Expression,
    pub(crate) message: Expression,
}

/// `function "NAME" { … }`.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) label: Label,
    pub(crate) parameters: Vec<String>,
    pub(crate) variadic: Option<String>,
    pub(crate) result: Expression,
}

/// Sorts the bodies of all files, in the order in which they were read.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    pub(crate) module: Module,
    pub(crate) warnings: Vec<Fault>,
    pub(crate) faults: Vec<Fault>,
}

impl Collector {
    pub(crate) fn add(&mut self, body: Body) {
        for attribute in body.attributes {
            if is_bake_block(&attribute.name) || blocks::is_known(&attribute.name) {
                let message = format!("{:?} is a block, not an attribute", attribute.name);
                let fault = Fault::new(attribute.name_range, message)
                    .help(format!("write {} \"name\" {{ … }}", attribute.name));
                self.warnings.push(fault);
                if is_bake_block(&attribute.name) {
                    continue;
                }
                // To buildx it is a value like any other, and the file must go on working.
            }
            self.module.locals.insert(attribute.name.clone(), attribute);
        }
        for block in body.blocks {
            if let Err(fault) = self.block(block) {
                self.faults.push(fault);
            }
        }
    }

    fn block(&mut self, block: Block) -> Result<(), Fault> {
        match block.kind.as_str() {
            "variable" => {
                let label = single_label(&block)?;
                let variable = self.variable(block, label)?;
                self.module
                    .variables
                    .insert(variable.label.text.clone(), variable);
            }
            "function" => {
                let label = single_label(&block)?;
                let function = self.function(&block, label)?;
                self.module
                    .functions
                    .insert(function.label.text.clone(), function);
            }
            "target" => {
                single_label(&block)?;
                let known = TARGET
                    .iter()
                    .map(|spec| spec.name)
                    .chain(["name", "matrix"]);
                self.warn_unknown(&block, &known.collect::<Vec<_>>(), &[]);
                self.module.targets.push(block);
            }
            "group" => {
                let label = single_label(&block)?;
                let known = GROUP.iter().map(|spec| spec.name).chain(["name", "matrix"]);
                self.warn_unknown(&block, &known.collect::<Vec<_>>(), &[]);
                if block.body.attribute("targets").is_none() {
                    return Err(Fault::new(block.header(), "this group has no \"targets\"")
                        .help("name the targets and groups that belong to it"));
                }
                // The last definition of a group replaces the others.
                self.module.groups.retain(|group| {
                    group
                        .labels
                        .first()
                        .is_none_or(|other| other.text != label.text)
                });
                self.module.groups.push(block);
            }
            kind if blocks::is_known(kind) => self.module.settings.push(block),
            kind if blocks::is_later(kind) => {
                return Err(Fault::new(
                    block.kind_range,
                    format!("the block {kind:?} is not available in this version"),
                )
                .help("remove it"));
            }
            kind => {
                let known = ["variable", "function", "target", "group"];
                let known = known.into_iter().chain(blocks::KNOWN.iter().copied());
                let fault =
                    Fault::new(block.kind_range, format!("unknown block {kind:?}, ignored"))
                        .maybe_help(did_you_mean(kind, known));
                self.warnings.push(fault);
            }
        }
        Ok(())
    }

    fn variable(&mut self, block: Block, label: Label) -> Result<Variable, Fault> {
        self.warn_unknown(&block, &["default", "type", "description"], &["validation"]);
        let mut default = None;
        let mut declared = None;
        for attribute in block.body.attributes {
            match attribute.name.as_str() {
                "default" => default = Some(attribute.value),
                "type" if matches!(attribute.value.kind, Kind::Null) => {}
                "type" => declared = Some(type_expression::read(&attribute.value)?),
                _ => {}
            }
        }
        let mut validations = Vec::new();
        for block in block.body.blocks {
            if block.kind == "validation" {
                self.warn_unknown(&block, &["condition", "error_message"], &[]);
                validations.push(Validation {
                    condition: required(&block, "condition")?.value.clone(),
                    message: required(&block, "error_message")?.value.clone(),
                });
            }
        }
        Ok(Variable {
            label,
            default,
            declared,
            validations,
        })
    }

    fn function(&mut self, block: &Block, label: Label) -> Result<Function, Fault> {
        self.warn_unknown(block, &["params", "variadic_params", "result"], &[]);
        let parameters = match &required(block, "params")?.value {
            Expression {
                kind: Kind::Tuple(names),
                ..
            } => names
                .iter()
                .map(parameter)
                .collect::<Result<Vec<String>, Fault>>()?,
            other => {
                return Err(Fault::new(other.range, "a list of names is required")
                    .help("for example [a, b], or [] for none"));
            }
        };
        let variadic = block
            .body
            .attribute("variadic_params")
            .map(|attribute| parameter(&attribute.value))
            .transpose()?;
        let result = required(block, "result")?.value.clone();
        Ok(Function {
            label,
            parameters,
            variadic,
            result,
        })
    }

    /// bake ignores names that it does not know; a slip should not go unnoticed.
    fn warn_unknown(&mut self, block: &Block, attributes: &[&str], blocks: &[&str]) {
        let kind = &block.kind;
        for attribute in &block.body.attributes {
            let name = attribute.name.as_str();
            if attributes.contains(&name) {
                continue;
            }
            let fault = if kind == "target" && LATER.contains(&name) {
                let message = format!("{name:?} is not available in this version, ignored");
                Fault::new(attribute.name_range, message)
            } else {
                let message = format!("a {kind} has no attribute {name:?}, ignored");
                Fault::new(attribute.name_range, message)
                    .maybe_help(did_you_mean(name, attributes.iter().copied()))
            };
            self.warnings.push(fault);
        }
        for inner in &block.body.blocks {
            let name = inner.kind.as_str();
            if blocks.contains(&name) {
                continue;
            }
            let help = if attributes.contains(&name) {
                Some(format!("write {name} = {{ … }}"))
            } else {
                did_you_mean(name, attributes.iter().chain(blocks).copied())
            };
            let message = format!("a {kind} has no block {name:?}, ignored");
            self.warnings
                .push(Fault::new(inner.kind_range, message).maybe_help(help));
        }
    }
}

fn is_bake_block(name: &str) -> bool {
    matches!(name, "variable" | "function" | "target" | "group")
}

fn single_label(block: &Block) -> Result<Label, Fault> {
    match block.labels.as_slice() {
        [label] => Ok(label.clone()),
        [] => Err(
            Fault::new(block.kind_range, format!("this {} has no name", block.kind))
                .help(format!("write {} \"name\" {{ … }}", block.kind)),
        ),
        [first, .., last] => Err(Fault::new(
            first.range.to(last.range),
            format!(
                "a {} has one name, this one has {}",
                block.kind,
                block.labels.len()
            ),
        )),
    }
}

fn required<'a>(block: &'a Block, name: &str) -> Result<&'a Attribute, Fault> {
    block.body.attribute(name).ok_or_else(|| {
        Fault::new(
            block.header(),
            format!("this {} has no {name:?}", block.kind),
        )
    })
}

/// A parameter's name: a bare word, or a string in JSON.
fn parameter(expression: &Expression) -> Result<String, Fault> {
    match &expression.kind {
        Kind::Variable(name) | Kind::Text(name) => Ok(name.clone()),
        _ => Err(Fault::new(
            expression.range,
            "the name of a parameter is required",
        )),
    }
}
