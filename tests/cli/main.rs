//! Snapshots of the binary, run with a clean environment. No daemon and no registry: what needs
//! them is in `e2e`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests run programs from PATH, and a failure is a failed test"
)]

mod completions;
mod environment;
mod environments;
mod handoff;
mod help;
mod interrupt;
mod mistakes;
mod prune;
mod soci;
mod streams;
