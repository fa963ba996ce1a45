//! Bake files (HCL, JSON) to targets, with source spans. Pure and synchronous; what bake means is
//! decided here, what Launchway does with it is decided in `plan`.

mod target;

pub use target::{Entry, Target};
