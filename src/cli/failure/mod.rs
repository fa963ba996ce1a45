//! From each area's typed errors to a [`Failure`](crate::ui::Failure): which exit code, which
//! excerpt, which hints. One file per area.

pub(super) mod approve;
pub(super) mod aws;
mod bake;
mod engine;
mod handoff;
mod iam;
mod parameter;
pub(super) mod prune;
pub(super) mod record;
mod release;
mod scan;
mod soci;

pub(super) use scan::refused;
