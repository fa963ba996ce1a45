//! Whole layers, real, odd and random ones: what this crate makes of them beside what the official
//! library makes of them.
//!
//! The official library is `.deps/bin/soci-oracle-*` (sources: testdata/tools/soci-oracle). A zTOC
//! *reads back* if both its versions find every span and every file of the layer through it.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests find their parts by the environment"
)]

mod edges;
mod index;
mod oracle;
mod random;
mod real;
mod seeds;
mod workers;
