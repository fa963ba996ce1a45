//! Releases on real parts: buildkitd, a registry, QEMU. See `make deps`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests find their parts by the environment"
)]

mod approve;
mod base_images;
mod contexts;
mod ecr;
mod engine;
mod environment;
mod faults;
mod handoff_pull;
mod iam;
mod kills;
mod logins;
mod lost_cache;
mod mistakes;
mod notify;
mod parameter;
mod pipelines;
mod prune;
mod prune_ecr;
mod prune_uses;
mod registry;
mod release;
mod scan;
mod secrets;
mod service;
mod soci_attach;
mod soci_release;
mod soci_verify;
mod support;
