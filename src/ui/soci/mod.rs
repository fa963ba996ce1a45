//! SOCI indexes for people.

mod attached;

pub use attached::attached_table;
