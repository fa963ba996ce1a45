//! What a person sees of prune: plans, images with their reasons, explanations, results.

mod amounts;
mod applied;
mod cases;
mod columns;
mod explained;
mod images;
mod plan;
mod progress;

pub use applied::pruned_table;
pub use explained::prune_explained;
pub use images::prune_images;
pub use plan::{prune_deed, prune_table};
pub use progress::PruneProgress;

/// Columns of a line.
const WIDTH: usize = 80;

#[cfg(test)]
mod tests;
