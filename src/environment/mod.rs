//! What differs between two environments, from variables to the files that the deploy stage reads;
//! and, with the same rules, between a task definition and the one that runs.
//!
//! [`view`] makes one JSON value of everything that a release in an environment would do,
//! [`differences`] compares two of them by path, and [`Secrets`] decides which values are not
//! shown. [`compare`] is both for any two values. Pure: plans and files come in, values come out; how it looks is `ui`'s work. Which
//! environments there are and what they set is `config`'s and `bake`'s.

mod difference;
mod path;
mod report;
mod secret;
mod view;

pub use difference::{Change, Difference, differences};
pub use path::{Path, Step};
pub use report::{Kind, Report, Shown, compare};
pub use secret::Secrets;
pub use view::{ServiceFiles, view};
