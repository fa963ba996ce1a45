//! Names that exist in one place only: matrix values, parameters, loop variables.

use std::collections::BTreeMap;

use crate::bake::value::Value;

/// A set of names on top of another scope.
#[derive(Debug, Default)]
pub(crate) struct Scope<'a> {
    parent: Option<&'a Scope<'a>>,
    names: BTreeMap<String, Value>,
    /// `target.…` and `group.…` cannot be used: variables and functions are resolved before
    /// blocks exist.
    without_blocks: bool,
}

impl<'a> Scope<'a> {
    /// No names of its own: what a top-level attribute sees.
    pub(crate) fn root() -> Scope<'static> {
        Scope::default()
    }

    /// What a variable's default and a function's result see.
    pub(crate) fn without_blocks(names: BTreeMap<String, Value>) -> Scope<'static> {
        Scope {
            parent: None,
            names,
            without_blocks: true,
        }
    }

    /// A scope on the root.
    pub(crate) fn with(names: BTreeMap<String, Value>) -> Scope<'static> {
        Scope {
            parent: None,
            names,
            without_blocks: false,
        }
    }

    /// A scope on this one.
    pub(crate) fn child(&'a self, names: BTreeMap<String, Value>) -> Scope<'a> {
        Scope {
            parent: Some(self),
            names,
            without_blocks: self.without_blocks,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.names
            .get(name)
            .or_else(|| self.parent.and_then(|parent| parent.get(name)))
    }

    pub(crate) fn sees_blocks(&self) -> bool {
        !self.without_blocks
    }

    /// All names, inner ones first, for "did you mean".
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.names.keys().map(String::as_str).collect();
        if let Some(parent) = self.parent {
            names.extend(parent.names());
        }
        names
    }
}
