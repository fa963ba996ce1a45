//! The exit codes of the binary: one documented constant per cause, listed in README.
//!
//! Scripts and pipelines branch on these, so they never change meaning. Nothing here exits;
//! `main.rs` alone does.

/// Everything that was asked for was done.
pub const OK: u8 = 0;
/// An error with no code of its own; a bug, or something nobody foresaw.
pub const UNEXPECTED: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// A bake file, launchway.hcl or another input file is wrong.
pub const CONFIGURATION: u8 = 3;
/// Nothing changed, and `--require-change` was given.
pub const UNCHANGED: u8 = 4;
/// A Dockerfile step failed, or the Dockerfile itself is wrong.
pub const BUILD_FAILED: u8 = 10;
/// No BuildKit daemon could be reached or started.
pub const ENGINE_UNREACHABLE: u8 = 11;
/// A registry refused, or credentials are missing or wrong.
pub const REGISTRY: u8 = 12;
/// The vulnerability scan did not pass.
pub const SCAN_GATE: u8 = 13;
/// A SOCI index could not be made, or does not match what was published.
pub const SOCI: u8 = 14;
/// Hand-off files could not be written, or a deployment failed.
pub const HANDOFF: u8 = 15;
/// Prune refused to delete, for safety.
pub const PRUNE_REFUSED: u8 = 16;
/// The last error was temporary: the same command may succeed when run again.
pub const TEMPORARY: u8 = 75;
/// Interrupted by the user.
pub const CANCELLED: u8 = 130;
