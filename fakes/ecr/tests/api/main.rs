//! The fake as AWS's own SDK sees it.

#![expect(
    clippy::unwrap_used,
    reason = "an integration test's helpers are not marked as tests, but they are"
)]

mod delete;
mod describe;
mod faults;
mod get;
mod hold;
mod program;
mod put;
mod referrers;
mod registry;
mod storage;
mod support;
