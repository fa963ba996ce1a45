//! Asking AWS, and files and programs: what there is and what is in use, as the plain values that `decide` works on.
//!
//! [`inventory`] reads one repository, [`registries`] finds the repositories, [`in_use`] everything that uses images, and
//! [`plan`] puts both through `decide`. No decision is made here, but one: what could not be asked for is a refusal.

mod expiry;
pub mod in_use;
mod inventory;
mod planner;
mod registries;

pub(super) use inventory::read_repository;
pub(super) use planner::RuleIndex;
pub use planner::plan;
pub(super) use registries::{Found, find};
