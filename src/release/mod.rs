//! One run over all images: evaluate, compare, publish, index, tags, record.

mod event;
pub mod record;

pub use event::{Event, Observer, SolveName, SolveStep};
