//! Wire types that `bollard-buildkit-proto` does not have.

#[expect(
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code"
)]
pub(crate) mod content;
