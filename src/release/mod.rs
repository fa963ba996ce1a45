//! One run over all images: evaluate, compare, publish, index, scan, record, tags.
//!
//! `run.rs` decides; every other file here is one step, or one format. Nothing here reads the
//! environment, prints, or knows of AWS.

mod assemble_record;
mod base_images;
mod baseline;
mod blobs;
mod cache_export;
mod comparison;
mod context;
mod copy;
mod environment;
mod error;
mod evaluate;
mod event;
mod failpoint;
mod gate;
mod index;
mod layers;
pub mod metadata;
mod publish;
pub mod record;
mod run;
mod selection;
mod soci;
mod solve;
mod steps;
mod store;
mod syntax;
mod tags;

pub use base_images::{MirrorAnswer, MirrorFailure};
pub(crate) use baseline::read_record;
pub use context::{Clock, Context, RepositoryCreator};
pub use environment::environment_file;
pub use error::ReleaseError;
pub use event::{Event, LayerOutcome, Observer, SolveName, SolveStep};
#[cfg(feature = "failpoints")]
pub(crate) use failpoint::die;
pub use failpoint::{FailPoint, FailPoints};
pub(crate) use gate::event as scan_event;
pub use gate::{Gate, Listener};
pub use run::{Options, run};
pub use store::{WriteError, check_writable, write_atomically, write_atomically_with};
