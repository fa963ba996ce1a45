//! Asking AWS for what a plan is made from.
//!
//! [`inventory`] reads one repository, [`registries`] finds the repositories, and [`plan`] puts them and what is in
//! use through `decide`. No decision is made here, but one: what could not be asked for is a refusal.
mod inventory;
mod planner;
mod registries;
pub(super) use inventory::read_repository;
pub(super) use planner::RuleIndex;
pub use planner::plan;
pub(super) use registries::{Found, find};
//! Asking AWS, and files and programs: what there is and what is in use, as the plain values that
//! `decide` works on.
pub mod in_use;
