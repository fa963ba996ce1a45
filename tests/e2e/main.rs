//! Releases on real parts: buildkitd, a registry, QEMU. See `make deps`.
#![expect(
    clippy::disallowed_methods,
    reason = "tests find their parts by the environment"
)]

mod engine;
mod faults;
mod kills;
mod logins;
mod mistakes;
mod release;
mod support;
