//! Releases on real parts: buildkitd, a registry, QEMU. See `make deps`.

mod ecr;
mod registry;
mod service;
