//! Asking AWS, files and programs for what a plan is made from.
//!
//! [`in_use`] finds what is in use, `registries` the repositories, `inventory` reads one of them, and [`plan`]
//! puts all of it through `decide`. No decision is made here, but one: what could not be asked for is a refusal.

mod expiry;
pub mod in_use;
mod inventory;
mod planner;
mod registries;

pub(super) use inventory::read_repository;
pub(super) use planner::RuleIndex;
pub use planner::plan;
pub(super) use registries::{Found, find};
