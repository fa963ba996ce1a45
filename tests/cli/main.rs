//! Snapshots of the binary, run with a clean environment. No daemon and no registry: what needs
//! them is in `e2e`.

mod completions;
mod environment;
mod help;
mod interrupt;
mod mistakes;
mod streams;
