//! What a person sees of prune: plans, images with their reasons, explanations, results.

mod amounts;
mod cases;
mod columns;
mod explained;
mod images;
mod plan;

pub use explained::prune_explained;
pub use images::prune_images;
pub use plan::{prune_deed, prune_table};

/// Columns of a line.
const WIDTH: usize = 80;

#[cfg(test)]
mod tests;
