//! Launchway: multi-arch container releases for Amazon ECS, built by BuildKit.
//!
//! The flow is a line: bake files become a [`plan`], a plan becomes a [`release`], a release
//! becomes a record, and a record becomes the files that a deploy stage reads ([`handoff`]).
//! Each stage takes plain values and gives plain values. Only [`cli`] and [`ui`] print, read
//! the environment or decide about the exit code; see ARCHITECTURE.md for the map.

pub mod approve;
pub mod aws;
pub mod bake;
pub mod cli;
pub mod config;
pub mod engine;
pub mod environment;
pub mod exit;
pub mod handoff;
pub mod iam;
pub mod image;
pub mod notify;
pub mod parameter;
pub mod plan;
mod process;
pub mod prune;
pub mod registry;
pub mod release;
pub mod scan;
pub mod soci;
pub mod ui;
