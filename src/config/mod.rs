//! launchway.hcl: our own blocks (`release`, `cache`, `soci`, `service`, …) read into typed settings with
//! spans. Evaluating expressions is `bake`'s work; acting on settings is `plan`'s.

pub(crate) mod blocks;
pub(crate) mod read;
mod settings;
mod size;
mod soci;
mod source;

pub use blocks::Blocks;
pub use settings::{
    Baseline, CacheMode, CacheSettings, ReleaseSettings, ServiceSettings, Settings,
};
pub(crate) use size::{parse as parse_size, show as show_size};
pub use soci::SociSettings;
pub use source::Source;
