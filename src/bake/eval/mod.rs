//! Evaluation of expressions: names are resolved when they are first needed, remembered, and a
//! name that needs itself is an error.
//!
//! Works on a [`Module`] (the declarations of all files) and [`Inputs`] (the environment and what
//! else comes from outside). Knows nothing of inheritance, overrides or selection: a reference to
//! `target.x.tags` gives what the block of `x` itself says.

mod call;
mod collection;
mod expression;
mod name;
mod operator;
mod reference;
mod scope;
mod template;
mod traversal;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;

pub(crate) use scope::Scope;
pub(crate) use traversal::element;

use super::attribute::Field;
use super::diagnostic::Fault;
use super::matrix::Row;
use super::module::Module;
use super::syntax::Block;
use super::text::Range;
use super::value::Value;
use crate::config::Source;

/// Evaluations inside of evaluations (an expression in a variable in a function in …) that are
/// allowed. The parser already limits how deep one expression nests.
const DEPTH_LIMIT: usize = 1_000;

/// What comes from outside.
#[derive(Clone, Debug)]
pub(crate) struct Inputs<'a> {
    pub(crate) environment: &'a BTreeMap<String, String>,
    /// Facts for `source.*`.
    pub(crate) source: &'a Source,
    /// The block of the environment whose values variables have.
    pub(crate) chosen: Option<&'a Block>,
    /// What `chosen` sets is not overridden by the process environment: its values are tried out.
    pub(crate) trial: bool,
    /// `BAKE_CMD_CONTEXT` and `BAKE_LOCAL_PLATFORM`: not to be overridden.
    pub(crate) builtins: BTreeMap<&'static str, String>,
    /// Seconds since 1970, for `timestamp()`.
    pub(crate) now: i64,
}

/// Something that is being resolved right now, for finding cycles.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pending {
    Variable(String),
    Function(String),
    /// An attribute of a target row or a group, and what it is called in expressions.
    Attribute {
        row: usize,
        path: String,
        attribute: String,
    },
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pending::Variable(name) => f.write_str(name),
            Pending::Function(name) => write!(f, "{name}()"),
            Pending::Attribute { path, .. } => f.write_str(path),
        }
    }
}

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Evaluator<'a> {
    module: &'a Module,
    inputs: Inputs<'a>,
    /// Values of the top level, and the errors of those that have none.
    variables: RefCell<BTreeMap<String, Result<Value, Fault>>>,
    /// Evaluated attributes of target rows and groups, for references.
    fields: RefCell<BTreeMap<(usize, &'static str), Option<Field>>>,
    /// Target rows; empty until the names of all targets are known.
    rows: RefCell<Vec<Row>>,
    pending: RefCell<Vec<Pending>>,
    depth: Cell<usize>,
    /// What has been looked at since this was last cleared.
    seen: Cell<Seen>,
    /// What the values of `variables` were made from, where it is not nothing.
    made_from: RefCell<BTreeMap<String, Seen>>,
}

/// Circumstances of a run that a value depends on, beside files and variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// `source.*`
    pub(crate) source: bool,
    /// `environment.name`
    pub(crate) environment: bool,
}

impl Seen {
    pub(super) const SOURCE: Seen = Seen {
        source: true,
        environment: false,
    };
    pub(super) const ENVIRONMENT: Seen = Seen {
        source: false,
        environment: true,
    };

    fn and(self, other: Seen) -> Seen {
        Seen {
            source: self.source || other.source,
            environment: self.environment || other.environment,
        }
    }
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(module: &'a Module, inputs: Inputs<'a>) -> Evaluator<'a> {
        Evaluator {
            module,
            inputs,
            variables: RefCell::default(),
            fields: RefCell::default(),
            rows: RefCell::default(),
            pending: RefCell::default(),
            depth: Cell::new(0),
            seen: Cell::default(),
            made_from: RefCell::default(),
        }
    }

    /// Runs `work` and says which circumstances its result depends on.
    pub(crate) fn watch<T>(&self, work: impl FnOnce() -> T) -> (T, Seen) {
        let before = self.seen.take();
        let result = work();
        let seen = self.seen.get();
        self.seen.set(seen.and(before));
        (result, seen)
    }

    /// Notes that the result of what runs depends on this.
    fn saw(&self, seen: Seen) {
        self.seen.set(self.seen.get().and(seen));
    }

    pub(crate) fn module(&self) -> &'a Module {
        self.module
    }

    pub(crate) fn inputs(&self) -> &Inputs<'a> {
        &self.inputs
    }

    /// From now on `target.<name>.<attribute>` finds these.
    pub(crate) fn set_rows(&self, rows: Vec<Row>) {
        self.rows.replace(rows);
    }

    /// Runs `work` while `item` is marked as being resolved.
    fn pending<T>(
        &self,
        item: Pending,
        cycle: impl FnOnce(&[Pending]) -> Fault,
        work: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let position = self
            .pending
            .borrow()
            .iter()
            .position(|other| *other == item);
        if let Some(position) = position {
            return Err(cycle(&self.pending.borrow()[position..]));
        }
        self.pending.borrow_mut().push(item);
        let result = work();
        self.pending.borrow_mut().pop();
        result
    }

    /// Runs `work` one level deeper.
    fn deeper<T>(&self, range: Range, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth.get() >= DEPTH_LIMIT {
            return Err(Fault::new(
                range,
                "this expression depends on too many others in a row",
            ));
        }
        self.depth.set(self.depth.get() + 1);
        let result = work();
        self.depth.set(self.depth.get() - 1);
        result
    }
}
