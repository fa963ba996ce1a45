//! Releases on real parts: buildkitd, a registry, QEMU. See `make deps`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests find their parts by the environment"
)]

mod ecr;
mod engine;
mod faults;
mod kills;
mod logins;
mod lost_cache;
mod mistakes;
mod notify;
mod registry;
mod release;
mod service;
mod soci_attach;
mod soci_release;
mod soci_verify;
mod support;
