//! The client against a real buildkitd, which every test starts for itself. Needs root, runc, the
//! engine of `make engine` and busybox of `make deps`; a missing part fails the test.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may die of a surprise"
)]

mod basics;
mod contexts;
mod endings;
mod exports;
mod failures;
mod harness;
