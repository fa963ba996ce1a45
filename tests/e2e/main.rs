//! Releases on real parts: buildkitd, a registry, QEMU. See `make deps`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests find their parts by the environment"
)]

mod engine;
mod kills;
mod mistakes;
mod release;
mod support;
