//! SOCI indexes for people.

mod attached;
mod explained;

pub use attached::attached_table;
pub use explained::explained_text;
