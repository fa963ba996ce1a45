//! SOCI indexes for people.

mod attached;
mod explained;
mod inspected;
mod verified;

pub use attached::attached_table;
pub use explained::explained_text;
pub use inspected::inspection_table;
pub use verified::verification_table;
