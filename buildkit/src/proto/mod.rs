//! Wire types that `bollard-buildkit-proto` does not have.

#[expect(
    unreachable_pub,
    unused_qualifications,
    clippy::pedantic,
    reason = "generated code"
)]
pub(crate) mod content;
