//! Bake files (HCL, JSON) to targets, with source spans. Pure and synchronous; what bake means is
//! decided here, what Launchway does with it is decided in `plan`.
//!
//! The way of a file: `files` finds it, `parse` makes a syntax tree of it, `module` sorts its
//! declarations, `eval` evaluates them, `matrix` and `catalog` make targets of blocks, and
//! [`load`] selects among them. A problem is a [`Diagnostic`] wherever it is found.

pub(crate) mod attribute;
mod catalog;
mod context;
pub(crate) mod convert;
mod definition;
pub(crate) mod diagnostic;
mod environment;
mod error;
pub(crate) mod eval;
mod files;
pub(crate) mod function;
mod link;
mod load;
mod matrix;
mod module;
#[cfg(test)]
mod mutations;
mod number;
mod outline;
mod overrides;
mod parse;
pub(crate) mod pattern;
mod print;
mod request;
pub(crate) mod suggest;
pub(crate) mod syntax;
mod target;
pub(crate) mod text;
mod type_expression;
mod types;
mod value;
mod variable;

#[cfg(test)]
mod cases;

pub use context::is_remote_context;
pub use diagnostic::{Diagnostic, Location};
pub use error::{BakeError, Diagnostics};
pub use load::{Bake, environments, load};
pub use outline::Outline;
pub use request::Request;
pub use target::{Entry, Target};
