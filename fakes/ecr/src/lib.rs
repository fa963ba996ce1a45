//! An ECR for tests and benchmarks: the API that `prune` uses, with the limits, rules and faults of the
//! real one. Not a registry: blobs and `/v2/` are a real registry's work.
//!
//! [`FakeEcr::start`] serves it on a loopback port; what it holds and how it fails is set through [`Ecr`].
//! README.md says what it enforces, and where each rule comes from.

mod call;
mod clock;
mod digest;
mod ecr;
mod error;
mod fault;
mod generate;
mod image;
mod late;
mod ledger;
pub mod manifest;
mod operation;
mod repository;
mod server;
mod state;
mod wire;
mod world;

pub use digest::{Digest, InvalidDigest};
pub use ecr::{ACCOUNT, Backing, Ecr, REGION};
pub use fault::{Fault, Gate, Rule};
pub use generate::{GeneratedRelease, GeneratedRepository, Spec, generate};
pub use image::{ImageStatus, NewImage};
pub use late::{Consistency, Delay};
pub use ledger::{Call, Stats};
pub use server::FakeEcr;
pub use state::{Deletion, Repository, StoredImage};
