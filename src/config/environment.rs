//! `environment "NAME" { VARIABLE = value … }`: values of variables for one environment.
//!
//! Here is which environments there are, which one is chosen, and whether their blocks have the
//! right form. That the chosen one's values become those of variables is `bake::variable`'s work.

use std::collections::BTreeSet;

use serde::Serialize;

use super::read::{Names, Reader};
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;
use crate::bake::syntax::Block;

/// The block's name.
pub(crate) const KIND: &str = "environment";

/// `environment "NAME" { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// The label: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// The variables that it sets, in the order of the file.
    pub variables: Vec<String>,
}

impl Environment {
    /// What the block says.
    pub(crate) fn declared(block: &Block) -> Self {
        let attributes = block.body.attributes.iter();
        Self {
            name: label(block),
            variables: attributes.map(|attribute| attribute.name.clone()).collect(),
        }
    }
}

/// Which environment is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EnvironmentChoice {
    /// None, and none is needed: `bake`, which has to work where buildx does.
    #[default]
    Free,
    /// None, which is an error where environments are declared: there is no telling which is meant.
    Required,
    /// This one.
    Named(String),
}

/// The names of all environments, in the order of the files.
pub(crate) fn names(declared: &[Block]) -> Vec<String> {
    let blocks = declared.iter().filter(|block| block.kind == KIND);
    blocks.map(label).collect()
}

/// The block of that name.
pub(crate) fn find<'a>(declared: &'a [Block], name: &str) -> Option<&'a Block> {
    declared
        .iter()
        .find(|block| block.kind == KIND && label(block) == name)
}

fn label(block: &Block) -> String {
    let label = block.labels.first();
    label.map(|label| label.text.clone()).unwrap_or_default()
}

/// The names that an attribute of an environment may have, and those of which it is often believed.
#[derive(Debug, Default)]
pub(crate) struct Variables<'a> {
    /// Declared by a `variable` block.
    pub(crate) declared: BTreeSet<&'a str>,
    /// Top-level attributes: nothing sets them from outside.
    pub(crate) fixed: BTreeSet<&'a str>,
}

/// Checks one block's form: its label, and that each attribute is a variable. Evaluates nothing.
pub(super) fn check(block: &Block, variables: &Variables<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(label) = block.labels.first() {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if label.text.is_empty() || !label.text.chars().all(plain) {
            let message = format!("{:?} cannot be the name of an environment", label.text);
            let help = "names hold letters, digits, \"-\", \"_\" and \".\"";
            faults.push(Fault::new(label.range, message).help(help));
        }
    }
    for attribute in &block.body.attributes {
        let name = attribute.name.as_str();
        // A top-level attribute of the same name would hide the variable.
        if variables.fixed.contains(name) {
            let message = format!("{name:?} is not a variable but a fixed value");
            faults.push(Fault::new(attribute.name_range, message).help(format!(
                "declare it as variable {name:?} {{ default = … }} to set it here"
            )));
        } else if !variables.declared.contains(name) {
            let help = did_you_mean(name, variables.declared.iter().copied())
                .unwrap_or_else(|| format!("declare it with `variable {name:?} {{}}`"));
            let message = format!("there is no variable {name:?}");
            faults.push(Fault::new(attribute.name_range, message).help(help));
        }
    }
    for inner in &block.body.blocks {
        let message = format!(
            "an environment sets variables, and {:?} is a block",
            inner.kind
        );
        let help = format!("write {} = {{ … }}", inner.kind);
        faults.push(Fault::new(inner.kind_range, message).help(help));
    }
    faults
}

/// Reads the block; its values are evaluated as those of variables.
#[expect(clippy::unnecessary_wraps, reason = "the signature of every block")]
pub(super) fn read(reader: &Reader<'_>, _: &Names<'_>) -> Result<Environment, Fault> {
    Ok(Environment::declared(reader.block))
}
